//! `longmem ask` and `longmem chat`: answers with recalled context.

mod terminal;

use std::num::NonZeroUsize;
use std::sync::Arc;

use jiff::tz::TimeZone;
use longmem_chat::{
    Anthropic, ApiKey, AsyncMemory, ChatError, Context, ContextOptions, Conversation,
    ConversationSettings, Fallback, LanguageModel, OpenAiCompatible, Provider, QuotedAnswer, Reply,
    RetryPolicy, Retrying, StopReason, TokenBudget, TraceKind,
};
use longmem_core::{EstimatedClaudeTokens, EstimatedTokens, SessionName};
use longmem_memory::Memory;
use longmem_store::IfMissing;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::arguments::{AskArguments, ChatArguments, ProviderKind};
use crate::compose;
use crate::failure::Failure;
use crate::output::Output;
use crate::sanitize::for_terminal;
use crate::settings::{LlmSettings, Settings};

/// The session of questions that belong to none; nothing is ever stored in it.
const NO_SESSION: &str = "(none)";

/// Anthropic's public address.
const ANTHROPIC: &str = "https://api.anthropic.com";

pub(super) fn ask(
    arguments: AskArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let llm = LlmSettings::resolve(&arguments.provider, settings, &compose::llm_environment())?;
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    let stored = arguments.session.is_some();
    let talk = talk(memory, settings, arguments.session, &llm)?;
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
    show_end(&reply?, output)
}

pub(super) fn chat(
    arguments: ChatArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let llm = LlmSettings::resolve(&arguments.provider, settings, &compose::llm_environment())?;
    let memory = compose::memory(settings, IfMissing::Create, output)?;
    let session = arguments.session.unwrap_or_else(|| new_session(&memory));
    let talk = talk(memory, settings, Some(session), &llm)?;
    terminal::run(&talk, output)
}

/// A conversation that nobody answers; it makes prompts.
pub(super) fn without_model(
    memory: Memory,
    settings: &Settings,
    session: Option<SessionName>,
    persona: Option<String>,
    budget: usize,
) -> Conversation {
    Conversation {
        memory: AsyncMemory::new(Arc::new(memory), NonZeroUsize::MIN),
        user: settings.user.clone(),
        session: session.unwrap_or_else(no_session),
        model: None,
        counter: Arc::new(EstimatedTokens),
        settings: ConversationSettings {
            system: persona,
            budget: TokenBudget::new(budget),
            context: ContextOptions { time_zone: TimeZone::system(), ..ContextOptions::default() },
            ..ConversationSettings::default()
        },
    }
}

fn talk(
    memory: Memory,
    settings: &Settings,
    session: Option<SessionName>,
    llm: &LlmSettings,
) -> Result<Conversation, Failure> {
    let persona = llm.persona.clone();
    let mut talk = without_model(memory, settings, session, persona, llm.budget);
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
fn provider(llm: &LlmSettings) -> Result<Option<Arc<dyn Provider>>, Failure> {
    let key = llm.api_key.as_deref().map(ApiKey::new).transpose().map_err(|error| {
        Failure::refused(error.to_string(), "Look at the key: it may have been cut when copied.")
    })?;
    let retried: Arc<dyn Provider> = match llm.provider {
        ProviderKind::None => return Ok(None),
        ProviderKind::Anthropic => {
            let base_url = llm.base_url.as_deref().unwrap_or(ANTHROPIC);
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

/// What is shown after an answer has been streamed; all of it as JSON.
fn show_end(reply: &Reply, output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(output.document(&document(reply))?);
    }
    match reply {
        Reply::Quotes(QuotedAnswer { text, .. }) => output.line(for_terminal(text))?,
        Reply::Answer { completion, context } => {
            output.line("")?;
            if let Some(note) = stop_note(&completion.stop_reason) {
                output.note(note);
            }
            output.note(sources(context));
        }
    }
    Ok(())
}

fn stop_note(reason: &StopReason) -> Option<String> {
    match reason {
        StopReason::EndTurn => None,
        StopReason::MaxTokens => {
            Some("(the answer was cut off at its limit; --max-tokens raises it)".to_owned())
        }
        StopReason::Refusal { explanation } => Some(match explanation {
            Some(why) => format!("(the model refused: {})", for_terminal(why)),
            None => "(the model refused)".to_owned(),
        }),
        StopReason::ContextWindowExceeded => {
            Some("(the answer was cut off at the end of the model's window)".to_owned())
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

fn document(reply: &Reply) -> Value {
    match reply {
        Reply::Quotes(answer) => {
            json!({ "answer": answer.text, "model": null, "quotes": answer.quotes })
        }
        Reply::Answer { completion, context } => json!({
            "answer": completion.text,
            "model": completion.model,
            "stop_reason": completion.stop_reason,
            "usage": completion.usage,
            "context": context,
        }),
    }
}

/// A session named after the minute in which it began.
fn new_session(memory: &Memory) -> SessionName {
    let began = memory.now().to_zoned(TimeZone::system()).strftime("chat %Y-%m-%d %H:%M:%S");
    SessionName::new(began.to_string()).expect("a date is a valid name")
}

fn no_session() -> SessionName {
    SessionName::new(NO_SESSION).expect("the constant is a valid name")
}
