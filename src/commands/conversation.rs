//! `longmem ask` and `longmem chat`: answers with recalled context.

mod terminal;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use longmem_chat::{
    Anthropic, ApiKey, AsyncMemory, ChatError, Context, ContextOptions, Conversation,
    ConversationSettings, Fallback, LanguageModel, LiveSession, Notice, OpenAiCompatible, Provider,
    QuotedAnswer, Reply, RetryPolicy, Retrying, StopReason, TokenBudget, TraceKind,
};
use longmem_core::{ErrorCode, EstimatedClaudeTokens, EstimatedTokens, SessionName};
use longmem_memory::{FactsAt, Memory};
use longmem_sqlite::IfMissing;
use longmem_text::english::asks_what_is_known;
use longmem_wire as wire;
use tokio::runtime::Runtime;

use super::facts;
use super::learning::{self, BackgroundLearner};
use crate::arguments::{AskArguments, ChatArguments, ProviderKind};
use crate::compose;
use crate::failure::Failure;
use crate::output::Output;
use crate::remedy::hint;
use crate::sanitize::for_terminal;
use crate::settings::{LlmSettings, Settings};

/// The session of questions that belong to none; nothing is ever stored in it.
const NO_SESSION: &str = "(none)";

/// How long a person waits for a message to be stored before it is set aside.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn ask(
    arguments: AskArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let llm = LlmSettings::resolve(&arguments.provider, settings, &compose::llm_environment())?;
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    if asks_what_is_known(&arguments.question) {
        return facts::show(&memory.known_facts(&settings.user, FactsAt::Now, None)?, output);
    }
    let stored = arguments.session.is_some();
    let talk = talk(alone(Arc::new(memory)), settings, arguments.session, &llm)?;
    let mut began = false;
    let reply = runtime()?.block_on(async {
        let mut on_text = |piece: &str| {
            began = true;
            show_piece(piece, output);
        };
        if stored {
            talk.ask(&arguments.question, &mut on_text).await
        } else {
            talk.consult(&arguments.question, &mut on_text).await
        }
    });
    if reply.is_err() && began {
        end_line(output);
    }
    show_end(&talk, reply, output)
}

pub(super) fn chat(
    arguments: ChatArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let llm = LlmSettings::resolve(&arguments.provider, settings, &compose::llm_environment())?;
    let memory = compose::patient_memory(settings, output)?;
    let session = arguments.session.unwrap_or_else(|| new_session(memory.now()));
    let mut talk = talk(memory, settings, Some(session), &llm)?;
    talk.settings.continued = true;
    talk.settings.learns &= !arguments.no_learning;
    let learner = if talk.settings.learns {
        learning::learner(talk.memory.clone(), &arguments.provider, settings)?
    } else {
        None
    };
    let learning = learner
        .map(|learner| BackgroundLearner::start(learner, talk.session.clone()))
        .transpose()?;
    let result = terminal::run(&talk, learning.as_ref(), output);
    if let Some(learning) = learning {
        learning.finish(output);
    }
    result
}

/// A memory for one piece of work after the other.
pub(super) fn alone(memory: Arc<Memory>) -> AsyncMemory {
    AsyncMemory::new(memory, NonZeroUsize::MIN)
}

/// A conversation that nobody answers; it makes prompts.
pub(super) fn without_model(
    memory: Memory,
    settings: &Settings,
    session: Option<SessionName>,
    persona: Option<String>,
    budget: usize,
) -> Conversation {
    prompting(alone(Arc::new(memory)), settings, session, persona, budget)
}

fn prompting(
    memory: AsyncMemory,
    settings: &Settings,
    session: Option<SessionName>,
    persona: Option<String>,
    budget: usize,
) -> Conversation {
    Conversation {
        memory,
        user: settings.user.clone(),
        session: session.unwrap_or_else(no_session),
        model: None,
        counter: Arc::new(EstimatedTokens),
        settings: ConversationSettings {
            system: persona,
            budget: TokenBudget::new(budget),
            learns: settings.learning.enabled.unwrap_or(true),
            context: ContextOptions { time_zone: TimeZone::system(), ..ContextOptions::default() },
            ..ConversationSettings::default()
        },
        live: LiveSession::new(fastrand::Rng::new()),
    }
}

fn talk(
    memory: AsyncMemory,
    settings: &Settings,
    session: Option<SessionName>,
    llm: &LlmSettings,
) -> Result<Conversation, Failure> {
    let persona = llm.persona.clone();
    let mut talk = prompting(memory, settings, session, persona, llm.budget);
    talk.live = talk.live.with_spool(compose::spool(settings)?, PATIENCE);
    if llm.provider == ProviderKind::Anthropic {
        talk.counter = Arc::new(EstimatedClaudeTokens);
    }
    talk.model = provider(llm)?.map(|provider| LanguageModel {
        provider,
        name: llm.models[0].clone(),
        max_tokens: llm.max_tokens,
    });
    Ok(talk)
}

/// The way to the language model, with retries and the other models to fall back on.
pub(super) fn provider(llm: &LlmSettings) -> Result<Option<Arc<dyn Provider>>, Failure> {
    let key = llm.api_key.as_deref().map(ApiKey::new).transpose().map_err(|error| {
        let hint = "Look at the key: it may have been cut when copied.";
        Failure::refused(ErrorCode::KeyRefused, error.to_string(), hint)
    })?;
    let retried: Arc<dyn Provider> = match llm.provider {
        ProviderKind::None => return Ok(None),
        ProviderKind::Anthropic => {
            let base_url = llm.base_url.as_deref().unwrap_or(Anthropic::BASE_URL);
            retrying(Anthropic::new(base_url, key).map_err(ChatError::from)?)
        }
        ProviderKind::Openai => {
            let base_url = llm.base_url.as_deref().unwrap_or_default();
            retrying(OpenAiCompatible::new(base_url, key).map_err(ChatError::from)?)
        }
    };
    Ok(Some(Arc::new(Fallback::new(retried, llm.models[1..].to_vec()))))
}

fn retrying(provider: impl Provider + 'static) -> Arc<dyn Provider> {
    Arc::new(Retrying::new(provider, RetryPolicy::default(), fastrand::Rng::new()))
}

/// A runtime for the network; the engine has threads of its own.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

fn show_piece(piece: &str, output: Output) {
    if !output.json {
        // A closed pipe shows at the end of the answer, which is stored either way.
        let _ = output.piece(&for_terminal(piece));
    }
}

fn end_line(output: Output) {
    if !output.json {
        let _ = output.piece("\n");
    }
}

/// What is shown after an answer has been streamed, or has failed; all of it as JSON.
fn show_end(
    talk: &Conversation,
    reply: Result<Reply, ChatError>,
    output: Output,
) -> Result<(), Failure> {
    let notices = talk.live.take_notices();
    let reply = match reply {
        Ok(reply) => reply,
        Err(ChatError::AnswerNotStored { completion, source }) if output.json => {
            // It is nowhere else.
            output.document(&wire::Answer::not_stored(*completion, all_in_words(&notices)))?;
            return Err(Failure::Memory(source));
        }
        Err(error) => {
            warn(&notices, output);
            return Err(error.into());
        }
    };
    if output.json {
        return Ok(output.document(&wire::Answer::new(reply, all_in_words(&notices)))?);
    }
    match &reply {
        Reply::Quotes(QuotedAnswer { text, .. }) => {
            output.line(for_terminal(text))?;
            output.note(NO_MODEL);
        }
        Reply::Answer { completion, context } => {
            output.line("")?;
            if let Some(note) = stop_note(&completion.stop_reason) {
                output.note(note);
            }
            output.note(sources(context));
        }
    }
    warn(&notices, output);
    Ok(())
}

/// Tells a person what is not as it should be.
pub(super) fn warn(notices: &[Notice], output: Output) {
    for notice in notices {
        output.warn(for_terminal(&in_words(notice)));
    }
}

/// A notice with what would help.
fn in_words(notice: &Notice) -> String {
    let mut words = notice.to_string();
    if let Notice::WordsOnly { remedies, .. } = notice {
        for hint in remedies.iter().map(hint) {
            words.push_str(". ");
            words.push_str(hint.trim_end_matches('.'));
        }
    }
    words
}

/// What is missing when memory is quoted, and how it comes.
const NO_MODEL: &str = "(with ANTHROPIC_API_KEY set, or --base-url and --llm of a model server, a \
                        language model answers)";

/// How an answer is continued.
const GO_ON: &str = "in chat /continue goes on";

fn stop_note(reason: &StopReason) -> Option<String> {
    match reason {
        StopReason::EndTurn => None,
        StopReason::MaxTokens => {
            Some(format!("(the answer was cut off at its limit; {GO_ON}, --max-tokens raises it)"))
        }
        StopReason::Refusal { explanation } => Some(match explanation {
            Some(why) => format!("(the model refused: {})", for_terminal(why)),
            None => "(the model refused)".to_owned(),
        }),
        StopReason::ContextWindowExceeded => {
            Some(format!("(the answer was cut off at the end of the model's window; {GO_ON})"))
        }
        StopReason::Other(name) => Some(format!("(the model stopped: {})", for_terminal(name))),
    }
}

fn sources(context: &Context) -> String {
    let turns: Vec<String> = context
        .trace
        .iter()
        .filter(|entry| entry.kind == TraceKind::Recalled && entry.included)
        .filter_map(|entry| entry.turn.map(|turn| turn.to_string()))
        .collect();
    if turns.is_empty() {
        "(nothing was recalled)".to_owned()
    } else {
        format!("(recalled turns: {})", turns.join(", "))
    }
}

fn all_in_words(notices: &[Notice]) -> Vec<String> {
    notices.iter().map(in_words).collect()
}

/// A session named after the minute in which it began.
fn new_session(now: Timestamp) -> SessionName {
    let began = now.to_zoned(TimeZone::system()).strftime("chat %Y-%m-%d %H:%M:%S");
    SessionName::new(began.to_string()).expect("a date is a valid name")
}

fn no_session() -> SessionName {
    SessionName::new(NO_SESSION).expect("the constant is a valid name")
}
