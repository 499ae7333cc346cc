//! Learning on request, and what is said of learning.

use longmem::Longmem;
use longmem_chat::{ChatError, Learner, LearningOutcome, LearningReport};
use longmem_core::ErrorCode;

use crate::arguments::ProviderArguments;
use crate::compose;
use crate::failure::Failure;
use crate::language_model::LlmSettings;
use crate::output::{Output, counted};
use crate::sanitize::for_terminal;
use crate::settings::Settings;

/// The learner that a command on request cannot do without.
pub(super) fn needed(
    longmem: &Longmem,
    flags: &ProviderArguments,
    settings: &Settings,
) -> Result<Learner, Failure> {
    let mut talk = settings.options.talk();
    let environment = compose::llm_environment();
    talk.learning_model = LlmSettings::resolve_learning(flags, settings, &environment)?;
    let learner = talk.learner(longmem.async_memory(), settings.user.clone());
    learner.map_err(ChatError::from)?.ok_or_else(|| {
        Failure::refused(
            ErrorCode::NoLanguageModel,
            "no language model is set up, and this needs one",
            "Set ANTHROPIC_API_KEY, or give --provider openai with --base-url and --llm.",
        )
    })
}

/// Says what was learned from a talk that has ended.
pub(super) fn show_outcome(outcome: LearningOutcome, output: Output) {
    match outcome {
        LearningOutcome::Learned(report) => {
            if let Some(summary) = in_words(&report) {
                output.note(summary);
            }
        }
        LearningOutcome::Failed(error) => output.note(format!(
            "(what was said is not learned yet: {}; it will be the next time)",
            for_terminal(&error.to_string())
        )),
        // Late, or an outcome of a newer library.
        _ => output.note("(what was said is not all learned yet; it will be the next time)"),
    }
}

/// One line about what was learned; none if nothing was.
pub(super) fn in_words(report: &LearningReport) -> Option<String> {
    let dropped = report.ungrounded + report.malformed;
    let parts: Vec<String> = [
        (report.new, "new fact"),
        (report.changed, "changed fact"),
        (report.summaries, "summary"),
        (dropped, "unusable statement"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| match (count, what) {
        (1, _) => format!("1 {what}"),
        (_, "summary") => format!("{count} summaries"),
        _ => counted(count, what),
    })
    .collect();
    (!parts.is_empty()).then(|| format!("(learned: {})", parts.join(", ")))
}
