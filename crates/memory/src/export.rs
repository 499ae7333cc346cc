//! Writes turns, facts and summaries as JSON Lines that `import` reads back.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use longmem_core::{Entity, Fact, FactId, Scope, SourceKey, Summary, SummaryOf, TurnId, UserName};
use longmem_store::FactsAt;
use longmem_transcripts::{
    ExportedFact, ExportedRecord, ExportedSummary, ExportedTurn, SummarizedPart,
    write_export_header,
};

use crate::{Memory, MemoryError};

/// What an export wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportReport {
    /// Number of turns, one a line.
    pub turns: u64,
    /// Number of facts, one a line, those that were replaced included.
    pub facts: u64,
    /// Number of summaries, one a line.
    pub summaries: u64,
}

/// Turns read at once, so that an export of any size needs little memory.
const TURNS_PER_PAGE: usize = 1000;

impl Memory {
    /// Writes every turn in scope, one JSON object a line, in the order they were stored, after a line
    /// that says what it is; then the facts that were learned from these turns. Of a whole user, the
    /// facts noted by hand and the summaries come too. Importing the lines into an empty store and
    /// exporting again gives the same lines.
    ///
    /// Vectors are made again by whoever imports, and what was forgotten is not known there.
    ///
    /// # Errors
    /// [`MemoryError::Output`] if writing fails; [`MemoryError::Store`], also for a user or session
    /// that is not in the store.
    pub fn export(&self, scope: &Scope, out: &mut dyn Write) -> Result<ExportReport, MemoryError> {
        self.export_all(std::slice::from_ref(scope), out)
    }

    /// Writes several scopes one after another, as [`Memory::export`] does one.
    ///
    /// # Errors
    /// Those of [`Memory::export`].
    pub fn export_all(
        &self,
        scopes: &[Scope],
        out: &mut dyn Write,
    ) -> Result<ExportReport, MemoryError> {
        scopes.iter().try_for_each(|scope| self.store.check_names(scope))?;
        let mut report = ExportReport::default();
        write_export_header(out).map_err(MemoryError::Output)?;
        for scope in scopes {
            self.export_scope(scope, out, &mut report)?;
        }
        Ok(report)
    }

    fn export_scope(
        &self,
        scope: &Scope,
        out: &mut dyn Write,
        report: &mut ExportReport,
    ) -> Result<(), MemoryError> {
        let facts = self.store.facts(&scope.user, FactsAt::Ever)?;
        let summaries =
            if scope.is_whole_user() { self.store.summaries(&scope.user)? } else { Vec::new() };
        // The turns that facts and summaries refer to by their keys.
        let mut wanted: BTreeSet<TurnId> = facts.iter().filter_map(|fact| fact.turn).collect();
        wanted.extend(summaries.iter().filter_map(|summary| through(&summary.of)));
        let mut keys = BTreeMap::new();
        let mut last = None;
        loop {
            let page = self.store.turns_after(scope, last, TURNS_PER_PAGE)?;
            let Some(newest) = page.last() else { break };
            last = Some(newest.turn.id);
            report.turns += page.len() as u64;
            for stored in page {
                let line = ExportedTurn::new(
                    &stored.source_key,
                    &scope.user,
                    stored.turn.session_title.as_deref(),
                    &stored.turn,
                );
                line.write_line(out).map_err(MemoryError::Output)?;
                if wanted.contains(&stored.turn.id) {
                    keys.insert(stored.turn.id, stored.source_key);
                }
            }
        }
        for fact in exported_facts(facts, scope, &keys) {
            ExportedRecord::Fact(fact).write_line(out).map_err(MemoryError::Output)?;
            report.facts += 1;
        }
        for summary in summaries {
            let Some(summary) = exported_summary(summary, &scope.user, &keys) else { continue };
            ExportedRecord::Summary(summary).write_line(out).map_err(MemoryError::Output)?;
            report.summaries += 1;
        }
        Ok(())
    }
}

/// The facts whose turns were exported, in the order of their numbers; of a whole user, those noted by
/// hand too. A fact that was replaced by one that is not among them is left out, since it would hold
/// again.
fn exported_facts(
    mut facts: Vec<Fact>,
    scope: &Scope,
    keys: &BTreeMap<TurnId, SourceKey>,
) -> Vec<ExportedFact> {
    facts.sort_by_key(|fact| fact.id);
    facts.retain(|fact| match fact.turn {
        Some(turn) => keys.contains_key(&turn),
        None => scope.is_whole_user(),
    });
    loop {
        let there: BTreeSet<FactId> = facts.iter().map(|fact| fact.id).collect();
        let before = facts.len();
        facts.retain(|fact| fact.superseded_by.is_none_or(|next| there.contains(&next)));
        if facts.len() == before {
            break;
        }
    }
    let numbers: BTreeMap<FactId, u64> = facts.iter().map(|fact| fact.id).zip(1..).collect();
    let exported = facts.into_iter().map(|fact| ExportedFact {
        fact: numbers[&fact.id],
        user: scope.user.clone(),
        subject: fact.subject,
        statement: fact.statement,
        kind: fact.kind,
        entities: in_order(fact.entities),
        since: fact.since,
        superseded_by: fact.superseded_by.map(|next| numbers[&next]),
        source: fact.turn.map(|turn| keys[&turn].clone()),
    });
    exported.collect()
}

/// Names in an order that is the same in every store.
fn in_order(mut entities: Vec<Entity>) -> Vec<Entity> {
    entities.sort_by_cached_key(|entity| entity.name.to_lowercase());
    entities
}

/// A summary as a line; none if another process deleted the turn that it goes up to.
fn exported_summary(
    summary: Summary,
    user: &UserName,
    keys: &BTreeMap<TurnId, SourceKey>,
) -> Option<ExportedSummary> {
    let key = match through(&summary.of) {
        Some(turn) => Some(keys.get(&turn)?.clone()),
        None => None,
    };
    let (part, session) = match summary.of {
        SummaryOf::Stretch { session, .. } => (SummarizedPart::Stretch, Some(session)),
        SummaryOf::Session { session, .. } => (SummarizedPart::Session, Some(session)),
        SummaryOf::Sessions => (SummarizedPart::Sessions, None),
    };
    Some(ExportedSummary {
        summary: part,
        user: user.clone(),
        session,
        through: key,
        text: summary.text,
        folded: summary.folded_into.is_some(),
    })
}

/// The last turn that a summary covers.
fn through(of: &SummaryOf) -> Option<TurnId> {
    match of {
        SummaryOf::Stretch { through, .. } | SummaryOf::Session { through, .. } => Some(*through),
        SummaryOf::Sessions => None,
    }
}
