//! What a replay cost, summed up.

use longmem_eval::aligned;
use longmem_eval::dataset::Dataset;
use serde::Serialize;

use super::prompt_cache::Cost;
use super::{Prices, ReplayOptions, Way};

/// Running sums of a replay.
#[derive(Default)]
pub(super) struct Tally {
    /// Number of prompts in each way.
    pub(super) requests: u64,
    /// Tokens of the answers, the same in every way.
    pub(super) answer_tokens: u64,
    /// In the order of [`Way::ALL`].
    pub(super) ways: [WayTally; Way::ALL.len()],
}

/// Running sums of one way.
#[derive(Default)]
pub(super) struct WayTally {
    cost: Cost,
    best_turns: usize,
    held_turns: usize,
}

impl WayTally {
    /// Adds a prompt that holds `held_turns` of the `best_turns` for its message.
    pub(super) fn add(&mut self, cost: Cost, best_turns: usize, held_turns: usize) {
        self.cost.tokens += cost.tokens;
        self.cost.prefix += cost.prefix;
        self.cost.read += cost.read;
        self.cost.written += cost.written;
        self.best_turns += best_turns;
        self.held_turns += held_turns;
    }
}

/// What prompts cost in each way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ReplayReport {
    /// Number of conversations that were replayed.
    pub(super) conversations: usize,
    /// Whether all sessions of a conversation were one long session.
    one_session: bool,
    /// Tokens of a prompt, at most.
    pub(super) budget: usize,
    /// How tokens were counted.
    token_counter: String,
    /// Tokens of the shortest beginning that is cached.
    min_cached: usize,
    /// What tokens cost.
    pub(super) prices: Prices,
    /// Number of messages that were answered.
    pub(super) requests: u64,
    /// Tokens of the answers, the same in every way.
    answer_tokens: u64,
    /// In the order of [`Way::ALL`].
    pub(super) ways: Vec<WayReport>,
}

/// What prompts cost in one way. Shares are from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct WayReport {
    pub(super) way: Way,
    /// Tokens of all prompts.
    pub(super) prompt_tokens: u64,
    /// Share of the tokens that are a beginning of the prompt before.
    pub(super) prefix: f64,
    /// Share of the tokens that the cache served.
    pub(super) read: f64,
    /// Share of the tokens that were written to the cache.
    pub(super) written: f64,
    /// Dollars for the prompts.
    pub(super) prompts_cost: f64,
    /// The same as a multiple of the tutorials' way.
    pub(super) cost_ratio: f64,
    /// Dollars for prompts and answers.
    pub(super) total_cost: f64,
    /// Of the ten turns that the engine finds best for each message, the share that the prompt
    /// quotes or has among its messages.
    pub(super) best_ten: f64,
}

impl ReplayReport {
    pub(super) fn new(dataset: &Dataset, options: &ReplayOptions, tally: &Tally) -> Self {
        let ways = Way::ALL.iter().zip(&tally.ways);
        let mut ways: Vec<WayReport> =
            ways.map(|(way, sums)| WayReport::new(*way, sums, tally, options.prices)).collect();
        let tutorial = ways[Way::Tutorial as usize].prompts_cost;
        for way in &mut ways {
            way.cost_ratio = way.prompts_cost / tutorial;
        }
        Self {
            conversations: dataset.conversations.len(),
            one_session: options.one_session,
            budget: options.budget.tokens(),
            token_counter: options.counter.describe(),
            min_cached: options.min_cached,
            prices: options.prices,
            requests: tally.requests,
            answer_tokens: tally.answer_tokens,
            ways,
        }
    }
}

impl WayReport {
    fn new(way: Way, sums: &WayTally, tally: &Tally, prices: Prices) -> Self {
        let Cost { tokens, prefix, read, written } = sums.cost;
        let share = |part: u64| part as f64 / tokens.max(1) as f64;
        let uncached = tokens - read - written;
        let weighted =
            uncached as f64 + written as f64 * prices.cache_write + read as f64 * prices.cache_read;
        let prompts_cost = weighted * prices.input / 1e6;
        Self {
            way,
            prompt_tokens: tokens,
            prefix: share(prefix),
            read: share(read),
            written: share(written),
            prompts_cost,
            cost_ratio: 1.0,
            total_cost: prompts_cost + tally.answer_tokens as f64 * prices.output / 1e6,
            best_ten: sums.held_turns as f64 / sums.best_turns.max(1) as f64,
        }
    }
}

/// Writes a report as a table with a row for each way.
pub(super) fn replay_table(report: &ReplayReport) -> String {
    let Prices { input, output, cache_write, cache_read } = report.prices;
    let sessions = if report.one_session { "as one long session" } else { "session by session" };
    let title = format!(
        "{} conversations {sessions}: {} messages, budget {} tokens\n\
         tokens: {}\n\
         ${input} for a million prompt tokens, times {cache_write} if written to the cache, times \
         {cache_read} if read from it;\n\
         ${output} for a million answer tokens; beginnings under {} tokens are not cached\n",
        report.conversations,
        report.requests,
        report.budget,
        report.token_counter,
        report.min_cached,
    );
    let header = [
        "way",
        "tokens/prompt",
        "prefix",
        "read",
        "written",
        "best ten",
        "prompts $",
        "ratio",
        "with answers $",
    ];
    let percent = |share: f64| format!("{:.1}%", share * 100.0);
    let row = |way: &WayReport| {
        vec![
            way.way.to_string(),
            (way.prompt_tokens / report.requests.max(1)).to_string(),
            percent(way.prefix),
            percent(way.read),
            percent(way.written),
            percent(way.best_ten),
            format!("{:.4}", way.prompts_cost),
            format!("{:.2}", way.cost_ratio),
            format!("{:.4}", way.total_cost),
        ]
    };
    aligned(&title, header.map(str::to_owned).to_vec(), report.ways.iter().map(row))
}
