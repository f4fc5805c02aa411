//! The live page in a real Chromium. Where there is none, each test says so and passes; screenshots go to
//! `target/tmp/page`, or where IBALEG_PICTURES says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod browser;
#[allow(dead_code, reason = "serves two test programs")]
#[path = "../served/mod.rs"]
mod served;

use std::path::PathBuf;
use std::time::Duration;

use browser::{Browser, chromium};
use serde_json::{Value, json};
use served::{Served, running};

const SOON: Duration = Duration::from_secs(30);

/// Texts whose contrast with what is behind them is below 4.5 to 1 (WCAG 2.2, 1.4.3).
const PALE: &str = r"(() => {
    const channel = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
    const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const numbers = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
    const behind = (element) => {
        for (; element; element = element.parentElement) {
            const color = numbers(getComputedStyle(element).backgroundColor);
            if (color.length === 3 || color[3] === 1) return color;
        }
        return [255, 255, 255];
    };
    const pale = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const text = walker.currentNode.textContent.trim();
        if (text === '' || !element.checkVisibility() || element.closest('noscript, option')) continue;
        const [a, b] = [luminance(numbers(getComputedStyle(element).color)), luminance(behind(element))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) pale.push(ratio.toFixed(2) + ' ' + text);
    }
    return pale;
})()";

/// What assistive technology would miss: pictures, choices and regions without a name, tables
/// without headings, landmarks.
const UNNAMED: &str = r"(() => {
    const missing = [];
    for (const svg of document.querySelectorAll('svg')) {
        if (svg.getAttribute('aria-hidden') !== 'true' && !svg.getAttribute('aria-label')) missing.push('svg');
    }
    for (const select of document.querySelectorAll('select')) {
        if (!select.labels[0]?.innerText.trim()) missing.push('select ' + select.id);
    }
    for (const region of document.querySelectorAll('section, [role=group]')) {
        const heading = document.getElementById(region.getAttribute('aria-labelledby'));
        if (!heading?.textContent.trim()) missing.push('region');
    }
    for (const row of document.querySelectorAll('table.bars tr, table.counts tbody tr')) {
        if (!row.querySelector('th[scope=row]') && row.cells.length > 1) missing.push('row ' + row.innerText);
    }
    for (const landmark of ['header', 'main', 'footer', 'h1', '[role=status]', '[role=alert]']) {
        if (document.querySelectorAll(landmark).length !== 1) missing.push(landmark);
    }
    for (const word of document.querySelectorAll('[data-word]')) {
        if (!word.textContent.trim()) missing.push(word.dataset.word);
    }
    return missing;
})()";

/// A browser, or a word on why there is none.
fn browser() -> Option<Browser> {
    let Some(chromium) = chromium() else {
        #[expect(clippy::print_stderr, reason = "a test that was skipped says so")]
        {
            eprintln!("skipped: no Chromium on the path, and CHROMIUM names none");
        }
        return None;
    };
    Some(Browser::open(&chromium))
}

fn picture(name: &str) -> PathBuf {
    let directory = std::env::var_os("IBALEG_PICTURES");
    let directory = directory.map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("page"), PathBuf::from);
    std::fs::create_dir_all(&directory).unwrap();
    directory.join(format!("{name}.png"))
}

fn demo() -> Served {
    Served::start(&["demo", "--rate", "150"], &[])
}

const MOVING: &str =
    "document.querySelector('#state')?.dataset.kind === 'good' && document.querySelector('#urgent bdi')";

#[test]
fn it_shows_the_stream_in_three_languages_light_and_dark_wide_and_narrow() {
    let Some(mut browser) = browser() else { return };
    let served = demo();
    served.until("/metrics", SOON, |answer| answer.body.contains("ibaleg_lag{"));
    for (language, theme, width, direction) in [
        ("en", "light", 1400, "ltr"),
        ("fr", "dark", 1400, "ltr"),
        ("ar", "light", 1400, "rtl"),
        ("ar", "dark", 390, "rtl"),
    ] {
        let name = format!("{language}-{theme}-{width}");
        browser.size(width, 900);
        browser.visit(&format!("http://{}/?lang={language}&theme={theme}", served.address));
        browser.until(MOVING, SOON);
        browser.picture(&picture(&name));
        assert_eq!(browser.value("document.documentElement.lang"), language);
        assert_eq!(browser.value("document.documentElement.dir"), direction);
        assert_eq!(browser.value(PALE), json!([]), "{name}");
        assert_eq!(browser.value(UNNAMED), json!([]), "{name}");
        let wide = browser.value("document.documentElement.scrollWidth - innerWidth").as_i64().unwrap();
        assert!(wide <= 0, "{name} is {wide} pixels too wide");
        let rows = |id: &str| format!("document.querySelectorAll('#{id} tr').length");
        for (id, count) in [("urgency", 4), ("labels", 13), ("units", 8), ("lag", 8)] {
            assert_eq!(browser.value(&rows(id)), count, "{name}: {id}");
        }
        assert!(browser.value(&rows("communique")).as_u64().unwrap() >= 12, "{name}");
        assert!(browser.value(&rows("languages")).as_u64().unwrap() >= 6, "{name}");
        assert!(browser.value("document.querySelectorAll('#grades rect').length").as_u64().unwrap() > 0, "{name}");
        let turned = browser.value("getComputedStyle(document.querySelector('#rate svg')).transform");
        assert_eq!(turned == json!("matrix(-1, 0, 0, 1, 0, 0)"), direction == "rtl", "{name}: {turned}");
        let arabic = browser.value("/[\\u0600-\\u06ff]/.test(document.querySelector('#h-stream').textContent)");
        assert_eq!(arabic, language == "ar", "{name}");
        assert_eq!(browser.complaints(), Vec::<String>::new(), "{name}");
    }
    let counted = "Number(document.querySelector('#communique td').textContent.replace(/\\D/g, ''))";
    let before = browser.value(counted);
    browser.until(&format!("{counted} > {before}"), SOON);
}

#[test]
fn it_is_used_by_keyboard_and_keeps_the_choice() {
    let Some(mut browser) = browser() else { return };
    let served = demo();
    let address = format!("http://{}/", served.address);
    browser.visit(&format!("{address}?lang=fr"));
    browser.until(MOVING, SOON);
    let mut stops = Vec::new();
    for _ in 0..8 {
        browser.press("Tab", 9);
        stops.push(browser.value("document.activeElement.id || document.activeElement.className || document.activeElement.getAttribute('href')"));
    }
    let expected: [Value; 8] =
        ["skip", "language", "theme", "scroll", "scroll", "/metrics", "/info", "/readyz"].map(Value::from);
    assert_eq!(stops, expected);
    browser.value("document.querySelector('#language').focus()");
    browser.press("ArrowDown", 40);
    browser.until("document.documentElement.dir === 'rtl' && document.querySelector('#language').value === 'ar'", SOON);
    let focused = browser.value("document.activeElement.id");
    assert_eq!(focused, "language", "the page is redrawn each second without taking the focus away");
    browser.visit(&address);
    browser.until("document.documentElement.lang === 'ar'", SOON);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn it_says_that_it_is_old_when_the_process_is_gone() {
    let Some(mut browser) = browser() else { return };
    let served = demo();
    browser.size(1400, 900);
    browser.visit(&format!("http://{}/?lang=en&theme=light", served.address));
    browser.until(MOVING, SOON);
    assert_eq!(browser.value("document.querySelector('#alarm').hidden"), true);
    drop(served);
    browser.until("document.body.classList.contains('stale') && !document.querySelector('#alarm').hidden", SOON);
    browser.picture(&picture("cut-off"));
    let told = browser.value("document.querySelector('#alarm').textContent");
    assert!(told.as_str().unwrap().contains("no news from the process since"), "{told}");
    assert_eq!(browser.value(PALE), json!([]));
}

#[test]
fn it_says_since_when_the_brokers_are_away() {
    let Some(mut browser) = browser() else { return };
    let (broker, served) = running();
    browser.size(1400, 900);
    browser.visit(&format!("http://{}/?lang=fr&theme=dark", served.address));
    browser.until("document.querySelector('#state')?.dataset.kind === 'good'", SOON);
    drop(broker);
    browser.until("document.querySelector('#state').dataset.kind === 'bad'", SOON);
    browser.picture(&picture("brokers-away"));
    let told = browser.value("document.querySelector('#alarm').textContent");
    assert!(told.as_str().unwrap().contains("injoignables depuis"), "{told}");
    assert_eq!(browser.value("document.body.classList.contains('stale')"), false);
    assert_eq!(browser.value(PALE), json!([]));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
