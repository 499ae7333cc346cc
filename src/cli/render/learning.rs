//! What was learned, as a person reads it.

use longmem_chat::{LearningOutcome, LearningReport};
use longmem_memory::NotedInstruction;

use crate::output::counted;
use crate::sanitize::for_terminal;

/// One line about what was learned from a talk that has ended; none if nothing was.
pub(crate) fn outcome(outcome: &LearningOutcome) -> Option<String> {
    match outcome {
        LearningOutcome::Learned(report) => learned(report),
        LearningOutcome::Failed(error) => Some(format!(
            "(what was said is not learned yet: {}; it will be the next time)",
            for_terminal(&error.to_string())
        )),
        // Late, or an outcome of a newer library.
        _ => Some("(what was said is not all learned yet; it will be the next time)".to_owned()),
    }
}

/// One line about a standing instruction that became a fact.
pub(crate) fn noted(instruction: &NotedInstruction) -> String {
    let NotedInstruction { fact, text, replaced, .. } = instruction;
    let place = replaced.map_or_else(String::new, |old| format!(", in place of fact {old}"));
    for_terminal(&format!("(noted: {text} · fact {fact}{place})"))
}

/// One line about what was learned; none if nothing was.
pub(crate) fn learned(report: &LearningReport) -> Option<String> {
    let dropped = report.ungrounded + report.malformed;
    let dropped =
        (dropped > 0).then(|| format!("left out: {}", counted(dropped, "unusable statement")));
    let parts: Vec<String> =
        [(report.new, "new fact"), (report.changed, "changed fact"), (report.summaries, "summary")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| match (count, what) {
                (1, _) => format!("1 {what}"),
                (_, "summary") => format!("{count} summaries"),
                _ => counted(count, what),
            })
            .collect();
    let learned = (!parts.is_empty()).then(|| format!("learned: {}", parts.join(", ")));
    let said: Vec<String> = learned.into_iter().chain(dropped).collect();
    (!said.is_empty()).then(|| format!("({})", said.join("; ")))
}
