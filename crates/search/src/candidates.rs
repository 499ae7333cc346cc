//! What a search is asked, and what it brings: turns by meaning and by words, each with both scores.

use longmem_core::{ChannelHit, Embedding, EmbeddingModel, Role, Scope, TurnId};

use crate::source::SessionNumber;
use crate::vectors::{DenseParameters, Scan};
use crate::words::LexicalParameters;

/// A turn near a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DenseHit {
    /// The turn.
    pub turn: TurnId,
    /// The cosine, −1 to 1; for a turn of several passages the mean of theirs, with a part of its
    /// neighbours' if that was asked for.
    pub score: f32,
}

/// A turn that shares words with a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LexicalHit {
    /// The turn.
    pub turn: TurnId,
    /// Its BM25 score: above 0, and greater is better. Comparable within one search only.
    pub score: f32,
}

/// What candidates are asked for.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CandidateRequest<'a> {
    /// What may be found.
    pub scope: &'a Scope,
    /// The query's vector and the model that made it; none leaves meaning out.
    pub meaning: Option<(&'a EmbeddingModel, &'a Embedding)>,
    /// The query's words; none leaves words out.
    pub words: Option<&'a str>,
    /// How vectors are searched.
    pub scan: Scan,
    /// How cosines are taken together.
    pub dense: DenseParameters,
    /// How words are scored.
    pub lexical: LexicalParameters,
    /// Number of its best turns that each channel brings.
    pub per_channel: usize,
}

impl<'a> CandidateRequest<'a> {
    /// Asks for nothing yet: meaning, words or both have to be set. Each turn is scored for itself.
    pub fn new(scope: &'a Scope, per_channel: usize) -> Self {
        Self {
            scope,
            meaning: None,
            words: None,
            scan: Scan::Automatic,
            dense: DenseParameters::PLAIN,
            lexical: LexicalParameters::PLAIN,
            per_channel,
        }
    }
}

/// A turn that one channel or both brought.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The turn.
    pub turn: TurnId,
    /// Its session, by the store's number.
    pub session: SessionNumber,
    /// Whether it is a note, which stands alone in its session.
    pub note: bool,
    /// Whether an assistant, a tool or a system spoke in its session, notes left out; false for a note.
    pub session_has_assistant: bool,
    /// The turn before it in its session, if there is one; notes are passed over, and have none.
    pub before: Option<TurnId>,
    /// The turn after it in its session, as for the one before.
    pub after: Option<TurnId>,
    /// The role of that turn.
    pub role_after: Option<Role>,
    /// Its cosine with its neighbours' part, also if only its words brought it; none if it has no
    /// vector.
    pub cosine: Option<f32>,
    /// Its own cosine, without its neighbours' part.
    pub own_cosine: Option<f32>,
    /// Its score by words, also if only its meaning brought it; 0 if it shares none.
    pub bm25: f32,
    /// The part of the query's words, weighted by rarity, that it or its neighbours hold: 0 to 1.
    pub coverage: f32,
    /// The part that it holds itself.
    pub own_coverage: f32,
    /// Its place among the best by meaning, if it is one of them.
    pub dense: Option<ChannelHit>,
    /// Its place among the best by words, if it is one of them.
    pub lexical: Option<ChannelHit>,
}

/// The union of both channels' best.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Candidates {
    /// In order of turn numbers.
    pub turns: Vec<Candidate>,
    /// The lowest and the highest cosine of all turns in scope, as far as the scan tells; none if
    /// there is no vector.
    pub cosine_range: Option<(f32, f32)>,
    /// The highest score by words in scope; 0 if no word is shared.
    pub most_bm25: f32,
    /// What a turn would score that held every word of the query without end; 0 without words.
    pub bm25_ceiling: f32,
    /// Number of the user's turns, in scope or not, over which rarity was counted.
    pub counted_turns: usize,
    /// The query's words as they are searched, each with its rarity in the user's turns: above 0.
    pub rarities: Vec<(String, f32)>,
}
