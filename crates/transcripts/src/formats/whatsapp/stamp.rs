//! Reads the date and the time before a message, as the phone's region writes them.

use std::iter::Peekable;
use std::str::Chars;

/// Years that a date can have: WhatsApp began in 2009.
const YEARS: std::ops::RangeInclusive<i16> = 2009..=2099;

/// When a message was sent, as the phone's clock showed it. Which of the first two numbers is the
/// day depends on the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SentAt {
    pub(super) year: i16,
    pub(super) day_and_month: DayAndMonth,
    pub(super) hour: i8,
    pub(super) minute: i8,
    /// Zero where the phone writes none.
    pub(super) second: i8,
}

/// The two numbers of a date beside the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayAndMonth {
    /// The year stands first, so the month comes next.
    Known { day: i8, month: i8 },
    /// In the order of the line.
    Unordered {
        first: i8,
        second: i8,
        /// Whether the phone's region seems to put the month first: slashes, no leading zeros, and
        /// "AM" or "PM" in capitals.
        looks_american: bool,
    },
}

/// Whether a character only directs how text is shown: WhatsApp puts these around names and before
/// its own words.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Splits the date and the time that a line begins with from what follows; `None` where it begins
/// otherwise.
pub(super) fn split_stamp(line: &str) -> Option<(SentAt, String)> {
    let mut reader = StampReader { rest: line.chars().peekable() };
    let sent = reader.sent_at()?;
    reader.skip_spaces();
    Some((sent, reader.rest.collect()))
}

/// Reads a date and a time, character by character.
struct StampReader<'a> {
    rest: Peekable<Chars<'a>>,
}

impl StampReader<'_> {
    fn sent_at(&mut self) -> Option<SentAt> {
        let (year, mut day_and_month) = self.date()?;
        self.rest.next_if(|c| matches!(c, ',' | '،' | '、'));
        self.skip_spaces();
        let before = self.word();
        self.skip_spaces();
        let (hour, _) = self.number()?;
        self.rest.next_if(|c| matches!(c, ':' | '.'))?;
        let (minute, minute_digits) = self.number()?;
        let second = match self.rest.next_if(|c| matches!(c, ':' | '.')) {
            Some(_) => self.number()?.0,
            None => 0,
        };
        self.skip_spaces();
        let after = self.word();
        let half = half_of_day(&before).or_else(|| half_of_day(&after));
        let are_known = [&before, &after].into_iter().all(|word| is_word_of_time(word));
        if !are_known || minute_digits != 2 || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let hour = match half {
            None => hour,
            Some(_) if hour > 12 => return None,
            Some(half) => hour % 12 + if half == HalfOfDay::Afternoon { 12 } else { 0 },
        };
        if let DayAndMonth::Unordered { looks_american, .. } = &mut day_and_month {
            *looks_american &= matches!(after.as_str(), "AM" | "PM");
        }
        let [hour, minute, second] = [hour, minute, second].map(|number| number as i8);
        Some(SentAt { year, day_and_month, hour, minute, second })
    }

    /// Reads a date of three numbers: the year, and the day and the month.
    fn date(&mut self) -> Option<(i16, DayAndMonth)> {
        let (first, first_digits) = self.number()?;
        let separator = self.date_separator(None)?;
        let (second, second_digits) = self.number()?;
        self.date_separator(Some(separator))?;
        let (third, third_digits) = self.number()?;
        // "2026. 1. 2. 21:14"
        if separator == '.' {
            self.skip_invisible();
            self.rest.next_if_eq(&'.');
        }
        if first_digits == 4 {
            let year = year(first, first_digits)?;
            let (month, day) = (number_up_to(second, 12)?, number_up_to(third, 31)?);
            return Some((year, DayAndMonth::Known { day, month }));
        }
        let year = year(third, third_digits)?;
        let (first, second) = (number_up_to(first, 31)?, number_up_to(second, 31)?);
        if first > 12 && second > 12 {
            return None;
        }
        let has_leading_zero =
            (first < 10 && first_digits == 2) || (second < 10 && second_digits == 2);
        let looks_american = separator == '/' && !has_leading_zero;
        Some((year, DayAndMonth::Unordered { first, second, looks_american }))
    }

    fn date_separator(&mut self, expected: Option<char>) -> Option<char> {
        self.skip_invisible();
        let separator = self
            .rest
            .next_if(|c| matches!(c, '/' | '.' | '-') && expected.is_none_or(|sign| sign == *c))?;
        self.skip_spaces();
        Some(separator)
    }

    /// Reads a number of at most four digits of any script, and how many digits it has.
    fn number(&mut self) -> Option<(i16, usize)> {
        self.skip_invisible();
        let (mut number, mut digits) = (0, 0);
        while let Some(digit) = self.rest.peek().copied().and_then(decimal_digit) {
            self.rest.next();
            digits += 1;
            if digits > 4 {
                return None;
            }
            number = number * 10 + digit;
        }
        (digits > 0).then_some((number, digits))
    }

    /// Reads what stands in words before or after a time: "PM", "a. m.", "下午", "à".
    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(c) = self
            .rest
            .next_if(|c| c.is_alphabetic() || *c == '.' || is_invisible(*c) || (c.is_whitespace()))
        {
            if !is_invisible(c) && !c.is_whitespace() {
                word.push(c);
            }
        }
        word
    }

    fn skip_invisible(&mut self) {
        while self.rest.next_if(|c| is_invisible(*c)).is_some() {}
    }

    fn skip_spaces(&mut self) {
        while self.rest.next_if(|c| c.is_whitespace() || is_invisible(*c)).is_some() {}
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HalfOfDay {
    Morning,
    Afternoon,
}

/// The half of a day that a word beside the time names, in the scripts of WhatsApp's languages.
fn half_of_day(word: &str) -> Option<HalfOfDay> {
    match word.replace('.', "").to_lowercase().as_str() {
        "am"
        | "ص"
        | "ق"
        | "上午"
        | "凌晨"
        | "早上"
        | "清晨"
        | "午前"
        | "오전"
        | "πμ"
        | "sa"
        | "öö"
        | "पूर्वाह्न" => Some(HalfOfDay::Morning),
        "pm"
        | "du"
        | "ptg"
        | "م"
        | "下午"
        | "中午"
        | "晚上"
        | "午後"
        | "오후"
        | "μμ"
        | "ch"
        | "ös"
        | "अपराह्न" => Some(HalfOfDay::Afternoon),
        _ => None,
    }
}

/// Whether a word may stand beside a time: one that names a half of the day, or "at".
fn is_word_of_time(word: &str) -> bool {
    half_of_day(word).is_some()
        || matches!(word, "" | "à" | "às" | "as" | "at" | "um" | "kl" | "kl." | "klo" | "в" | "Uhr")
}

/// The value of a decimal digit in the scripts that phones write dates in.
fn decimal_digit(c: char) -> Option<i16> {
    const ZEROS: [char; 5] = ['0', '٠', '۰', '०', '০'];
    ZEROS.into_iter().find_map(|zero| {
        let value = u32::from(c).checked_sub(u32::from(zero))?;
        (value < 10).then_some(value as i16)
    })
}

fn year(number: i16, digits: usize) -> Option<i16> {
    let year = match number {
        _ if digits == 2 => 2000 + number,
        // The Buddhist calendar of Thailand is 543 years ahead.
        2552..=2642 => number - 543,
        _ => number,
    };
    YEARS.contains(&year).then_some(year)
}

/// A day or a month, if it is between one and the highest that there is.
fn number_up_to(number: i16, highest: i8) -> Option<i8> {
    i8::try_from(number).ok().filter(|number| (1..=highest).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts of a stamp: year, first and second number (or month and day), hour, minute, second.
    fn numbers(line: &str) -> Option<[i16; 6]> {
        let (sent, _) = split_stamp(line.trim_start_matches(|c| c == '[' || is_invisible(c)))?;
        let (one, two) = match sent.day_and_month {
            DayAndMonth::Known { day, month } => (month, day),
            DayAndMonth::Unordered { first, second, .. } => (first, second),
        };
        let [one, two, hour, minute, second] =
            [one, two, sent.hour, sent.minute, sent.second].map(i16::from);
        Some([sent.year, one, two, hour, minute, second])
    }

    #[test]
    fn reads_the_stamps_of_every_region() {
        let evening = |one, two, second| Some([2026, one, two, 21, 14, second]);
        let cases = [
            ("02/01/2026, 21:14 - Mira: Hi", evening(2, 1, 0)),
            ("1/2/26, 9:14 PM - Mira: Hi", evening(1, 2, 0)),
            ("1/2/26, 9:14\u{202f}PM - Mira: Hi", evening(1, 2, 0)),
            ("02/01/26, 9:14 pm - Mira: Hi", evening(2, 1, 0)),
            ("2/1/26, 9:14 p.\u{a0}m. - Mira: Hi", evening(2, 1, 0)),
            ("2/1/26, 9:14 p. m. - Mira: Hi", evening(2, 1, 0)),
            ("02.01.26, 21:14 - Mira: Hi", evening(2, 1, 0)),
            ("02.01.2026 kl. 21.14 - Mira: Hi", evening(2, 1, 0)),
            ("02.01.26, 21:14 Uhr - Mira: Hi", evening(2, 1, 0)),
            ("02/01/2026 à 21:14 - Mira: Hi", evening(2, 1, 0)),
            ("02-01-2026 21:14 - Mira: Hi", evening(2, 1, 0)),
            ("2026-01-02 21:14 - Mira: Hi", evening(1, 2, 0)),
            ("2026/01/02 21:14 - Mira: Hi", evening(1, 2, 0)),
            ("2026. 1. 2. 오후 9:14 - Mira: Hi", evening(1, 2, 0)),
            ("[02/01/2026, 21:14:05] Mira: Hi", evening(2, 1, 5)),
            ("\u{200e}[02.01.26, 21:14:05] Mira: Hi", evening(2, 1, 5)),
            ("[1/2/26, 9:14:05\u{202f}PM] Mira: Hi", evening(1, 2, 5)),
            ("[2026/1/2 下午9:14:05] Mira: Hi", evening(1, 2, 5)),
            ("٢\u{200f}/١\u{200f}/٢٠٢٦، ٩:١٤ م - ميرا: أهلا", evening(2, 1, 0)),
            ("2/1/2569 21:14 - Mira: Hi", evening(2, 1, 0)),
            ("[2.1.2026 klo 21.14.05] Mira: Hi", evening(2, 1, 5)),
            ("2. 1. 2026 21:14 - Mira: Hi", evening(2, 1, 0)),
            ("1/2/26, 12:05 AM - Mira: Hi", Some([2026, 1, 2, 0, 5, 0])),
            ("1/2/26, 12:05 PM - Mira: Hi", Some([2026, 1, 2, 12, 5, 0])),
        ];
        for (line, expected) in cases {
            assert_eq!(numbers(line), expected, "{line}");
        }
    }

    #[test]
    fn knows_a_stamp_as_the_united_states_write_it() {
        for (line, american) in [
            ("1/2/26, 9:14 PM - Mira: Hi", true),
            ("1/2/26, 9:14 pm - Mira: Hi", false),
            ("01/02/26, 9:14 PM - Mira: Hi", false),
            ("1/2/26, 21:14 - Mira: Hi", false),
            ("1.2.26, 9:14 PM - Mira: Hi", false),
        ] {
            let (sent, _) = split_stamp(line).unwrap();
            let DayAndMonth::Unordered { looks_american, .. } = sent.day_and_month else {
                panic!("{line}")
            };
            assert_eq!(looks_american, american, "{line}");
        }
    }
}
