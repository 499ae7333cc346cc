//! Secrets in a text, known by their shape: keys of services, passwords, private keys, numbers of
//! cards and accounts.

mod assigned;
mod kind;
mod numbers;
mod placeholder;
mod private_key;
mod tokens;

pub use kind::{SecretKind, UnknownSecretKind};

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder, RegexSet};

/// What begins and ends a mark: "[redacted: AWS key]".
const MARK: (&str, &str) = ("[redacted: ", "]");

/// Most characters of the name of a pattern of one's own.
const MAX_NAME_CHARACTERS: usize = 60;

/// Bytes that a compiled pattern of one's own may take.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// Replaces secrets in texts by marks that say what was there.
///
/// It knows secrets by their shape alone and asks nobody, so it misses what has none, such as a
/// password in a sentence that does not call it so. Examples and blanks (`your-password`, `$TOKEN`)
/// are left. The time that it takes grows with the length of a text, whatever the text says.
///
/// # Examples
/// ```
/// use longmem_text::Redactor;
///
/// let redactor = Redactor::default().with_pattern("employee number", "E-[0-9]{5}")?;
/// assert_eq!(
///     redactor.redact("I am E-12345, and DB_PASSWORD=hunter2 is mine"),
///     "I am [redacted: employee number], and DB_PASSWORD=[redacted: password] is mine"
/// );
/// assert_eq!(redactor.redact("DB_PASSWORD=$SECRET"), "DB_PASSWORD=$SECRET");
/// # Ok::<(), longmem_text::InvalidPattern>(())
/// ```
#[derive(Debug, Clone)]
pub struct Redactor {
    kinds: Vec<SecretKind>,
    patterns: Vec<Pattern>,
}

/// A shape of one's own.
#[derive(Debug, Clone)]
struct Pattern {
    name: String,
    regex: Regex,
}

/// Why a shape of one's own cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidPattern {
    /// The name is not one line of 1 to 60 characters without brackets.
    Name(String),
    /// The expression cannot be read; what is wrong with it.
    Expression(String),
    /// The expression matches an empty text.
    MatchesNothing(String),
}

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(
                f,
                "{name:?} cannot name a pattern: expected 1 to {MAX_NAME_CHARACTERS} characters on one \
                 line, without brackets"
            ),
            Self::Expression(reason) => f.write_str(reason),
            Self::MatchesNothing(regex) => {
                write!(
                    f,
                    "the expression {regex:?} matches an empty text, so it would match everywhere"
                )
            }
        }
    }
}

impl std::error::Error for InvalidPattern {}

/// A secret in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    place: Range<usize>,
    what: What,
}

/// What a secret is; of two that overlap, the lesser one names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// A pattern of one's own, by its place in the list.
    Own(usize),
    Builtin(SecretKind),
}

impl Found {
    fn builtin(place: Range<usize>, kind: SecretKind) -> Self {
        Self { place, what: What::Builtin(kind) }
    }
}

/// Finds what has the shape of one kind.
type Look = fn(&str, &mut Vec<Found>);

/// What a text must have for the kinds that are looked for by more than one expression.
const HINTS: [&str; 5] = [
    "PRIVATE KEY|Private-Lines",
    r"(?i)pass|pwd|kennwort|contrase|secret|token|key|credential|(?-u:\b)pw",
    r"\d(?:[ -]?\d){13}",
    r"(?-u:\b)[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11}",
    r"(?i)ssn|social.security",
];

static HINT_SET: LazyLock<RegexSet> =
    LazyLock::new(|| RegexSet::new(HINTS).expect("the hints are valid expressions"));

impl Default for Redactor {
    /// Looks for every kind.
    fn default() -> Self {
        Self::of_kinds(SecretKind::ALL)
    }
}

impl Redactor {
    /// Looks for these kinds only.
    pub fn of_kinds(kinds: &[SecretKind]) -> Self {
        Self { kinds: kinds.to_vec(), patterns: Vec::new() }
    }

    /// Looks for a shape of one's own as well: a regular expression of the crate `regex`. Its name
    /// stands in the marks. If the expression has a group, only what the first one matches is replaced.
    ///
    /// # Errors
    /// [`InvalidPattern`].
    pub fn with_pattern(mut self, name: &str, regex: &str) -> Result<Self, InvalidPattern> {
        let is_name = !name.trim().is_empty()
            && name.chars().count() <= MAX_NAME_CHARACTERS
            && !name.contains(|c: char| c.is_control() || matches!(c, '[' | ']'));
        if !is_name {
            return Err(InvalidPattern::Name(name.to_owned()));
        }
        let compiled = RegexBuilder::new(regex).size_limit(MAX_PATTERN_BYTES).build();
        let compiled = compiled.map_err(|error| InvalidPattern::Expression(error.to_string()))?;
        if compiled.is_match("") {
            return Err(InvalidPattern::MatchesNothing(regex.to_owned()));
        }
        self.patterns.push(Pattern { name: name.to_owned(), regex: compiled });
        Ok(self)
    }

    /// The text with each secret replaced by a mark. Redacting it again changes nothing.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut redacted = Cow::Borrowed(text);
        // A mark in the place of a secret can bring the words around it together; this ends, since
        // each round leaves fewer bytes outside of marks.
        for _ in 0..ROUNDS {
            let found = merged(self.find(&redacted));
            if found.is_empty() {
                break;
            }
            redacted = Cow::Owned(self.replaced(&redacted, &found));
        }
        redacted
    }

    /// Whether a text holds a secret.
    pub fn finds_in(&self, text: &str) -> bool {
        !self.find(text).is_empty()
    }

    /// What the marks in a text say was replaced, in order; marks with other words are passed over.
    pub fn marks<'t>(&'t self, text: &'t str) -> impl Iterator<Item = &'t str> {
        text.split(MARK.0).skip(1).filter_map(|behind| {
            let (label, _) = behind.split_once(MARK.1)?;
            let is_known = self.kinds.iter().any(|kind| kind.label() == label)
                || self.patterns.iter().any(|pattern| pattern.name == label);
            is_known.then_some(label)
        })
    }

    fn label(&self, what: What) -> &str {
        match what {
            What::Own(place) => &self.patterns[place].name,
            What::Builtin(kind) => kind.label(),
        }
    }

    /// Everything that has the shape of a secret and is not a mark's, in no order.
    fn find(&self, text: &str) -> Vec<Found> {
        let mut found = Vec::new();
        let wants = |kind: SecretKind| self.kinds.contains(&kind);
        tokens::find(text, &wants, &mut found);
        let hints = HINT_SET.matches(text);
        let looks: [(SecretKind, Look); HINTS.len()] = [
            (SecretKind::PrivateKey, private_key::find),
            (SecretKind::Password, assigned::find),
            (SecretKind::Card, numbers::find_cards),
            (SecretKind::Iban, numbers::find_ibans),
            (SecretKind::Ssn, numbers::find_ssns),
        ];
        for (place, (kind, find)) in looks.into_iter().enumerate() {
            if hints.matched(place) && wants(kind) {
                find(text, &mut found);
            }
        }
        for (place, pattern) in self.patterns.iter().enumerate() {
            for captures in pattern.regex.captures_iter(text) {
                let secret = captures.get(1).or_else(|| captures.get(0));
                let secret = secret.map(|secret| secret.range()).unwrap_or_default();
                if !secret.is_empty() {
                    found.push(Found { place: secret, what: What::Own(place) });
                }
            }
        }
        if !found.is_empty() && text.contains(MARK.0) {
            let marks = Self::mark_places(text);
            found.retain(|found| {
                let before = marks.partition_point(|mark| mark.end <= found.place.start);
                marks.get(before).is_none_or(|mark| mark.start >= found.place.end)
            });
        }
        found
    }

    /// Where the marks of a text stand.
    fn mark_places(text: &str) -> Vec<Range<usize>> {
        let marks = text.match_indices(MARK.0).filter_map(|(start, begin)| {
            let label_start = start + begin.len();
            let length = text[label_start..]
                .find(MARK.1)
                .filter(|length| *length <= 4 * MAX_NAME_CHARACTERS)?;
            Some(start..label_start + length + MARK.1.len())
        });
        marks.collect()
    }

    fn replaced(&self, text: &str, found: &[Found]) -> String {
        let mut replaced = String::with_capacity(text.len());
        let mut from = 0;
        for Found { place, what } in found {
            replaced.push_str(&text[from..place.start]);
            replaced.push_str(MARK.0);
            replaced.push_str(self.label(*what));
            replaced.push_str(MARK.1);
            from = place.end;
        }
        replaced.push_str(&text[from..]);
        replaced
    }
}

/// Rounds of looking and replacing; the second finds nothing in nearly every text.
const ROUNDS: usize = 4;

/// Joins places that overlap, so that no piece of a secret is left; in order.
fn merged(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|found| (found.place.start, found.place.end));
    let mut merged: Vec<Found> = Vec::with_capacity(found.len());
    for next in found {
        match merged.last_mut().filter(|last| next.place.start < last.place.end) {
            Some(last) => {
                last.place.end = last.place.end.max(next.place.end);
                last.what = last.what.min(next.what);
            }
            None => merged.push(next),
        }
    }
    merged
}
