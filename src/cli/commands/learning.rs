//! The learner of commands that learn on request.

use longmem::Longmem;
use longmem_chat::{ChatError, Learner};
use longmem_core::ErrorCode;

use crate::arguments::ProviderArguments;
use crate::compose;
use crate::failure::Failure;
use crate::language_model::LlmSettings;
use crate::settings::Settings;

/// Said when nothing was learned, since somebody else does.
pub(super) const OTHERS_AT_IT: &str = "Another process is learning from this user's talks now; what it \
     leaves is learned the next time.";

/// The learner that the command needs.
pub(super) fn needed(
    longmem: &Longmem,
    flags: &ProviderArguments,
    settings: &Settings,
) -> Result<Learner, Failure> {
    let mut talk = settings.options.talk_settings();
    let environment = compose::llm_environment();
    talk.learning_model = LlmSettings::resolve_learning(flags, settings, &environment)?;
    let learner = talk.learner(longmem.async_memory(), settings.user.clone());
    learner.map_err(ChatError::from)?.ok_or_else(|| {
        Failure::refused(
            ErrorCode::NoLanguageModel,
            "no language model is set up, and this needs one",
            "Set ANTHROPIC_API_KEY, or give --base-url and --llm; longmem models lists the servers \
             that run here.",
        )
    })
}
