//! What a session is told at its beginning.

use jiff::tz::TimeZone;
use longmem_chat::DatedText;
use longmem_core::{
    Fact, FactKind, SessionName, Summary, SummaryOf, USER_SUBJECT, UserName, fnv1a,
};
use longmem_memory::{FactsAt, Memory, MemoryError};

use crate::activity::Brought;

use super::block::{CHARACTERS_PER_TOKEN, Frame};

/// Characters of facts and summary together.
pub(super) const MOST_CHARACTERS: usize = 2_000;

/// Number of facts besides wishes, the newest.
const FACTS: usize = 12;

/// What the names of kept values begin with that say which session was the last in a folder.
const PROJECTS: &str = "hooks/last session in ";

/// Facts about the user, and the summary of the last session in this folder, and which facts those are; none if
/// there is neither.
///
/// # Errors
/// [`MemoryError::Store`].
pub(super) fn profile(
    memory: &Memory,
    user: &UserName,
    project: Option<&str>,
    time_zone: &TimeZone,
) -> Result<Option<(String, Brought)>, MemoryError> {
    let (wishes, facts): (Vec<Fact>, Vec<Fact>) =
        memory.facts(user, FactsAt::Now)?.into_iter().partition(is_wish);
    let said = wishes.iter().rev().chain(facts.iter().rev().take(FACTS)).map(|fact| fact.id);
    let brought = Brought::new("", [], said);
    let newest_first = |facts: &[Fact]| facts.iter().rev().map(DatedText::from).collect::<Vec<_>>();
    let (wishes, mut facts) = (newest_first(&wishes), newest_first(&facts));
    facts.truncate(FACTS);
    let summary = match project {
        Some(project) => last_summary(memory, user, project)?,
        None => None,
    };
    let summaries: Vec<DatedText> = summary.into_iter().collect();

    let frame = Frame { now: memory.now(), time_zone };
    // A half for facts, a half for the summary.
    let most = MOST_CHARACTERS / CHARACTERS_PER_TOKEN / 2 - 1;
    let blocks = frame.notes(&wishes, &facts, &summaries, most);
    Ok((!blocks.is_empty()).then(|| (blocks.join("\n"), brought)))
}

/// Keeps that a session was the last one in a folder.
///
/// # Errors
/// [`MemoryError::Store`].
pub(super) fn note_last_session(
    memory: &Memory,
    user: &UserName,
    project: &str,
    session: &SessionName,
) -> Result<(), MemoryError> {
    memory.keep_value(Some(user), &name(project), Some(session.as_str().as_bytes()))
}

/// Says whether a fact is a wish of the user's about how to answer.
fn is_wish(fact: &Fact) -> bool {
    fact.kind == FactKind::Instruction && fact.subject == USER_SUBJECT && fact.until.is_none()
}

/// The summary of the last session in a folder.
fn last_summary(
    memory: &Memory,
    user: &UserName,
    project: &str,
) -> Result<Option<DatedText>, MemoryError> {
    let Some(last) = memory.kept_value(Some(user), &name(project))? else { return Ok(None) };
    let of_last = |summary: &Summary| match &summary.of {
        SummaryOf::Session { session, .. } => session.as_str().as_bytes() == last,
        SummaryOf::Stretch { .. } | SummaryOf::Sessions => false,
    };
    let mut summaries = memory.summaries(user)?.into_iter().rev();
    let summary = summaries.find(|summary| of_last(summary) && !summary.text.is_empty());
    Ok(summary.map(|Summary { time, text, .. }| DatedText { time, text }))
}

/// The name under which the last session of a folder is kept. The folder itself is not written down.
fn name(project: &str) -> String {
    format!("{PROJECTS}{:016x}", fnv1a(project.as_bytes()))
}
