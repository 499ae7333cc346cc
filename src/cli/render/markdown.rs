//! A conversation as a page of Markdown, whatever stands in its texts.

use std::collections::HashSet;
use std::fmt::Write;

use longmem_core::{Fact, Turn};
use longmem_memory::SessionSummary;

use super::{minute, speaker, stretch};

/// A session as a page: its title, when it was, its summary if there is one, and who said what when. A
/// text is quoted, so that nothing in it can end the quote, make a heading or look like another turn.
pub(crate) fn session_page(
    session: &SessionSummary,
    summary: Option<&str>,
    turns: &[Turn],
) -> String {
    let title = session.title.as_deref().unwrap_or(session.session.as_str());
    let mut page = format!("# {}\n\n{}\n", plain(title), stretch(session.start, session.end));
    if let Some(summary) = summary {
        let _ = write!(page, "\n## Summary\n\n{}\n", quoted(summary));
    }
    for turn in turns {
        let note = if turn.note { " · note" } else { "" };
        let _ = write!(
            page,
            "\n## {} · {}{note}\n\n{}\n",
            plain(speaker(turn)),
            minute(turn.time),
            quoted(&turn.text)
        );
    }
    page
}

/// What is known, as a page: what holds, then what was replaced.
pub(crate) fn facts_page(facts: &[Fact]) -> String {
    let mut page = "# Facts\n".to_owned();
    let (hold, replaced): (Vec<&Fact>, Vec<&Fact>) =
        facts.iter().partition(|fact| fact.superseded_by.is_none());
    for (heading, facts) in [("What holds", hold), ("What was replaced", replaced)] {
        if facts.is_empty() {
            continue;
        }
        let _ = write!(page, "\n## {heading}\n\n");
        for fact in facts {
            let _ = write!(
                page,
                "- {} ({}, since {}",
                plain(&fact.line()),
                fact.kind,
                minute(fact.since)
            );
            if let Some(until) = fact.until {
                let _ = write!(page, ", until {}", minute(until));
            }
            page.push_str(")\n");
        }
    }
    page
}

/// A text as a quoted block of code: its fence is longer than any run of backticks inside, so that
/// what looks like Markdown is shown as it was written.
fn quoted(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}", shown(text).trim_end_matches('\n'))
}

/// A text on one line, in which no sign means anything to Markdown.
fn plain(text: &str) -> String {
    let mut escaped = String::new();
    for c in shown(text).chars() {
        match c {
            '\n' | '\t' => escaped.push(' '),
            c if c.is_ascii_punctuation() => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A text without signs that command a terminal or turn the direction of what is read.
fn shown(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    crate::sanitize::for_terminal(&text)
}

/// Number of characters of a file's name that come from a title.
const NAME: usize = 60;

/// A name for a session's file that no other of these has: its day and title with all but letters and
/// digits left out, so that no title leads out of the folder or names a device.
pub(crate) fn file_name(session: &SessionSummary, taken: &mut HashSet<String>) -> String {
    let title = session.title.as_deref().unwrap_or(session.session.as_str());
    let words: Vec<&str> =
        title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let title: String = words.join("-").to_lowercase().chars().take(NAME).collect();
    let day = super::day(session.start);
    // The longest name has a day, a title of 60 characters of four bytes, and a number.
    let mut name = format!("{day} {title}").trim_end().to_owned();
    for number in 2.. {
        // Some file systems take upper and lower case for the same.
        if taken.insert(name.to_lowercase()) {
            break;
        }
        name = format!("{day} {title} {number}");
    }
    format!("{name}.md")
}

#[cfg(test)]
mod tests {
    use longmem_core::{Role, SessionName, TurnId};
    use proptest::prelude::*;

    use super::*;

    fn session(name: &str, title: Option<&str>) -> SessionSummary {
        let time = "2026-03-02T10:00:00Z".parse().unwrap();
        SessionSummary {
            session: SessionName::new(name).unwrap(),
            title: title.map(str::to_owned),
            turns: 1,
            start: time,
            end: time,
        }
    }

    fn turn(text: &str) -> Turn {
        Turn {
            id: TurnId(1),
            session: SessionName::new("s").unwrap(),
            session_title: None,
            role: Role::User,
            speaker: Some("## Bo*".to_owned()),
            time: "2026-03-02T10:00:00Z".parse().unwrap(),
            text: text.to_owned(),
            note: false,
        }
    }

    #[test]
    fn a_page_shows_markdown_as_it_was_written() {
        let text = "# not a heading\n```rust\nfn main() {}\n```\n<b>no tag</b>";
        let page =
            session_page(&session("s", Some("# A *title*\n## two")), Some("short"), &[turn(text)]);
        assert!(page.starts_with("# \\# A \\*title\\* \\#\\# two\n"), "{page}");
        assert!(page.contains(&format!("\n````text\n{text}\n````\n")), "{page}");
        assert!(page.contains("\n## \\#\\# Bo\\* · "), "{page}");
    }

    #[test]
    fn hostile_titles_make_harmless_names() {
        let mut taken = HashSet::new();
        let titles = ["../../etc/passwd", "CON", "a/b", "A b", "", "\u{202e}…", &"é".repeat(300)];
        for title in titles {
            let name = file_name(&session("x", Some(title)), &mut taken);
            assert!(
                name.starts_with("2026-03-0")
                    && std::path::Path::new(&name).extension().is_some_and(|end| end == "md"),
                "{name}"
            );
            assert!(name.len() < 255 && !name.contains(['/', '\\', ':', '\0']), "{name}");
            assert!(!name.contains(".."), "{name}");
        }
        assert_eq!(taken.len(), titles.len());
    }

    proptest! {
        #[test]
        fn no_text_ends_its_own_quote(text in "[`\n#a]{0,40}") {
            let block = quoted(&text);
            let fence = block.lines().next().unwrap().trim_end_matches("text").to_owned();
            let closing = block.lines().skip(1).filter(|line| line.starts_with(&fence)).count();
            prop_assert_eq!(closing, 1);
        }
    }
}
