//! What was forgotten comes back through no door.

use std::sync::Arc;

use longmem_core::{
    Diagnose, Embedding, Fault, NewTurn, Remedy, Role, Scope, SourceKey, SummaryOf, Turn, TurnId,
};
use longmem_search::Searcher;

use super::made_up::{Embedder, SPAN, WIDTH, at, session, turn, user, vector};
use super::{Fixture, Make};
use crate::{EmbeddedTurn, FactsAt, ForgetTarget, Inserted, KeyState, Store, StoreError};

/// Stands in ana's turn 17 only, and in what was made of it.
const SECRET: &str = "XYLOPHONEQUARTZ";
const DOORS: [&str; 10] = [
    "turns",
    "recent",
    "newest",
    "session",
    "words",
    "nearest",
    "export",
    "preview",
    "facts",
    "summaries",
];

/// Two users with 40 turns each in two sessions, all with vectors, in a store that two have open.
struct Memory {
    store: Arc<dyn Store>,
    other: Arc<dyn Store>,
    searchers: [Searcher; 2],
    embedder: Embedder,
    everyone: Vec<TurnId>,
    _fixture: Box<dyn Fixture>,
}

impl Memory {
    fn new(make: Make<'_>) -> Self {
        let fixture = make();
        let mut memory = Self {
            store: fixture.store(),
            other: fixture.opened_again(),
            searchers: [Searcher::default(), Searcher::default()],
            embedder: Embedder::new("1"),
            everyone: Vec::new(),
            _fixture: fixture,
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
        assert_eq!(memory.open_doors(), [DOORS, DOORS]);
        memory
    }

    fn insert(&mut self, name: &str, turns: &[NewTurn]) {
        let inserted = self.store.insert_turns(&user(name), turns).unwrap();
        let embedded: Vec<EmbeddedTurn> = inserted
            .iter()
            .zip(turns)
            .map(|(inserted, turn)| {
                let passages = if turn.text.contains(SECRET) {
                    vec![(SPAN, secret_vector(0)), (SPAN, secret_vector(1))]
                } else {
                    vec![(SPAN, vector(&turn.text))]
                };
                EmbeddedTurn { user: user(name), turn: inserted.id, passages }
            })
            .collect();
        self.store.write_vectors(self.embedder.model(), &embedded, 0).unwrap();
        self.everyone.extend(inserted.iter().map(|inserted| inserted.id));
    }

    /// Adds what is made of a turn: a fact and a summary that quote the secret.
    fn derive(&self) {
        let ana = user("ana");
        let fact = super::facts::said_in(&format!("has the code word {SECRET}"), self.secret());
        self.store.insert_fact(&ana, &fact, None).unwrap();
        let of = SummaryOf::Session { session: session("first"), through: self.everyone[19] };
        let made_at = self.store.epoch(&ana).unwrap();
        assert!(self.store.write_summary(&ana, &of, SECRET, at(100), made_at).unwrap());
    }

    fn secret(&self) -> TurnId {
        self.everyone[17]
    }

    /// The ways of reading that bring the secret turn, for each who has the store open.
    fn open_doors(&self) -> [Vec<&'static str>; 2] {
        let [first, second] = &self.searchers;
        [(&self.store, first), (&self.other, second)]
            .map(|(store, searcher)| self.doors_to_secret(&**store, searcher))
    }

    fn doors_to_secret(&self, store: &dyn Store, searcher: &Searcher) -> Vec<&'static str> {
        let (secret, ana) = (self.secret(), user("ana"));
        let scope = Scope::of(ana.clone());
        let has = |turns: &[Turn]| turns.iter().any(|turn| turn.id == secret);
        let first = session("first");
        let query = secret_vector(0);
        let near = searcher.nearest(store, &scope, (self.embedder.model(), &query), 99).unwrap();
        let with_word = searcher.search_words(store, &scope, SECRET, 99).unwrap();
        let exported = store.turns_after(&scope, None, 99).unwrap();
        let newest = store.newest_turns(&scope, None, 99).unwrap();
        let target = ForgetTarget::Turns(scope, vec![secret]);
        let previewed = match store.preview_forget(&target, 99) {
            Ok(preview) => preview.turns > 0 || has(&preview.first),
            Err(StoreError::UnknownUser(_)) => false,
            Err(error) => panic!("{error}"),
        };
        let facts = store.facts(&ana, FactsAt::Ever).unwrap();
        let summaries = store.summaries(&ana).unwrap();
        let open = [
            has(&store.turns(&ana, &self.everyone).unwrap()),
            has(&store.recent_turns(&ana, &first, 99).unwrap()),
            has(&newest),
            has(&store.session_turns(&ana, &first, None, None).unwrap()),
            with_word.iter().any(|hit| hit.turn == secret),
            near.iter().any(|hit| hit.turn == secret),
            exported.iter().any(|stored| stored.turn.id == secret),
            previewed,
            facts.iter().any(|fact| fact.statement.contains(SECRET)),
            summaries.iter().any(|summary| summary.text.contains(SECRET)),
        ];
        DOORS.into_iter().zip(open).filter(|(_, open)| *open).map(|(door, _)| door).collect()
    }

    fn forget(&self, target: &ForgetTarget) {
        let announced = self.store.preview_forget(target, 0).unwrap();
        let before = self.store.epoch(target.user()).unwrap();
        let forgotten = self.store.forget(target).unwrap();
        assert_eq!((forgotten.turns, forgotten.derived), (announced.turns, announced.derived()));
        assert_eq!(forgotten.sessions, announced.sessions.len() as u64);
        assert_ne!(self.other.epoch(target.user()).unwrap(), before);
        assert_eq!(self.open_doors(), [[""; 0]; 2]);
        self.other.check(&mut |problem| panic!("{problem}")).unwrap();
    }

    /// Number of a user's turns that each kind of search finds.
    fn found(&self, name: &str) -> (usize, usize) {
        let (scope, searcher) = (Scope::of(user(name)), &self.searchers[1]);
        let query = secret_vector(0);
        let query = (self.embedder.model(), &query);
        let near = searcher.nearest(&*self.other, &scope, query, 99).unwrap();
        (near.len(), searcher.search_words(&*self.other, &scope, "lisbon", 99).unwrap().len())
    }
}

/// A vector without zeros.
fn secret_vector(passage: usize) -> Embedding {
    let numbers = (0..WIDTH).map(|n| ((n + 1000 * passage) as f32 * 0.7).sin());
    Embedding::normalized(numbers.collect()).unwrap()
}

pub fn a_turn(make: Make<'_>) {
    let memory = Memory::new(make);
    memory.forget(&ForgetTarget::Turns(Scope::of(user("ana")), vec![memory.secret()]));
    assert_eq!(memory.found("ana"), (39, 39));
    assert_eq!(memory.found("bob"), (40, 40));
}

pub fn a_session(make: Make<'_>) {
    let memory = Memory::new(make);
    let mut scope = Scope::of(user("ana"));
    scope.sessions = vec![session("first")];
    memory.forget(&ForgetTarget::Scope(scope));
    let names = |name| -> Vec<String> {
        let sessions = memory.store.sessions(&user(name)).unwrap();
        sessions.into_iter().map(|summary| summary.session.into()).collect()
    };
    assert_eq!(names("ana"), ["second"]);
    assert_eq!(names("bob"), ["second", "first"]);
    assert_eq!(memory.found("ana"), (20, 20));
}

pub fn a_range_of_time(make: Make<'_>) {
    let memory = Memory::new(make);
    let mut scope = Scope::of(user("ana"));
    (scope.since, scope.until) = (Some(at(15)), Some(at(25)));
    memory.forget(&ForgetTarget::Scope(scope));
    assert_eq!(memory.found("ana"), (30, 30));
    assert_eq!(memory.found("bob"), (40, 40));
}

pub fn a_user(make: Make<'_>) {
    let memory = Memory::new(make);
    memory.forget(&ForgetTarget::User(user("ana")));
    assert_eq!(memory.found("ana"), (0, 0));
    assert_eq!(memory.found("bob"), (40, 40));
    let users = memory.other.users().unwrap();
    assert_eq!(users.iter().map(|stats| stats.user.as_str()).collect::<Vec<_>>(), ["bob"]);
}

pub fn a_user_who_comes_back_starts_with_nothing(make: Make<'_>) {
    let mut memory = Memory::new(make);
    memory.forget(&ForgetTarget::User(user("ana")));
    memory.insert("ana", &[turn("first", "lisbon again", 0)]);
    assert_eq!(memory.found("ana"), (1, 1));
    let mut numbers = memory.everyone.clone();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), memory.everyone.len(), "a number was used twice");
}

/// Four turns of a file, in two sessions.
fn of_a_file() -> [NewTurn; 4] {
    [0, 1, 2, 3].map(|number| NewTurn {
        source_key: Some(SourceKey(format!("file:{number}"))),
        ..turn(if number < 2 { "first" } else { "second" }, "lisbon", number)
    })
}

/// What became of imported turns: new, known, or left out as forgotten.
fn outcomes(imported: &[Option<Inserted>]) -> Vec<&'static str> {
    let outcome = |imported: &Option<Inserted>| match imported {
        Some(inserted) if inserted.new => "new",
        Some(_) => "known",
        None => "forgotten",
    };
    imported.iter().map(outcome).collect()
}

pub fn an_import_leaves_out_what_was_forgotten(make: Make<'_>) {
    let fixture = make();
    let (store, other) = (fixture.store(), fixture.opened_again());
    let (ana, bob, file) = (user("ana"), user("bob"), of_a_file());
    let import = |name| outcomes(&other.import_turns(name, &file, false).unwrap());
    assert_eq!(import(&ana), ["new"; 4]);
    let mut scope = Scope::of(ana.clone());
    scope.sessions = vec![session("second")];
    store.forget(&ForgetTarget::Scope(scope)).unwrap();
    assert_eq!(import(&ana), ["known", "known", "forgotten", "forgotten"]);
    assert_eq!(other.sessions(&ana).unwrap().len(), 1, "no empty session is made");
    assert_eq!(import(&bob), ["new"; 4], "each user forgets alone");
    store.forget(&ForgetTarget::User(ana.clone())).unwrap();
    assert_eq!(import(&ana), ["forgotten"; 4]);
    let users = other.users().unwrap();
    assert!(users.iter().all(|stats| stats.user != ana), "what is left out makes no user");
    let keyless = [turn("first", "lisbon", 0)];
    assert_eq!(outcomes(&other.import_turns(&ana, &keyless, false).unwrap()), ["new"]);
    assert_eq!(other.import_turns(&ana, &[], false).unwrap(), []);
}

pub fn an_import_again_brings_back_what_was_forgotten(make: Make<'_>) {
    let fixture = make();
    let (store, ana, file) = (fixture.store(), user("ana"), of_a_file());
    let import =
        |turns: &[NewTurn], again| outcomes(&store.import_turns(&ana, turns, again).unwrap());
    import(&file, false);
    store.forget(&ForgetTarget::User(ana.clone())).unwrap();
    assert_eq!(import(&file[..2], true), ["new"; 2]);
    assert_eq!(import(&file, false), ["known", "known", "forgotten", "forgotten"]);
    assert_eq!(import(&file, true), ["known", "known", "new", "new"]);
    // What was brought back is forgotten anew as if for the first time.
    store.forget(&ForgetTarget::User(ana.clone())).unwrap();
    assert_eq!(import(&file, false), ["forgotten"; 4]);
}

pub fn a_turn_that_has_grown_takes_the_place_of_its_beginning(make: Make<'_>) {
    let fixture = make();
    let (store, ana) = (fixture.store(), user("ana"));
    let said = |text: &str, role| NewTurn {
        source_key: Some(SourceKey(format!("file:{role}"))),
        role,
        ..turn("first", text, 0)
    };
    let import = |text: &str, role| {
        let imported = fixture.store().import_turns(&ana, &[said(text, role)], false).unwrap();
        let id = imported[0].unwrap().id;
        (outcomes(&imported), store.turns(&ana, &[id]).unwrap().remove(0).text)
    };
    for role in [Role::Assistant, Role::Tool] {
        import("lisbon ", role);
        let epoch = store.epoch(&ana).unwrap();
        assert_eq!(import("lisbon harbour", role), (vec!["new"], "lisbon harbour".to_owned()));
        assert_ne!(store.epoch(&ana).unwrap(), epoch, "what is kept of the old turn is untrue");
        for other in ["lisbon", "lisbon harbour\n", "oslo", "oslo and lisbon harbour"] {
            assert_eq!(import(other, role), (vec!["known"], "lisbon harbour".to_owned()));
        }
    }
    import("lisbon", Role::User);
    assert_eq!(import("lisbon harbour", Role::User), (vec!["known"], "lisbon".to_owned()));
    assert_eq!(store.stats().unwrap().turns, 3);
    assert_eq!(store.stats().unwrap().sessions, 1);
    store.check(&mut |problem| panic!("{problem}")).unwrap();
    store.forget(&ForgetTarget::User(ana.clone())).unwrap();
    let grown = [said("lisbon harbour at night", Role::Assistant)];
    let imported = store.import_turns(&ana, &grown, false).unwrap();
    assert_eq!(outcomes(&imported), ["forgotten"], "what was forgotten does not grow");
}

pub fn a_forgotten_turn_that_was_stored_by_name_is_known(make: Make<'_>) {
    let fixture = make();
    let (store, ana, file) = (fixture.store(), user("ana"), of_a_file());
    store.import_turns(&ana, &file, false).unwrap();
    store.forget(&ForgetTarget::User(ana.clone())).unwrap();
    assert!(store.insert_turns(&ana, &file[..1]).unwrap()[0].new);
    let imported = store.import_turns(&ana, &file[..2], false).unwrap();
    assert_eq!(outcomes(&imported), ["known", "forgotten"]);
}

pub fn what_was_forgotten_by_a_former_key_stays_forgotten(make: Make<'_>) {
    let fixture = make();
    let (store, ana, file) = (fixture.store(), user("ana"), of_a_file());
    let named = |name: &str, number: usize| SourceKey(format!("{name}:{number}"));
    let later: Vec<NewTurn> = (0..4)
        .map(|number| NewTurn { source_key: Some(named("later", number)), ..file[number].clone() })
        .collect();
    let renamed: Vec<_> =
        (0..4).map(|number| (named("file", number), named("later", number))).collect();
    store.import_turns(&ana, &file, false).unwrap();
    let mut scope = Scope::of(ana.clone());
    scope.sessions = vec![session("second")];
    store.forget(&ForgetTarget::Scope(scope)).unwrap();
    store.rename_source_keys(&ana, &renamed).unwrap();
    let import = |again| outcomes(&store.import_turns(&ana, &later, again).unwrap());
    assert_eq!(import(false), ["known", "known", "forgotten", "forgotten"]);
    assert_eq!(import(true), ["known", "known", "new", "new"]);
    store.rename_source_keys(&ana, &renamed).unwrap();
    assert_eq!(import(false), ["known"; 4]);
    store.rename_source_keys(&user("bob"), &renamed).unwrap();
    assert_eq!(outcomes(&store.import_turns(&user("bob"), &later, false).unwrap()), ["new"; 4]);
}

pub fn keys_are_new_known_or_forgotten(make: Make<'_>) {
    let fixture = make();
    let (store, ana, file) = (fixture.store(), user("ana"), of_a_file());
    let keys: Vec<SourceKey> = file.iter().filter_map(|turn| turn.source_key.clone()).collect();
    let states = |name: &str| store.key_states(&user(name), &keys[..3]).unwrap();
    assert_eq!(states("ana"), [KeyState::New; 3]);
    store.import_turns(&ana, &file[..2], false).unwrap();
    store.forget(&ForgetTarget::User(ana.clone())).unwrap();
    store.insert_turns(&ana, &file[..1]).unwrap();
    assert_eq!(states("ana"), [KeyState::Known, KeyState::Forgotten, KeyState::New]);
    assert_eq!(states("bob"), [KeyState::New; 3]);
    assert_eq!(store.key_states(&ana, &[]).unwrap(), []);
}

pub fn names_that_are_not_here_are_refused_and_nothing_is_deleted(make: Make<'_>) {
    let memory = Memory::new(make);
    let error = |scope: Scope| {
        let error = memory.store.forget(&ForgetTarget::Scope(scope)).unwrap_err();
        assert_eq!(error.fault(), Fault::Caller);
        (error.to_string(), error.remedies())
    };
    let mut scope = Scope::of(user("Ana"));
    scope.since = Some(at(0));
    let expected = "there is no user \"Ana\" in this store".to_owned();
    assert_eq!(error(scope), (expected, vec![Remedy::ListUsers]));
    let mut scope = Scope::of(user("ana"));
    scope.sessions = ["first", "third"].map(session).to_vec();
    let expected = "user \"ana\" has no session \"third\"".to_owned();
    assert_eq!(error(scope), (expected, vec![Remedy::ListSessions]));
    assert_eq!(memory.found("ana"), (40, 39));
}

pub fn only_what_was_shown_is_forgotten(make: Make<'_>) {
    let memory = Memory::new(make);
    let mut scope = Scope::of(user("ana"));
    scope.sessions.push(session("first"));
    let target = ForgetTarget::Scope(scope);
    let shown = || memory.other.preview_forget(&target, 0).unwrap().fingerprint;
    let forget = |shown| memory.store.forget_shown(&target, shown).unwrap();
    assert_eq!(shown(), memory.store.preview_forget(&target, 99).unwrap().fingerprint);

    // One more turn, one more fact, and other words: each time something else would go.
    let before = shown();
    let more = [turn("first", "and one more", 200)];
    memory.store.insert_turns(&user("ana"), &more).unwrap();
    assert_eq!(forget(before), None);
    let before = shown();
    let fact = super::facts::said_in("sings", memory.everyone[3]);
    memory.store.insert_fact(&user("ana"), &fact, None).unwrap();
    assert_eq!(forget(before), None);
    let before = shown();
    memory.store.amend_turn(&user("ana"), memory.everyone[3], "other words").unwrap();
    assert_eq!(forget(before), None);
    assert_eq!(memory.store.preview_forget(&target, 0).unwrap().turns, 21);

    // What another target showed does not do.
    let everything = ForgetTarget::User(user("ana"));
    let of_everything = memory.store.preview_forget(&everything, 0).unwrap().fingerprint;
    assert_eq!(forget(of_everything), None);

    // What is stored elsewhere meanwhile changes nothing of what was shown.
    let before = shown();
    memory.store.insert_turns(&user("ana"), &[turn("second", "elsewhere", 201)]).unwrap();
    memory.store.insert_turns(&user("bob"), &more).unwrap();
    assert_eq!(forget(before).map(|forgotten| forgotten.turns), Some(21));
    assert!(matches!(
        memory.store.forget_shown(&target, before),
        Err(StoreError::UnknownSession { .. })
    ));
}
