//! `memory_search`: what was said that is relevant to a question.

use std::sync::Arc;
use std::time::{Duration, Instant};

use longmem_chat::excerpt_about;
use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{EstimatedTokens, Role, Scope};
use longmem_memory::{Degraded, Recall, RecallRequest};
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::Entry;
use crate::activity::{Brought, Door, Event, Note};
use crate::mcp::arguments::{number, text, time};
use crate::mcp::call::{Call, NOTHING_YET};
use crate::mcp::quotes::{FactQuote, NOTE, Quote, QuotedFact, QuotedTurn, Shown};
use crate::mcp::reply::{Refusal, Reply};

/// Characters of the longest question.
const MAX_QUERY: usize = 2_000;

/// Results, where nobody says how many.
const RESULTS: usize = 8;

/// How long a search should take at most: a model waits for it.
const DEADLINE: Duration = Duration::from_secs(5);

/// Tokens that the quotes of a search take together, estimated: some 10,000 characters.
const TOKENS: usize = 2_500;

/// Tokens of a quote: the fewest and the most.
const QUOTE_TOKENS: (usize, usize) = (60, 300);

/// What is looked for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(super) struct Search {
    /// What to look for: a question, or words that were said.
    #[schemars(length(min = 1, max = 2000))]
    query: String,
    /// Results at most.
    #[schemars(with = "Option<i64>", range(min = 1, max = 50), extend("default" = 8))]
    limit: Option<Number>,
    /// Only what was said at or after this time: 2026-03-01, 2026-03, "last week", or 2w for two weeks
    /// ago.
    since: Option<String>,
    /// Only what was said before the end of this time, written in the same ways.
    until: Option<String>,
    /// Only this conversation, by its name, its title, or a beginning of these.
    session: Option<String>,
    /// Only what was said in this role.
    role: Option<Role>,
}

/// What was found, the most relevant first.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Found {
    /// What the quotes are.
    note: &'static str,
    /// What is known that bears on the query.
    facts: Vec<QuotedFact>,
    /// What was said.
    results: Vec<QuotedTurn>,
    /// Whether what was found is most likely no answer, but the nearest there is.
    unsure: bool,
    /// Turns that are found by their words only, because they have no vectors yet.
    turns_without_vectors: u64,
    /// Why everything was found by words only; left out if it was found by meaning, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    degraded: Vec<Degraded>,
    /// What else is to be known of the results.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<String>,
}

pub(super) fn entry() -> Entry {
    Entry::reading::<Search, Found>(
        "memory_search",
        "Search memory",
        "Searches this user's past conversations and noted facts, by meaning and by words. Call it \
         before answering anything that may depend on earlier talks: people, decisions, preferences, \
         dates, 'as we said', 'my …'. Ask in whole sentences. Results are dated quotes, long ones \
         shortened to what bears on the query; memory_get gives a whole turn and what was said around \
         it.",
        |call, arguments| Box::pin(search(call, arguments)),
    )
    .with_meta("anthropic/alwaysLoad", true.into())
}

async fn search(call: Call, asked: Search) -> Result<Reply, Refusal> {
    let query = text("query", &asked.query, MAX_QUERY)?.to_owned();
    let limit = number("limit", asked.limit.as_ref(), RESULTS, 1..=50)?;
    let now = call.now();
    let since = time("since", asked.since.as_deref())?.map(|time| time.resolve(&now));
    let until = time("until", asked.until.as_deref())?.map(|time| time.resolve_end(&now));
    if let (Some(since), Some(until)) = (since, until)
        && since >= until
    {
        let message = format!("until ({until}) is not after since ({since})");
        return Err(Refusal::new(message, "Give since the earlier time, and until the later one."));
    }
    let time_zone = now.time_zone().clone();
    // A server of many loads the model itself, and a request that waits would keep others from their place.
    if call.is_owner {
        call.warmth.wait_for_model(&call.shared.memory).await;
    }
    let (question, shared) = (query.clone(), Arc::clone(&call.shared));
    let began = Instant::now();
    let recall = call
        .read(move |memory, user| {
            let mut scope = Scope::of(user.clone());
            memory.check_names(&scope)?;
            if let Some(words) = &asked.session {
                scope.sessions.push(memory.find_session(user, words)?);
            }
            scope.roles.extend(asked.role);
            (scope.since, scope.until) = (since, until);
            let mut request = RecallRequest::new(scope, question);
            request.limit = limit;
            request.time_zone = time_zone;
            request.catch_up = true;
            request.deadline = Some(DEADLINE);
            memory.recall(&request)
        })
        .await?;
    let is_empty = recall.is_none();
    let recall = recall.unwrap_or_default();
    shared.metrics.recall(&recall);
    let recalled = Note::new(Door::Mcp, Event::Recalled(Brought::by(&query, &recall)));
    shared.activity.note(call.user(), shared.memory.now(), recalled.took(began.elapsed()));
    let mut remarks = remarks(&recall, is_empty);
    remarks.extend(recall.degraded.first().map(|reason| by_words_only(*reason, &call)));
    let Recall { unsure, turns_without_vectors, .. } = recall;
    let degraded = recall.degraded.clone();
    let (facts, turns) = quotes(recall, &query);
    let shown = Shown::fitting(facts, turns, &now);
    let left_out = shown.facts_left_out + shown.turns_left_out;
    if left_out > 0 {
        remarks.push(format!("{left_out} more did not fit; ask more precisely for them."));
    }
    let text = shown.text(&remarks, &now);
    let (facts, results) = (shown.facts_json(), shown.turns_json());
    let note = NOTE;
    let found = Found { note, facts, results, unsure, turns_without_vectors, degraded, remarks };
    Ok(Reply::new(text, &found))
}

/// What a search finds, as text alone.
///
/// # Errors
/// Those of the search.
pub(in crate::mcp) async fn recalled_text(call: Call, query: String) -> Result<String, Refusal> {
    let asked = Search { query, ..Search::default() };
    search(call, asked).await.map(Reply::into_text)
}

/// Why everything was found by words only, in words.
fn by_words_only(reason: Degraded, call: &Call) -> String {
    let why = match reason {
        Degraded::ModelLoading => "the embedding model is still being loaded".to_owned(),
        Degraded::ModelMissing => match call.warmth.failure().filter(|_| call.is_owner) {
            Some(why) => format!("the embedding model cannot be used: {why}"),
            None => "the embedding model cannot be used".to_owned(),
        },
        Degraded::Deadline => "there was no time to search by meaning".to_owned(),
        other => format!("it could not be searched by meaning ({other})"),
    };
    format!("Everything was found by words only, since {why}.")
}

/// What a person would want to know of the results.
fn remarks(recall: &Recall, is_empty: bool) -> Vec<String> {
    let mut remarks = Vec::new();
    if is_empty {
        remarks.push(format!("{NOTHING_YET}."));
    } else if recall.results.is_empty() && recall.facts.is_empty() {
        remarks.push("Nothing relevant was found.".to_owned());
    } else if recall.unsure {
        remarks
            .push("Most likely none of this is the answer; it is the nearest there is.".to_owned());
    }
    if recall.other_model.is_some() {
        let remark = "Everything was found by words only: the stored vectors are of another model.";
        remarks.push(remark.to_owned());
    }
    remarks
}

/// The facts and turns of a recall; of a long turn, what has most to do with the query.
fn quotes(recall: Recall, query: &str) -> (Vec<FactQuote>, Vec<Quote>) {
    let (least, most) = QUOTE_TOKENS;
    let tokens = (TOKENS / recall.results.len().max(1)).clamp(least, most);
    let facts = recall.facts.into_iter();
    let facts = facts.map(|found| FactQuote { fact: found.fact, score: Some(found.score) });
    let turns = recall.results.into_iter().map(|found| {
        let excerpt = excerpt_about(&found.turn.text, query, tokens, &EstimatedTokens).into_owned();
        let mut quote = Quote::whole(found.turn);
        quote.shortened = excerpt != quote.turn.text;
        quote.turn.text = excerpt;
        quote.score = Some(found.score);
        quote
    });
    (facts.collect(), turns.collect())
}
