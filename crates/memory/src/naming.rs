//! Which facts are about whom.

use longmem_core::{Entity, EntityKind, Fact, USER_SUBJECT};
use longmem_text::{holds_name, is_month_or_weekday, lower_words, names, names_mentioned};

/// Picks the facts about a person, a project or another name: those that name it, those whose
/// subject it is, and those whose statement holds its words.
///
/// # Examples
/// ```
/// assert!(longmem_memory::facts_about(&[], "Priya").is_empty());
/// ```
pub fn facts_about(facts: &[Fact], name: &str) -> Vec<Fact> {
    let wanted = lower_words(name);
    let holds = |text: &str| wanted.is_subset(&lower_words(text));
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

/// Says of each fact whether somebody or something comes up in it that a message names: by the
/// whole name, or a person by the first.
///
/// # Examples
/// ```
/// assert!(longmem_memory::named_in(&[], "What did I tell you about Priya?").is_empty());
/// ```
pub fn named_in(facts: &[Fact], message: &str) -> Vec<bool> {
    let words = lower_words(message);
    // A person whose name is a word too ("Will", "Sue") is meant by it with a capital letter only.
    let is_named = |entity: &Entity| match entity.kind {
        EntityKind::Person => {
            !names_mentioned(message, std::slice::from_ref(&entity.name)).is_empty()
        }
        EntityKind::Project | EntityKind::Other => holds_name(&words, &entity.name, false),
    };
    facts.iter().map(|fact| fact.entities.iter().any(is_named)).collect()
}

/// Finds the names in a statement that a person wrote: its subject, and words with a capital letter
/// that do not begin a sentence and are no month or day.
///
/// # Examples
/// ```
/// let found = longmem_memory::entities_in("user", "works with Priya Rao");
/// assert_eq!(found[0].name, "Priya Rao");
/// assert!(longmem_memory::entities_in("user", "is on leave until June").is_empty());
/// ```
pub fn entities_in(subject: &str, statement: &str) -> Vec<Entity> {
    let subject = (subject != USER_SUBJECT).then(|| subject.to_owned());
    let mut found: Vec<Entity> = Vec::new();
    let is_time = |name: &String| lower_words(name).iter().all(|word| is_month_or_weekday(word));
    let named = names(statement).into_iter().filter(|name| !is_time(name));
    for name in subject.into_iter().chain(named) {
        if found.iter().all(|known| known.name != name) {
            found.push(Entity { name, kind: EntityKind::Other });
        }
    }
    found
}
