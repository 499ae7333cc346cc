//! Replays conversations message by message and counts what their prompts cost with a provider's
//! cache, made in our way and as tutorials make them.
//!
//! Ours is the [`Conversation`] itself: what it sends to its provider is what is counted, in the
//! shape of the Messages API; the recorded answer is what comes back. The tutorials' way puts ten
//! nearest messages into the system prompt and, behind it, the newest messages that fit: of all
//! that were ever said, and in a second count of the session only. The cache is a [`PromptCache`] that follows the documented rules; nothing is sent anywhere.

mod prompt_cache;
mod report;
mod sitting;
mod tutorial;

pub use report::{ReplayReport, WayReport, replay_table};

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use longmem_chat::{
    Anthropic, AsyncMemory, Completion, Conversation, LanguageModel, OnText, Provider,
    ProviderError, Reply, Request, StopReason, TokenBudget, Usage, async_trait,
};
use longmem_core::{Clock, Role, Scope, SessionName, TokenCounter, Turn, TurnId, UserName};
use longmem_memory::{IndexOptions, Memory, MemoryError, RecallRequest};
use serde::Serialize;
use serde_json::Value;

use self::prompt_cache::PromptCache;
use self::report::Tally;
use self::sitting::{Sitting, sittings};
use self::tutorial::Tutorial;
use crate::EvalError;
use crate::dataset::Dataset;

/// How conversations are replayed.
#[derive(Clone)]
pub struct ReplayOptions {
    /// What counts a prompt's tokens.
    pub counter: Arc<dyn TokenCounter>,
    /// The most tokens of a prompt, in both ways.
    pub budget: TokenBudget,
    /// The persona that both ways begin with.
    pub system: String,
    /// Whether all sessions of a conversation are one long session. Otherwise each is by itself,
    /// and the cache is empty when it begins: sessions lie days apart.
    pub one_session: bool,
    /// What tokens cost.
    pub prices: Prices,
    /// A shorter beginning of a prompt is never cached; 1,024 tokens by default, as documented for
    /// several models. Others need 512 to 4,096.
    pub least_cached: usize,
}

/// What tokens cost, in dollars per million and as factors of that.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Prices {
    /// A million tokens of prompts.
    pub input: f64,
    /// A million tokens of answers.
    pub output: f64,
    /// What a prompt token costs that is written to the cache, beside one that is not.
    pub cache_write: f64,
    /// What a prompt token costs that is read from it.
    pub cache_read: f64,
}

impl Default for Prices {
    /// Those of claude-haiku-5-5 up to 100,000 prompt tokens, with a cache that keeps for five
    /// minutes, as listed in October 2026.
    fn default() -> Self {
        Self { input: 0.10, output: 0.50, cache_write: 1.25, cache_read: 0.1 }
    }
}

impl ReplayOptions {
    /// Each session by itself, at the default prices.
    pub fn new(counter: Arc<dyn TokenCounter>, budget: TokenBudget) -> Self {
        let system = "You are a friendly assistant who has known this person for a long time. \
                      Answer briefly and to the point, and use what you remember where it helps."
            .to_owned();
        let (prices, least_cached) = (Prices::default(), 1_024);
        Self { counter, budget, system, one_session: false, prices, least_cached }
    }
}

/// Opens or makes the store at a path, and joins it with the model and a clock.
pub type OpenMemory<'a> = &'a dyn Fn(&Path, Arc<dyn Clock>) -> Result<Memory, MemoryError>;

/// Replays every conversation in a store of its own, in an empty folder, and counts what its
/// prompts cost in both ways. `progress` is called before each message with the conversation's id;
/// `Break` ends the replay.
///
/// # Errors
/// [`EvalError::NoConversation`] if nobody was answered in any; [`EvalError::Stopped`];
/// [`EvalError::Memory`] and [`EvalError::Chat`] from the engine; [`EvalError::Io`].
pub fn replay(
    dataset: &Dataset,
    folder: &Path,
    options: &ReplayOptions,
    open: OpenMemory<'_>,
    progress: &mut dyn FnMut(&str) -> ControlFlow<()>,
) -> Result<ReplayReport, EvalError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let mut tally = Tally::default();
    for (number, conversation) in dataset.conversations.iter().enumerate() {
        let clock = Arc::new(HandClock::default());
        let memory = open(&folder.join(format!("replay-{number}.db")), clock.clone())?;
        let replaying = Replaying {
            options,
            memory: Arc::new(memory),
            user: UserName::new(&conversation.id)?,
            clock,
        };
        let mut everything = Tutorial::new(options);
        for sitting in sittings(conversation, options.one_session)? {
            let mut next = || progress(&conversation.id);
            let sat = replaying.sit(&sitting, &mut everything, &mut tally, &mut next);
            runtime.block_on(sat)?;
        }
    }
    if tally.requests == 0 {
        return Err(EvalError::NoConversation);
    }
    Ok(ReplayReport::new(dataset, options, &tally))
}

/// One conversation being replayed.
struct Replaying<'a> {
    options: &'a ReplayOptions,
    memory: Arc<Memory>,
    user: UserName,
    clock: Arc<HandClock>,
}

impl<'a> Replaying<'a> {
    /// Replays one session, with an empty cache at its beginning.
    async fn sit(
        &self,
        sitting: &Sitting<'_>,
        everything: &mut Tutorial<'a>,
        tally: &mut Tally,
        progress: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<(), EvalError> {
        let ReplayOptions { counter, least_cached, .. } = self.options;
        let recorded = Arc::new(Recorded::default());
        let talk = self.talk(&sitting.session, recorded.clone());
        let mut session = Tutorial::new(self.options);
        let mut caches = [(); 3].map(|()| PromptCache::new(Arc::clone(counter), *least_cached));
        for exchange in &sitting.exchanges {
            self.clock.set(exchange.time);
            let (message, answer) = (&exchange.message, &exchange.answer);
            if message.is_empty() {
                let turn = self.memory.new_turn(sitting.session.clone(), Role::Assistant, answer);
                self.memory.remember(&self.user, &[turn])?;
                everything.heard(answer);
                session.heard(answer);
                continue;
            }
            if progress().is_break() {
                return Err(EvalError::Stopped);
            }
            let best = self.best_ten(message)?;
            tally.requests += 1;
            tally.output += counter.count(answer) as u64;
            for (place, tutorial) in [&mut *everything, &mut session].into_iter().enumerate() {
                let prompt = tutorial.prompt(&self.memory, &self.user, message)?;
                let held = best.iter().filter(|turn| tutorial::holds(&prompt, &turn.text)).count();
                tally.ways[place].add(caches[place].send(&prompt), best.len(), held);
                tutorial.said(message, answer);
            }

            recorded.next(answer);
            let reply = talk.ask(message, &mut |_| {}).await?;
            let Reply::Answer { context, .. } = reply else { continue };
            let included = context.trace.iter().filter(|entry| entry.included);
            let in_prompt: HashSet<TurnId> = included.filter_map(|entry| entry.turn).collect();
            let held = best.iter().filter(|turn| in_prompt.contains(&turn.id)).count();
            tally.ways[2].add(caches[2].send(&recorded.sent()), best.len(), held);
        }
        Ok(())
    }

    fn talk(&self, session: &SessionName, provider: Arc<Recorded>) -> Conversation {
        let memory = AsyncMemory::one_at_a_time(Arc::clone(&self.memory));
        let mut talk = Conversation::new(memory, self.user.clone(), session.clone());
        talk.model = Some(LanguageModel::new(provider, "recorded", 1_024));
        talk.counter = Arc::clone(&self.options.counter);
        talk.settings.system = Some(self.options.system.clone());
        talk.settings.budget = self.options.budget;
        talk.settings.continued = true;
        talk
    }

    /// What the engine finds best for a message, before it is said.
    fn best_ten(&self, message: &str) -> Result<Vec<Turn>, EvalError> {
        self.memory.index(IndexOptions::default(), &mut |_| ControlFlow::Continue(()))?;
        let request = RecallRequest::new(Scope::of(self.user.clone()), message);
        let recall = self.memory.recall(&request)?;
        Ok(recall.results.into_iter().map(|hit| hit.turn).collect())
    }
}

/// A model that answers what was answered, and keeps the request as it would go out.
#[derive(Default)]
struct Recorded {
    answer: Mutex<String>,
    sent: Mutex<Value>,
}

impl Recorded {
    fn next(&self, answer: &str) {
        answer.clone_into(&mut self.answer.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn sent(&self) -> Value {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[async_trait]
impl Provider for Recorded {
    async fn complete(
        &self,
        request: &Request,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        let text = self.answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let body = serde_json::from_str(&Anthropic::request_body(request));
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) =
            body.expect("a request's body is JSON");
        on_text(&text);
        let (stop_reason, usage) = (StopReason::EndTurn, Usage::default());
        Ok(Completion { text, stop_reason, usage, model: request.model.clone() })
    }
}

/// A clock that shows what it is set to.
#[derive(Default)]
struct HandClock(Mutex<Timestamp>);

impl HandClock {
    fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
