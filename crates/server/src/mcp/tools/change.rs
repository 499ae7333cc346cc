//! `memory_update` and `memory_delete`: one turn or fact, corrected or deleted for good.

use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{NewTurn, Scope, TurnId, UserName};
use longmem_memory::{Amended, Erasure, ForgetTarget, Memory, MemoryError};
use serde::{Deserialize, Serialize};

use super::Entry;
use crate::mcp::arguments::{Handle, Id, Kind, new_text};
use crate::mcp::call::Call;
use crate::mcp::quotes::counted;
use crate::mcp::reply::{Refusal, Reply};

/// Characters of the longest text.
const MAX_TEXT: usize = 16_000;

/// What is to be corrected.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Update {
    /// "t40" for turn 40, "f12" for fact 12.
    #[schemars(with = "String")]
    id: Id,
    /// What a number without its letter is the number of.
    kind: Option<Kind>,
    /// What takes the place of its text.
    #[schemars(length(min = 1, max = 16000))]
    text: String,
}

/// Something was corrected.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Updated {
    /// The number of what was corrected: it keeps it.
    id: i64,
    /// What was corrected: a turn, notes included, or a fact.
    kind: Kind,
    /// Facts that were learned from the old text, and are gone.
    facts: u64,
    /// Summaries that covered the old text, and are gone.
    summaries: u64,
    /// False if the old text leaves the disk later: another process reads an older state, the disk did not
    /// take the change, or a database server overwrites it in its own time.
    erased_from_disk: bool,
}

pub(super) fn update() -> Entry {
    Entry::writing::<Update, Updated>(
        "memory_update",
        "Correct memory",
        "Replaces the text of one turn or fact, for good: the old text is deleted, and with it what was \
         learned from it. Use it when the user says that something stored is wrong.",
        true,
        |call, arguments| Box::pin(corrected(call, arguments)),
    )
}

async fn corrected(call: Call, asked: Update) -> Result<Reply, Refusal> {
    new_text("text", &asked.text, MAX_TEXT)?;
    let handle = Handle::read(&asked.id, asked.kind)?;
    let (facts, summaries, erasure) = match handle {
        Handle::Turn(id) => {
            let changed = call
                .change(move |memory, user, waiting| {
                    amended(memory, user, id, &asked.text, waiting.learns)
                })
                .await?;
            (changed.derived.facts, changed.derived.summaries, changed.erasure)
        }
        Handle::Fact(id) => {
            let erasure =
                call.change(move |memory, user, _| memory.edit_fact(user, id, &asked.text)).await?;
            (0, 0, erasure)
        }
    };
    let (id, kind) = (handle.number(), handle.kind());
    let updated = Updated { id, kind, facts, summaries, erased_from_disk: erasure.is_done() };
    let mut lines = vec![format!("Replaced the text of {handle}.")];
    if facts + summaries > 0 {
        let (facts, summaries) = (counted(facts, "fact"), summed_up(summaries));
        lines.push(format!("Gone with the old text: {facts} and {summaries}."));
    }
    lines.extend(later(erasure).map(str::to_owned));
    Ok(Reply::new(lines.join(" "), &updated))
}

/// Replaces the text of a turn; where it is learned from, its standing instructions become facts.
fn amended(
    memory: &Memory,
    user: &UserName,
    id: TurnId,
    text: &str,
    learns: bool,
) -> Result<Amended, MemoryError> {
    let amended = memory.amend_turn(user, id, text)?;
    if let Some(turn) = memory.turns(user, &[id])?.pop().filter(|_| learns) {
        let said = NewTurn {
            session: turn.session,
            session_title: turn.session_title,
            role: turn.role,
            speaker: turn.speaker,
            text: turn.text,
            time: turn.time,
            note: turn.note,
            source_key: None,
        };
        memory.note_instructions(user, id, &said)?;
    }
    Ok(amended)
}

/// What is to be deleted.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Delete {
    /// "t40" for turn 40, "f12" for fact 12.
    #[schemars(with = "String")]
    id: Id,
    /// What a number without its letter is the number of.
    kind: Option<Kind>,
}

/// Something was deleted.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Deleted {
    /// The number of what was deleted.
    id: i64,
    /// What was deleted: a turn, notes included, or a fact.
    kind: Kind,
    /// Turns that are gone.
    turns: u64,
    /// Facts that are gone: the one that was named with those that it had replaced, or those that were
    /// learned from the turn.
    facts: u64,
    /// Summaries that covered the turn, and are gone.
    summaries: u64,
    /// False if the deleted bytes leave the disk later: another process reads an older state, the disk
    /// did not take the change, or a database server overwrites them in its own time.
    erased_from_disk: bool,
}

pub(super) fn delete() -> Entry {
    Entry::writing::<Delete, Deleted>(
        "memory_delete",
        "Forget",
        "Deletes one turn or fact for good, with what was learned from it. It cannot be undone. Use it \
         only when the user asks for it, and name what goes.",
        true,
        |call, arguments| Box::pin(deleted(call, arguments)),
    )
    .with_meta("anthropic/requiresUserInteraction", true.into())
}

async fn deleted(call: Call, asked: Delete) -> Result<Reply, Refusal> {
    let handle = Handle::read(&asked.id, asked.kind)?;
    let (id, kind) = (handle.number(), handle.kind());
    let (gone, erasure) = match handle {
        Handle::Turn(turn) => {
            let target = ForgetTarget::Turns(Scope::of(call.user().clone()), vec![turn]);
            let forgotten = call.change(move |memory, _, _| memory.forget(&target)).await?;
            let gone = Deleted {
                id,
                kind,
                turns: forgotten.turns,
                facts: forgotten.derived.facts,
                summaries: forgotten.derived.summaries,
                erased_from_disk: forgotten.erasure.is_done(),
            };
            (gone, forgotten.erasure)
        }
        Handle::Fact(fact) => {
            let deleted =
                call.change(move |memory, user, _| memory.delete_fact(user, fact)).await?;
            let gone = Deleted {
                id,
                kind,
                turns: 0,
                facts: deleted.facts,
                summaries: 0,
                erased_from_disk: deleted.erasure.is_done(),
            };
            (gone, deleted.erasure)
        }
    };
    let Deleted { facts, summaries, .. } = &gone;
    let mut lines = vec![format!("Deleted {handle} for good.")];
    let others = facts.saturating_sub(u64::from(kind == Kind::Fact));
    if others + summaries > 0 {
        let others = counted(others, "other fact");
        lines.push(format!("Gone with it: {others} and {}.", summed_up(*summaries)));
    }
    lines.extend(later(erasure).map(str::to_owned));
    Ok(Reply::new(lines.join(" "), &gone))
}

/// When deleted bytes leave the disk, in a sentence; none if they are gone.
fn later(erasure: Erasure) -> Option<&'static str> {
    match erasure {
        Erasure::Done => None,
        Erasure::WhenReadersFinish => {
            Some("Its bytes leave the disk later, since another process reads an older state.")
        }
        Erasure::WhenDiskTakesIt => Some(
            "Its bytes leave the disk later, since it did not take the change, as when it is full.",
        ),
        Erasure::LeftToServer => Some(
            "The database server's files and backups may hold its bytes until they are overwritten.",
        ),
    }
}

/// Summaries in words.
fn summed_up(count: u64) -> String {
    if count == 1 { "1 summary".to_owned() } else { format!("{count} summaries") }
}
