//! Summaries are replaced and folded, and go with what they tell.

use longmem_core::{Scope, Summary, SummaryId, SummaryOf, TurnId, UserName};
use std::sync::Arc;

use super::made_up::{at, session, turn, user};
use super::{Fixture, Make};
use crate::{Derived, ForgetTarget, Store};

struct World {
    store: Arc<dyn Store>,
    ana: UserName,
    turns: Vec<TurnId>,
    _fixture: Box<dyn Fixture>,
}

impl World {
    /// Three sessions of three turns, learned from.
    fn new(make: Make<'_>) -> Self {
        let fixture = make();
        let store = fixture.store();
        let ana = user("ana");
        let turns: Vec<_> = (0..9)
            .map(|number| turn(["a", "b", "c"][number / 3], "lisbon", number as i64))
            .collect();
        let turns = store.insert_turns(&ana, &turns).unwrap().iter().map(|i| i.id).collect();
        for name in ["a", "b", "c"] {
            store.learn_from(&ana, &session(name)).unwrap();
        }
        Self { store, ana, turns, _fixture: fixture }
    }

    fn of_session(&self, name: &str, last: usize) -> SummaryOf {
        SummaryOf::Session { session: session(name), through: self.turns[last] }
    }

    fn write(&self, of: &SummaryOf, text: &str) -> bool {
        let made_at = self.store.epoch(&self.ana).unwrap();
        self.store.write_summary(&self.ana, of, text, at(100), made_at).unwrap()
    }

    fn fold(&self, parts: &[SummaryId], text: &str) -> bool {
        let made_at = self.store.epoch(&self.ana).unwrap();
        self.store.fold_summaries(&self.ana, parts, text, at(100), made_at).unwrap()
    }

    fn summaries(&self) -> Vec<Summary> {
        self.store.summaries(&self.ana).unwrap()
    }

    fn texts(&self) -> Vec<String> {
        self.summaries().into_iter().map(|summary| summary.text).collect()
    }

    fn forget(&self, turn: usize) -> Derived {
        let target = ForgetTarget::Turns(Scope::of(self.ana.clone()), vec![self.turns[turn]]);
        let announced = self.store.preview_forget(&target, 0).unwrap().derived();
        let derived = self.store.forget(&target).unwrap().derived;
        assert_eq!(announced, derived);
        derived
    }
}

pub fn a_newer_summary_takes_the_place_of_the_older(make: Make<'_>) {
    let world = World::new(make);
    assert!(world.write(&world.of_session("a", 1), "two turns"));
    assert!(world.write(&world.of_session("a", 2), "three turns"));
    let stretch = SummaryOf::Stretch { session: session("a"), through: world.turns[0] };
    assert!(world.write(&stretch, "one turn"));
    assert_eq!(world.texts(), ["one turn", "three turns"]);
    let summaries = world.summaries();
    assert_eq!((summaries[0].time, &summaries[0].of), (at(0), &stretch));
    assert_eq!(world.store.summaries(&user("bob")).unwrap(), []);
}

pub fn sessions_wait_for_a_summary_while_something_in_them_has_none(make: Make<'_>) {
    let world = World::new(make);
    let waiting = |silent_since| {
        let sessions = world.store.sessions_to_sum_up(&world.ana, at(silent_since)).unwrap();
        sessions.into_iter().map(String::from).collect::<Vec<_>>()
    };
    assert_eq!(waiting(100), ["a", "b", "c"]);
    assert_eq!(waiting(8), ["a", "b"], "the third was spoken in since");
    world.write(&world.of_session("a", 2), "all of it");
    world.write(&world.of_session("b", 4), "not the last turn");
    assert_eq!(waiting(100), ["b", "c"]);
    world.store.insert_turns(&world.ana, &[turn("a", "more", 50)]).unwrap();
    assert_eq!(waiting(100), ["b", "c", "a"]);
}

pub fn folded_summaries_stay_and_know_where_they_went(make: Make<'_>) {
    let world = World::new(make);
    world.write(&world.of_session("a", 2), "A");
    world.write(&world.of_session("b", 5), "B");
    let parts: Vec<SummaryId> = world.summaries().iter().map(|summary| summary.id).collect();
    assert!(world.fold(&parts[..1], "of A"));
    assert!(world.fold(&parts, "of A and B"));
    assert_eq!(world.texts(), ["A", "B", "of A and B"], "one summary of summaries");
    let summaries = world.summaries();
    assert_eq!((&summaries[2].of, summaries[2].time), (&SummaryOf::Sessions, at(5)));
    assert!(summaries[..2].iter().all(|part| part.folded_into == Some(summaries[2].id)));
    assert!(!world.fold(&[parts[0], summaries[2].id], "of itself"));
    assert!(world.fold(&parts[1..], "of B"));
    let into: Vec<_> = world.summaries().iter().map(|summary| summary.folded_into).collect();
    assert_eq!((into[0], into[1].is_some()), (None, true), "A was told by the earlier one only");
    assert!(world.write(&world.of_session("b", 5), "B again"));
    assert_eq!(world.texts(), ["A", "B again"], "what told the older B is gone");
}

pub fn a_forgotten_turn_takes_every_summary_along_that_covers_it(make: Make<'_>) {
    let world = World::new(make);
    world.write(&world.of_session("a", 2), "A");
    world.write(&world.of_session("b", 4), "B");
    let parts: Vec<SummaryId> = world.summaries().iter().map(|summary| summary.id).collect();
    world.fold(&parts, "of A and B");
    assert_eq!(world.forget(5), Derived { facts: 0, summaries: 0 }, "no summary covers it");
    assert_eq!(world.forget(1), Derived { facts: 0, summaries: 2 });
    assert_eq!(world.texts(), ["B"]);
    assert_eq!(world.summaries()[0].folded_into, None, "it waits to be folded again");
}

pub fn a_summary_made_before_a_deletion_is_not_stored_after_it(make: Make<'_>) {
    let world = World::new(make);
    let made_at = world.store.epoch(&world.ana).unwrap();
    world.forget(0);
    let write = |of: SummaryOf| {
        world.store.write_summary(&world.ana, &of, "told", at(100), made_at).unwrap()
    };
    assert!(!write(world.of_session("a", 2)));
    assert!(!world.store.fold_summaries(&world.ana, &[], "told", at(100), made_at).unwrap());
    let everything = ForgetTarget::User(world.ana.clone());
    world.store.forget(&everything).unwrap();
    assert!(!write(world.of_session("b", 5)), "the user is gone");
    assert_eq!(world.summaries(), []);
}

pub fn turns_come_in_order_from_where_a_summary_ends(make: Make<'_>) {
    let world = World::new(make);
    let ids = |after: Option<TurnId>, limit| -> Vec<TurnId> {
        let turns = world.store.session_turns(&world.ana, &session("b"), after, limit).unwrap();
        turns.iter().map(|turn| turn.id).collect()
    };
    assert_eq!(ids(None, Some(2)), world.turns[3..5]);
    assert_eq!(ids(Some(world.turns[3]), None), world.turns[4..6]);
}
