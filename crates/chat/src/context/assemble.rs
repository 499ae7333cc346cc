//! From memory to a prompt, within a budget.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use longmem_core::{Diagnose, ErrorCode, Fault, Recalled, Remedy, TokenCounter, Turn, TurnId};
use thiserror::Error;

use super::history::{Draft, History, joined};
use super::notes::Notes;
use super::recalled::Recollection;
use super::{
    CacheControl, Context, MESSAGE_TOKENS, Message, MessageRole, TextBlock, TraceEntry, TraceKind,
    block_cost,
};
use crate::budget::Demands;
use crate::{Shares, TokenBudget};

/// Everything that a prompt is made of.
#[derive(Debug, Clone, Copy)]
pub struct AssembleInput<'a> {
    /// The persona or other standing instructions; always goes in.
    pub system: Option<&'a str>,
    /// What is known about the user, most important first.
    pub facts: &'a [DatedText],
    /// Summaries of earlier turns, most wanted first.
    pub summaries: &'a [DatedText],
    /// What a recall brought for the message, best first.
    pub recalled: &'a [Recalled],
    /// The session's turns before the message, oldest first. They should begin with the session,
    /// or reach further back than their share can hold: then what is kept starts at the same turn
    /// in most prompts.
    pub recent: &'a [Turn],
    /// The newest message of the user; always goes in.
    pub message: &'a str,
    /// The message's turn if it is stored, so that it is not quoted to itself.
    pub message_turn: Option<TurnId>,
    /// When the message is asked.
    pub now: Timestamp,
    /// The most that the prompt may cost.
    pub budget: TokenBudget,
    /// How it is made.
    pub options: &'a ContextOptions,
}

/// A statement with its date: a fact or a summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedText {
    /// Since when it holds, or when what it sums up was said.
    pub time: Timestamp,
    /// The statement.
    pub text: String,
}

/// How a prompt is made.
#[derive(Debug, Clone, PartialEq)]
pub struct ContextOptions {
    /// Who gets how much of the budget.
    pub shares: Shares,
    /// The most tokens of one recalled turn; a longer one is shortened to the sentences nearest to
    /// the message. 400 by default, so that no single turn fills a small budget; a neighbour gets
    /// a quarter of it.
    pub recalled_turn_tokens: usize,
    /// The most tokens of the facts about the user, however large their share is; 400 by default.
    pub facts_tokens: usize,
    /// Where the days of the prompt begin and end. UTC by default.
    pub time_zone: TimeZone,
}

impl Default for ContextOptions {
    fn default() -> Self {
        Self {
            shares: Shares::default(),
            recalled_turn_tokens: 400,
            facts_tokens: 400,
            time_zone: TimeZone::UTC,
        }
    }
}

/// Why no prompt can be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AssembleError {
    /// A message without text.
    #[error("the message is empty")]
    EmptyMessage,
    /// What must go in does not fit.
    #[error(
        "the message takes {message} tokens and the system text {system}; together they may take \
         {budget}"
    )]
    TooLong {
        /// What the newest message costs.
        message: usize,
        /// What the system text costs, 0 if there is none.
        system: usize,
        /// What both may cost.
        budget: TokenBudget,
    },
}

impl Diagnose for AssembleError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::EmptyMessage => ErrorCode::EmptyText,
            Self::TooLong { .. } => ErrorCode::MessageTooLong,
        }
    }

    fn fault(&self) -> Fault {
        Fault::Caller
    }

    fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::EmptyMessage => Vec::new(),
            Self::TooLong { message, system, .. } => {
                vec![Remedy::RaiseBudget { to: message + system }]
            }
        }
    }
}

/// Makes a prompt that costs at most the budget, as `counter` counts exactly what would be sent
/// ([`Context::count`]).
///
/// - First comes what stays the same (system text, facts, summaries), then the session's last
///   turns, then the newest message, and behind it, in the same message, what was recalled. The
///   last two stable places bear cache marks.
/// - Roles alternate, the user speaks first and last; turns of one side in a row are joined by a
///   blank line.
/// - Recalled turns go in by rank until the first that does not fit, and are printed by time. With
///   more budget, whatever was recalled before is still there.
/// - No turn comes twice: a recalled turn that is also a recent one comes as the recent one.
///
/// # Errors
/// [`AssembleError`] if the message is empty, or too long for the budget together with the system
/// text.
///
/// # Examples
/// ```
/// use longmem_chat::{AssembleInput, ContextOptions, TokenBudget, assemble};
/// use longmem_core::EstimatedTokens;
///
/// let input = AssembleInput {
///     system: Some("You are helpful."),
///     facts: &[],
///     summaries: &[],
///     recalled: &[],
///     recent: &[],
///     message: "Which port did we pick?",
///     message_turn: None,
///     now: "2026-03-02T10:00:00Z".parse()?,
///     budget: TokenBudget::new(1_000),
///     options: &ContextOptions::default(),
/// };
/// let context = assemble(&input, &EstimatedTokens)?;
/// assert_eq!(context.messages[0].content[0].text, "Which port did we pick?");
/// assert!(context.tokens <= 1_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn assemble(
    input: &AssembleInput<'_>,
    counter: &dyn TokenCounter,
) -> Result<Context, AssembleError> {
    let AssembleInput { message, budget, options, .. } = *input;
    let persona = present(input.system);
    let fixed = fixed_costs(persona, message, budget, counter)?;
    let zone = &options.time_zone;
    let facts = Notes::facts(input.facts, zone, counter);
    let summaries = Notes::summaries(input.summaries, zone, counter);
    let history = History::new(input.recent, message, counter);

    let demands = Demands {
        facts: facts.demand().min(options.facts_tokens),
        summaries: summaries.demand(),
        recent: history.demand(),
    };
    let room = budget.tokens() - fixed.system;
    let allotments = options.shares.split(room, fixed.message, demands);

    let mut trace = Vec::new();
    trace.extend(persona.map(|text| standing(TraceKind::System, text, "always goes in", counter)));
    let facts = facts.fill(allotments.facts, counter, &mut trace);
    let summaries = summaries.fill(allotments.summaries, counter, &mut trace);
    let kept = history.keep(allotments.recent, counter, &mut trace);
    let newest =
        standing(TraceKind::Message, message, "the newest message always goes in", counter);
    trace.push(TraceEntry { turn: input.message_turn, ..newest });

    let there: HashSet<TurnId> = kept
        .iter()
        .flat_map(|draft| &draft.turns)
        .map(|t| t.id)
        .chain(input.message_turn)
        .collect();
    let recollection = Recollection { message, now: input.now, options, counter };
    let block = recollection.fill(input.recalled, &there, allotments.recalled, &mut trace);

    let mut system: Vec<TextBlock> = persona
        .map(str::to_owned)
        .into_iter()
        .chain(facts)
        .chain(summaries)
        .map(TextBlock::new)
        .collect();
    mark_cacheable(system.last_mut());
    let messages = written(kept, message, block);
    let mut context = Context { system, messages, tokens: 0, budget, trace };
    context.tokens = context.count(counter);
    Ok(context)
}

/// What must go into a prompt, in tokens.
pub(crate) struct FixedCosts {
    /// The system text; 0 without one.
    system: usize,
    /// The newest message.
    message: usize,
}

/// Counts what must go into a prompt.
///
/// # Errors
/// [`AssembleError`] if no prompt can be made from it.
pub(crate) fn fixed_costs(
    system: Option<&str>,
    message: &str,
    budget: TokenBudget,
    counter: &dyn TokenCounter,
) -> Result<FixedCosts, AssembleError> {
    if message.trim().is_empty() {
        return Err(AssembleError::EmptyMessage);
    }
    let cost = |text| MESSAGE_TOKENS + block_cost(text, counter);
    let (system, message) = (present(system).map_or(0, cost), cost(message));
    match budget.after(system).and_then(|room| room.after(message)) {
        Some(_) => Ok(FixedCosts { system, message }),
        None => Err(AssembleError::TooLong { message, system, budget }),
    }
}

fn present(system: Option<&str>) -> Option<&str> {
    system.filter(|text| !text.trim().is_empty())
}

/// Tells that a text went in which is no turn, or not one that is known yet.
pub(super) fn standing(
    kind: TraceKind,
    text: &str,
    reason: &str,
    counter: &dyn TokenCounter,
) -> TraceEntry {
    TraceEntry {
        kind,
        turn: None,
        session: None,
        time: None,
        tokens: counter.count(text),
        included: true,
        shortened: false,
        reason: reason.to_owned(),
    }
}

/// The history, then the newest message with the recalled block behind its text.
pub(super) fn written(
    kept: Vec<Draft<'_>>,
    message: &str,
    recalled: Option<String>,
) -> Vec<Message> {
    let mut drafts: Vec<(MessageRole, String)> =
        kept.into_iter().map(|draft| (draft.role, draft.text)).collect();
    let unanswered = drafts.pop_if(|(role, _)| *role == MessageRole::User);
    let text = unanswered.map_or_else(|| message.to_owned(), |(_, text)| joined(&text, message));

    let mut messages: Vec<Message> = drafts
        .into_iter()
        .map(|(role, text)| Message { role, content: vec![TextBlock::new(text)] })
        .collect();
    mark_cacheable(messages.last_mut().and_then(|message| message.content.last_mut()));
    let content = std::iter::once(text).chain(recalled).map(TextBlock::new).collect();
    messages.push(Message { role: MessageRole::User, content });
    messages
}

pub(super) fn mark_cacheable(block: Option<&mut TextBlock>) {
    if let Some(block) = block {
        block.cache_control = Some(CacheControl::Ephemeral);
    }
}

pub(super) fn clear_marks(messages: &mut [Message]) {
    for block in messages.iter_mut().flat_map(|message| &mut message.content) {
        block.cache_control = None;
    }
}
