//! Which facts are about whom.

use std::collections::HashSet;

use longmem_core::{Entity, EntityKind, Fact, USER_SUBJECT};
use longmem_memory::names_time;
use unicode_segmentation::UnicodeSegmentation;

use super::grounding::{names, plain};

/// Names that are longer are none.
pub(super) const MOST_NAME_CHARACTERS: usize = 100;

/// Picks the facts about a person, a project or another name: those that name it, those whose
/// subject it is, and those whose statement holds its words.
///
/// # Examples
/// ```
/// assert!(longmem_chat::facts_about(&[], "Priya").is_empty());
/// ```
pub fn facts_about(facts: &[Fact], name: &str) -> Vec<Fact> {
    let wanted = words(name);
    let holds = |text: &str| wanted.is_subset(&words(text));
    facts
        .iter()
        .filter(|fact| {
            !wanted.is_empty()
                && (fact.entities.iter().any(|entity| holds(&entity.name))
                    || holds(&fact.subject)
                    || holds(&fact.statement))
        })
        .cloned()
        .collect()
}

/// Picks the facts in which somebody or something comes up that a message names.
///
/// # Examples
/// ```
/// assert!(longmem_chat::facts_naming(&[], "What did I tell you about Priya?").is_empty());
/// ```
pub fn facts_naming(facts: &[Fact], message: &str) -> Vec<Fact> {
    let message = words(message);
    let names_any = |fact: &Fact| fact.entities.iter().any(|entity| is_named(entity, &message));
    facts.iter().filter(|fact| names_any(fact)).cloned().collect()
}

/// Finds the names in a statement that a person wrote: its subject, and words with a capital letter
/// that do not begin a sentence and are no month or day.
///
/// # Examples
/// ```
/// let found = longmem_chat::names_in("user", "works with Priya Rao");
/// assert_eq!(found[0].name, "Priya Rao");
/// assert!(longmem_chat::names_in("user", "is on leave until June").is_empty());
/// ```
pub fn names_in(subject: &str, statement: &str) -> Vec<Entity> {
    let subject = (subject != USER_SUBJECT).then(|| subject.to_owned());
    let mut found: Vec<Entity> = Vec::new();
    let is_time = |name: &String| words(name).iter().all(|word| names_time(word));
    let named = names(statement).into_iter().filter(|name| !is_time(name));
    for name in subject.into_iter().chain(named) {
        if found.iter().all(|known| known.name != name) {
            found.push(Entity { name, kind: EntityKind::Other });
        }
    }
    found
}

/// Whether a message, as its words, names an entity: by its whole name, or a person by the first.
pub(super) fn is_named(entity: &Entity, message: &HashSet<String>) -> bool {
    let mut name = entity.name.unicode_words().map(plain);
    let first_is_said = name.next().is_some_and(|first| message.contains(&first));
    first_is_said && (entity.kind == EntityKind::Person || name.all(|word| message.contains(&word)))
}

/// The words of a text, in lower case.
pub(super) fn words(text: &str) -> HashSet<String> {
    text.unicode_words().map(plain).collect()
}
