//! Takes what a store hands over for one search, and brings what is in memory up to date with it.

use std::ops::ControlFlow;
use std::sync::Arc;

use longmem_core::{Embedding, EmbeddingModel, TurnId};

use crate::cached_user::CachedUser;
use crate::lists::{
    BlockId, TurnEntry, decode_codes, decode_postings, decode_turns, turns_of_word_block,
};
use crate::source::{DamagedVector, FoundUser, ModelState, PassageId, SearchRows, SessionNumber};
use crate::vectors::{code_bytes, vector_from_bytes};
use crate::words::{KnownWord, WordRows};

/// What is being read for one search.
pub(crate) struct Reading<'a> {
    model: Option<&'a EmbeddingModel>,
    /// Number of passages up to which whole vectors are taken.
    whole_up_to: usize,
    /// Number of whole vectors that are taken beside codes.
    extra_vectors: usize,
    /// Starts as what was in memory; rows are added to it.
    pub(crate) user: CachedUser,
    /// Whether anything was added to it.
    pub(crate) changed: bool,
    /// The numbers of the scope's sessions; none if all are seen.
    pub(crate) sessions: Option<Vec<SessionNumber>>,
    /// The newest turn of the user at this read.
    last_turn: Option<TurnId>,
    /// The lists of the wanted words.
    words: Vec<WordReading<'a>>,
    /// What the store said of the model; none if it never wrote vectors here.
    model_state: Option<ModelState>,
    /// Turns that are not in the table yet.
    new_turns: Vec<TurnEntry>,
    /// The passages of the turn that whole vectors are being read of.
    open_turn: Option<OpenTurn>,
    /// Number of whole vectors that were added.
    vectors_taken: usize,
}

/// The list of one word while it is read.
struct WordReading<'a> {
    word: &'a str,
    /// What was in memory of it, and all of it in the end.
    known: Option<KnownWord>,
    /// What was read of it.
    new: WordRows,
}

struct OpenTurn {
    turn: TurnId,
    first_passage: PassageId,
    vectors: Vec<Embedding>,
}

/// Which vectors a search compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VectorsRead {
    /// There are none.
    None,
    /// All, whole.
    Whole,
    /// All as codes, and some or all of them whole.
    Coded,
}

impl<'a> Reading<'a> {
    /// Begins with what is in memory.
    pub(crate) fn new(
        mut user: CachedUser,
        model: Option<&'a EmbeddingModel>,
        words: &'a [String],
        whole_up_to: usize,
    ) -> Self {
        let extra_vectors = user.extra_vectors(model);
        // What follows the first search is no longer read ahead of it.
        let changed = std::mem::take(&mut user.is_read_ahead);
        let last_turn = user.state.and_then(|state| state.last_turn);
        let known = user.words.known(words, last_turn);
        let words = words.iter().zip(known);
        let words =
            words.map(|(word, known)| WordReading { word, known, new: WordRows::default() });
        Self {
            model,
            whole_up_to,
            extra_vectors,
            user,
            changed,
            sessions: None,
            last_turn,
            words: words.collect(),
            model_state: None,
            new_turns: Vec::new(),
            open_turn: None,
            vectors_taken: 0,
        }
    }

    /// Number of whole vectors that are taken beside codes.
    pub(crate) fn extra_vectors(&self) -> usize {
        self.extra_vectors
    }

    /// For each word, the turn up to which its list is in memory.
    pub(crate) fn known_words(&self) -> Vec<Option<TurnId>> {
        self.words.iter().map(WordReading::known_through).collect()
    }

    /// The lists of the words, once everything was handed over.
    pub(crate) fn word_lists(&self) -> Vec<Arc<WordRows>> {
        let list =
            |word: &WordReading<'_>| word.known.as_ref().map(|known| Arc::clone(&known.list));
        self.words.iter().map(|word| list(word).unwrap_or_default()).collect()
    }

    /// Ends when everything was handed over.
    pub(crate) fn finish(&mut self) -> VectorsRead {
        self.place_new_turns();
        self.finish_words();
        let Some((model, state)) = self.model.zip(self.model_state) else {
            return VectorsRead::None;
        };
        self.close_turn();
        if state.passages <= self.whole_up_to {
            // The last turn is complete: the store had no more.
            self.raise_whole(model, state.last_passage);
            return VectorsRead::Whole;
        }
        let codes = &mut self.user.vectors(model).codes;
        self.changed |= codes.last < state.last_passage;
        codes.last = codes.last.max(state.last_passage);
        if self.extra_vectors > 0 && self.vectors_taken < self.extra_vectors {
            self.raise_whole(model, state.last_passage);
        }
        VectorsRead::Coded
    }

    /// Adds what was read of each list to what was in memory, and keeps it for the next search.
    fn finish_words(&mut self) {
        let Some(last_turn) = self.last_turn else { return };
        for WordReading { word, known, new } in &mut self.words {
            if known.as_ref().is_some_and(|known| known.through >= last_turn) {
                continue;
            }
            let mut new = std::mem::take(new);
            new.sort();
            let list = match known.take() {
                Some(known) if new.is_empty() => known.list,
                Some(KnownWord { mut list, .. }) => {
                    Arc::make_mut(&mut list).append(&new);
                    list
                }
                None => Arc::new(new),
            };
            let now_known = KnownWord { list, through: last_turn };
            self.user.words.keep(word, now_known.clone());
            *known = Some(now_known);
            self.changed = true;
        }
    }

    fn raise_whole(&mut self, model: &EmbeddingModel, last: Option<PassageId>) {
        let whole = &mut self.user.vectors(model).whole;
        self.changed |= whole.last < last;
        whole.last = whole.last.max(last);
    }

    /// Adds the turns that were read to the table, which vectors need to know their rows.
    fn place_new_turns(&mut self) {
        if self.new_turns.is_empty() {
            return;
        }
        Arc::make_mut(&mut self.user.table).grow(&self.new_turns);
        self.new_turns.clear();
        self.user.windows = Arc::new(self.user.windows.before_growing());
        self.user.vocabulary = None;
        self.changed = true;
    }

    /// Adds the vectors of the turn that is open, now that all of them were read.
    fn close_turn(&mut self) {
        let Some((model, open)) = self.model.zip(self.open_turn.take()) else { return };
        let row = self.user.table.row_finder().row(open.turn);
        let last = PassageId(open.first_passage.0.saturating_add(open.vectors.len() as i64 - 1));
        self.vectors_taken += open.vectors.len();
        let whole = &mut self.user.vectors(model).whole;
        whole.last = whole.last.max(Some(last));
        self.changed = true;
        // A turn that was stored or deleted since the table was read has no row.
        if let Some(row) = row {
            let vectors = open.vectors.iter();
            Arc::make_mut(&mut whole.snapshot).add(row, open.first_passage, vectors);
        }
    }
}

impl SearchRows for Reading<'_> {
    fn user(&mut self, found: FoundUser) {
        let known = self.user.state;
        if known.is_none_or(|known| known.epoch != found.state.epoch) {
            self.user = CachedUser::default();
            self.extra_vectors = 0;
            self.changed = true;
            self.words.iter_mut().for_each(|word| word.known = None);
        }
        self.last_turn = found.state.last_turn;
        let last_turn = self.user.state.and_then(|state| state.last_turn);
        let mut state = found.state;
        // What is in memory may be newer than this read.
        state.last_turn = state.last_turn.max(last_turn);
        self.user.state = Some(state);
        self.sessions = found.sessions;
    }

    fn turns(&mut self, block: BlockId, bytes: &[u8]) {
        let known = self.new_turns.last().map(|entry| entry.turn).or_else(|| {
            let rows = self.user.table.len();
            rows.checked_sub(1).map(|row| self.user.table.turn(row).entry.turn)
        });
        let entries = decode_turns(block, bytes);
        self.new_turns.extend(entries.filter(|entry| Some(entry.turn) > known));
    }

    fn model(&mut self, state: ModelState) {
        self.place_new_turns();
        self.model_state = Some(state);
    }

    fn codes(&mut self, block: BlockId, bytes: &[u8]) {
        let Some(model) = self.model else { return };
        let table = Arc::clone(&self.user.table);
        let mut finder = table.row_finder();
        let codes = &mut self.user.vectors(model).codes;
        let snapshot = Arc::make_mut(&mut codes.snapshot);
        let code_bytes = code_bytes(model.dimensions);
        for turn in decode_codes(block, code_bytes, bytes) {
            if Some(turn.first_passage) <= codes.last {
                continue;
            }
            if let Some(row) = finder.row(turn.turn) {
                let passages = turn.codes.chunks_exact(code_bytes);
                snapshot.add(row, turn.first_passage, passages);
            }
        }
        self.changed = true;
    }

    fn vector(
        &mut self,
        turn: TurnId,
        passage: PassageId,
        bytes: &[u8],
    ) -> Result<ControlFlow<()>, DamagedVector> {
        let Some((model, state)) = self.model.zip(self.model_state) else {
            return Ok(ControlFlow::Break(()));
        };
        if self.open_turn.as_ref().is_some_and(|open| open.turn != turn) {
            self.close_turn();
        }
        // Turns are never cut, so there is enough only between two of them.
        let takes_all = state.passages <= self.whole_up_to;
        if self.open_turn.is_none() && !takes_all && self.vectors_taken >= self.extra_vectors {
            return Ok(ControlFlow::Break(()));
        }
        let vector = vector_from_bytes(bytes, model.dimensions)
            .map_err(|reason| DamagedVector { passage: passage.0, reason })?;
        self.open_turn
            .get_or_insert_with(|| OpenTurn { turn, first_passage: passage, vectors: Vec::new() })
            .vectors
            .push(vector);
        Ok(ControlFlow::Continue(()))
    }

    fn word(&mut self, word: usize, block: BlockId, bytes: &[u8]) {
        self.place_new_turns();
        let (first, last) = turns_of_word_block(block);
        let table = &self.user.table;
        let rows = table.rows_between(first, last);
        let word = &mut self.words[word];
        let known_through = word.known_through();
        let postings = decode_postings(block, bytes);
        let postings = postings.filter(|posting| Some(posting.turn) > known_through);
        let turn_at = |row: usize| table.turn(row).entry.turn.0;
        if !rows.is_empty() && turn_at(rows.end - 1) - turn_at(rows.start) == rows.len() as i64 - 1
        {
            // No number is missing between them, so that the distance of turns is that of rows.
            let first = turn_at(rows.start);
            for posting in postings {
                let row = usize::try_from(posting.turn.0 - first).ok();
                let row = row.filter(|row| *row < rows.len());
                word.new.push(row.map(|row| rows.start + row), posting.count);
            }
        } else {
            let mut finder = table.row_finder();
            for posting in postings {
                word.new.push(finder.row(posting.turn), posting.count);
            }
        }
    }
}

impl WordReading<'_> {
    /// The turn up to which its list is in memory.
    fn known_through(&self) -> Option<TurnId> {
        self.known.as_ref().map(|known| known.through)
    }
}
