//! Replays talks message by message, and counts what their prompts cost with a provider's prompt
//! cache.
//!
//! Three ways of making prompts are compared ([`Way`]). longmem's is the real [`Conversation`]: the
//! requests that it sends are what is counted, and the recorded answers are what comes back. The
//! tutorials' way puts the ten nearest messages into the system prompt, and after it the newest
//! messages that fit. Nothing is sent anywhere: a [`PromptCache`] follows the provider's documented
//! rules.

mod exchanges;
mod prompt_cache;
mod recorded;
mod report;
#[cfg(test)]
mod tests;
mod tutorial;

use std::collections::HashSet;
use std::sync::Arc;

use indicatif::ProgressBar;
use longmem_chat::{AsyncMemory, Conversation, LanguageModel, Reply, TokenBudget};
use longmem_core::{
    Clock, EstimatedTokens, Role, Scope, SessionName, TextEmbedder, TokenCounter, Turn, TurnId,
    UserName,
};
use longmem_eval::dataset::Dataset;
use longmem_memory::{IndexOptions, Memory, MemoryError, RecallRequest};
use serde::Serialize;

use crate::arguments::{ModelArguments, ReplayArguments};
use crate::error::LabError;
use crate::model::model;
use crate::open::open_or_make;

use exchanges::{Exchange, Talk, talks};
use prompt_cache::PromptCache;
use recorded::{RecordedModel, SettableClock};
use report::{ReplayReport, Tally, replay_table};
use tutorial::Tutorial;

/// The persona that every prompt begins with.
const PERSONA: &str = "You are a friendly assistant who has known this person for a long time. \
                       Answer briefly and to the point, and use what you remember where it helps.";

/// Replays the talks of a data set and returns what their prompts cost, as a table or as JSON.
pub(crate) fn run(
    arguments: &ReplayArguments,
    model_arguments: &ModelArguments,
) -> Result<String, LabError> {
    let dataset = arguments.data.read()?;
    let options = ReplayOptions {
        counter: Arc::new(EstimatedTokens),
        budget: TokenBudget::new(arguments.budget),
        one_session: arguments.one_session,
        prices: Prices {
            input: arguments.prompt_price,
            output: arguments.answer_price,
            cache_write: arguments.cache_write,
            cache_read: arguments.cache_read,
        },
        min_cached: arguments.min_cached,
    };
    let folder = tempfile::tempdir()?;
    let embedder: Arc<dyn TextEmbedder> = Arc::new(model(model_arguments)?);
    let bar = ProgressBar::new_spinner();
    let report = replay(
        &dataset,
        &options,
        &|name, clock| {
            open_or_make(&folder.path().join(format!("{name}.db")), embedder.clone(), clock)
        },
        &mut |conversation| {
            bar.inc(1);
            bar.set_message(format!("{conversation}: message {}", bar.position()));
        },
    )?;
    bar.finish_and_clear();
    if arguments.json {
        return Ok(serde_json::to_string_pretty(&report).expect("figures have a JSON form"));
    }
    Ok(replay_table(&report))
}

/// How talks are replayed.
#[derive(Clone)]
struct ReplayOptions {
    /// What counts a prompt's tokens.
    counter: Arc<dyn TokenCounter>,
    /// Tokens of a prompt, at most.
    budget: TokenBudget,
    /// Whether all sessions of a conversation are one long session. Otherwise the cache is empty at
    /// the beginning of each: sessions lie days apart.
    one_session: bool,
    /// What tokens cost.
    prices: Prices,
    /// Tokens of the shortest beginning of a prompt that is cached. 1,024 is documented for several
    /// models, 512 to 4,096 for others.
    min_cached: usize,
}

/// What tokens cost, in dollars per million and as multiples of that.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Prices {
    /// Dollars for a million tokens of prompts.
    input: f64,
    /// Dollars for a million tokens of answers.
    output: f64,
    /// Price of a prompt token that is written to the cache, as a multiple of `input`.
    cache_write: f64,
    /// Price of a prompt token that is read from the cache, as a multiple of `input`.
    cache_read: f64,
}

/// Opens or makes the memory of a name, and joins it with the model and a clock.
type OpenMemory<'a> = &'a dyn Fn(&str, Arc<dyn Clock>) -> Result<Memory, MemoryError>;

/// Replays every conversation in an empty memory of its own, and counts what its prompts cost in each
/// way. `progress` is called before each message with the conversation's id.
fn replay(
    dataset: &Dataset,
    options: &ReplayOptions,
    open: OpenMemory<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<ReplayReport, LabError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let mut tally = Tally::default();
    for (number, conversation) in dataset.conversations.iter().enumerate() {
        let clock = Arc::new(SettableClock::default());
        let memory = open(&format!("replay-{number}"), clock.clone())?;
        let mut replaying = Replaying {
            options,
            memory: Arc::new(memory),
            user: UserName::new(&conversation.id)?,
            clock,
            all_sessions: Tutorial::new(options),
            tally: &mut tally,
        };
        for talk in talks(conversation, options.one_session)? {
            runtime.block_on(replaying.replay(&talk, &mut || progress(&conversation.id)))?;
        }
    }
    if tally.requests == 0 {
        return Err(LabError::NothingToReplay);
    }
    Ok(ReplayReport::new(dataset, options, &tally))
}

longmem_core::closed_words! {
    /// A way of making prompts.
    enum Way: "a way of making prompts" {
        /// The tutorials' way, with the newest messages of all sessions.
        Tutorial = "tutorial",
        /// The tutorials' way, with the newest messages of the current session.
        SessionTutorial = "tutorial, session only",
        /// longmem's own way.
        Longmem = "longmem",
    }
}

/// One conversation that is being replayed.
struct Replaying<'a> {
    options: &'a ReplayOptions,
    memory: Arc<Memory>,
    user: UserName,
    clock: Arc<SettableClock>,
    /// [`Way::Tutorial`], which goes on from session to session.
    all_sessions: Tutorial<'a>,
    tally: &'a mut Tally,
}

impl Replaying<'_> {
    /// Replays one talk, with empty caches at its beginning.
    async fn replay(
        &mut self,
        talk: &Talk<'_>,
        progress: &mut dyn FnMut(),
    ) -> Result<(), LabError> {
        let ReplayOptions { counter, min_cached, .. } = self.options;
        let recorded = Arc::new(RecordedModel::default());
        let longmem = self.conversation(&talk.session, recorded.clone());
        let mut this_session = Tutorial::new(self.options);
        let mut caches =
            [(); Way::ALL.len()].map(|()| PromptCache::new(Arc::clone(counter), *min_cached));
        for Exchange { time, message, answer } in &talk.exchanges {
            self.clock.set(*time);
            if message.is_empty() {
                // The assistant speaks first: there is nothing to ask for.
                let turn = self.memory.new_turn(talk.session.clone(), Role::Assistant, answer);
                self.memory.remember(&self.user, &[turn])?;
                self.all_sessions.add_answer(answer);
                this_session.add_answer(answer);
                continue;
            }
            progress();
            let best = self.best_ten(message)?;
            self.tally.requests += 1;
            self.tally.answer_tokens += counter.count(answer) as u64;
            for (way, tutorial) in
                [(Way::Tutorial, &mut self.all_sessions), (Way::SessionTutorial, &mut this_session)]
            {
                let prompt = tutorial.prompt(&self.memory, &self.user, message)?;
                let held = best.iter().filter(|turn| tutorial::holds(&prompt, &turn.text)).count();
                let cost = caches[way as usize].send(&prompt);
                self.tally.ways[way as usize].add(cost, best.len(), held);
                tutorial.add_exchange(message, answer);
            }

            recorded.set_answer(answer);
            let reply = longmem.ask(message, &mut |_| {}).await?;
            let Reply::Answer { context, .. } = reply else { continue };
            let included = context.trace.iter().filter(|entry| entry.included);
            let in_prompt: HashSet<TurnId> = included.filter_map(|entry| entry.turn).collect();
            let held = best.iter().filter(|turn| in_prompt.contains(&turn.id)).count();
            let cost = caches[Way::Longmem as usize].send(&recorded.take_request());
            self.tally.ways[Way::Longmem as usize].add(cost, best.len(), held);
        }
        Ok(())
    }

    fn conversation(&self, session: &SessionName, provider: Arc<RecordedModel>) -> Conversation {
        let memory = AsyncMemory::one_at_a_time(Arc::clone(&self.memory));
        let mut conversation = Conversation::new(memory, self.user.clone(), session.clone());
        conversation.model = Some(LanguageModel::new(provider, "recorded", 1_024));
        conversation.counter = Arc::clone(&self.options.counter);
        conversation.settings.system = Some(PERSONA.to_owned());
        conversation.settings.budget = self.options.budget;
        conversation.settings.continued = true;
        conversation
    }

    /// The turns that the engine finds best for a message, before the message is stored.
    fn best_ten(&self, message: &str) -> Result<Vec<Turn>, LabError> {
        let go_on = &mut |_| std::ops::ControlFlow::Continue(());
        self.memory.index(IndexOptions::default(), go_on)?;
        let request = RecallRequest::new(Scope::of(self.user.clone()), message);
        let recall = self.memory.recall(&request)?;
        Ok(recall.results.into_iter().map(|found| found.turn).collect())
    }
}
