//! What a replay cost, summed up.

use std::fmt::Write;

use serde::Serialize;

use super::prompt_cache::Cost;
use super::{Prices, ReplayOptions};
use crate::dataset::Dataset;

/// What was counted.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) requests: u64,
    /// Tokens of the answers, the same in both ways.
    pub(super) output: u64,
    /// As in [`NAMES`].
    pub(super) ways: [Way; 3],
}

/// The ways in which prompts are made.
const NAMES: [&str; 3] = ["tutorial", "tutorial, session only", "longmem"];

#[derive(Default)]
pub(super) struct Way {
    cost: Cost,
    best: usize,
    held: usize,
}

impl Way {
    /// Adds a prompt that holds so many of the best turns for its message.
    pub(super) fn add(&mut self, cost: Cost, best: usize, held: usize) {
        self.cost.tokens += cost.tokens;
        self.cost.prefix += cost.prefix;
        self.cost.read += cost.read;
        self.cost.written += cost.written;
        self.best += best;
        self.held += held;
    }
}

/// What prompts cost in both ways.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReplayReport {
    /// How many conversations were replayed.
    pub conversations: usize,
    /// Whether all sessions of one were one long session.
    pub one_session: bool,
    /// The most tokens of a prompt.
    pub budget: usize,
    /// How tokens were counted.
    pub token_counter: String,
    /// The shortest beginning that is cached, in tokens.
    pub least_cached: usize,
    /// What tokens cost.
    pub prices: Prices,
    /// Messages that were answered.
    pub requests: u64,
    /// Tokens of the answers, the same in both ways.
    pub answer_tokens: u64,
    /// Each way: the tutorials', the same with the newest messages of the session only, and ours.
    pub ways: Vec<WayReport>,
}

/// What prompts cost in one way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WayReport {
    /// Its name: `tutorial`, `tutorial, session only` or `longmem`.
    pub name: &'static str,
    /// Tokens of all prompts.
    pub prompt_tokens: u64,
    /// The share of them that is a beginning of the prompt before, 0 to 1.
    pub prefix: f64,
    /// The share of them that the cache served, 0 to 1.
    pub read: f64,
    /// The share of them that was written to the cache, 0 to 1.
    pub written: f64,
    /// Dollars for the prompts.
    pub prompts_cost: f64,
    /// The same as a share of the tutorials' way.
    pub cost_ratio: f64,
    /// Dollars for prompts and answers.
    pub total_cost: f64,
    /// Of the ten turns that the engine finds best for each message, the share that the prompt
    /// quotes or has among its messages; 0 to 1.
    pub best_ten: f64,
}

impl ReplayReport {
    pub(super) fn new(dataset: &Dataset, options: &ReplayOptions, tally: &Tally) -> Self {
        let ways = NAMES.iter().zip(&tally.ways);
        let mut ways: Vec<WayReport> =
            ways.map(|(name, way)| WayReport::new(name, way, tally, options.prices)).collect();
        let tutorial = ways[0].prompts_cost;
        for way in &mut ways {
            way.cost_ratio = way.prompts_cost / tutorial;
        }
        Self {
            conversations: dataset.conversations.len(),
            one_session: options.one_session,
            budget: options.budget.tokens(),
            token_counter: options.counter.describe(),
            least_cached: options.least_cached,
            prices: options.prices,
            requests: tally.requests,
            answer_tokens: tally.output,
            ways,
        }
    }
}

impl WayReport {
    fn new(name: &'static str, way: &Way, tally: &Tally, prices: Prices) -> Self {
        let Cost { tokens, prefix, read, written } = way.cost;
        let share = |part: u64| part as f64 / tokens.max(1) as f64;
        let plain = tokens - read - written;
        let weighed =
            plain as f64 + written as f64 * prices.cache_write + read as f64 * prices.cache_read;
        let prompts_cost = weighed * prices.input / 1e6;
        Self {
            name,
            prompt_tokens: tokens,
            prefix: share(prefix),
            read: share(read),
            written: share(written),
            prompts_cost,
            cost_ratio: 1.0,
            total_cost: prompts_cost + tally.output as f64 * prices.output / 1e6,
            best_ten: way.held as f64 / way.best.max(1) as f64,
        }
    }
}

/// Writes a report as a table, a way a row.
pub fn replay_table(report: &ReplayReport) -> String {
    let Prices { input, output, cache_write, cache_read } = report.prices;
    let sessions = if report.one_session { "as one long session" } else { "session by session" };
    let mut table = format!(
        "{} conversations {sessions}: {} messages, budget {} tokens\n\
         tokens: {}\n\
         ${input} a million prompt tokens, {cache_write} times that written to the cache, \
         {cache_read} times read from it,\n${output} a million answer tokens; nothing under {} \
         tokens is cached\n\n\
         {:<22}  tokens/prompt  prefix  served  written  best ten  prompts $  ratio  \
         with answers $\n",
        report.conversations,
        report.requests,
        report.budget,
        report.token_counter,
        report.least_cached,
        "way",
    );
    for way in &report.ways {
        writeln!(
            table,
            "{:<22}  {:>13}  {:>5.1}%  {:>5.1}%  {:>6.1}%  {:>7.1}%  {:>9.4}  {:>5.2}  {:>14.4}",
            way.name,
            way.prompt_tokens / report.requests.max(1),
            way.prefix * 100.0,
            way.read * 100.0,
            way.written * 100.0,
            way.best_ten * 100.0,
            way.prompts_cost,
            way.cost_ratio,
            way.total_cost,
        )
        .expect("writing to a string cannot fail");
    }
    table.pop();
    table
}
