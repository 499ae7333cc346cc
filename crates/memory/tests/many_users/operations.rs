//! What users do at a memory, done at plain maps too.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use longmem_core::{
    Clock, FactId, FactKind, NewFact, NewTurn, Role, Scope, SessionName, SourceKey, SummaryOf,
    Timestamp, TurnId, USER_SUBJECT, UserName, private_files::IfExists,
};
use longmem_memory::{
    Channels, Erasure, FactNote, FactsAt, ForgetTarget, Found, ImportRequest, IndexOptions, Memory,
    MemoryError, RecallRequest, StoreError,
};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_store::Facts;
use longmem_test_support::WordHashEmbedder;
use tempfile::TempDir;

use crate::markers::{Markers, left_in};
use crate::names;
use crate::plain::{PlainFact, PlainUser, Readable, read};

/// A clock that goes on by a second whenever it is looked at, so that of two facts one was said later.
struct SteppingClock(AtomicI64);

impl Clock for SteppingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.fetch_add(1, Ordering::Relaxed)).unwrap()
    }
}

/// A memory with nothing but its store in its folder.
struct Place {
    folder: TempDir,
    store: Arc<SqliteStore>,
    memory: Memory,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.db");
        let store = Arc::new(SqliteStore::open(path, IfMissing::Create).unwrap());
        let clock = SteppingClock(AtomicI64::new(1_800_000_000));
        let embedder = Arc::new(WordHashEmbedder::default());
        let memory = Memory::new(Arc::clone(&store) as _, embedder, Arc::new(clock));
        Self { folder, store, memory }
    }
}

pub(crate) struct World {
    random: fastrand::Rng,
    markers: Markers,
    place: Place,
    /// Exports, backups and files to import, which may hold what was forgotten.
    outside: TempDir,
    users: BTreeMap<UserName, PlainUser>,
    names: Vec<UserName>,
    sessions: Vec<SessionName>,
    /// A chat file of each user, as the turns that stand in it.
    files: Vec<Vec<NewTurn>>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let names = names::users();
        assert_eq!(names.len(), 20);
        Self {
            random: fastrand::Rng::with_seed(seed),
            markers: Markers::new(seed),
            place: Place::new(),
            outside: tempfile::tempdir().unwrap(),
            users: names.iter().map(|name| (name.clone(), PlainUser::default())).collect(),
            files: vec![Vec::new(); names.len()],
            names,
            sessions: names::sessions(),
        }
    }

    /// Does one thing as one of the users.
    pub(crate) fn do_something(&mut self) {
        let number = self.random.usize(..self.names.len());
        let user = self.names[number].clone();
        match self.random.usize(..100) {
            0..22 => self.remember(&user),
            22..32 => self.import(number, &user),
            32..40 => self.edit(&user),
            40..43 => self.set_title(&user),
            43..48 => self.rename(&user),
            48..54 => self.move_turns(&user),
            54..62 => self.forget(&user),
            62..63 => self.forget_all_of(&user),
            63..73 => self.add_fact(&user),
            73..76 => self.edit_fact(&user),
            76..79 => self.delete_fact(&user),
            79..83 => self.sum_up(&user),
            83..93 => self.recall(&user),
            93..95 => self.export(&user),
            95..97 => self.index(),
            _ => self.reach_for_what_is_another_users(&user),
        }
    }

    fn plain(&mut self, user: &UserName) -> &mut PlainUser {
        self.users.get_mut(user).unwrap()
    }

    fn readable(&self, user: &UserName) -> &Readable {
        &self.users[user].readable
    }

    fn session(&mut self) -> SessionName {
        self.random.choice(&self.sessions).unwrap().clone()
    }

    fn own_session(&mut self, user: &UserName) -> Option<SessionName> {
        let sessions = self.users[user].sessions();
        self.random.choice(sessions.keys()).cloned()
    }

    fn own_turns(&mut self, user: &UserName, most: usize) -> Vec<TurnId> {
        let all: Vec<TurnId> = self.users[user].readable.turns.keys().copied().collect();
        let count = self.random.usize(1..=most);
        self.random.choose_multiple(all, count)
    }

    fn own_fact(&mut self, user: &UserName) -> Option<FactId> {
        let facts = &self.users[user].readable.facts;
        self.random.choice(facts.keys()).copied()
    }

    fn text(&mut self) -> String {
        let (first, second) = (self.markers.next(), self.markers.next());
        format!("Of {first} we said that {second} was in the river.")
    }

    fn turn(&mut self, key: Option<String>) -> NewTurn {
        let text = self.text();
        NewTurn {
            session: self.session(),
            session_title: None,
            role: *self.random.choice(Role::ALL).unwrap(),
            speaker: self.random.bool().then(|| self.markers.next()),
            text,
            time: Timestamp::from_second(1_700_000_000 + self.random.i64(0..1_000_000)).unwrap(),
            note: self.random.u8(..5) == 0,
            source_key: key.map(SourceKey),
        }
    }

    fn remember(&mut self, user: &UserName) {
        // A key of anybody: another user's is none of this one's.
        let owner = self.random.choice(&self.names).unwrap().clone();
        let known = self.users[&owner].keys.keys().next().cloned();
        let key = match self.random.u8(..4) {
            0 => known,
            1 => Some(self.markers.next()),
            _ => None,
        };
        let mut turns = vec![self.turn(key)];
        turns.extend((0..self.random.usize(..3)).map(|_| self.turn(None)));
        let inserted = self.place.memory.remember(user, &turns).unwrap();
        let plain = self.plain(user);
        for (turn, inserted) in turns.iter().zip(inserted) {
            let known = turn.source_key.as_ref().and_then(|key| plain.keys.get(&key.0)).copied();
            assert_eq!(inserted.new, known.is_none(), "{user}");
            match known {
                Some(id) => assert_eq!(id, inserted.id),
                None => plain.insert(inserted.id, turn),
            }
        }
    }

    /// Imports a file that grows now and then.
    fn import(&mut self, number: usize, user: &UserName) {
        if self.files[number].is_empty() || self.random.bool() {
            let key = self.markers.next();
            let turn = self.turn(Some(key));
            self.files[number].push(turn);
        }
        let turns = self.files[number].clone();
        let mut lines = String::new();
        for turn in &turns {
            let line = serde_json::json!({
                "key": turn.source_key.as_ref().map(|key| &key.0),
                "session": turn.session, "role": turn.role, "speaker": turn.speaker,
                "time": turn.time, "text": turn.text, "note": turn.note,
            });
            writeln!(lines, "{line}").unwrap();
        }
        let path = self.outside.path().join(format!("{number}.jsonl"));
        std::fs::write(&path, lines).unwrap();
        let again = self.random.u8(..4) == 0;
        let request = ImportRequest { again, ..ImportRequest::new(&path, user) };
        let report = self.place.memory.import(request, &mut |_| ControlFlow::Continue(())).unwrap();

        let plain = self.users.get_mut(user).unwrap();
        let found = read(&self.place.memory, user);
        let mut new = 0;
        for turn in turns {
            let SourceKey(key) = turn.source_key.clone().unwrap();
            let left_out = plain.forgotten_keys.contains(&key) && !again;
            if plain.keys.contains_key(&key) || left_out {
                continue;
            }
            plain.forgotten_keys.remove(&key);
            let stored = found.turns.iter().find(|(_, stored)| stored.text == turn.text);
            let (id, _) = stored.unwrap_or_else(|| panic!("{user}: not imported: {turn:?}"));
            let session = plain.present_name(&turn.session);
            plain.insert(*id, &NewTurn { session, ..turn });
            new += 1;
        }
        assert_eq!(report.new_turns, new, "{user}");
    }

    fn edit(&mut self, user: &UserName) {
        let Some(id) = self.own_turns(user, 1).pop() else { return };
        let text = self.text();
        let amended = self.place.memory.amend_turn(user, id, &text).unwrap();
        assert_eq!(amended.erasure, Erasure::Done);
        self.plain(user).edit(id, &text);
    }

    fn set_title(&mut self, user: &UserName) {
        let Some(session) = self.own_session(user) else { return };
        let title = format!("About {}", self.markers.next());
        self.place.memory.set_session_title(user, &session, &title).unwrap();
        self.plain(user).readable.titles.insert(session, title);
    }

    fn rename(&mut self, user: &UserName) {
        let Some(from) = self.own_session(user) else { return };
        let to = self.session();
        let renamed = self.place.memory.rename_session(user, &from, &to);
        if from != to && self.users[user].sessions().contains_key(&to) {
            let error = renamed.unwrap_err();
            assert!(matches!(error, MemoryError::Store(StoreError::SessionExists { .. })));
        } else {
            renamed.unwrap();
            if from != to {
                self.plain(user).rename(&from, &to);
            }
        }
    }

    fn move_turns(&mut self, user: &UserName) {
        let into = self.session();
        if self.random.bool() {
            let Some(from) = self.own_session(user) else { return };
            if !self.users[user].sessions().contains_key(&into) {
                return;
            }
            let turns = self.readable(user).turns.iter();
            let turns = turns.filter(|(_, turn)| turn.session == from);
            let turns: Vec<TurnId> = turns.map(|(id, _)| *id).collect();
            self.place.memory.move_session(user, &from, &into).unwrap();
            self.plain(user).move_turns(&turns, &into);
        } else {
            let turns = self.own_turns(user, 4);
            if turns.is_empty() {
                return;
            }
            self.place.memory.move_turns(user, &turns, &into).unwrap();
            self.plain(user).move_turns(&turns, &into);
        }
    }

    fn forget(&mut self, user: &UserName) {
        let mut scope = Scope::of(user.clone());
        let target = match self.random.u8(..5) {
            0 => ForgetTarget::Turns(scope, self.own_turns(user, 3)),
            1 => {
                scope.sessions.extend(self.own_session(user));
                ForgetTarget::Scope(scope)
            }
            2 => {
                scope.sessions.extend(self.own_session(user));
                scope.roles = vec![*self.random.choice(Role::ALL).unwrap()];
                ForgetTarget::Scope(scope)
            }
            _ => {
                let since = 1_700_000_000 + self.random.i64(0..1_000_000);
                scope.since = Some(Timestamp::from_second(since).unwrap());
                scope.until = Some(Timestamp::from_second(since + 100_000).unwrap());
                ForgetTarget::Scope(scope)
            }
        };
        if self.users[user].readable.turns.is_empty() {
            return;
        }
        let scope = target.scope();
        let doomed = self.readable(user).turns.iter().filter(|(id, turn)| {
            let named = |turns: &[TurnId]| turns.contains(id);
            let in_session = scope.sessions.is_empty() || scope.sessions.contains(&turn.session);
            let is_named = match &target {
                ForgetTarget::Turns(_, turns) => named(turns),
                _ => true,
            };
            is_named && in_session && scope.admits_role(turn.role) && scope.admits_time(turn.time)
        });
        let doomed: BTreeSet<TurnId> = doomed.map(|(id, _)| *id).collect();
        let shown = self.place.memory.preview_forget(&target, 1).unwrap();
        let forgotten = self.place.memory.forget(&target).unwrap();
        assert_eq!((shown.turns, forgotten.turns), (doomed.len() as u64, doomed.len() as u64));
        assert_eq!(shown.derived(), forgotten.derived);
        assert_eq!(forgotten.erasure, Erasure::Done);
        self.plain(user).forget(&doomed);
    }

    fn forget_all_of(&mut self, user: &UserName) {
        let forgotten = self.place.memory.forget(&ForgetTarget::User(user.clone()));
        if self.users[user].is_empty() {
            return;
        }
        assert!(forgotten.unwrap().user);
        self.plain(user).forget_everything();
    }

    fn add_fact(&mut self, user: &UserName) {
        let statement = format!("likes {}", self.markers.next());
        let replaces = self.own_fact(user).filter(|_| self.random.bool());
        let turn = self.own_turns(user, 1).pop().filter(|_| self.random.bool());
        let id = if turn.is_some() {
            let fact = NewFact {
                subject: USER_SUBJECT.to_owned(),
                statement: statement.clone(),
                kind: FactKind::Preference,
                source: turn,
                since: self.place.memory.now(),
                entities: Vec::new(),
            };
            self.place.store.insert_fact(user, &fact, replaces).unwrap()
        } else {
            let mut note = FactNote::new(&*statement, FactKind::Preference);
            note.replaces = replaces;
            let noted = self.place.memory.note_fact(user, &note).unwrap();
            assert!(noted.new);
            note.replaces = None;
            let again = self.place.memory.note_fact(user, &note).unwrap();
            assert_eq!((again.id, again.new), (noted.id, false));
            noted.id
        };
        let fact = PlainFact { statement, superseded_by: None, turn };
        self.plain(user).add_fact(id, fact, replaces);
    }

    fn edit_fact(&mut self, user: &UserName) {
        let Some(id) = self.own_fact(user) else { return };
        let statement = format!("hates {}", self.markers.next());
        let erasure = self.place.memory.edit_fact(user, id, &statement).unwrap();
        assert_eq!(erasure, Erasure::Done);
        self.plain(user).readable.facts.get_mut(&id).unwrap().statement = statement;
    }

    fn delete_fact(&mut self, user: &UserName) {
        let Some(id) = self.own_fact(user) else { return };
        let deleted = self.place.memory.delete_fact(user, id).unwrap();
        assert_eq!(deleted.facts, self.plain(user).delete_fact(id), "{user}");
        assert_eq!(deleted.erasure, Erasure::Done);
    }

    fn sum_up(&mut self, user: &UserName) {
        let Some(session) = self.own_session(user) else { return };
        let turns = self.readable(user).turns.iter();
        let of_session: Vec<TurnId> =
            turns.filter(|(_, turn)| turn.session == session).map(|(id, _)| *id).collect();
        let through = *self.random.choice(&of_session).unwrap();
        let text = format!("They spoke of {}.", self.markers.next());
        let of = SummaryOf::Session { session: session.clone(), through };
        let made_at = self.place.memory.epoch(user).unwrap();
        assert!(self.place.memory.write_summary(user, &of, &text, made_at).unwrap());
        self.plain(user).readable.summaries.insert(session, (through, text));
    }

    /// Asks for the words of anybody's turn: only one's own come, and these do.
    fn recall(&mut self, user: &UserName) {
        let owner = self.random.choice(&self.names).unwrap().clone();
        let owner = if self.random.bool() { user.clone() } else { owner };
        let Some(id) = self.own_turns(&owner, 1).pop() else { return };
        let text = self.readable(&owner).turns[&id].text.clone();
        let rare: Vec<&str> = text.split(' ').filter(|word| word.len() >= 14).collect();
        if self.users[user].is_empty() {
            return;
        }
        let mut request = RecallRequest::new(Scope::of(user.clone()), rare.join(" "));
        request.threshold = 0.0;
        request.with_neighbours = 2;
        request.channels = *self.random.choice(&[Channels::Both, Channels::Words]).unwrap();
        let recall = self.place.memory.recall(&request).unwrap();
        let own = self.readable(user);
        for found in recall.in_order() {
            match found {
                Found::Turn(found) => {
                    let stored = &own.turns[&found.turn.id];
                    assert_eq!(
                        (&stored.text, &stored.session),
                        (&found.turn.text, &found.turn.session)
                    );
                    for id in found.neighbours.iter().map(|turn| turn.id) {
                        assert!(own.turns.contains_key(&id), "{user}");
                    }
                }
                Found::Fact(found) => assert!(own.facts.contains_key(&found.fact.id), "{user}"),
            }
        }
        if owner == *user {
            let found = recall.results.iter().any(|found| found.turn.id == id);
            // What a tool printed has no vector: what is near by meaning may come before it.
            let is_by_words_only = self.readable(user).turns[&id].role == Role::Tool;
            let may_be_missed = is_by_words_only && request.channels == Channels::Both;
            assert!(found || may_be_missed, "{user}: not found: {text}");
        }
    }

    /// Exports a user into an empty store: the same can be read there.
    fn export(&mut self, user: &UserName) {
        let mut lines = Vec::new();
        let scope = Scope::of(user.clone());
        if self.users[user].is_empty() {
            return;
        }
        self.place.memory.export(&scope, &mut lines).unwrap();
        let path = self.outside.path().join("export.jsonl");
        std::fs::write(&path, &lines).unwrap();
        let request = ImportRequest {
            users_from_file: true,
            again: true,
            ..ImportRequest::new(&path, &self.names[0])
        };
        let other = Place::new();
        for memory in [&other.memory, &self.place.memory] {
            let go_on = &mut |_: &_| ControlFlow::Continue(());
            let report = memory.import(request, go_on).unwrap();
            assert_eq!(report.users.keys().find(|owner| *owner != user), None);
        }
        let mut exported_again = Vec::new();
        other.memory.export(&scope, &mut exported_again).unwrap();
        assert_eq!(String::from_utf8(exported_again), String::from_utf8(lines), "{user}");
        let (here, there) = (self.readable(user), read(&other.memory, user));
        assert!(here.turns.values().eq(there.turns.values()), "{user}");
        assert_eq!(here.titles, there.titles);
        assert_eq!(read(&self.place.memory, user), *here, "its own export changes nothing");
    }

    fn index(&mut self) {
        let go_on = &mut |_| ControlFlow::Continue(());
        self.place.memory.index(IndexOptions::default(), go_on).unwrap();
        assert_eq!(self.place.memory.stats().unwrap().turns_without_vectors, 0);
    }

    /// Numbers of another user's turns and facts are nobody else's.
    fn reach_for_what_is_another_users(&mut self, user: &UserName) {
        let owner = self.random.choice(&self.names).unwrap().clone();
        if owner == *user {
            return;
        }
        let memory = &self.place.memory;
        if let Some(id) = self.users[&owner].readable.turns.keys().next().copied() {
            assert!(memory.turns(user, &[id]).unwrap().is_empty());
            assert!(memory.turns_around(user, id, 2).is_err());
            assert!(memory.amend_turn(user, id, "taken").is_err());
            assert!(memory.move_turns(user, &[id], &self.sessions[0]).is_err());
            let target = ForgetTarget::Turns(Scope::of(user.clone()), vec![id]);
            assert!(memory.forget(&target).is_err());
        }
        if let Some(id) = self.users[&owner].readable.facts.keys().next().copied() {
            assert!(memory.edit_fact(user, id, "taken").is_err());
            assert!(memory.delete_fact(user, id).is_err());
            assert!(memory.fact_with_past(user, id).is_err());
        }
    }

    /// Compares everything that can be read with the plain maps, and looks for what was forgotten.
    pub(crate) fn check(&mut self) {
        self.place.memory.check(&mut |problem| panic!("{problem}")).unwrap();
        for (user, plain) in &self.users {
            assert_eq!(read(&self.place.memory, user), plain.readable, "{user}");
            let holding = self.place.memory.facts(user, FactsAt::Now).unwrap();
            let plain_facts = plain.readable.facts.values();
            let plain_holding = plain_facts.filter(|fact| fact.superseded_by.is_none()).count();
            assert_eq!(holding.len(), plain_holding, "{user}");
        }
        let there = |plain: &&PlainUser| !plain.is_empty();
        let stats = self.place.memory.stats().unwrap();
        assert_eq!(stats.users, self.users.values().filter(there).count() as u64);
        let turns = self.users.values().map(|plain| plain.readable.turns.len()).sum::<usize>();
        assert_eq!(stats.turns, turns as u64);
        let texts = self.users.values().flat_map(texts);
        let gone = self.markers.not_in(texts);
        assert_eq!(left_in(self.place.folder.path(), &gone), [""; 0]);
    }

    /// A backup holds the same.
    pub(crate) fn check_copy(&mut self) {
        let path = self.outside.path().join("backup.db");
        self.place.memory.backup(&path, IfExists::Fail, &|| false).unwrap();
        let store = SqliteStore::open(&path, IfMissing::Fail).unwrap();
        let clock = SteppingClock(AtomicI64::new(1_900_000_000));
        let embedder = Arc::new(WordHashEmbedder::default());
        let copy = Memory::new(Arc::new(store), embedder, Arc::new(clock));
        copy.check(&mut |problem| panic!("{problem}")).unwrap();
        for (user, plain) in &self.users {
            assert_eq!(read(&copy, user), plain.readable, "{user}");
        }
    }

    pub(crate) fn forget_everybody(&mut self) {
        for user in self.names.clone() {
            self.forget_all_of(&user);
        }
    }
}

/// All texts of a user that may be on disk.
fn texts(plain: &PlainUser) -> impl Iterator<Item = &str> {
    let Readable { turns, facts, summaries, titles } = &plain.readable;
    let turns = turns.values();
    let said = turns.flat_map(|turn| [Some(&*turn.text), turn.speaker.as_deref()]).flatten();
    let facts = facts.values().map(|fact| fact.statement.as_str());
    let summaries = summaries.values().map(|(_, text)| text.as_str());
    let titles = titles.values().map(String::as_str);
    said.chain(facts).chain(summaries).chain(titles).chain(plain.keys.keys().map(String::as_str))
}
