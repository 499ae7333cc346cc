//! Numbers with check digits: payment cards and IBANs; and social security numbers.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::{Found, SecretKind};

/// The groups in which card numbers are written.
static CARD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?-u:\b)(?:\d{14,16}|\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}|\d{4}[ -]\d{6}[ -]\d{4,5})(?-u:\b)",
    )
    .expect("the constant is a valid expression")
});

static IBAN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,40}(?-u:\b)")
        .expect("the constant is a valid expression")
});

static SSN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i:(?-u:\b)ssn(?-u:\b)|social.security)[^\n0-9;.!?]{0,30}(\d{3}-\d{2}-\d{4})(?-u:\b)",
    )
    .expect("the constant is a valid expression")
});

/// Finds numbers of payment cards.
pub(super) fn find_cards(text: &str, found: &mut Vec<Found>) {
    each_valid(text, &CARD, found, SecretKind::Card, |candidate| {
        let Range { start, end } = candidate;
        let is_part = is_joined(text[..start].chars().next_back())
            || is_joined(text[end..].chars().next())
            || is_decimal(&text[..start]);
        (!is_part && is_card(&text[start..end])).then_some(end)
    });
}

/// Finds IBANs.
pub(super) fn find_ibans(text: &str, found: &mut Vec<Found>) {
    each_valid(text, &IBAN, found, SecretKind::Iban, |candidate| {
        let length = iban_length(&text[candidate.clone()])?;
        let end = candidate.start + length;
        let goes_on = text[end..].chars().next().is_some_and(char::is_alphanumeric);
        (!goes_on && is_iban(&text[candidate.start..end])).then_some(end)
    });
}

/// Finds social security numbers of the USA, where they are called so.
pub(super) fn find_ssns(text: &str, found: &mut Vec<Found>) {
    for captures in SSN.captures_iter(text) {
        let number = captures.get(1).expect("the group is no option");
        let area = &number.as_str()[..3];
        if !area.starts_with('9') && area != "000" && area != "666" {
            found.push(Found::builtin(number.range(), SecretKind::Ssn));
        }
    }
}

/// Goes through candidates; where one is none, the next may begin within it. Candidates are short, so
/// this stays linear.
fn each_valid(
    text: &str,
    shape: &Regex,
    found: &mut Vec<Found>,
    kind: SecretKind,
    valid_end: impl Fn(Range<usize>) -> Option<usize>,
) {
    let mut from = 0;
    while let Some(candidate) = shape.find_at(text, from) {
        match valid_end(candidate.range()) {
            Some(end) => {
                found.push(Found::builtin(candidate.start()..end, kind));
                from = end;
            }
            // Candidates begin with ASCII.
            None => from = candidate.start() + 1,
        }
    }
}

/// Whether a character beside digits means that they are a part of something longer.
fn is_joined(beside: Option<char>) -> bool {
    beside.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '#'))
}

/// Whether digits behind this text are those of a fraction.
fn is_decimal(before: &str) -> bool {
    let mut last = before.chars().rev();
    matches!(last.next(), Some('.' | ',')) && last.next().is_some_and(|c| c.is_ascii_digit())
}

/// Whether a number, separated or not, has the prefix, length and check digit of a card.
fn is_card(number: &str) -> bool {
    let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
    let prefix = digits.iter().take(4).fold(0, |prefix, digit| prefix * 10 + digit);
    let has_prefix = match digits.len() {
        // Visa, Mastercard, Discover, JCB, UnionPay
        16 => matches!(
            prefix,
            4000..=4999 | 5100..=5599 | 2221..=2720 | 6011 | 6440..=6599 | 3528..=3589 | 6200..=6299
        ),
        15 => matches!(prefix, 3400..=3499 | 3700..=3799),
        14 => matches!(prefix, 3000..=3059 | 3600..=3699 | 3800..=3899),
        _ => false,
    };
    let mut distinct = digits.clone();
    distinct.sort_unstable();
    distinct.dedup();
    has_prefix && distinct.len() > 1 && luhn(&digits)
}

/// The check of ISO/IEC 7812-1.
fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => *digit,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The length of an IBAN in each country (SWIFT's registry).
const IBAN_LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 \
    CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 \
    HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 \
    ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 \
    SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

/// Bytes that the IBAN at the beginning of a candidate takes, its separators included; none if its
/// country has no IBAN or it is too short.
fn iban_length(candidate: &str) -> Option<usize> {
    let country = candidate[..2].to_ascii_uppercase();
    let entry = IBAN_LENGTHS.split(' ').find(|entry| entry.starts_with(&country))?;
    let length: usize = entry[2..].trim().parse().ok()?;
    let mut characters =
        candidate.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()).skip(length - 1);
    characters.next().map(|(place, _)| place + 1)
}

/// The check of ISO 13616: the number, rearranged, leaves 1 when divided by 97.
fn is_iban(number: &str) -> bool {
    let characters: Vec<char> = number.chars().filter(char::is_ascii_alphanumeric).collect();
    let (front, account) = characters.split_at(4);
    let rest = account.iter().chain(front).fold(0, |rest, c| {
        let value = c.to_digit(36).unwrap_or_default();
        if value > 9 { (rest * 100 + value) % 97 } else { (rest * 10 + value) % 97 }
    });
    rest == 1 && account.iter().any(|c| *c != '0')
}
