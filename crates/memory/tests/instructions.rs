//! Standing instructions become facts when they are said, once, and go with their turn.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use longmem_core::{FactKind, FixedClock, Role, Scope, SessionName, TurnId, UserName};
use longmem_memory::{FactsAt, ForgetTarget, Memory, NotedInstruction};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_test_support::WordHashEmbedder;
use tempfile::TempDir;

struct Fixture {
    memory: Memory,
    user: UserName,
    _folder: TempDir,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        let clock = FixedClock("2026-03-02T10:00:00Z".parse().unwrap());
        let embedder = Arc::new(WordHashEmbedder::default());
        let memory = Memory::new(Arc::new(store), embedder, Arc::new(clock));
        Self { memory, user: UserName::new("ana").unwrap(), _folder: folder }
    }

    /// Stores a turn, and notes what it instructs.
    fn say(&self, role: Role, text: &str) -> (TurnId, Vec<NotedInstruction>) {
        let turn = self.memory.new_turn(SessionName::new("talk").unwrap(), role, text);
        let id = self.memory.remember(&self.user, std::slice::from_ref(&turn)).unwrap()[0].id;
        (id, self.memory.note_instructions(&self.user, id, &turn).unwrap())
    }

    fn known(&self, at: FactsAt) -> Vec<String> {
        let facts = self.memory.facts(&self.user, at).unwrap();
        assert!(facts.iter().all(|fact| fact.kind == FactKind::Instruction));
        facts.into_iter().map(|fact| fact.statement).collect()
    }
}

#[test]
fn instructions_are_noted_with_their_turn_and_forgotten_with_it() {
    let fixture = Fixture::new();
    let text = "I moved to Graz. Always answer in\tmetric.\nDon't use emojis!";
    let (turn, noted) = fixture.say(Role::User, text);
    let texts: Vec<&str> = noted.iter().map(|noted| noted.text.as_str()).collect();
    assert_eq!(texts, ["Always answer in metric.", "Don't use emojis!"]);
    let facts = fixture.memory.facts(&fixture.user, FactsAt::Now).unwrap();
    assert!(facts.iter().all(|fact| fact.turn == Some(turn)), "{facts:?}");
    let target = ForgetTarget::Turns(Scope::of(fixture.user.clone()), vec![turn]);
    fixture.memory.forget(&target).unwrap();
    assert_eq!(fixture.known(FactsAt::Ever), [""; 0]);
}

#[test]
fn what_holds_is_not_noted_twice() {
    let fixture = Fixture::new();
    fixture.say(Role::User, "Always answer in metric. ALWAYS answer in metric!");
    let (_, again) = fixture.say(Role::User, "please always answer in Metric");
    assert_eq!(again, []);
    assert_eq!(fixture.known(FactsAt::Now), ["Always answer in metric."]);
}

#[test]
fn a_new_name_takes_the_place_of_the_old_one_and_other_instructions_stay() {
    let fixture = Fixture::new();
    let (_, first) = fixture.say(Role::User, "Call me Samuel. Always answer in metric.");
    let (_, second) = fixture.say(Role::User, "From now on call me Sam.");
    assert_eq!(second[0].replaced, Some(first[0].fact));
    fixture.say(Role::User, "Answer in imperial from now on.");
    let expected =
        ["Always answer in metric.", "From now on call me Sam.", "Answer in imperial from now on."];
    assert_eq!(fixture.known(FactsAt::Now), expected);
    assert_eq!(fixture.known(FactsAt::Ever).len(), 4);
    let (_, back) = fixture.say(Role::User, "Call me Samuel.");
    assert_eq!(back[0].replaced, Some(second[0].fact), "what held once may be said again");
}

#[test]
fn stories_and_other_speakers_instruct_nobody() {
    let fixture = Fixture::new();
    for (role, text) in [
        (Role::User, "I always take the bus. She never calls."),
        (Role::Assistant, "Always answer in metric."),
        (Role::Tool, "Always answer in metric."),
        (Role::System, "Always answer in metric."),
    ] {
        assert_eq!(fixture.say(role, text).1, [], "{text}");
    }
    assert_eq!(fixture.known(FactsAt::Ever), [""; 0]);
}

/// A message that could not be stored in time is stored by two threads in the end.
#[test]
fn threads_that_note_the_same_turn_note_it_once() {
    let fixture = Fixture::new();
    let session = SessionName::new("talk").unwrap();
    let turn = fixture.memory.new_turn(session, Role::User, "Always answer in metric.");
    let id = fixture.memory.remember(&fixture.user, std::slice::from_ref(&turn)).unwrap()[0].id;
    let note = || fixture.memory.note_instructions(&fixture.user, id, &turn).unwrap().len();
    let noted: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(note)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((noted, fixture.known(FactsAt::Ever).len()), (1, 1));
}
