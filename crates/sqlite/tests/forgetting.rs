//! What was forgotten comes back through no door, and its bytes are gone from the disk.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use longmem_core::{
    Diagnose, Embedding, Fault, NewTurn, PassageSpan, Scope, SessionName, SourceKey, TextEmbedder,
    Turn, TurnId,
};
use longmem_store::{EmbeddedTurn, ForgetTarget, IfMissing, Store, StoreError};
use longmem_test_support::WordHashEmbedder;
use made_up::{turn, user};
use tempfile::TempDir;

mod made_up;

/// Stands in ana's turn 17 only, and in what was made of it.
const SECRET: &str = "XYLOPHONEQUARTZ";
/// Stands in the index only, which is in lower case and leaves out what a word shares with the one
/// before it, "xylophon".
const SECRET_IN_INDEX: &str = "equartz";
const DOORS: [&str; 7] = ["turns", "recent", "neighbours", "words", "nearest", "export", "preview"];

/// Two users with 40 turns each in two sessions, all with vectors, in a file that two have open.
struct Memory {
    folder: TempDir,
    store: Store,
    other: Store,
    embedder: WordHashEmbedder,
    everyone: Vec<TurnId>,
}

impl Memory {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("memory.db");
        let open = || Store::open(&path, IfMissing::Create).unwrap();
        let mut memory = Self {
            store: open(),
            other: open(),
            embedder: WordHashEmbedder::default(),
            everyone: Vec::new(),
            folder,
        };
        memory.store.begin_indexing(memory.embedder.model(), false).unwrap();
        for name in ["ana", "bob"] {
            let mut turns: Vec<NewTurn> = (0..40)
                .map(|number| {
                    let session = if number < 20 { "first" } else { "second" };
                    turn(session, &format!("we talk of lisbon and xylophones, {number}"), number)
                })
                .collect();
            if name == "ana" {
                turns[17].text = format!("my code word is {SECRET}, tell nobody");
                turns[17].speaker = Some(format!("{SECRET} Speaker"));
                turns[17].source_key = Some(SourceKey(format!("{SECRET}-key")));
            }
            memory.insert(name, &turns);
        }
        memory.derive();
        for store in [&memory.store, &memory.other] {
            assert_eq!(memory.doors_to_secret(store), DOORS);
        }
        assert_eq!(memory.left_on_disk(), ["text", "vector", "word"]);
        memory
    }

    fn insert(&mut self, name: &str, turns: &[NewTurn]) {
        let inserted = self.store.insert_turns(&user(name), turns).unwrap();
        let span = |start| PassageSpan { start, end: start + 10, tokens: 10 };
        let embedded: Vec<EmbeddedTurn> = inserted
            .iter()
            .zip(turns)
            .map(|(inserted, turn)| {
                let passages = if turn.text.contains(SECRET) {
                    vec![(span(0), secret_vector(0)), (span(10), secret_vector(1))]
                } else {
                    vec![(span(0), self.embedder.vector(&turn.text))]
                };
                EmbeddedTurn { turn: inserted.id, passages }
            })
            .collect();
        self.store.write_vectors(self.embedder.model(), &embedded, 0).unwrap();
        self.everyone.extend(inserted.iter().map(|inserted| inserted.id));
    }

    /// Adds what other code makes of a turn: a fact and a summary that quote the secret.
    fn derive(&self) {
        let connection = rusqlite::Connection::open(self.store.path()).unwrap();
        let secret = self.secret();
        let last = self.everyone[19];
        connection
            .execute_batch(&format!(
                "INSERT INTO facts (user_id, subject, statement, kind, source_turn_id, valid_from_ms)
                 VALUES (1, 'code word', 'is {SECRET}', 'identity', {secret}, 0);
                 INSERT INTO summaries (id, user_id, of, text, created_ms)
                 VALUES (1, 1, 'sessions', 'ana once told {SECRET}', 0);
                 INSERT INTO summaries
                     (user_id, of, session_id, through_turn, text, created_ms, folded_into)
                 VALUES (1, 'session', 1, {last}, 'ana told {SECRET}', 0, 1);"
            ))
            .unwrap();
    }

    fn secret(&self) -> TurnId {
        self.everyone[17]
    }

    /// The ways of reading that bring the secret turn.
    fn doors_to_secret(&self, store: &Store) -> Vec<&'static str> {
        let secret = self.secret();
        let ana = user("ana");
        let scope = Scope::of(ana.clone());
        let has = |turns: &[Turn]| turns.iter().any(|turn| turn.id == secret);
        let first = SessionName::new("first").unwrap();
        let turn_before = store.turns(&ana, &[self.everyone[16]]).unwrap();
        let beside = turn_before.first().map(|turn| store.neighbours(&ana, turn, 0, 1).unwrap());
        let model = self.embedder.model();
        let near = store.nearest(&scope, model, &secret_vector(0), 99).unwrap();
        let with_word = store.search_words(&scope, SECRET, 99).unwrap();
        let exported = store.turns_after(&scope, None, 99).unwrap();
        let target = ForgetTarget::Turns(scope, vec![secret]);
        let previewed = match store.preview_forget(&target, 99) {
            Ok((count, turns)) => count > 0 || has(&turns),
            Err(StoreError::UnknownUser(_)) => false,
            Err(error) => panic!("{error}"),
        };
        let open = [
            has(&store.turns(&ana, &self.everyone).unwrap()),
            has(&store.recent_turns(&ana, &first, 99).unwrap()),
            beside.is_some_and(|turns| has(&turns)),
            with_word.iter().any(|hit| hit.turn == secret),
            near.iter().any(|hit| hit.turn == secret),
            exported.iter().any(|stored| stored.turn.id == secret),
            previewed,
        ];
        DOORS.into_iter().zip(open).filter(|(_, open)| *open).map(|(door, _)| door).collect()
    }

    /// What of the secret stands in any file of the store.
    fn left_on_disk(&self) -> Vec<&'static str> {
        let mut needles = vec![
            ("text", SECRET.as_bytes().to_vec()),
            ("word", SECRET_IN_INDEX.as_bytes().to_vec()),
        ];
        for passage in [0, 1] {
            let numbers = secret_vector(passage);
            let bytes: Vec<u8> = numbers.as_slice().iter().flat_map(|n| n.to_le_bytes()).collect();
            needles.extend([0, 800, 1520].map(|at| ("vector", bytes[at..at + 16].to_vec())));
        }
        let mut left = Vec::new();
        for file in fs_err::read_dir(self.folder.path()).unwrap() {
            let bytes = fs_err::read(file.unwrap().path()).unwrap();
            left.extend(needles.iter().filter(|(_, n)| contains(&bytes, n)).map(|(what, _)| *what));
        }
        left.sort_unstable();
        left.dedup();
        left
    }

    fn forget(&self, target: &ForgetTarget) {
        let (announced, _) = self.store.preview_forget(target, 0).unwrap();
        let forgotten = self.store.forget(target).unwrap();
        assert_eq!((forgotten.turns, forgotten.erased_from_disk), (announced, true));
        for store in [&self.other, &self.store] {
            assert_eq!(self.doors_to_secret(store), Vec::<&str>::new());
        }
        assert_eq!(self.left_on_disk(), Vec::<&str>::new());
        assert_eq!(self.other.check().unwrap(), Vec::<String>::new());
    }

    /// How many of a user's turns each kind of search finds.
    fn found(&self, name: &str) -> (usize, usize) {
        let scope = Scope::of(user(name));
        let model = self.embedder.model();
        let near = self.other.nearest(&scope, model, &secret_vector(0), 99).unwrap();
        (near.len(), self.other.search_words(&scope, "lisbon", 99).unwrap().len())
    }
}

/// A vector without zeros, so that any piece of it is known by its bytes.
fn secret_vector(passage: usize) -> Embedding {
    let numbers = (0..384).map(|n| ((n + 1000 * passage) as f32 * 0.7).sin());
    Embedding::normalized(numbers.collect()).unwrap()
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes
        .iter()
        .enumerate()
        .any(|(at, first)| *first == needle[0] && bytes[at..].starts_with(needle))
}

#[test]
fn a_turn() {
    let memory = Memory::new();
    memory.forget(&ForgetTarget::Turns(Scope::of(user("ana")), vec![memory.secret()]));
    assert_eq!(memory.found("ana"), (39, 39));
    assert_eq!(memory.found("bob"), (40, 40));
}

#[test]
fn a_turn_that_is_in_the_main_file_already() {
    let mut memory = Memory::new();
    let path = memory.store.path().to_owned();
    drop((memory.store, memory.other));
    memory.store = Store::open(&path, IfMissing::Fail).unwrap();
    memory.other = Store::open(&path, IfMissing::Fail).unwrap();
    assert_eq!(memory.doors_to_secret(&memory.other), DOORS);
    memory.forget(&ForgetTarget::Turns(Scope::of(user("ana")), vec![memory.secret()]));
    assert_eq!(memory.found("ana"), (39, 39));
}

#[test]
fn a_session() {
    let memory = Memory::new();
    let mut scope = Scope::of(user("ana"));
    scope.sessions = vec![SessionName::new("first").unwrap()];
    memory.forget(&ForgetTarget::Scope(scope));
    let names = |name| -> Vec<String> {
        let sessions = memory.store.sessions(&user(name)).unwrap();
        sessions.into_iter().map(|summary| summary.session.into()).collect()
    };
    assert_eq!(names("ana"), ["second"]);
    assert_eq!(names("bob"), ["second", "first"]);
    assert_eq!(memory.found("ana"), (20, 20));
}

#[test]
fn a_range_of_time() {
    let memory = Memory::new();
    let mut scope = Scope::of(user("ana"));
    scope.since = Some(turn("first", "", 15).time);
    scope.until = Some(turn("first", "", 25).time);
    memory.forget(&ForgetTarget::Scope(scope));
    assert_eq!(memory.found("ana"), (30, 30));
    assert_eq!(memory.found("bob"), (40, 40));
}

#[test]
fn a_user() {
    let memory = Memory::new();
    memory.forget(&ForgetTarget::Scope(Scope::of(user("ana"))));
    assert_eq!(memory.found("ana"), (0, 0));
    assert_eq!(memory.found("bob"), (40, 40));
    let users = memory.other.users().unwrap();
    assert_eq!(users.iter().map(|stats| stats.user.as_str()).collect::<Vec<_>>(), ["bob"]);
}

#[test]
fn a_user_who_comes_back_starts_with_nothing() {
    let mut memory = Memory::new();
    memory.forget(&ForgetTarget::Scope(Scope::of(user("ana"))));
    memory.insert("ana", &[turn("first", "lisbon again", 0)]);
    assert_eq!(memory.found("ana"), (1, 1));
    assert!(memory.everyone.iter().is_sorted(), "a number was used twice");
}

#[test]
fn a_backup_made_afterwards_holds_nothing_of_it() {
    let memory = Memory::new();
    memory.forget(&ForgetTarget::Turns(Scope::of(user("ana")), vec![memory.secret()]));
    memory.store.backup(&memory.folder.path().join("backup.db")).unwrap();
    assert_eq!(memory.left_on_disk(), Vec::<&str>::new());
}

#[test]
fn names_that_are_not_here_are_refused_and_nothing_is_deleted() {
    let memory = Memory::new();
    let error = |scope: Scope| {
        let error = memory.store.forget(&ForgetTarget::Scope(scope)).unwrap_err();
        assert_eq!(error.fault(), Fault::Caller);
        (error.to_string(), error.remedies())
    };
    let unknown_user = error(Scope::of(user("Ana")));
    assert_eq!(unknown_user.0, "there is no user \"Ana\" in this store");
    assert_eq!(unknown_user.1, "longmem stats lists the users of this store.");
    let mut scope = Scope::of(user("ana"));
    scope.sessions = ["first", "third"].map(|name| SessionName::new(name).unwrap()).to_vec();
    let unknown_session = error(scope);
    assert_eq!(unknown_session.0, "user \"ana\" has no session \"third\"");
    assert_eq!(unknown_session.1, "longmem sessions lists the sessions of a user.");
    assert_eq!(memory.found("ana"), (40, 39));
}
