//! The records of which a user's memory consists while it moves.

use jiff::Timestamp;
use longmem_core::{
    Embedding, EmbeddingModel, Entity, FactId, FactKind, PassageSpan, Role, SessionName, SourceKey,
    SummaryId, SummaryOf, TurnId,
};

/// Numbers of turns, and those of passages, are given out to users in chunks of so many that follow one
/// another, the first of which is a multiple of it.
pub const NUMBERS_IN_CHUNK: i64 = 8192;

/// A batch of records of one user. The kinds come in this order, the head once and before all others, the
/// rest in any number of batches.
#[derive(Debug, Clone, PartialEq)]
pub enum UserRecords {
    /// What a target has to know first.
    Head(MovedUser),
    /// Sessions in the order of their numbers.
    Sessions(Vec<MovedSession>),
    /// Names that sessions had once, each with the name of the session to which imports of it go now.
    FormerNames(Vec<(SessionName, SessionName)>),
    /// Turns in the order of their numbers.
    Turns(Vec<MovedTurn>),
    /// Passages with their vectors, in the order of their numbers.
    Passages(Vec<MovedPassages>),
    /// Names that come up in facts, in the order in which they became known.
    Entities(Vec<Entity>),
    /// Facts in the order of their numbers.
    Facts(Vec<MovedFact>),
    /// Summaries in the order of their numbers.
    Summaries(Vec<MovedSummary>),
    /// Small values by name, in the order of the names.
    Values(Vec<(String, Vec<u8>)>),
}

/// Which models and numbers the records of a user use.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MovedUser {
    /// The models that have vectors in the source, the newest last: turns wait for vectors of that one.
    pub models: Vec<EmbeddingModel>,
    /// The greatest number that a turn of the user ever had; 0 for none.
    pub last_turn: i64,
    /// The greatest number that a passage of the user ever had; 0 for none.
    pub last_passage: i64,
    /// The chunks in which the numbers of turns stand, in order: numbers divided by
    /// [`NUMBERS_IN_CHUNK`].
    pub turn_chunks: Vec<i64>,
    /// The chunks in which the numbers of passages stand, in order.
    pub passage_chunks: Vec<i64>,
    /// The numbers of sessions, in order.
    pub sessions: Vec<i64>,
    /// The numbers of facts, in order.
    pub facts: Vec<i64>,
    /// The numbers of summaries, in order.
    pub summaries: Vec<i64>,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedSession {
    /// Its number.
    pub number: i64,
    /// Its name, unique among the user's.
    pub name: SessionName,
    /// Its title, if it has one.
    pub title: Option<String>,
    /// Whether a person set the title.
    pub titled: bool,
    /// Up to which turn it was looked at for facts, 0 for none; none if it is not learned from.
    pub learned_through: Option<i64>,
}

/// A turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedTurn {
    /// Its number.
    pub id: TurnId,
    /// The number of its session.
    pub session: i64,
    /// Its place in the session, from 0 in the order of storing; places may be missing.
    pub position: i64,
    /// Who speaks.
    pub role: Role,
    /// The speaker's name, if known.
    pub speaker: Option<String>,
    /// What was said.
    pub text: String,
    /// When it was said.
    pub time: Timestamp,
    /// Whether somebody asked to have it remembered.
    pub note: bool,
    /// Its name in its source.
    pub source_key: SourceKey,
    /// Whether its words were replaced.
    pub amended: bool,
    /// Whether it waits for vectors of the newest model.
    pub waits: bool,
}

/// The passages of a turn that one model embedded; their numbers follow one another.
#[derive(Debug, Clone, PartialEq)]
pub struct MovedPassages {
    /// The model's place in [`MovedUser::models`].
    pub model: usize,
    /// The turn.
    pub turn: TurnId,
    /// The number of the first passage.
    pub first: i64,
    /// The passages with their vectors, at least one.
    pub passages: Vec<(PassageSpan, Embedding)>,
}

/// A fact.
#[derive(Debug, Clone, PartialEq)]
pub struct MovedFact {
    /// Its number.
    pub id: FactId,
    /// Whom or what it is about.
    pub subject: String,
    /// What is said of the subject.
    pub statement: String,
    /// What sort of statement it is.
    pub kind: FactKind,
    /// The turn in which it was said; none if it was added by hand.
    pub source: Option<TurnId>,
    /// When it was said.
    pub since: Timestamp,
    /// The fact that replaced it, which may come later; none if it holds.
    pub superseded_by: Option<FactId>,
    /// The places, from 0, of the names that come up in it among all entities of the user, in order.
    pub entities: Vec<usize>,
    /// Its vectors, each with its model's place in [`MovedUser::models`].
    pub vectors: Vec<(usize, Embedding)>,
}

/// A summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedSummary {
    /// Its number.
    pub id: SummaryId,
    /// What it sums up.
    pub of: SummaryOf,
    /// The summary.
    pub text: String,
    /// When it was made.
    pub created: Timestamp,
    /// The summary of summaries that it is folded into, which may come later.
    pub folded_into: Option<SummaryId>,
}
