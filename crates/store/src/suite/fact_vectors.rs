//! Vectors of facts go with the facts, with their words and with the model.

use longmem_core::{Embedding, FactId, Scope, TurnId};

use super::Make;
use super::facts::{said, said_in};
use super::made_up::{model, turn, user, vector};
use crate::{FactsAt, ForgetTarget, Store};

/// The facts of ana that have a vector of a model of this revision, in order, and the vectors.
fn stored(store: &dyn Store, revision: &str) -> Vec<(FactId, Embedding)> {
    store.fact_vectors(&user("ana"), &model(revision)).unwrap()
}

/// Facts of ana's, each with a vector of its statement, under the model that serves.
fn with_vectors(store: &dyn Store, statements: &[&str]) -> Vec<(FactId, Embedding)> {
    let ana = user("ana");
    store.begin_indexing(&model("1"), false).unwrap();
    let new = statements.iter().map(|statement| {
        let fact = store.insert_fact(&ana, &said(statement, 0), None).unwrap();
        (fact, vector(statement))
    });
    let vectors: Vec<(FactId, Embedding)> = new.collect();
    store.set_fact_vectors(&ana, &model("1"), &vectors).unwrap();
    vectors
}

pub fn a_fact_keeps_the_newest_vector_of_each_model(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let ana = user("ana");
    assert_eq!(stored(store, "1"), []);
    let mut vectors = with_vectors(store, &["lives in Porto", "has a dog"]);
    let replaced = vectors[0].0;
    store.insert_fact(&ana, &said("lives in Lisbon", 9), Some(replaced)).unwrap();
    assert_eq!(stored(store, "1"), vectors, "replaced facts keep theirs, others have none yet");
    vectors[1].1 = vector("has two dogs");
    let twice = [(vectors[1].0, vector("has three dogs")), vectors[1].clone()];
    store.set_fact_vectors(&ana, &model("1"), &twice).unwrap();
    store.begin_indexing(&model("2"), true).unwrap();
    store.set_fact_vectors(&ana, &model("2"), &vectors[..1]).unwrap();
    let again = &*fixture.opened_again();
    assert_eq!((stored(again, "1"), stored(again, "2")), (vectors.clone(), vectors[..1].to_vec()));
    again.check(&mut |problem| panic!("{problem}")).unwrap();
}

pub fn a_vector_goes_with_its_fact_and_with_its_words(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let ana = user("ana");
    let vectors = with_vectors(store, &["has a dog", "has a cat", "has a bird"]);
    store.edit_fact(&ana, vectors[0].0, "has two dogs", &[]).unwrap();
    assert_eq!(stored(store, "1"), vectors[1..]);
    store.delete_fact(&ana, vectors[1].0).unwrap();
    assert_eq!(stored(store, "1"), vectors[2..]);

    let turns: Vec<TurnId> = store
        .insert_turns(&ana, &[turn("talk", "I have a fish", 0)])
        .unwrap()
        .iter()
        .map(|inserted| inserted.id)
        .collect();
    let fish = store.insert_fact(&ana, &said_in("has a fish", turns[0]), None).unwrap();
    store.set_fact_vectors(&ana, &model("1"), &[(fish, vector("has a fish"))]).unwrap();
    assert_eq!(stored(store, "1").len(), 2);
    store.forget(&ForgetTarget::Turns(Scope::of(ana.clone()), turns)).unwrap();
    assert_eq!(stored(store, "1"), vectors[2..]);
    store.insert_turns(&ana, &[turn("talk", "lisbon", 0)]).unwrap();
    store.forget(&ForgetTarget::User(ana.clone())).unwrap();
    assert_eq!(stored(store, "1"), []);
    assert_eq!(store.facts(&ana, FactsAt::Ever).unwrap(), []);
}

pub fn vectors_of_facts_that_the_user_does_not_have_are_left_out(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let (ana, bob) = (user("ana"), user("bob"));
    let vectors = with_vectors(store, &["has a dog"]);
    let bobs = store.insert_fact(&bob, &said("has a cat", 0), None).unwrap();
    let more = [(FactId(4711), vector("cat")), (bobs, vector("dog"))];
    store.set_fact_vectors(&ana, &model("1"), &more).unwrap();
    store.set_fact_vectors(&user("nobody"), &model("1"), &more).unwrap();
    store.set_fact_vectors(&ana, &model("3"), &vectors).unwrap();
    assert_eq!(stored(store, "1"), vectors);
    assert_eq!(stored(store, "3"), [], "a model that never indexed here");
    assert_eq!(store.fact_vectors(&bob, &model("1")).unwrap(), []);
    assert_eq!(store.users().unwrap().len(), 2, "nobody was made");
}

pub fn vectors_of_facts_go_with_their_model(make: Make<'_>) {
    let fixture = make();
    let store = &*fixture.store();
    let ana = user("ana");
    let vectors = with_vectors(store, &["has a dog"]);
    let set = |revision| store.set_fact_vectors(&ana, &model(revision), &vectors).unwrap();
    store.begin_indexing(&model("2"), true).unwrap();
    set("2");
    store.begin_indexing(&model("1"), false).unwrap();
    assert_eq!((stored(store, "1"), stored(store, "2")), (vectors.clone(), Vec::new()), "given up");
    store.begin_indexing(&model("2"), true).unwrap();
    set("2");
    assert!(store.finish_replacing().unwrap());
    assert_eq!((stored(store, "1"), stored(store, "2")), (Vec::new(), vectors.clone()));
    store.requeue_all().unwrap();
    assert_eq!(stored(store, "2"), []);
    set("2");
    assert_eq!(stored(store, "2"), vectors);
}
