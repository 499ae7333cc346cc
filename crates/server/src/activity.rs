//! What memory did lately for each user: what was recalled, put into a prompt, or captured, and what failed.
//!
//! It is kept in memory only, and never on disk. One user never sees another's. Of turns and facts only the numbers
//! are kept; what was asked is kept as it was asked, until the user clears the list, forgets everything, or the
//! server ends.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hashlink::LruCache;
use longmem_chat::{Context, TraceEntry, TraceKind};
use longmem_core::{FactId, SessionName, Timestamp, TurnId, UserName, closed_words};
use longmem_memory::Recall;
use tokio::sync::watch;

/// Entries that are kept of a user.
const ENTRIES: usize = 200;

/// Users of whom entries are kept: those with the newest.
const USERS: usize = 64;

/// Bytes of a question that are kept.
const QUESTION_BYTES: usize = 500;

/// Numbers of turns that are kept of one entry, and as many of facts.
const RETURNED: usize = 50;

closed_words! {
    /// The way by which memory was asked.
    pub(crate) enum Door: "a way to ask memory" {
        /// The HTTP API.
        Api = "api",
        /// A tool of the Model Context Protocol.
        Mcp = "mcp",
        /// A proxy before a language model.
        Proxy = "proxy",
        /// A hook of a coding agent.
        Hook = "hook",
        /// The page.
        Page = "page",
        /// The capture of transcripts.
        Watch = "watch",
    }
}

/// What was brought for a question, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Brought {
    /// The question or message; its beginning, if it is long. Empty for what a session is told at its beginning.
    pub(crate) question: String,
    /// The turns, most relevant first.
    pub(crate) turns: Vec<TurnId>,
    /// The facts, most relevant first.
    pub(crate) facts: Vec<FactId>,
}

impl Brought {
    /// These turns and facts for this question.
    pub(crate) fn new(
        question: &str,
        turns: impl IntoIterator<Item = TurnId>,
        facts: impl IntoIterator<Item = FactId>,
    ) -> Self {
        Self {
            question: question[..question.floor_char_boundary(QUESTION_BYTES)].to_owned(),
            turns: turns.into_iter().take(RETURNED).collect(),
            facts: facts.into_iter().take(RETURNED).collect(),
        }
    }

    /// What a recall found.
    pub(crate) fn by(question: &str, recall: &Recall) -> Self {
        let turns = recall.results.iter().map(|found| found.turn.id);
        Self::new(question, turns, recall.facts.iter().map(|found| found.fact.id))
    }

    /// What was recalled for a prompt and went into it.
    pub(crate) fn put_into(context: &Context, message: &str) -> Self {
        let recalled = |entry: &&TraceEntry| entry.included && entry.kind == TraceKind::Recalled;
        let turns = context.trace.iter().filter(recalled).filter_map(|entry| entry.turn);
        Self::new(message, turns, [])
    }
}

/// What memory did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// Somebody asked, and got this.
    Recalled(Brought),
    /// This was put into a prompt.
    Injected {
        /// What it was.
        brought: Brought,
        /// What it cost there, in estimated tokens.
        tokens: usize,
    },
    /// Turns were stored.
    Captured {
        /// Number of those that were new.
        turns: u64,
        /// Their session, if they have one in common.
        session: Option<SessionName>,
    },
    /// Something could not be done.
    Failed {
        /// Why, in words that name no file of this machine and quote nothing that was stored.
        reason: String,
    },
}

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its number, which rises from entry to entry.
    pub(crate) number: u64,
    /// When it was over.
    pub(crate) time: Timestamp,
    /// The way by which it was asked for.
    pub(crate) door: Door,
    /// The program that asked, where it says its name: `claude-code`.
    pub(crate) client: Option<Cow<'static, str>>,
    /// What was done.
    pub(crate) event: Event,
    /// How long it took, where that was measured.
    pub(crate) took: Option<Duration>,
}

/// What is to be noted: by which door, what, and, where it is known, for which program and how long it took.
///
/// ```ignore
/// let noted = Note::new(Door::Api, Event::Recalled(Brought::by(&query, &recall))).took(began.elapsed());
/// shared.activity.note(&caller.user, shared.memory.now(), noted);
/// ```
#[derive(Debug, Clone)]
pub(crate) struct Note {
    door: Door,
    client: Option<Cow<'static, str>>,
    event: Event,
    took: Option<Duration>,
}

impl Note {
    /// Something that was done.
    pub(crate) fn new(door: Door, event: Event) -> Self {
        Self { door, client: None, event, took: None }
    }

    /// The same with the program that asked.
    pub(crate) fn client(self, client: impl Into<Cow<'static, str>>) -> Self {
        Self { client: Some(client.into()), ..self }
    }

    /// The same with how long it took.
    pub(crate) fn took(self, took: Duration) -> Self {
        Self { took: Some(took), ..self }
    }
}

/// What memory did lately, for each user.
pub(crate) struct Activity {
    users: Mutex<LruCache<UserName, VecDeque<Arc<Entry>>>>,
    /// The number of the newest entry of all.
    newest: watch::Sender<u64>,
}

impl Default for Activity {
    fn default() -> Self {
        Self { users: Mutex::new(LruCache::new(USERS)), newest: watch::Sender::new(0) }
    }
}

impl Activity {
    /// Notes something that was done for a user at a time.
    pub(crate) fn note(&self, user: &UserName, time: Timestamp, note: Note) {
        let Note { door, client, event, took } = note;
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let number = *self.newest.borrow() + 1;
        if users.get(user).is_none() {
            users.insert(user.clone(), VecDeque::new());
        }
        let entries = users.get_mut(user).expect("it was put there");
        if entries.len() == ENTRIES {
            entries.pop_front();
        }
        entries.push_back(Arc::new(Entry { number, time, door, client, event, took }));
        // In the order of the numbers, since the lock is held.
        self.newest.send_replace(number);
    }

    /// The entries of a user, the newest first.
    pub(crate) fn of(&self, user: &UserName) -> Vec<Arc<Entry>> {
        let users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.peek(user).into_iter().flatten().rev().cloned().collect()
    }

    /// The number of a user's newest entry; 0 if there is none.
    pub(crate) fn newest_of(&self, user: &UserName) -> u64 {
        let users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.peek(user).and_then(VecDeque::back).map_or(0, |entry| entry.number)
    }

    /// Deletes what is kept of a user.
    pub(crate) fn clear(&self, user: &UserName) {
        self.users.lock().unwrap_or_else(PoisonError::into_inner).remove(user);
    }

    /// Hears whenever something is noted, of whichever user.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserName {
        UserName::new(name).unwrap()
    }

    fn asked(question: &str) -> Note {
        let brought = Brought::new(question, [TurnId(1)], []);
        Note::new(Door::Mcp, Event::Recalled(brought)).client("codex")
    }

    #[test]
    fn each_user_has_the_newest_entries_of_their_own() {
        let (activity, now) = (Activity::default(), Timestamp::UNIX_EPOCH);
        let (ana, bo) = (user("ana"), user("bo"));
        for number in 0..=ENTRIES {
            activity.note(&ana, now, asked(&number.to_string()));
        }
        activity.note(&bo, now, asked("mine"));
        let of_ana = activity.of(&ana);
        assert_eq!(of_ana.len(), ENTRIES);
        let question = |entry: &Entry| match &entry.event {
            Event::Recalled(brought) => brought.question.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(question(&of_ana[0]), "200");
        assert_eq!(question(&of_ana[ENTRIES - 1]), "1");
        assert_eq!(activity.of(&bo).len(), 1);
        assert!(activity.of(&user("eve")).is_empty());
        activity.clear(&ana);
        assert!(activity.of(&ana).is_empty());
        assert_eq!(activity.of(&bo).len(), 1);
    }

    #[test]
    fn what_is_kept_has_an_end() {
        let (activity, now) = (Activity::default(), Timestamp::UNIX_EPOCH);
        let first = user("u0");
        for number in 0..=USERS {
            activity.note(&user(&format!("u{number}")), now, asked("?"));
        }
        assert!(activity.of(&first).is_empty());
        assert_eq!(activity.of(&user("u1")).len(), 1);
        let long = Brought::new(&"ä".repeat(1_000), (0..100).map(TurnId), []);
        assert_eq!((long.question.len(), long.turns.len()), (QUESTION_BYTES, RETURNED));
    }

    #[test]
    fn who_waits_hears_of_what_is_new_and_whose_it_is() {
        let (activity, now) = (Activity::default(), Timestamp::UNIX_EPOCH);
        let changes = activity.changes();
        assert!(!changes.has_changed().unwrap());
        let captured = Event::Captured { turns: 2, session: None };
        activity.note(&user("ana"), now, Note::new(Door::Watch, captured));
        assert!(changes.has_changed().unwrap());
        assert_eq!(activity.newest_of(&user("ana")), 1);
        assert_eq!(activity.newest_of(&user("bo")), 0);
    }
}
