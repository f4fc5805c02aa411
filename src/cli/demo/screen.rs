use std::collections::BTreeMap;
use std::io::{self, Stderr};
use std::time::{Duration, Instant};

use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::text::Line;
use ratatui::widgets::{Block, Paragraph, Row, Table};
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

use super::tally::Tally;

/// Rows of the live view.
const HEIGHT: u16 = 18;

/// Time between two drawings on a terminal.
const FRAME: Duration = Duration::from_millis(100);

/// Time between two plain lines.
const PLAIN: Duration = Duration::from_secs(1);

/// What the demo shows while it runs: a live view on a terminal, one line a second elsewhere.
pub(super) struct Screen {
    terminal: Option<Terminal<CrosstermBackend<Stderr>>>,
    shown: Instant,
}

impl Screen {
    /// `terminal`: standard error is one.
    pub(super) fn open(terminal: bool) -> io::Result<Self> {
        let options = TerminalOptions { viewport: Viewport::Inline(HEIGHT) };
        let open = || Terminal::with_options(CrosstermBackend::new(io::stderr()), options);
        Ok(Self { terminal: if terminal { Some(open()?) } else { None }, shown: Instant::now() })
    }

    /// Shows the counts if it is time to, or if they are the last.
    pub(super) fn show(&mut self, tally: &Tally, last: bool) -> io::Result<()> {
        let pause = if self.terminal.is_some() { FRAME } else { PLAIN };
        if !last && self.shown.elapsed() < pause {
            return Ok(());
        }
        self.shown = Instant::now();
        match &mut self.terminal {
            Some(terminal) => {
                terminal.draw(|frame| draw(frame, tally))?;
            }
            None => plain(tally),
        }
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(terminal) = &mut self.terminal {
            // The view stays on the screen; what follows begins below it. A terminal that is gone
            // needs no tidying.
            let _ = terminal.show_cursor();
            plain_end();
        }
    }
}

#[expect(clippy::print_stderr, reason = "messages to the user go to standard error")]
fn plain(tally: &Tally) {
    eprintln!("{}", tally.line());
}

#[expect(clippy::print_stderr, reason = "messages to the user go to standard error")]
fn plain_end() {
    eprintln!();
}

fn draw(frame: &mut Frame<'_>, tally: &Tally) {
    let [head, body] = Layout::vertical([Constraint::Length(2), Constraint::Min(0)]).areas(frame.area());
    frame.render_widget(Paragraph::new(Line::from(tally.line()).bold()), head);
    let lists = tally.lists();
    let columns = Layout::horizontal([Constraint::Fill(1); 3]).split(body);
    let [left, middle, right] = [columns[0], columns[1], columns[2]];
    let [urgency, units] = Layout::vertical([Constraint::Length(6), Constraint::Min(0)]).areas(left);
    let [organisations, languages] = Layout::vertical([Constraint::Length(5), Constraint::Min(0)]).areas(right);
    for ((heading, counts), area) in lists.into_iter().zip([urgency, units, middle, organisations, languages]) {
        list(frame, area, heading, counts, tally.classified);
    }
}

fn list(frame: &mut Frame<'_>, area: Rect, heading: &str, counts: &BTreeMap<String, u64>, total: u64) {
    let mut counts: Vec<(&String, &u64)> = counts.iter().collect();
    if heading != "urgency" {
        counts.sort_by(|a, b| b.1.cmp(a.1));
    }
    let row = |(name, count): (&String, &u64)| {
        let style = match name.as_str() {
            "U0" => Style::new().fg(Color::Red).bold(),
            "U1" => Style::new().fg(Color::Yellow),
            _ => Style::new(),
        };
        let share = 100 * count / total.max(1);
        Row::new([name.clone(), format!("{count:>7}"), format!("{share:>3} %")]).style(style)
    };
    let widths = [Constraint::Min(12), Constraint::Length(7), Constraint::Length(6)];
    let table = Table::new(counts.into_iter().map(row), widths).block(Block::bordered().title(heading.to_owned()));
    frame.render_widget(table, area);
}
