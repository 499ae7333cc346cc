//! What waits for vectors, whose vectors serve, and who may write them.

use longmem_core::{Diagnose, EmbeddingModel, Fault, Remedy, Scope, TurnId};
use longmem_search::Searcher;

use super::Make;
use super::made_up::{Embedder, passages, turn, user, vector};
use crate::{Claim, EmbeddedTurn, ForgetTarget, IndexShare, QueuedTurn, Store};

fn insert(store: &dyn Store, texts: &[&str]) -> Vec<TurnId> {
    let turns: Vec<_> = texts.iter().zip(0..).map(|(text, n)| turn("talk", text, n)).collect();
    store.insert_turns(&user("ana"), &turns).unwrap().iter().map(|inserted| inserted.id).collect()
}

/// Reads up to `limit` waiting turns and embeds them.
fn embedded(store: &dyn Store, limit: usize) -> Vec<EmbeddedTurn> {
    let queued = store.queued_turns(None, None, limit).unwrap();
    queued
        .into_iter()
        .map(|queued| EmbeddedTurn {
            passages: passages(&queued.text),
            user: queued.user,
            turn: queued.turn,
        })
        .collect()
}

fn index(store: &dyn Store, embedder: &Embedder, limit: usize) -> u64 {
    store.write_vectors(embedder.model(), &embedded(store, limit), 0).unwrap()
}

/// The turns that a model's vectors find, in the order of their numbers, each as often as it comes.
fn found(store: &dyn Store, embedder: &Embedder) -> Vec<TurnId> {
    let (scope, query) = (Scope::of(user("ana")), vector("lisbon"));
    let query = (embedder.model(), &query);
    let hits = Searcher::default().nearest(store, &scope, query, 99).unwrap();
    let mut turns: Vec<TurnId> = hits.iter().map(|hit| hit.turn).collect();
    turns.sort_unstable();
    turns
}

fn waiting(store: &dyn Store) -> Vec<TurnId> {
    let queued = store.queued_turns(None, None, 99).unwrap();
    assert_eq!(store.waiting(None).unwrap(), queued.len() as u64);
    queued.iter().map(|queued| queued.turn).collect()
}

fn serving(store: &dyn Store) -> Option<EmbeddingModel> {
    store.serving_model().unwrap()
}

pub fn the_queue_gives_the_oldest_first_page_by_page(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let ids = insert(store, &["lisbon", "oslo", "tokyo", "berlin"]);
    assert_eq!(waiting(store), ids);
    let first = store.queued_turns(None, None, 1).unwrap().remove(0);
    let page = store.queued_turns(None, Some(&first), 2).unwrap();
    let page: Vec<_> = page.iter().map(|queued| (queued.turn, queued.text.as_str())).collect();
    assert_eq!(page, [(ids[1], "oslo"), (ids[2], "tokyo")]);
    let last = QueuedTurn { turn: ids[3], ..first };
    assert_eq!(store.queued_turns(None, Some(&last), 2).unwrap(), []);
}

pub fn a_turn_gets_vectors_once_however_often_they_are_written(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let ids = insert(store, &["lisbon", "oslo"]);
    let embedder = Embedder::new("1");
    store.begin_indexing(embedder.model(), false).unwrap();
    let vectors = embedded(store, 99);
    assert_eq!(store.write_vectors(embedder.model(), &vectors[..1], 0).unwrap(), 1);
    assert_eq!((found(store, &embedder), waiting(store)), (vec![ids[0]], vec![ids[1]]));
    assert_eq!(store.write_vectors(embedder.model(), &vectors, 0).unwrap(), 1);
    assert_eq!(store.write_vectors(embedder.model(), &vectors, 0).unwrap(), 0);
    store.begin_indexing(embedder.model(), false).unwrap();
    assert_eq!((found(store, &embedder), waiting(store)), (ids, vec![]));
    assert_eq!(store.stats().unwrap().vectors, 2);
}

pub fn a_turn_of_several_passages_is_found_once_by_their_mean(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let embedder = Embedder::new("1");
    let long = format!("{}{}", "lisbon ".repeat(50), "oslo ".repeat(50));
    let ids = insert(store, &[&long]);
    store.begin_indexing(embedder.model(), false).unwrap();
    index(store, &embedder, 99);
    assert_eq!(store.stats().unwrap().vectors, 2);
    let query = vector("lisbon");
    let scope = Scope::of(user("ana"));
    let hits = Searcher::default().nearest(store, &scope, (embedder.model(), &query), 99).unwrap();
    let of = |word: &str| vector(&format!("{word} ").repeat(50)).cosine(&query);
    assert_eq!(hits.iter().map(|hit| hit.turn).collect::<Vec<_>>(), ids);
    assert!((hits[0].score - f32::midpoint(of("lisbon"), of("oslo"))).abs() < 1e-6);
}

pub fn a_turn_with_nothing_to_embed_waits_no_more(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let ids = insert(store, &["lisbon", "iVBORw0KGgo", "oslo"]);
    let embedder = Embedder::new("1");
    store.begin_indexing(embedder.model(), false).unwrap();
    let mut vectors = embedded(store, 99);
    vectors[1].passages.clear();
    assert_eq!(store.write_vectors(embedder.model(), &vectors, 0).unwrap(), 3);
    assert_eq!((found(store, &embedder), waiting(store)), (vec![ids[0], ids[2]], vec![]));
    let stats = store.stats().unwrap();
    assert_eq!((stats.turns, stats.vectors, stats.turns_without_vectors), (3, 2, 0));
    let by_words =
        Searcher::default().search_words(store, &Scope::of(user("ana")), "iVBORw0KGgo", 9).unwrap();
    assert_eq!(by_words.iter().map(|hit| hit.turn).collect::<Vec<_>>(), [ids[1]]);
    store.check(&mut |problem| panic!("{problem}")).unwrap();
}

pub fn a_turn_that_was_deleted_while_it_was_embedded_is_passed_over(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let ids = insert(store, &["lisbon", "oslo"]);
    let embedder = Embedder::new("1");
    store.begin_indexing(embedder.model(), false).unwrap();
    let vectors = embedded(store, 99);
    let scope = Scope::of(user("ana"));
    store.forget(&ForgetTarget::Turns(scope, vec![ids[0]])).unwrap();
    assert_eq!(store.write_vectors(embedder.model(), &vectors, 3).unwrap(), 1);
    assert_eq!((found(store, &embedder), waiting(store)), (vec![ids[1]], vec![]));
    let stats = store.stats().unwrap();
    assert_eq!((stats.passages, stats.vectors, stats.truncated_tokens), (1, 1, 3));
}

pub fn another_model_is_refused_and_its_vectors_are_not_taken(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let ids = insert(store, &["lisbon"]);
    let (first, second) = (Embedder::new("1"), Embedder::new("2"));
    assert_eq!(index(store, &first, 99), 0, "nobody began to index");
    store.begin_indexing(first.model(), false).unwrap();
    let error = store.begin_indexing(second.model(), false).unwrap_err();
    let place = store.place();
    assert_eq!(
        error.to_string(),
        format!("the vectors of {place} were made by made-up@1, not by made-up@2")
    );
    assert_eq!(error.fault(), Fault::Caller);
    assert_eq!(error.remedies(), [Remedy::ReplaceModel]);
    assert_eq!(index(store, &second, 99), 0);
    assert_eq!((serving(store).as_ref(), waiting(store)), (Some(first.model()), ids));
    assert!(!store.finish_replacing().unwrap());
}

pub fn a_replacement_resumes_and_the_old_vectors_serve_until_it_is_complete(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let mut ids = insert(store, &["lisbon", "oslo", "tokyo"]);
    let (old, new) = (Embedder::new("1"), Embedder::new("2"));
    store.begin_indexing(old.model(), false).unwrap();
    assert_eq!(index(store, &old, 99), 3);

    store.begin_indexing(new.model(), true).unwrap();
    assert_eq!(waiting(store), ids);
    assert_eq!(index(store, &new, 1), 1);
    assert_eq!(index(store, &old, 99), 0, "the old model takes nothing from the new one");
    assert!(!store.finish_replacing().unwrap());

    let store = &*fixture.opened_again();
    ids.extend(insert(store, &["berlin"]));
    store.begin_indexing(new.model(), true).unwrap();
    assert_eq!(waiting(store), ids[1..], "the first turn is done already");
    assert_eq!(serving(store).as_ref(), Some(old.model()));
    assert_eq!(found(store, &old), ids[..3]);
    assert_eq!(index(store, &new, 99), 3);
    assert_eq!(found(store, &old), ids[..3], "the old vectors serve until the last moment");

    assert!(store.finish_replacing().unwrap());
    assert_eq!(serving(store).as_ref(), Some(new.model()));
    assert_eq!((found(store, &old), found(store, &new)), (vec![], ids));
    assert_eq!(store.stats().unwrap().vectors, 4, "the old vectors are gone");
    assert!(!store.finish_replacing().unwrap());
}

pub fn a_replacement_by_a_third_model_starts_over(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let ids = insert(store, &["lisbon", "oslo"]);
    let [first, second, third] = ["1", "2", "3"].map(Embedder::new);
    store.begin_indexing(first.model(), false).unwrap();
    index(store, &first, 99);
    store.begin_indexing(second.model(), true).unwrap();
    index(store, &second, 1);
    store.begin_indexing(third.model(), true).unwrap();
    assert_eq!((waiting(store), found(store, &second)), (ids.clone(), vec![]));
    assert_eq!(index(store, &third, 99), 2);
    assert!(store.finish_replacing().unwrap());
    assert_eq!(found(store, &third), ids);
}

pub fn a_replacement_that_is_given_up_leaves_the_old_vectors_as_they_were(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let mut ids = insert(store, &["lisbon", "oslo"]);
    let (old, new) = (Embedder::new("1"), Embedder::new("2"));
    store.begin_indexing(old.model(), false).unwrap();
    index(store, &old, 99);
    store.begin_indexing(new.model(), true).unwrap();
    ids.extend(insert(store, &["tokyo", "berlin"]));
    index(store, &new, 3);

    store.begin_indexing(old.model(), false).unwrap();
    assert_eq!(waiting(store), ids[2..], "what came meanwhile has no old vectors yet");
    assert_eq!(index(store, &old, 99), 2);
    assert_eq!((found(store, &old), found(store, &new)), (ids, vec![]));
    assert_eq!(store.stats().unwrap().vectors, 4);
}

pub fn all_vectors_can_be_made_again(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let ids = insert(store, &["lisbon", "oslo"]);
    let embedder = Embedder::new("1");
    store.begin_indexing(embedder.model(), false).unwrap();
    let vectors = embedded(store, 99);
    store.write_vectors(embedder.model(), &vectors, 7).unwrap();
    assert_eq!(found(store, &embedder), ids);
    store.requeue_all().unwrap();
    assert_eq!((waiting(store), found(store, &embedder)), (ids.clone(), vec![]));
    assert_eq!(store.stats().unwrap().truncated_tokens, 0);
    assert_eq!(index(store, &embedder, 99), 2);
    assert_eq!(found(store, &embedder), ids);
}

pub fn the_queue_is_counted_and_read_user_by_user(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let [ana, bob] = ["ana", "bob"].map(user);
    for number in 0..3 {
        store.insert_turns(&ana, &[turn("talk", "lisbon", number)]).unwrap();
        store.insert_turns(&bob, &[turn("talk", "oslo", number)]).unwrap();
    }
    let of = |user| store.queued_turns(user, None, 99).unwrap();
    for user in [&ana, &bob] {
        let queued = of(Some(user));
        assert!(queued.iter().all(|queued| queued.user == *user));
        assert_eq!((queued.len(), store.waiting(Some(user)).unwrap()), (3, 3));
        let rest = store.queued_turns(Some(user), Some(&queued[0]), 99).unwrap();
        assert_eq!(rest, queued[1..]);
    }
    assert_eq!(store.waiting(None).unwrap(), 6);
    // Page by page, whatever the size of a page, all turns come once.
    for size in 1..7 {
        let (mut all, mut last) = (Vec::new(), None);
        loop {
            let page = store.queued_turns(None, last.as_ref(), size).unwrap();
            let Some(newest) = page.last() else { break };
            last = Some(newest.clone());
            all.extend(page);
        }
        assert_eq!(all, of(None), "pages of {size}");
    }
    assert_eq!(store.waiting(Some(&user("nobody"))).unwrap(), 0);
    assert_eq!(of(Some(&user("nobody"))), []);
}

pub fn vectors_for_a_turn_of_another_user_are_passed_over(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let embedder = Embedder::new("1");
    let ids = insert(store, &["lisbon"]);
    store.begin_indexing(embedder.model(), false).unwrap();
    let mut vectors = embedded(store, 99);
    store.insert_turns(&user("bob"), &[turn("talk", "oslo", 0)]).unwrap();
    vectors[0].user = user("bob");
    assert_eq!(store.write_vectors(embedder.model(), &vectors, 0).unwrap(), 0);
    vectors[0].user = user("nobody");
    assert_eq!(store.write_vectors(embedder.model(), &vectors, 0).unwrap(), 0);
    assert!(waiting(store).contains(&ids[0]));
}

pub fn one_indexes_alone_at_a_time(make: Make<'_>) {
    let fixture = make();
    let (store, other) = (fixture.store(), fixture.opened_again());
    let lock = store.lock_index(IndexShare::Alone, false).unwrap();
    assert!(lock.is_some());
    assert!(other.lock_index(IndexShare::Alone, false).unwrap().is_none());
    let waits =
        std::thread::spawn(move || other.lock_index(IndexShare::Alone, true).unwrap().is_some());
    drop(lock);
    assert!(waits.join().unwrap());
    assert!(store.lock_index(IndexShare::Alone, false).unwrap().is_some());
}

pub fn while_one_indexes_alone_nobody_indexes_beside(make: Make<'_>) {
    let fixture = make();
    let (store, other) = (fixture.store(), fixture.opened_again());
    let lock = store.lock_index(IndexShare::Alone, false).unwrap();
    assert!(other.lock_index(IndexShare::WithOthers, false).unwrap().is_none());
    drop(lock);
    assert!(other.lock_index(IndexShare::WithOthers, false).unwrap().is_some());
}

pub fn a_waiting_turn_is_given_to_one_at_a_time(make: Make<'_>) {
    let fixture = make();
    let users = ["ana", "bob", "eve"].map(user);
    let store = fixture.store();
    for of in &users {
        let turns: Vec<_> = (0..4).map(|n| turn("talk", "lisbon", n)).collect();
        store.insert_turns(of, &turns).unwrap();
    }
    let embedder = Embedder::new("1");
    let others: Vec<_> = (0..3).map(|_| fixture.opened_again()).collect();
    let mut given = Vec::new();
    let mut rights = Vec::new();
    let mut claims = Vec::new();
    // A store may let one index at a time; then the others are given nothing.
    for other in &others {
        let Some(right) = other.lock_index(IndexShare::WithOthers, false).unwrap() else {
            continue;
        };
        rights.push(right);
        other.begin_indexing(embedder.model(), false).unwrap();
        let Claim { turns, right, .. } = other.claim_queued(None, None, 5).unwrap();
        given.extend(turns.into_iter().map(|queued| queued.turn));
        claims.push(right);
    }
    assert!(!given.is_empty());
    let count = given.len();
    given.sort_unstable();
    given.dedup();
    assert_eq!(given.len(), count, "a turn was given to two");

    // What is given back without vectors is given again, and what has vectors is not.
    drop((claims, rights));
    let right = store.lock_index(IndexShare::WithOthers, true).unwrap();
    assert!(right.is_some());
    let claim = store.claim_queued(Some(&users[0]), None, 99).unwrap();
    assert!(claim.turns.iter().all(|queued| queued.user == users[0]));
    assert_eq!((claim.turns.len(), claim.others_at_it), (4, false));
    drop(claim);
    assert_eq!(index(&*store, &embedder, 5), 5);
    let claim = store.claim_queued(None, None, 99).unwrap();
    assert_eq!(claim.turns, store.queued_turns(None, None, 99).unwrap());
    assert_eq!(claim.turns.len(), 7);
    let rest = store.claim_queued(None, claim.turns.last(), 99).unwrap();
    assert!(rest.turns.is_empty());
}
