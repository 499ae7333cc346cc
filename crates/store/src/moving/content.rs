//! Tells whether two stores hold the same of a user, whatever numbers they gave out.

use std::collections::HashMap;

use longmem_core::{SessionName, UserName};
use sha2::{Digest, Sha256};

use super::{Extent, MovedFact, MovedSummary, MovedTurn, Moving, UserRecords};
use crate::Result;

/// What was said and what is known of a user, as a hash. Numbers play no part but by their order, and
/// neither do vectors, small values, and how far was learned: they are made anew, or change with use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentFingerprint {
    /// Number of turns.
    pub turns: u64,
    /// Number of facts, those that were replaced included.
    pub facts: u64,
    hash: [u8; 32],
}

/// Reads all of a user, and hashes it.
///
/// # Errors
/// [`StoreError::UnknownUser`](crate::StoreError::UnknownUser), or when the store cannot be read.
pub fn content_fingerprint(
    store: &(impl Moving + ?Sized),
    user: &UserName,
) -> Result<ContentFingerprint> {
    let mut content = Content::default();
    store.read_user(user, Extent::Words, &mut |records| {
        content.add(records);
        Ok(())
    })?;
    Ok(ContentFingerprint {
        turns: content.turns.len() as u64,
        facts: content.facts.len() as u64,
        hash: content.hash.finalize().into(),
    })
}

/// What was read so far; numbers are replaced by their places.
#[derive(Default)]
struct Content {
    hash: Sha256,
    sessions: HashMap<i64, u64>,
    turns: HashMap<i64, u64>,
    facts: HashMap<i64, u64>,
    summaries: HashMap<i64, u64>,
}

impl Content {
    fn add(&mut self, records: UserRecords) {
        match records {
            UserRecords::Head(head) => {
                self.facts = head.facts.into_iter().zip(0..).collect();
                self.summaries = head.summaries.into_iter().zip(0..).collect();
            }
            UserRecords::Sessions(sessions) => {
                for session in sessions {
                    self.sessions.insert(session.number, self.sessions.len() as u64);
                    self.field(session.name.as_str().as_bytes());
                    self.optional(session.title.as_deref());
                    self.field(&[u8::from(session.titled)]);
                }
            }
            UserRecords::FormerNames(names) => {
                for (former, present) in names {
                    self.field(former.as_str().as_bytes());
                    self.field(present.as_str().as_bytes());
                }
            }
            UserRecords::Turns(turns) => turns.iter().for_each(|turn| self.turn(turn)),
            UserRecords::Entities(entities) => {
                for entity in entities {
                    self.field(entity.name.as_bytes());
                    self.field(entity.kind.as_str().as_bytes());
                }
            }
            UserRecords::Facts(facts) => facts.iter().for_each(|fact| self.fact(fact)),
            UserRecords::Summaries(summaries) => {
                for summary in &summaries {
                    self.summary(summary);
                }
            }
            UserRecords::Passages(_) | UserRecords::Values(_) => {}
        }
    }

    fn turn(&mut self, turn: &MovedTurn) {
        self.turns.insert(turn.id.0, self.turns.len() as u64);
        self.place(self.sessions.get(&turn.session).copied());
        self.field(turn.role.as_str().as_bytes());
        self.optional(turn.speaker.as_deref());
        self.text(&turn.text);
        self.field(&turn.time.as_millisecond().to_le_bytes());
        self.text(&turn.source_key.0);
        self.field(&[u8::from(turn.note), u8::from(turn.amended)]);
    }

    fn fact(&mut self, fact: &MovedFact) {
        self.text(&fact.subject);
        self.text(&fact.statement);
        self.field(fact.kind.as_str().as_bytes());
        self.place(fact.source.and_then(|turn| self.turns.get(&turn.0)).copied());
        self.field(&fact.since.as_millisecond().to_le_bytes());
        self.place(fact.superseded_by.and_then(|next| self.facts.get(&next.0)).copied());
        for entity in &fact.entities {
            self.place(Some(*entity as u64));
        }
    }

    fn summary(&mut self, summary: &MovedSummary) {
        let (session, through) = summary.of.stretch().unzip();
        self.field(summary.of.kind().as_bytes());
        self.field(session.map_or("", SessionName::as_str).as_bytes());
        self.place(through.and_then(|turn| self.turns.get(&turn.0)).copied());
        self.text(&summary.text);
        self.place(summary.folded_into.and_then(|whole| self.summaries.get(&whole.0)).copied());
    }

    /// Each part stands after its length, so that no two sequences of parts run together.
    fn field(&mut self, bytes: &[u8]) {
        self.hash.update((bytes.len() as u64).to_le_bytes());
        self.hash.update(bytes);
    }

    /// A NUL of an early version's store is a replacement character in other stores.
    fn text(&mut self, text: &str) {
        if text.contains('\0') {
            self.field(text.replace('\0', "\u{fffd}").as_bytes());
        } else {
            self.field(text.as_bytes());
        }
    }

    fn optional(&mut self, text: Option<&str>) {
        self.field(&[u8::from(text.is_some())]);
        self.text(text.unwrap_or_default());
    }

    fn place(&mut self, place: Option<u64>) {
        self.field(&place.map_or(0, |place| place + 1).to_le_bytes());
    }
}
