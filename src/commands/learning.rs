//! Learning beside a talk, and on request.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use jiff::tz::TimeZone;
use longmem_chat::{
    AsyncMemory, ChatError, LanguageModel, Learner, LearnerSettings, LearningReport,
};
use longmem_core::{ErrorCode, EstimatedTokens, SessionName};

use super::conversation::{provider, runtime};
use crate::arguments::ProviderArguments;
use crate::compose;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::sanitize::for_terminal;
use crate::settings::{LlmSettings, Settings};

/// How long a talk that has ended waits for what is still to be learned from it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who learns; none if there is no language model. It has a connection of its own: those of another
/// runtime stand still while that one does.
pub(super) fn learner(
    memory: AsyncMemory,
    flags: &ProviderArguments,
    settings: &Settings,
) -> Result<Option<Learner>, Failure> {
    let llm = LlmSettings::resolve_learning(flags, settings, &compose::llm_environment())?;
    let Some(llm) = llm else { return Ok(None) };
    let Some(provider) = provider(&llm)? else { return Ok(None) };
    let defaults = LearnerSettings::default();
    Ok(Some(Learner {
        memory,
        user: settings.user.clone(),
        model: LanguageModel { provider, name: llm.models[0].clone(), max_tokens: llm.max_tokens },
        counter: Arc::new(EstimatedTokens),
        settings: LearnerSettings {
            history_tokens: settings.learning.history_tokens.unwrap_or(defaults.history_tokens),
            time_zone: TimeZone::system(),
        },
    }))
}

/// The learner that a command on request cannot do without.
pub(super) fn needed(
    memory: AsyncMemory,
    flags: &ProviderArguments,
    settings: &Settings,
) -> Result<Learner, Failure> {
    learner(memory, flags, settings)?.ok_or_else(|| {
        Failure::refused(
            ErrorCode::NoLanguageModel,
            "no language model is set up, and this needs one",
            "Set ANTHROPIC_API_KEY, or give --provider openai with --base-url and --llm.",
        )
    })
}

/// A thread that learns from a talk while it goes on. Nobody waits for it until the talk ends, and
/// then not for long: what is not learned by then is learned the next time.
pub(super) struct BackgroundLearner {
    wake: Sender<()>,
    outcome: Receiver<Result<LearningReport, ChatError>>,
}

impl BackgroundLearner {
    /// Starts with what earlier talks left.
    pub(super) fn start(learner: Learner, session: SessionName) -> Result<Self, Failure> {
        let runtime = runtime()?;
        let (wake, awoken) = channel();
        let (tell, outcome) = channel();
        thread::Builder::new().name("learning".to_owned()).spawn(move || {
            let mut report = LearningReport::default();
            let mut last = runtime.block_on(learner.catch_up(Some(&session)));
            while awoken.recv().is_ok() {
                // Several messages may have come meanwhile; they are looked at together.
                while awoken.try_recv().is_ok() {}
                add(&mut report, &last);
                last = runtime.block_on(learner.catch_up(Some(&session)));
            }
            add(&mut report, &last);
            // The talk has ended.
            let ended = match last {
                Ok(_) => runtime.block_on(learner.end_session(&session)),
                failed => failed,
            };
            add(&mut report, &ended);
            // Whoever does not wait any longer does not want to know.
            let _ = tell.send(ended.map(|_| report));
        })?;
        Ok(Self { wake, outcome })
    }

    /// Lets it look at what was said since the last time.
    pub(super) fn wake(&self) {
        // Its thread ends only after this.
        let _ = self.wake.send(());
    }

    /// Ends the talk: lets it learn the rest, and tells what was learned.
    pub(super) fn finish(self, output: Output) {
        let Self { wake, outcome } = self;
        drop(wake);
        match outcome.recv_timeout(PATIENCE) {
            Ok(Ok(report)) => {
                if let Some(told) = told(&report) {
                    output.note(told);
                }
            }
            Ok(Err(error)) => output.note(format!(
                "(what was said is not learned yet: {}; it will be the next time)",
                for_terminal(&error.to_string())
            )),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                output.note("(what was said is not all learned yet; it will be the next time)");
            }
        }
    }
}

fn add(sum: &mut LearningReport, report: &Result<LearningReport, ChatError>) {
    if let Ok(report) = report {
        *sum += *report;
    }
}

/// One line about what was learned; none if nothing was.
pub(super) fn told(report: &LearningReport) -> Option<String> {
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
