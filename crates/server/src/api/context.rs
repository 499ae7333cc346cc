//! `POST /v1/memory/context`: what a language model should get for a message.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use longmem_chat::{Context, ConversationSettings, MessageRole, TextBlock, TokenBudget};
use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{SessionName, UserName, closed_words};
use longmem_wire as wire;
use serde::{Deserialize, Serialize};

use super::body::Body;
use super::operation::Operation;
use super::registry::Registry;
use crate::Permission;
use crate::activity::{Brought, Door, Event, Note};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

pub(super) fn add(registry: &mut Registry) {
    let operation = Operation::new(
        Method::POST,
        "/v1/memory/context",
        "make_context",
        "Makes the prompt for a message: what is known, what was said that matters now, and the message, \
         within a budget of tokens. Nothing is stored.",
    );
    let operation = operation
        .needs(Permission::Read)
        .takes::<ContextRequest>()
        .answers::<MadeContext>(200, "The prompt, in the shape that was asked for");
    registry.add(&operation, make_context);
}

closed_words! {
    /// The shape of a prompt.
    pub(super) enum PromptFormat: "a format of a prompt" {
        /// `system` and `messages` as the Anthropic Messages API takes them.
        Anthropic = "anthropic",
        /// `messages` as OpenAI's chat completions take them.
        OpenAi = "openai",
        /// One text.
        Text = "text",
    }
}

/// Asks for the prompt for a message. Only the message is needed.
#[derive(Debug, Deserialize, JsonSchema)]
struct ContextRequest {
    /// The newest message of the user.
    #[schemars(length(min = 1), regex(pattern = r"\S"))]
    message: String,
    /// The conversation that it belongs to, whose last turns go in; none if it is left out.
    #[serde(default)]
    session: Option<SessionName>,
    /// Tokens that the prompt may have; the server's own budget if it is left out.
    #[serde(default)]
    #[schemars(range(min = 100, max = 10_000_000))]
    budget: Option<usize>,
    /// The shape of the answer; `anthropic` if it is left out.
    #[serde(default)]
    format: Option<PromptFormat>,
    /// A persona or other standing instructions; they always go in.
    #[serde(default)]
    system: Option<String>,
}

/// A prompt in one of its shapes.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum MadeContext {
    /// For the Anthropic Messages API.
    Anthropic(wire::Context),
    /// For OpenAI's chat completions.
    OpenAi(OpenAiContext),
    /// One text.
    Text(TextContext),
}

/// A prompt for OpenAI's chat completions.
#[derive(Debug, Serialize, JsonSchema)]
struct OpenAiContext {
    /// The messages, instructions and what is known first.
    messages: Vec<OpenAiMessage>,
    /// What they cost together, in estimated tokens.
    tokens: usize,
    /// What they could have cost.
    budget: usize,
    /// What went in, what was left out, and why.
    trace: Vec<wire::TraceEntry>,
}

/// One message of a prompt.
#[derive(Debug, Serialize, JsonSchema)]
struct OpenAiMessage {
    /// `system`, `user` or `assistant`.
    role: &'static str,
    /// What is said.
    content: String,
}

/// A prompt as one text.
#[derive(Debug, Serialize, JsonSchema)]
struct TextContext {
    /// Instructions and what is known, then the conversation, each message under its role.
    text: String,
    /// What it costs, in estimated tokens.
    tokens: usize,
    /// What it could have cost.
    budget: usize,
    /// What went in, what was left out, and why.
    trace: Vec<wire::TraceEntry>,
}

async fn make_context(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Body(asked): Body<ContextRequest>,
) -> Result<Json<MadeContext>, Problem> {
    let began = Instant::now();
    let change = |settings: &mut ConversationSettings| {
        settings.system = asked.system.or_else(|| settings.system.take());
        settings.budget = asked.budget.map_or(settings.budget, TokenBudget::new);
    };
    let user = caller.user.clone();
    let context = context_for(&shared, caller.user, asked.session, &asked.message, change).await?;
    let brought = Brought::put_into(&context, &asked.message);
    let injected = Note::new(Door::Api, Event::Injected { brought, tokens: context.tokens });
    shared.activity.note(&user, shared.memory.now(), injected.took(began.elapsed()));
    Ok(Json(made(context, asked.format.unwrap_or(PromptFormat::Anthropic))))
}

/// The prompt for a message in a session, with changed settings; nothing is stored.
///
/// # Errors
/// A message or a session that cannot be, and a memory that cannot be read.
pub(crate) async fn context_for(
    shared: &Shared,
    user: UserName,
    session: Option<SessionName>,
    message: &str,
    change: impl FnOnce(&mut ConversationSettings),
) -> Result<Context, Problem> {
    let mut talk = shared.settings.talk.clone();
    // Nobody is asked: memory that cannot be read is an error.
    (talk.spool, talk.model) = (None, None);
    change(&mut talk.conversation);
    let conversation = talk.conversation(shared.memory.clone(), user, session);
    let conversation = conversation.map_err(longmem_chat::ChatError::from)?;
    Ok(conversation.context_for(message).await?)
}

fn made(context: Context, format: PromptFormat) -> MadeContext {
    let system = joined(&context.system);
    let messages = context.messages.iter().map(|message| (message.role, joined(&message.content)));
    let messages: Vec<(MessageRole, String)> = messages.collect();
    let whole = wire::Context::from(context);
    let wire::Context { tokens, budget, .. } = whole;
    match format {
        PromptFormat::Anthropic => MadeContext::Anthropic(whole),
        PromptFormat::OpenAi => {
            let system = (!system.is_empty()).then_some(("system", system));
            let said = messages.into_iter().map(|(role, text)| (role.as_str(), text));
            let messages = system.into_iter().chain(said);
            let messages =
                messages.map(|(role, content)| OpenAiMessage { role, content }).collect();
            MadeContext::OpenAi(OpenAiContext { messages, tokens, budget, trace: whole.trace })
        }
        PromptFormat::Text => {
            let said = messages.iter().map(|(role, text)| format!("{role}: {text}"));
            let parts = (!system.is_empty()).then_some(system).into_iter().chain(said);
            let text = parts.collect::<Vec<_>>().join("\n\n");
            MadeContext::Text(TextContext { text, tokens, budget, trace: whole.trace })
        }
    }
}

/// Blocks as one text, with blank lines between them.
fn joined(blocks: &[TextBlock]) -> String {
    blocks.iter().map(|block| block.text.as_str()).collect::<Vec<_>>().join("\n\n")
}
