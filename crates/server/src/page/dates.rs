//! Times as a person reads them.

use jiff::Zoned;
use jiff::tz::TimeZone;
use longmem_core::Timestamp;
use maud::{Markup, html};

/// The present moment in the time zone of the page, by which times are written.
pub(super) struct Dates<'a>(pub(super) &'a Zoned);

impl Dates<'_> {
    fn zoned(&self, time: Timestamp) -> Zoned {
        time.to_zoned(self.0.time_zone().clone())
    }

    /// A day: "8 Mar 2026".
    pub(super) fn day(&self, time: Timestamp) -> String {
        self.zoned(time).strftime("%-d %b %Y").to_string()
    }

    /// A day in full, for a heading: "Sunday, 8 March 2026".
    pub(super) fn long_day(&self, time: Timestamp) -> String {
        self.zoned(time).strftime("%A, %-d %B %Y").to_string()
    }

    /// A minute, as precisely as it is of use: "18:30" today, else "8 Mar 2026, 18:30".
    pub(super) fn minute(&self, time: Timestamp) -> String {
        let zoned = self.zoned(time);
        let format =
            if zoned.date() == self.0.date() { "today, %H:%M" } else { "%-d %b %Y, %H:%M" };
        zoned.strftime(format).to_string()
    }

    /// The time of a day: "18:30".
    pub(super) fn clock(&self, time: Timestamp) -> String {
        self.zoned(time).strftime("%H:%M").to_string()
    }

    /// A text as a time that programs can read, too.
    pub(super) fn marked(time: Timestamp, text: &str) -> Markup {
        html! { time datetime=(written(time)) { (text) } }
    }
}

/// A time to the second, as programs write it.
fn written(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_where_the_user_is() {
        let zone = TimeZone::get("Europe/Lisbon").unwrap_or(TimeZone::UTC);
        let now: Timestamp = "2026-03-08T18:30:00Z".parse().unwrap();
        let now = now.to_zoned(zone);
        let dates = Dates(&now);
        let time = "2026-03-08T08:05:09Z".parse().unwrap();
        assert_eq!(dates.minute(time), "today, 08:05");
        assert_eq!(dates.clock(time), "08:05");
        let earlier = "2025-12-24T18:00:00Z".parse().unwrap();
        assert_eq!(dates.minute(earlier), "24 Dec 2025, 18:00");
        assert_eq!(dates.long_day(earlier), "Wednesday, 24 December 2025");
        assert_eq!(dates.day(earlier), "24 Dec 2025");
        let marked = Dates::marked(earlier, "then").into_string();
        assert_eq!(marked, r#"<time datetime="2025-12-24T18:00:00Z">then</time>"#);
    }
}
