//! What is changed is found as it is now, and an import does not undo it.

use std::sync::Arc;

use longmem_core::{NewTurn, Role, Scope, SessionName, SourceKey, SummaryOf, TurnId, UserName};
use longmem_search::Searcher;

use super::made_up::{SPAN, at, model, session, turn, user, vector};
use super::{Fixture, Make};
use crate::{
    Derived, EmbeddedTurn, FactsAt, ForgetTarget, IMPORT_MARKS, Learned, Moved, Store, StoreError,
};

/// Ten turns of ana's in the sessions `a` and `b` by turns, all with vectors, in a store that two have
/// open.
struct World {
    store: Arc<dyn Store>,
    other: Arc<dyn Store>,
    searcher: Searcher,
    ana: UserName,
    file: Vec<NewTurn>,
    turns: Vec<TurnId>,
    _fixture: Box<dyn Fixture>,
}

impl World {
    fn new(make: Make<'_>) -> Self {
        let fixture = make();
        let (store, other, ana) = (fixture.store(), fixture.opened_again(), user("ana"));
        store.begin_indexing(&model("1"), false).unwrap();
        let file: Vec<NewTurn> = (0..10)
            .map(|number| NewTurn {
                session_title: Some(["Alpha", "Beta"][number % 2].to_owned()),
                role: if number % 5 == 4 { Role::Assistant } else { Role::User },
                source_key: Some(SourceKey(format!("file:{number}"))),
                ..turn(["a", "b"][number % 2], &format!("lisbon word{number}"), number as i64)
            })
            .collect();
        let turns = store.import_turns(&ana, &file, false).unwrap();
        let turns: Vec<TurnId> = turns.into_iter().map(|inserted| inserted.unwrap().id).collect();
        let world = Self {
            store,
            other,
            searcher: Searcher::default(),
            ana,
            file,
            turns,
            _fixture: fixture,
        };
        world.embed();
        // What the other one holds from now on is to be noticed as old.
        assert_eq!(world.found("word4"), [world.turns[4]]);
        world
    }

    fn embed(&self) {
        let queued = self.store.queued_turns(None, None, 99).unwrap();
        let embedded: Vec<EmbeddedTurn> = queued
            .into_iter()
            .map(|queued| EmbeddedTurn {
                passages: vec![(SPAN, vector(&queued.text))],
                user: queued.user,
                turn: queued.turn,
            })
            .collect();
        self.store.write_vectors(&model("1"), &embedded, 0).unwrap();
    }

    /// The turns that another process finds by a word.
    fn found(&self, word: &str) -> Vec<TurnId> {
        let scope = Scope::of(self.ana.clone());
        let hits = self.searcher.search_words(&*self.other, &scope, word, 99).unwrap();
        hits.into_iter().map(|hit| hit.turn).collect()
    }

    fn nearest(&self, text: &str) -> Option<TurnId> {
        let (scope, query) = (Scope::of(self.ana.clone()), vector(text));
        let hits = self.searcher.nearest(&*self.other, &scope, (&model("1"), &query), 1).unwrap();
        hits.first().map(|hit| hit.turn)
    }

    fn of_session(&self, name: &str) -> Vec<TurnId> {
        let turns = self.other.session_turns(&self.ana, &session(name), None, None).unwrap();
        let recent = self.other.recent_turns(&self.ana, &session(name), 99).unwrap();
        assert_eq!(turns, recent);
        turns.into_iter().map(|turn| turn.id).collect()
    }

    fn titles(&self) -> Vec<(String, Option<String>, u64)> {
        let mut sessions: Vec<_> = self
            .other
            .sessions(&self.ana)
            .unwrap()
            .into_iter()
            .map(|known| (String::from(known.session), known.title, known.turns))
            .collect();
        sessions.sort();
        sessions
    }

    /// Imports the same file again, and a longer one: nothing comes twice. Returns where the new turn
    /// of session `a` is stored.
    fn import_again(&self) -> SessionName {
        let known = self.store.import_turns(&self.ana, &self.file, false).unwrap();
        let known: Vec<TurnId> = known.into_iter().map(|inserted| inserted.unwrap().id).collect();
        assert_eq!(known, self.turns);
        let mut longer = self.file[0].clone();
        longer.source_key = Some(SourceKey("file:10".to_owned()));
        let new = self.store.import_turns(&self.ana, &[longer], false).unwrap()[0].unwrap();
        assert!(new.new);
        self.store.turns(&self.ana, &[new.id]).unwrap()[0].session.clone()
    }

    fn is_whole(&self) {
        self.other.check(&mut |problem| panic!("{problem}")).unwrap();
    }
}

pub fn an_amended_turn_is_found_by_its_new_words_only(make: Make<'_>) {
    let world = World::new(make);
    let (store, ana, id) = (&world.store, &world.ana, world.turns[4]);
    let before = store.turns(ana, &[id]).unwrap().remove(0);
    store.insert_fact(ana, &super::facts::said_in("says word4", id), None).unwrap();
    let of = SummaryOf::Session { session: session("a"), through: world.turns[8] };
    let made_at = store.epoch(ana).unwrap();
    assert!(store.write_summary(ana, &of, "word4 and more", at(99), made_at).unwrap());
    store.keep_value(Some(ana), &format!("{IMPORT_MARKS}file"), Some(b"word4")).unwrap();

    let amended = store.amend_turn(ana, id, "tokyo instead").unwrap();
    assert_eq!(amended.derived, Derived { facts: 1, summaries: 1 });
    assert_ne!(store.epoch(ana).unwrap(), made_at);
    let after = world.other.turns(ana, &[id]).unwrap().remove(0);
    assert_eq!(after.text, "tokyo instead");
    assert_eq!(after, longmem_core::Turn { text: after.text.clone(), ..before });
    assert_eq!((world.found("word4"), world.found("tokyo")), (Vec::new(), vec![id]));
    assert_ne!(world.nearest("lisbon word4"), Some(id));
    assert_eq!(store.waiting(Some(ana)).unwrap(), 1);
    assert!(store.facts(ana, FactsAt::Ever).unwrap().is_empty());
    assert!(store.summaries(ana).unwrap().is_empty());
    assert!(store.kept_names(Some(ana), IMPORT_MARKS).unwrap().is_empty());
    world.embed();
    assert_eq!(world.nearest("tokyo instead"), Some(id));
    assert_eq!(world.of_session("a").len(), 5);
    world.is_whole();
}

/// Also where the imported text goes on where the new one ends, as that of an answer does that was
/// imported before it was whole.
pub fn an_import_leaves_an_amended_turn_as_it_is(make: Make<'_>) {
    let world = World::new(make);
    world.store.amend_turn(&world.ana, world.turns[4], "lisbon").unwrap();
    assert_eq!(world.import_again(), session("a"));
    let turn = world.store.turns(&world.ana, &[world.turns[4]]).unwrap().remove(0);
    assert_eq!((turn.text.as_str(), turn.role), ("lisbon", Role::Assistant));
    let scope = Scope::of(world.ana.clone());
    world.store.forget(&ForgetTarget::Turns(scope, vec![world.turns[4]])).unwrap();
    world.is_whole();
}

pub fn only_turns_of_the_user_are_amended_and_moved(make: Make<'_>) {
    let world = World::new(make);
    let (store, bob, id) = (&world.store, user("bob"), world.turns[0]);
    let into = session("b");
    assert!(matches!(store.amend_turn(&bob, id, "x"), Err(StoreError::UnknownUser(_))));
    assert!(matches!(store.move_turns(&bob, &[id], &into), Err(StoreError::UnknownUser(_))));
    store.insert_turns(&bob, &[turn("a", "bob's", 0)]).unwrap();
    let unknown =
        |error: StoreError| matches!(error, StoreError::UnknownTurn { turn, .. } if turn == id);
    assert!(unknown(store.amend_turn(&bob, id, "x").unwrap_err()));
    assert!(unknown(store.move_turns(&bob, &[id], &into).unwrap_err()));
    assert_eq!(world.of_session("a").len(), 5);
    assert_eq!(world.found("word0"), [id]);
}

pub fn a_title_that_was_set_stays_when_the_session_is_imported_again(make: Make<'_>) {
    let world = World::new(make);
    let (store, ana) = (&world.store, &world.ana);
    store.set_session_title(ana, &session("a"), Some("Kitchen")).unwrap();
    world.import_again();
    let title = |title: &str| Some(title.to_owned());
    let expected = [("a".to_owned(), title("Kitchen"), 6), ("b".to_owned(), title("Beta"), 5)];
    assert_eq!(world.titles(), expected);
    store.set_session_title(ana, &session("a"), None).unwrap();
    store.import_turns(ana, &world.file, false).unwrap();
    assert_eq!(world.titles()[0].1, None);
    assert!(matches!(
        store.set_session_title(ana, &session("c"), None),
        Err(StoreError::UnknownSession { .. })
    ));
}

pub fn a_renamed_session_is_imported_under_its_new_name(make: Make<'_>) {
    let world = World::new(make);
    let (store, ana) = (&world.store, &world.ana);
    store.learn_from(ana, &session("a")).unwrap();
    let of = SummaryOf::Session { session: session("a"), through: world.turns[8] };
    let made_at = store.epoch(ana).unwrap();
    assert!(store.write_summary(ana, &of, "short", at(99), made_at).unwrap());
    store.rename_session(ana, &session("a"), &session("kitchen")).unwrap();
    store.rename_session(ana, &session("kitchen"), &session("house")).unwrap();
    assert_eq!(world.of_session("a"), []);
    assert_eq!(world.of_session("house").len(), 5);
    assert_eq!(store.learned_through(ana, &session("house")).unwrap(), Learned::Through(None));
    let of = SummaryOf::Session { session: session("house"), through: world.turns[8] };
    assert_eq!(store.summaries(ana).unwrap()[0].of, of);
    assert_eq!(world.import_again(), session("house"));
    let taken = store.rename_session(ana, &session("house"), &session("b"));
    assert!(matches!(taken, Err(StoreError::SessionExists { .. })));
    world.is_whole();
    // Who takes the former name back has it.
    store.rename_session(ana, &session("house"), &session("a")).unwrap();
    assert_eq!(world.of_session("a").len(), 6);
    // A session that is gone leads nowhere.
    store.rename_session(ana, &session("a"), &session("c")).unwrap();
    let mut scope = Scope::of(ana.clone());
    scope.sessions = vec![session("c")];
    store.forget(&ForgetTarget::Scope(scope)).unwrap();
    assert_eq!(store.kept_names(Some(ana), "").unwrap(), [""; 0]);
}

pub fn moved_turns_keep_their_numbers_and_stand_in_their_order(make: Make<'_>) {
    let world = World::new(make);
    let (store, ana, turns) = (&world.store, &world.ana, &world.turns);
    let of = |name: &str, last: usize| SummaryOf::Session {
        session: session(name),
        through: turns[last],
    };
    for (name, last) in [("a", 2), ("b", 9)] {
        let made_at = store.epoch(ana).unwrap();
        assert!(store.write_summary(ana, &of(name, last), name, at(99), made_at).unwrap());
    }
    store.insert_fact(ana, &super::facts::said_in("says word4", turns[4]), None).unwrap();
    let moved = store.move_turns(ana, &[turns[4], turns[6], turns[4], turns[1]], &session("b"));
    assert_eq!(moved.unwrap(), Moved { turns: 2, sessions: 0, summaries: 1 });
    assert_eq!(world.of_session("a"), [turns[0], turns[2], turns[8]]);
    let expected = [1, 3, 4, 5, 6, 7, 9].map(|number| turns[number]);
    assert_eq!(world.of_session("b"), expected);
    let fact = store.facts(ana, FactsAt::Now).unwrap().remove(0);
    assert_eq!((fact.turn, fact.session), (Some(turns[4]), Some(session("b"))));
    assert_eq!(store.summaries(ana).unwrap().len(), 1);
    let mut scope = Scope::of(ana.clone());
    scope.sessions = vec![session("b")];
    let hits = world.searcher.search_words(&*world.other, &scope, "word4", 9).unwrap();
    assert_eq!(hits.len(), 1);
    assert_eq!(world.import_again(), session("a"));
    world.is_whole();
}

pub fn a_session_that_was_moved_whole_is_imported_where_it_went(make: Make<'_>) {
    let world = World::new(make);
    let (store, ana) = (&world.store, &world.ana);
    let moved = store.move_turns(ana, &world.of_session("a"), &session("b")).unwrap();
    assert_eq!(moved, Moved { turns: 5, sessions: 1, summaries: 0 });
    assert_eq!(world.of_session("b"), world.turns);
    assert_eq!(world.import_again(), session("b"));
    assert_eq!(world.titles(), [("b".to_owned(), Some("Beta".to_owned()), 11)]);
    let again = store.move_turns(ana, &world.turns, &session("b")).unwrap();
    assert_eq!(again, Moved::default());
    let new = store.move_turns(ana, &world.turns[..1], &session("new")).unwrap();
    assert_eq!((new.turns, world.of_session("new")), (1, world.turns[..1].to_vec()));
    world.is_whole();
}
