//! The titles of the sessions in a Claude Code transcript.

use std::collections::HashMap;

use longmem_core::{MAX_NAME_BYTES, SessionName};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::json::fields::title;
use crate::keys::session_name;

/// Bytes of titles that are kept. With more, those found so far are dropped: only a transcript made
/// of titles comes that far.
const MAX_BYTES: usize = 16 << 20;

/// The best title of each session so far.
#[derive(Default, Deserialize)]
#[serde(from = "Vec<(Option<SessionName>, (TitleKind, String))>")]
pub(super) struct SessionTitles {
    /// By session. Under `None` stands the title of every session that has no other.
    titles: HashMap<Option<SessionName>, (TitleKind, String)>,
    bytes: usize,
}

impl From<Vec<(Option<SessionName>, (TitleKind, String))>> for SessionTitles {
    fn from(titles: Vec<(Option<SessionName>, (TitleKind, String))>) -> Self {
        let bytes = titles.iter().map(|(_, (_, title))| bytes_of(title)).sum();
        Self { titles: titles.into_iter().collect(), bytes }
    }
}

impl Serialize for SessionTitles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.titles)
    }
}

/// Where a title comes from; a later kind is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum TitleKind {
    Summary,
    Generated,
    ChosenByUser,
}

impl SessionTitles {
    /// Takes in the title that a line states, if it states one. Of two titles of one kind, the
    /// later one counts.
    pub(super) fn add(&mut self, line: &Value) {
        let (kind, field) = match line["type"].as_str() {
            Some("summary") => (TitleKind::Summary, "summary"),
            Some("ai-title") => (TitleKind::Generated, "aiTitle"),
            Some("custom-title") => (TitleKind::ChosenByUser, "customTitle"),
            _ => return,
        };
        let Some(title) = title(&line[field]).or_else(|| title(&line["title"])) else { return };
        let session = line["sessionId"].as_str().map(session_name);
        if self.titles.get(&session).is_some_and(|(known, _)| *known > kind) {
            return;
        }
        let bytes = bytes_of(&title);
        if self.bytes + bytes > MAX_BYTES {
            self.titles.clear();
            self.bytes = 0;
        }
        self.bytes += bytes;
        let replaced = self.titles.insert(session, (kind, title));
        self.bytes -= replaced.map_or(0, |(_, title)| bytes_of(&title));
    }

    /// The title of a session.
    pub(super) fn of(&self, session: &SessionName) -> Option<&str> {
        let own = self.titles.get(&Some(session.clone()));
        own.or_else(|| self.titles.get(&None)).map(|(_, title)| title.as_str())
    }
}

/// Bytes that a title takes in memory, with its session's name.
fn bytes_of(title: &str) -> usize {
    size_of::<(Option<SessionName>, (TitleKind, String))>() + MAX_NAME_BYTES + title.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_transcript_made_of_titles_takes_limited_memory() {
        let mut titles = SessionTitles::default();
        let long = "t".repeat(4000);
        for index in 0..5000 {
            titles
                .add(&json!({"type": "ai-title", "aiTitle": long, "sessionId": index.to_string()}));
            assert!(titles.bytes <= MAX_BYTES);
        }
        assert!(titles.titles.len() < 5000);
        let of_index = |index: &str| titles.of(&SessionName::new(index).unwrap());
        assert_eq!((of_index("4999"), of_index("0")), (Some(long.as_str()), None));
    }

    #[test]
    fn a_session_that_is_titled_again_and_again_keeps_its_place() {
        let mut titles = SessionTitles::default();
        titles.add(&json!({"type": "ai-title", "aiTitle": "first", "sessionId": "first"}));
        for index in 0..10_000 {
            let title = format!("{index} {}", "t".repeat(4000));
            titles.add(&json!({"type": "ai-title", "aiTitle": title, "sessionId": "s"}));
        }
        assert_eq!(titles.of(&SessionName::new("first").unwrap()), Some("first"));
    }
}
