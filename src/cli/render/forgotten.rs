//! What is forgotten, as a person reads it.

use longmem_memory::Derived;

use crate::output::counted;

/// Counts turns, and the facts and summaries made of them.
pub(crate) fn forgotten(turns: u64, derived: Derived) -> String {
    let facts = match derived.facts {
        0 => String::new(),
        count => format!(", {}", counted(count, "fact")),
    };
    let summaries = match derived.summaries {
        0 => String::new(),
        1 => ", 1 summary".to_owned(),
        count => format!(", {count} summaries"),
    };
    format!("{}{facts}{summaries}", counted(turns, "turn"))
}
