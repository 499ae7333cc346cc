//! Asks a store everything that it can be asked of a user.

use longmem_core::{Scope, SourceKey, TurnId, UserName};
use longmem_search::{CandidateRequest, DenseParameters, Scan, Searcher};
use longmem_store::{FactsAt, Store};

use super::made_up::{KEYS, SESSIONS, at, model, name, shown, source_key, vector};
use super::steps::Question;

/// Everything that a store says of a user without being asked a question.
pub(crate) fn everything(store: &dyn Store, user: &UserName) -> Vec<String> {
    let scope = Scope::of(user.clone());
    let stored = store.turns_after(&scope, None, usize::MAX).unwrap();
    let keys: Vec<SourceKey> = (0..KEYS).map(source_key).collect();
    // Turns that were handed in without a key have one by chance.
    let with_keys: Vec<_> = stored
        .into_iter()
        .map(|stored| (stored.turn, Some(stored.source_key).filter(|key| keys.contains(key))))
        .collect();
    let ids: Vec<TurnId> = with_keys.iter().map(|(turn, _)| turn.id).collect();
    let mark = store.change_mark(user).unwrap();
    let overview = store.overview(user).unwrap();
    let mut vocabulary = store.vocabulary(user).unwrap();
    vocabulary.sort_unstable();
    let names = store.kept_names(Some(user), "").unwrap();
    let value = |name: &String| store.kept_value(Some(user), name).unwrap();
    let values: Vec<_> = names.iter().map(|name| (name, value(name))).collect();
    let learned = SESSIONS.map(|session| store.learned_through(user, &name(session)).unwrap());
    let in_order = SESSIONS.map(|session| store.recent_turns(user, &name(session), 400).unwrap());
    vec![
        shown(&with_keys),
        shown(&(store.turns(user, &ids).unwrap().len(), store.newest_turns(&scope, None, 5))),
        shown(&store.sessions(user)),
        shown(&in_order),
        shown(&store.facts(user, FactsAt::Ever)),
        shown(&(store.facts(user, FactsAt::Time(at(6))), store.entities(user))),
        shown(&store.fact_vectors(user, &model())),
        shown(&store.summaries(user)),
        shown(&(learned, store.sessions_to_learn_from(user))),
        shown(&store.sessions_to_sum_up(user, at(8))),
        shown(&(store.queued_turns(Some(user), None, usize::MAX), store.waiting(Some(user)))),
        shown(&overview),
        shown(&(mark.last_turn, mark.facts, mark.last_fact)),
        shown(&store.key_states(user, &keys)),
        shown(&values),
        shown(&vocabulary),
    ]
}

/// What searches bring: by meaning, by words and by both, all vectors compared and in two stages.
pub(crate) fn answers(
    store: &dyn Store,
    searcher: &Searcher,
    user: &UserName,
    (text, sessions, roles): &Question,
) -> String {
    let narrow = Scope {
        sessions: sessions.iter().map(|session| name(session)).collect(),
        roles: roles.clone(),
        ..Scope::of(user.clone())
    };
    let wide = Scope::of(user.clone());
    let (model, vector) = (model(), vector(text));
    let scans = [Scan::Exact, Scan::TwoStages { rescored: Some(2) }];
    let mut all = String::new();
    for (scope, scan) in [(&wide, scans[0]), (&narrow, scans[1]), (&narrow, scans[0])] {
        let mut by_meaning = CandidateRequest::new(scope, 4);
        by_meaning.meaning = Some((&model, &vector));
        by_meaning.scan = scan;
        by_meaning.dense = DenseParameters { before: 0.5, after: 0.25, longest_neighbour: 5 };
        let mut by_both = by_meaning;
        by_both.words = Some(text);
        let mut by_words = CandidateRequest::new(scope, 4);
        by_words.words = Some(text);
        let requests = [by_meaning, by_both];
        all += &shown(&searcher.candidates_each(store, &requests));
        all += &shown(&searcher.candidates(store, &by_words));
        all.push('\n');
    }
    all
}
