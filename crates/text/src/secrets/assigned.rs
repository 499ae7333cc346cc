//! Passwords, tokens and keys that are known by the name they are given: in settings, in code, in
//! JSON, on a command line, and in sentences.

use std::sync::LazyLock;

use regex::Regex;

use super::placeholder::{distinct, is_placeholder};
use super::{Found, SecretKind};

/// A word that says what comes is a secret.
static NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)pass(?:word|wd|phrase|wort)|pwd|kennwort|contraseña|secret|token|api[ _-]?key|(?:access|private|encryption|signing|master|account)[ _-]?key|credential|[_-]pass(?-u:\b)|(?-u:\b)(?:pass|pw)\s?=",
    )
    .expect("the constant is a valid expression")
});

/// Words between "password" and "is".
static IS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:[ \t]+[^\s.:;=!?]{1,20}){0,6}?[ \t]+(?:is|ist|lautet|was|war|es|era|=)(?:[ \t]*:)?[ \t]+")
        .expect("the constant is a valid expression")
});

/// Bytes of a sentence in which "is" follows "password".
const SENTENCE_BYTES: usize = 120;

/// Most bytes of a secret that a name is given.
const MAX_BYTES: usize = 256;

/// Endings of a name that is that of something else than the secret.
#[rustfmt::skip]
const OTHER_ENDINGS: &[&str] = &[
    "alias", "algorithm", "arn", "attempts", "check", "class", "column", "confirmation_label", "count", "counts", "encoder", "endpoint", "env", "error",
    "expires", "expiry", "field", "file", "filename", "format", "function", "handler", "hash", "hashed", "help", "hint",
    "id", "ids", "index", "input", "iterations", "kind", "label", "length", "lifetime", "limit", "link", "manager",
    "max", "message", "method", "min", "mode", "name", "names", "page", "path", "placeholder", "policy", "prefix",
    "prompt", "protected", "provider", "ref", "regex", "required", "reset", "rule", "rules", "salt", "size", "source",
    "store", "strength", "title", "ttl", "type", "types", "uri", "url", "usage", "validator", "var", "variable", "version",
];

/// Beginnings of names of tokens that are none of access.
#[rustfmt::skip]
const OTHER_BEGINNINGS: &[&str] = &[
    "next", "page", "continuation", "cursor", "pad", "eos", "bos", "sep", "unk", "mask", "cls", "cancel",
    "cancellation", "max", "min", "stop", "num", "start", "end", "special", "last", "first", "design", "sync",
];

/// Whether a name means a password, which people choose, or a token, which is made at random.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Password,
    Token,
}

/// How a value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    /// Between quotes, or the tags of XML.
    Quoted,
    /// A line of an environment file: capitals and an equals sign without spaces.
    Environment,
    /// Otherwise without quotes.
    Bare,
    /// In a sentence: "the password is …".
    Sentence,
}

/// Finds what is given a name like "password".
pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    let mut from = 0;
    while let Some(name) = NAME.find_at(text, from) {
        from = name.end();
        // "pass=" holds its sign, to be read below.
        let end = name.start() + name.as_str().trim_end_matches('=').trim_end().len();
        if let Some(value) = value_of(text, name.start(), end) {
            from = value.end;
            found.push(Found::builtin(value, SecretKind::Password));
        }
    }
}

/// The place of the secret that the name between two places is given; none if it is given none.
fn value_of(text: &str, start: usize, end: usize) -> Option<std::ops::Range<usize>> {
    let word = &text[start..end];
    let lower = word.to_lowercase();
    let is_token = ["secret", "token", "key", "credential"].iter().any(|part| lower.contains(part));
    let sort = if is_token { Sort::Token } else { Sort::Password };
    let before = identifier_before(&text[..start]);
    if is_token && OTHER_BEGINNINGS.contains(&last_word(before).as_str()) {
        return None;
    }
    let suffix = identifier_length(&text[end..]);
    if names_something_else(word, &text[end..end + suffix]) {
        return None;
    }
    let name_end = end + suffix;
    let behind = &text[name_end..];
    let is_capitals =
        !word.chars().any(char::is_lowercase) && !before.chars().any(char::is_lowercase);

    let (gap, separated) = separator(behind);
    if !separated.is_empty() {
        let value_start = name_end + gap;
        let is_environment = separated == "=" && gap == 1 && is_capitals;
        let value = Value::read(text, value_start, is_environment, separated == ">")?;
        return value.secret(sort);
    }
    // --password hunter2
    if before.starts_with("--") && behind.starts_with(' ') {
        let value = Value::read(text, name_end + 1, false, false)?;
        let value = Value { writing: value.writing.max_strict(Writing::Bare), ..value };
        return value.secret(sort);
    }
    if suffix > 0 || before.ends_with(['_', '-', '.']) {
        return None;
    }
    let sentence_end = text.floor_char_boundary((name_end + SENTENCE_BYTES).min(text.len()));
    let gap = IS.find(&text[name_end..sentence_end])?.end();
    let value = Value::read(text, name_end + gap, false, false)?;
    let writing =
        if value.writing == Writing::Quoted { Writing::Quoted } else { Writing::Sentence };
    Value { writing, ..value }.secret(sort)
}

impl Writing {
    fn max_strict(self, other: Self) -> Self {
        if self == Self::Quoted { self } else { other }
    }
}

/// A value and its place.
struct Value<'t> {
    start: usize,
    text: &'t str,
    writing: Writing,
    /// What follows it.
    next: Option<char>,
}

impl<'t> Value<'t> {
    /// Reads the value that begins at a place: up to the closing quote, or to white space.
    fn read(text: &'t str, start: usize, is_environment: bool, is_tag: bool) -> Option<Self> {
        let limit = text.floor_char_boundary((start + MAX_BYTES).min(text.len()));
        let rest = &text[start..limit];
        let escapes = rest.bytes().take_while(|byte| *byte == b'\\').count();
        let quote = rest[escapes..]
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\'' | '`' | '“' | '„' | '«' | '‘' | '‚'));
        if let Some(quote) = quote {
            let opened = escapes + quote.len_utf8();
            let closing: &[char] = match quote {
                '“' | '„' => &['”', '“'],
                '«' => &['»'],
                '‘' | '‚' => &['’', '‘'],
                '"' => &['"'],
                '\'' => &['\''],
                _ => &['`'],
            };
            let inside = &rest[opened..];
            let length = closing_quote(inside, closing, escapes)?;
            let value = &inside[..length];
            let next = inside[length..].chars().next();
            return Some(Self {
                start: start + opened,
                text: value,
                writing: Writing::Quoted,
                next,
            });
        }
        if is_tag {
            let length = rest.find('<')?;
            let value = &rest[..length];
            return Some(Self { start, text: value, writing: Writing::Bare, next: Some('<') });
        }
        let length = rest
            .find(|c: char| {
                c.is_whitespace()
                    || matches!(c, '"' | '\'' | '`' | '<' | '>' | ',' | ';' | '“' | '”' | '»')
            })
            .unwrap_or(rest.len());
        // "\n" of a text that is escaped is no part of the value.
        let length =
            rest[..length].find("\\n").or_else(|| rest[..length].find("\\r")).unwrap_or(length);
        let value =
            rest[..length].trim_end_matches(['.', ':', ')', '}', ']', '\\', '*', '_', '|', '…']);
        let next = rest[value.len()..].chars().next();
        let writing = if is_environment { Writing::Environment } else { Writing::Bare };
        Some(Self { start, text: value, writing, next })
    }

    /// Its place, if it is a secret.
    fn secret(&self, sort: Sort) -> Option<std::ops::Range<usize>> {
        let value = self.text;
        // What is cheap comes first.
        let is_secret = match sort {
            Sort::Password => self.is_password(),
            Sort::Token => self.is_token(),
        } && !value.contains(char::is_whitespace)
            && !is_reference(value)
            && !is_placeholder(value);
        is_secret.then(|| self.start..self.start + value.len())
    }

    fn is_password(&self) -> bool {
        let value = self.text;
        let characters = value.chars().count();
        match self.writing {
            Writing::Quoted => characters >= 4 && !is_dotted(value),
            Writing::Environment => {
                characters >= 4 && !is_dotted(value) && !matches!(self.next, Some('('))
            }
            Writing::Bare => {
                characters >= 5
                    && !is_code(value)
                    && (is_mixed(value) || (characters >= 6 && is_number(value)))
            }
            Writing::Sentence => {
                characters >= 6 && !is_code(value) && (is_mixed(value) || is_number(value))
            }
        }
    }

    fn is_token(&self) -> bool {
        let value = self.text;
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        let minimum = if self.writing == Writing::Environment { 10 } else { 14 };
        value.len() >= minimum
            && value.is_ascii()
            && !is_code(value)
            && digits >= 2
            && value.bytes().any(|byte| byte.is_ascii_alphabetic())
            && distinct(value) >= 8
            && !is_words(value)
    }
}

/// The length of what stands before a closing quote that is escaped as often as the opening one.
fn closing_quote(inside: &str, closing: &[char], escapes: usize) -> Option<usize> {
    let line = inside.find('\n').unwrap_or(inside.len());
    let mut from = 0;
    loop {
        let place = from + inside[from..line].find(closing)?;
        let before = inside[..place].bytes().rev().take_while(|byte| *byte == b'\\').count();
        if before <= escapes {
            return Some(place - before);
        }
        from = place + 1;
        while !inside.is_char_boundary(from) {
            from += 1;
        }
    }
}

/// What separates a name from its value, and the bytes up to the value; empty if nothing does.
fn separator(behind: &str) -> (usize, &'static str) {
    let quotes = behind
        .bytes()
        .take_while(|byte| matches!(byte, b'"' | b'\'' | b'`' | b']' | b'\\' | b'*'))
        .take(4)
        .count();
    let spaces = |from: usize| {
        behind[from..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).take(20).count()
    };
    let before = quotes + spaces(quotes);
    for sign in [":=", "=>", "===", "==", "=", ":", ">"] {
        if behind[before..].starts_with(sign) && (sign != ">" || before == 0) {
            let end = before + sign.len();
            // Markdown writes "**Password:** hunter2".
            let marks = behind[end..].bytes().take_while(|byte| *byte == b'*').count();
            let gap = end + marks + spaces(end + marks);
            return (
                gap,
                if sign == "=" {
                    "="
                } else if sign == ">" {
                    ">"
                } else {
                    ":"
                },
            );
        }
    }
    (0, "")
}

/// The part of an identifier that stands before a place.
fn identifier_before(before: &str) -> &str {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let length: usize =
        before.chars().rev().take(40).take_while(|c| is_part(*c)).map(char::len_utf8).sum();
    &before[before.len() - length..]
}

/// The bytes of an identifier that goes on.
fn identifier_length(behind: &str) -> usize {
    behind
        .bytes()
        .take(40)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        .count()
}

/// The last word of an identifier, in small letters: "next" of "nextPage" is "page".
fn last_word(identifier: &str) -> String {
    let trimmed = identifier.trim_end_matches(['_', '-', '.']);
    let start = trimmed
        .char_indices()
        .rev()
        .find(|(_, c)| matches!(c, '_' | '-' | '.'))
        .map_or(0, |(place, _)| place + 1);
    let word = &trimmed[start..];
    let start = word
        .rfind(|c: char| c.is_ascii_uppercase())
        .filter(|_| word.chars().any(char::is_lowercase));
    word[start.unwrap_or(0)..].to_ascii_lowercase()
}

/// Whether a name goes on after "password" so that it names something else: `password_hash`,
/// "tokenizer", "secretary".
fn names_something_else(word: &str, suffix: &str) -> bool {
    let Some(first) = suffix.chars().next() else { return false };
    let is_upper = word.chars().last().is_some_and(char::is_uppercase);
    if first.is_ascii_alphabetic() && first.is_ascii_uppercase() == is_upper {
        let is_plural = suffix.eq_ignore_ascii_case("s");
        let is_tokens = word.eq_ignore_ascii_case("token");
        return !is_plural || is_tokens;
    }
    let ending = last_word(suffix);
    OTHER_ENDINGS.contains(&ending.as_str())
}

/// Whether a value says where the secret is: a path, an address, a name of a file.
fn is_reference(value: &str) -> bool {
    value.starts_with(['/', '~', '@', '.', '#'])
        || value.contains("://")
        || value.contains("::")
        || value.contains("->")
        || value.starts_with("C:\\")
        || [".txt", ".json", ".yaml", ".yml", ".pem", ".key", ".env", ".md", ".py", ".js", ".rs"]
            .iter()
            .any(|end| value.ends_with(end))
}

/// Whether a value is a name in a program with parts: "config.password", "self.token".
fn is_dotted(value: &str) -> bool {
    let mut parts = value.split('.');
    let is_name =
        |part: &str| part.chars().all(|c| c.is_ascii_alphabetic() || c == '_') && !part.is_empty();
    value.contains('.') && parts.all(is_name)
}

/// Whether a value without quotes is a piece of a program.
fn is_code(value: &str) -> bool {
    value.contains(['(', ')', '[', ']', '{', '}'])
        || is_dotted(value)
        || value.split('.').count() > 2
            && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'))
            && !value.chars().any(|c| c.is_ascii_digit())
}

/// Whether a value mixes letters with digits or signs, as no word does.
fn is_mixed(value: &str) -> bool {
    let has = |is: fn(char) -> bool| value.chars().any(is);
    let has_letter = has(char::is_alphabetic);
    let is_sign = |c: char| {
        matches!(c, '!' | '@' | '#' | '$' | '%' | '^' | '&' | '*' | '+' | '?' | '~' | '=')
    };
    // "important!" is a word and a sign.
    let has_sign = value.trim_end_matches(['!', '?']).chars().any(is_sign);
    has_letter && (has(|c: char| c.is_ascii_digit()) || has_sign) && !is_words(value)
}

fn is_number(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a value is words and short numbers with hyphens or underscores: `eu-west-1`, `utf_8`.
fn is_words(value: &str) -> bool {
    let parts: Vec<&str> = value.split(['-', '_', '.', '/', ':']).collect();
    let is_word = |part: &&str| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        digits == 0 || (digits == part.len() && digits <= 4)
    };
    parts.len() > 1 && parts.iter().all(is_word)
}
