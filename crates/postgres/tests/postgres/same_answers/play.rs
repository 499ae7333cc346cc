//! Does to a store what happens in a history.

use longmem_core::{FactId, NewFact, NewTurn, Scope, SummaryOf, Turn, TurnId, UserName};
use longmem_store::{
    EmbeddedTurn, FactsAt, ForgetFingerprint, ForgetTarget, Learned, LearnedFact, Replaced, Store,
    WouldForget,
};
use proptest::sample::Index;

use super::made_up::{at, many, model, name, new_fact, passages, shown, source_key, vector};
use super::steps::Step;

/// Does what happens; returns what is to be equal of the outcome.
#[expect(clippy::too_many_lines, reason = "an arm for each thing that can happen")]
pub(crate) fn play(store: &dyn Store, user: &UserName, step: &Step) -> String {
    let turns = all_turns(store, user);
    let pick = |index: &Index| if turns.is_empty() { TurnId(i64::MAX) } else { *index.get(&turns) };
    let picks = |indexes: &[Index]| indexes.iter().map(pick).collect::<Vec<_>>();
    let facts = store.facts(user, FactsAt::Ever).unwrap();
    let fact = |index: &Index| {
        if facts.is_empty() { FactId(i64::MAX) } else { index.get(&facts).id }
    };
    match step {
        Step::Insert(turns) => shown(&store.insert_turns(user, turns)),
        Step::InsertMany { session, count } => {
            let turns: Vec<NewTurn> = (0..*count).map(|number| many(session, number)).collect();
            shown(&store.insert_turns(user, &turns))
        }
        Step::Import { turns, again } => {
            let marks = [("import/mark".to_owned(), vec![1])];
            shown(&store.import_turns_keeping(user, turns, *again, &marks))
        }
        Step::InsertUnless { turn, learns } => {
            let already = |last: &[Turn]| {
                last.iter().find(|known| known.text == turn.text).map(|known| known.id)
            };
            shown(&store.insert_unless(user, turn, *learns, &already))
        }
        Step::RenameKeys(keys) => {
            let renamed: Vec<_> =
                keys.iter().map(|(from, to)| (source_key(*from), source_key(*to))).collect();
            shown(&store.rename_source_keys(user, &renamed))
        }
        Step::Index { limit } => {
            let queued = store.queued_turns(Some(user), None, *limit).unwrap();
            let embedded: Vec<EmbeddedTurn> = queued
                .iter()
                .map(|queued| EmbeddedTurn {
                    user: user.clone(),
                    turn: queued.turn,
                    passages: passages(&queued.text),
                })
                .collect();
            shown(&(queued, store.write_vectors(&model(), &embedded, 3)))
        }
        Step::ForgetTurns(indexes) => {
            forget(store, &ForgetTarget::Turns(Scope::of(user.clone()), picks(indexes)))
        }
        Step::Forget { sessions, roles, since, until } => {
            let scope = Scope {
                user: user.clone(),
                sessions: sessions.iter().map(|session| name(session)).collect(),
                roles: roles.clone(),
                since: since.map(at),
                until: until.map(at),
            };
            forget(store, &ForgetTarget::Scope(scope))
        }
        Step::ForgetUser => forget(store, &ForgetTarget::User(user.clone())),
        Step::Amend { turn, text } => {
            shown(&store.amend_turn(user, pick(turn), text).map(|amended| amended.derived))
        }
        Step::Move { turns, into } => shown(&store.move_turns(user, &picks(turns), &name(into))),
        Step::Rename { session, name: new } => {
            shown(&store.rename_session(user, &name(session), &name(new)))
        }
        Step::Retitle { session, title } => {
            shown(&store.set_session_title(user, &name(session), *title))
        }
        Step::AddFact { source, replaces, since, name } => {
            let source = source.as_ref().filter(|_| !turns.is_empty()).map(pick);
            let replaces = replaces.as_ref().filter(|_| !facts.is_empty()).map(fact);
            let new = NewFact { since: at(*since), source, ..new_fact(name) };
            shown(&store.insert_fact(user, &new, replaces))
        }
        Step::EditFact { fact: index, name } => {
            let entities = new_fact(name).entities;
            shown(&store.edit_fact(user, fact(index), "another", &entities).map(drop))
        }
        Step::DeleteFact(index) => {
            shown(&store.delete_fact(user, fact(index)).map(|deleted| deleted.facts))
        }
        Step::GiveFactsVectors => {
            let vectors: Vec<_> =
                facts.iter().map(|fact| (fact.id, vector(&fact.statement))).collect();
            shown(&store.set_fact_vectors(user, &model(), &vectors))
        }
        Step::LearnFrom(session) => shown(&store.learn_from(user, &name(session))),
        Step::Learn { session, through, replaces } => {
            let replaces = replaces.as_ref().filter(|_| !facts.is_empty()).map(fact);
            let source = Some(pick(through)).filter(|_| !turns.is_empty());
            let learned = LearnedFact {
                fact: NewFact { source, ..new_fact("Oslo") },
                replaces: replaces.map(Replaced::Known),
            };
            let after = match store.learned_through(user, &name(session)).unwrap() {
                Learned::Through(after) => after,
                Learned::No => None,
            };
            let facts = [learned];
            shown(&store.write_learned(user, &name(session), after, pick(through), &facts))
        }
        Step::SumUp { session, whole } => {
            let session = name(session);
            let last = store.recent_turns(user, &session, 1).unwrap();
            let Some(through) = last.first().map(|turn| turn.id) else { return String::new() };
            let of = if *whole {
                SummaryOf::Session { session, through }
            } else {
                SummaryOf::Stretch { session, through }
            };
            let made_at = store.epoch(user).unwrap();
            shown(&store.write_summary(user, &of, "short", at(99), made_at))
        }
        Step::Fold(indexes) => {
            let summaries = store.summaries(user).unwrap();
            if summaries.is_empty() {
                return String::new();
            }
            let mut parts: Vec<_> = indexes.iter().map(|i| i.get(&summaries).id).collect();
            parts.sort_unstable();
            parts.dedup();
            let made_at = store.epoch(user).unwrap();
            shown(&store.fold_summaries(user, &parts, "shorter", at(99), made_at))
        }
        Step::Keep { name, value } => {
            let value = value.map(|byte| vec![byte]);
            shown(&store.keep_value(Some(user), name, value.as_deref()))
        }
        Step::Reopen => String::new(),
    }
}

/// Forgets what was shown; all but fingerprints, which random epochs make, and erasure is to be equal.
fn forget(store: &dyn Store, target: &ForgetTarget) -> String {
    let Ok(would) = store.preview_forget(target, 3) else {
        return shown(&store.forget(target));
    };
    let other = store.forget_shown(target, ForgetFingerprint::default());
    assert_eq!(other.unwrap(), None, "nobody was shown that");
    let forgotten = store.forget_shown(target, would.fingerprint).unwrap().unwrap();
    let would = WouldForget { fingerprint: ForgetFingerprint::default(), ..would };
    assert_eq!(would.turns, forgotten.turns);
    assert_eq!(would.derived(), forgotten.derived);
    let gone = (forgotten.turns, forgotten.sessions, forgotten.derived, forgotten.user);
    shown(&(would, gone))
}

fn all_turns(store: &dyn Store, user: &UserName) -> Vec<TurnId> {
    let mut turns = store.newest_turns(&Scope::of(user.clone()), None, usize::MAX).unwrap();
    turns.reverse();
    turns.iter().map(|turn| turn.id).collect()
}
