use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long windows are. They follow one another without gap or overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// A day.
    Day,
    /// A week from Monday (ISO 8601).
    Week,
    /// A month.
    Month,
    /// A quarter of a year.
    Quarter,
    /// Everything there is, or the range asked for.
    All,
}

/// A stretch of days.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// How long.
    pub length: Length,
    /// Name: `2024-06-11`, `2024-W24`, `2024-06`, `2024-Q2`, `2024-06-03/2024-09-02` or `all`.
    pub name: String,
    /// First day.
    #[schemars(schema_with = "date")]
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first: Option<Date>,
    /// Last day.
    #[schemars(schema_with = "date")]
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last: Option<Date>,
}

fn date(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "format": "date" })
}

/// Days asked for, both ends included; an end that is `None` is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// First day.
    pub first: Option<Date>,
    /// Last day.
    pub last: Option<Date>,
}

impl Range {
    /// Whether a day is asked for.
    pub fn holds(&self, day: Date) -> bool {
        self.first.is_none_or(|first| first <= day) && self.last.is_none_or(|last| day <= last)
    }

    /// Whether all of a window is asked for: a part of it would be a wrong count.
    pub fn holds_all_of(&self, window: &Window) -> bool {
        let first = self.first.is_none_or(|first| window.first.is_some_and(|day| first <= day));
        first && self.last.is_none_or(|last| window.last.is_some_and(|day| day <= last))
    }
}

impl Window {
    /// The window in which a day lies; `None` at the end of the calendar, in the year 9999.
    pub fn of(length: Length, day: Date, range: Range) -> Option<Self> {
        let (name, first, last) = match length {
            Length::Day => (day.to_string(), day, day),
            Length::Week => {
                let week = day.iso_week_date();
                let first = day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).ok()?;
                (format!("{:04}-W{:02}", week.year(), week.week()), first, first.checked_add(6.days()).ok()?)
            }
            Length::Month => {
                (format!("{:04}-{:02}", day.year(), day.month()), day.first_of_month(), day.last_of_month())
            }
            Length::Quarter => {
                let quarter = (day.month() - 1) / 3;
                let first = Date::new(day.year(), quarter * 3 + 1, 1).ok()?;
                let last = Date::new(day.year(), quarter * 3 + 3, 1).ok()?.last_of_month();
                (format!("{:04}-Q{}", day.year(), quarter + 1), first, last)
            }
            Length::All => {
                let name = match (range.first, range.last) {
                    (None, None) => "all".to_owned(),
                    (first, last) => {
                        let end = |day: Option<Date>| day.map_or_else(|| "..".to_owned(), |day| day.to_string());
                        format!("{}/{}", end(first), end(last))
                    }
                };
                return Some(Self { length, name, first: range.first, last: range.last });
            }
        };
        Some(Self { length, name, first: Some(first), last: Some(last) })
    }

    /// Key of its record in the topic: length and name.
    pub fn key(&self) -> String {
        let length = match self.length {
            Length::Day => "day",
            Length::Week => "week",
            Length::Month => "month",
            Length::Quarter => "quarter",
            Length::All => "all",
        };
        format!("{length}/{}", self.name)
    }

    /// The instant at which it begins; `None` if it has no beginning.
    pub fn begins(&self, time_zone: &TimeZone) -> Option<Timestamp> {
        self.first.and_then(|first| midnight(first, time_zone))
    }

    /// The instant at which it ends; `None` if it has no end.
    pub fn ends(&self, time_zone: &TimeZone) -> Option<Timestamp> {
        midnight(self.last?.tomorrow().ok()?, time_zone)
    }
}

/// The first instant of a day.
fn midnight(day: Date, time_zone: &TimeZone) -> Option<Timestamp> {
    time_zone.to_timestamp(day.at(0, 0, 0, 0)).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn named(length: Length, day: Date) -> (String, Date, Date) {
        let window = Window::of(length, day, Range::default()).unwrap();
        (window.name, window.first.unwrap(), window.last.unwrap())
    }

    #[test]
    fn windows_are_those_of_the_calendar() {
        let day = date(2024, 12, 30);
        assert_eq!(named(Length::Day, day), ("2024-12-30".into(), day, day));
        assert_eq!(named(Length::Week, day), ("2025-W01".into(), day, date(2025, 1, 5)));
        assert_eq!(named(Length::Week, date(2021, 1, 3)).0, "2020-W53");
        assert_eq!(named(Length::Month, date(2024, 2, 9)), ("2024-02".into(), date(2024, 2, 1), date(2024, 2, 29)));
        assert_eq!(named(Length::Quarter, day), ("2024-Q4".into(), date(2024, 10, 1), date(2024, 12, 31)));
        assert_eq!(Window::of(Length::Week, Date::MAX, Range::default()), None);
    }

    #[test]
    fn days_begin_where_the_platform_is_also_when_its_clock_changes() {
        let zone = TimeZone::get("Africa/Casablanca").unwrap();
        let ends = |day| Window::of(Length::Day, day, Range::default()).unwrap().ends(&zone).unwrap().to_string();
        assert_eq!(ends(date(2024, 6, 11)), "2024-06-11T23:00:00Z");
        // During Ramadan the country's clock is that of Greenwich.
        assert_eq!(ends(date(2024, 3, 20)), "2024-03-21T00:00:00Z");
    }

    #[test]
    fn a_range_holds_a_window_only_whole() {
        let range = Range { first: Some(date(2024, 6, 3)), last: None };
        let month = |month| Window::of(Length::Month, date(2024, month, 9), range).unwrap();
        assert!(!range.holds_all_of(&month(6)) && range.holds_all_of(&month(7)));
        let all = Window::of(Length::All, date(2024, 6, 9), range).unwrap();
        assert_eq!(all.key(), "all/2024-06-03/..");
        assert!(range.holds_all_of(&all));
    }
}
