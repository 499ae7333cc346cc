//! The union of what was found by meaning and by words.

use std::collections::BTreeMap;

use longmem_core::ChannelHit;

use crate::candidates::{Candidate, Candidates};
use crate::selection::{ALL, RowCosine, ScoredRow, best};
use crate::turn_table::TurnTable;
use crate::words::LexicalScores;

/// The scores of both channels for the turns in scope.
pub(crate) struct Merged<'a> {
    pub(crate) table: &'a TurnTable,
    /// The cosines that are known, in the order of rows: those of the nearest, and of all that words
    /// brought and have one.
    pub(crate) cosines: Vec<RowCosine>,
    /// Scores rows by words, in scope or not.
    pub(crate) words: &'a LexicalScores<'a>,
    /// The best by words, best first.
    pub(crate) by_words: Vec<ScoredRow>,
}

impl Merged<'_> {
    /// The best of each channel, each turn once, with all that is known of it.
    pub(crate) fn union(&self, per_channel: usize) -> Candidates {
        let cosines = &self.cosines;
        let scores: Vec<f32> = cosines.iter().map(|found| found.smoothed).collect();
        let mut nearest = best(&scores, per_channel, f32::NEG_INFINITY, ALL);
        for found in &mut nearest {
            found.row = cosines[found.row].row;
        }
        let mut turns = BTreeMap::new();
        let mut add = |best: &[ScoredRow], place: fn(&mut Candidate) -> &mut Option<ChannelHit>| {
            for (position, found) in best.iter().enumerate() {
                let candidate = turns.entry(found.row).or_insert_with(|| self.candidate(found.row));
                *place(candidate) = Some(ChannelHit { rank: position + 1, score: found.score });
            }
        };
        add(&nearest, |candidate| &mut candidate.dense);
        add(&self.by_words, |candidate| &mut candidate.lexical);
        let scores = scores.iter().copied();
        Candidates {
            turns: turns.into_values().collect(),
            cosine_range: scores.clone().min_by(f32::total_cmp).zip(scores.max_by(f32::total_cmp)),
            most_bm25: self.by_words.first().map_or(0.0, |found| found.score),
            bm25_ceiling: self.words.ceiling(),
            counted_turns: self.table.len(),
            rarities: Vec::new(),
        }
    }

    fn candidate(&self, row: usize) -> Candidate {
        let turn = self.table.turn(row);
        let neighbour = |row: Option<usize>| row.map(|row| self.table.turn(row).entry.turn);
        let known = self.cosines.binary_search_by_key(&row, |found| found.row).ok();
        let known = known.map(|place| self.cosines[place]);
        let by_words = self.words.score(row);
        Candidate {
            turn: turn.entry.turn,
            session: turn.entry.session,
            note: turn.entry.note,
            session_has_assistant: self.table.session_has_assistant(turn),
            before: neighbour(turn.before()),
            after: neighbour(turn.after()),
            role_after: turn.after().map(|row| self.table.turn(row).entry.role),
            cosine: known.map(|known| known.smoothed),
            own_cosine: known.map(|known| known.own),
            bm25: by_words.bm25,
            coverage: by_words.coverage,
            own_coverage: self.words.own_coverage(row),
            dense: None,
            lexical: None,
        }
    }
}
