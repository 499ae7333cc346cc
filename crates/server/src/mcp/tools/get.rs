//! `memory_get`: whole turns by their numbers, with what was said around them.

use std::collections::HashSet;

use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{Diagnose, ErrorCode, Turn, TurnId};
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::Entry;
use crate::mcp::arguments::{TurnNumber, number};
use crate::mcp::call::{Call, NOTHING_YET};
use crate::mcp::quotes::{NOTE, Quote, QuotedTurn, Shown};
use crate::mcp::reply::{Refusal, Reply};

/// Turns that can be asked for at once.
const MAX_IDS: usize = 50;

/// Turns before and after each, where nobody says how many.
const AROUND: usize = 2;

/// Which turns are wanted.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Get {
    /// The numbers of turns, as `memory_search` gives them: "t40" or "40".
    #[schemars(with = "Vec<String>", length(min = 1, max = 50))]
    ids: Vec<TurnNumber>,
    /// Number of turns before and after each that are shown too.
    #[schemars(with = "Option<i64>", range(min = 0, max = 10), extend("default" = 2))]
    around: Option<Number>,
    /// Leaves out so many characters at the beginning of each turn that is asked for: to read on in one
    /// that was cut.
    #[schemars(with = "Option<i64>", range(min = 0), extend("default" = 0))]
    from: Option<Number>,
}

/// The turns, by session and time.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Got {
    /// What the quotes are.
    note: &'static str,
    /// The turns that were asked for, and those around them.
    turns: Vec<QuotedTurn>,
    /// Numbers that were asked for and are no turns of this user.
    missing: Vec<TurnId>,
    /// What else is to be known of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<String>,
}

pub(super) fn entry() -> Entry {
    Entry::reading::<Get, Got>(
        "memory_get",
        "Read turns",
        "Reads whole turns of past conversations by their numbers, with the turns before and after \
         them: the second step after memory_search, to see in what context something was said.",
        |call, arguments| Box::pin(get(call, arguments)),
    )
}

async fn get(call: Call, asked: Get) -> Result<Reply, Refusal> {
    let count = asked.ids.len();
    if !(1..=MAX_IDS).contains(&count) {
        let message = format!("ids holds {count} numbers, and may hold 1 to {MAX_IDS}");
        return Err(Refusal::new(message, "Ask for fewer turns at a time."));
    }
    let around = number("around", asked.around.as_ref(), AROUND, 0..=10)?;
    let from = number("from", asked.from.as_ref(), 0, 0..=usize::MAX)?;
    let ids: Vec<TurnId> = asked.ids.iter().map(|id| id.0).collect();
    let wanted = ids.clone();
    let read = call
        .read(move |memory, user| {
            let mut found = Vec::new();
            for id in wanted {
                match memory.turns_around(user, id, around) {
                    Ok(turns) => found.extend(turns),
                    Err(error) if error.code() == ErrorCode::UnknownTurn => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(found)
        })
        .await?;
    let mut remarks = Vec::new();
    if read.is_none() {
        remarks.push(format!("{NOTHING_YET}."));
    }
    let now = call.now();
    let (quotes, missing) = in_order(read.unwrap_or_default(), &ids, from);
    let shown = Shown::fitting(Vec::new(), quotes, &now);
    if !missing.is_empty() {
        let numbers: Vec<String> = missing.iter().map(|id| format!("t{id}")).collect();
        let remark = format!("There is no turn {} of this user.", numbers.join(", "));
        remarks.push(remark);
    }
    if shown.turns_left_out > 0 {
        let count = shown.turns_left_out;
        remarks.push(format!("{count} more did not fit; ask for fewer at a time."));
    }
    for quote in shown.turns.iter().filter(|quote| quote.shortened) {
        let id = quote.turn.id;
        // What is shown ends with a mark that is none of the turn's.
        let begun = if ids.contains(&id) { from } else { 0 };
        let next = begun + quote.turn.text.chars().count() - " […]".chars().count();
        remarks.push(format!(
            "t{id} is cut; memory_get with ids [\"t{id}\"], around 0 and from {next} reads on."
        ));
    }
    let text = shown.text(&remarks, &now);
    Ok(Reply::new(text, &Got { note: NOTE, turns: shown.turns_json(), missing, remarks }))
}

/// The turns that were asked for, from a character on, then those around them; and the numbers that are no
/// turns.
fn in_order(found: Vec<Turn>, ids: &[TurnId], from: usize) -> (Vec<Quote>, Vec<TurnId>) {
    let mut seen = HashSet::new();
    let mut found: Vec<Turn> = found.into_iter().filter(|turn| seen.insert(turn.id)).collect();
    found.sort_by_key(|turn| !ids.contains(&turn.id));
    for turn in found.iter_mut().filter(|turn| from > 0 && ids.contains(&turn.id)) {
        turn.text = turn.text.chars().skip(from).collect();
    }
    let mut missing: Vec<TurnId> = ids.iter().copied().filter(|id| !seen.contains(id)).collect();
    missing.sort_unstable();
    missing.dedup();
    (found.into_iter().map(Quote::whole).collect(), missing)
}
