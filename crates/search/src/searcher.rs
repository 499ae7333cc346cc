//! Runs a search: reads what is missing in memory, and scores.

use std::sync::{Arc, PoisonError};

use longmem_core::{ChannelHit, Embedding, EmbeddingModel, Scope, TurnId, UserName};
use longmem_text::query_words;

use crate::buffers::Buffers;
use crate::cache::{Taken, UserCache};
use crate::candidates::{Candidate, CandidateRequest, Candidates, DenseHit, LexicalHit};
use crate::filter::RowFilter;
use crate::merged::Merged;
use crate::parallel;
use crate::reading::{Reading, VectorsRead};
use crate::selection::{RowCosine, best, lowest};
use crate::source::{SearchSource, SearchWanted};
use crate::vectors::{DenseParameters, DotQuery, TwoStages};
use crate::words::{
    LexicalParameters, LexicalScores, MAX_QUERY_WORDS, Vocabulary, WordLists, WordRows,
};

/// Number of rows whose vectors one thread compares in the time that it takes to wake another: a tenth
/// of a millisecond on a machine that idles. Codes and words take an eighth of the time.
const ROWS_A_THREAD: usize = 1 << 12;

/// Searches a store, and keeps in memory what searches need again: up to 1 GB for the users who asked
/// last.
///
/// One is shared by all threads of a process. What others write or delete in the store, also from
/// other processes, is seen by the next search.
#[derive(Default)]
pub struct Searcher {
    cache: UserCache,
    buffers: Buffers,
}

impl Searcher {
    /// Finds the union of the best turns in scope by meaning and by words; neither gates the other.
    ///
    /// # Errors
    /// When the store cannot be read or holds a damaged vector.
    pub fn candidates<S: SearchSource + ?Sized>(
        &self,
        source: &S,
        request: &CandidateRequest<'_>,
    ) -> Result<Candidates, S::Error> {
        let found = self.candidates_each(source, std::slice::from_ref(request))?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    /// Finds candidates for several queries of one scope and one model as [`Searcher::candidates`]
    /// does, in the order of the requests, and reads the store once for all of them. Scope, model and
    /// scan are those of the first request.
    ///
    /// # Errors
    /// When the store cannot be read or holds a damaged vector.
    pub fn candidates_each<S: SearchSource + ?Sized>(
        &self,
        source: &S,
        requests: &[CandidateRequest<'_>],
    ) -> Result<Vec<Candidates>, S::Error> {
        let Some(first) = requests.first() else { return Ok(Vec::new()) };
        let queries: Vec<Vec<String>> = requests.iter().map(words_of).collect();
        let mut words = queries.concat();
        words.sort_unstable();
        words.dedup();
        let model = first.meaning.map(|(model, _)| model);
        let Some(mut search) = self.read(source, first, model, &words)? else {
            return Ok(vec![Candidates::default(); requests.len()]);
        };
        let word_lists = self.word_lists(source, first, &words, &mut search)?;
        // The read is over: scoring holds no lock and no transaction. It is inside the pool of threads
        // from the first step to the last, or outside of it, because entering it takes longer than a
        // step.
        parallel::run(search.is_worth_threads(requests.len()), || {
            let filter = RowFilter::new(first.scope, search.reading.sessions.take());
            let each = requests.iter().zip(&queries).map(|(request, query)| {
                let place = |word: &String| words.binary_search(word).ok();
                let of_query = query.iter().filter_map(place).map(|place| &word_lists[place]);
                let asked = AskedWords { words: query, lists: of_query.collect() };
                search.score(source, request, &filter, &asked, &self.buffers)
            });
            each.collect()
        })
    }

    /// Brings into memory what a search with a vector of a model will need, but for the lists of its
    /// words, so that this can be read while the vector is made. What the request holds of meaning and
    /// words is passed over.
    ///
    /// # Errors
    /// When the store cannot be read or holds a damaged vector.
    pub fn read_ahead<S: SearchSource + ?Sized>(
        &self,
        source: &S,
        request: &CandidateRequest<'_>,
        model: &EmbeddingModel,
    ) -> Result<(), S::Error> {
        let user = &request.scope.user;
        if self.cache.take(user).is_cold()
            && let Some(Search { mut reading, mut taken, .. }) =
                self.read(source, request, Some(model), &[])?
        {
            reading.user.is_read_ahead = true;
            self.cache.put(user, &mut taken, reading.user);
        }
        Ok(())
    }

    /// Finds the `limit` turns in scope whose vectors are nearest to the query, best first, equal
    /// scores by turn number. Turns that have no vector of this model yet are not among them.
    ///
    /// # Errors
    /// When the store cannot be read or holds a damaged vector.
    pub fn nearest<S: SearchSource + ?Sized>(
        &self,
        source: &S,
        scope: &Scope,
        (model, query): (&EmbeddingModel, &Embedding),
        limit: usize,
    ) -> Result<Vec<DenseHit>, S::Error> {
        let request = CandidateRequest {
            meaning: Some((model, query)),
            dense: DenseParameters::PLAIN,
            lexical: LexicalParameters::PLAIN,
            ..CandidateRequest::new(scope, limit)
        };
        let found = self.candidates(source, &request)?;
        let hits = in_order(&found, |candidate| candidate.dense);
        Ok(hits.into_iter().map(|(turn, score)| DenseHit { turn, score }).collect())
    }

    /// Finds the `limit` best turns in scope that share at least one word with the text, best first,
    /// equal scores by turn number. Any text is allowed; none of it is query syntax. Word statistics
    /// are those of the user alone.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn search_words<S: SearchSource + ?Sized>(
        &self,
        source: &S,
        scope: &Scope,
        text: &str,
        limit: usize,
    ) -> Result<Vec<LexicalHit>, S::Error> {
        let request = CandidateRequest {
            words: Some(text),
            dense: DenseParameters::PLAIN,
            lexical: LexicalParameters::PLAIN,
            ..CandidateRequest::new(scope, limit)
        };
        let found = self.candidates(source, &request)?;
        let hits = in_order(&found, |candidate| candidate.lexical);
        Ok(hits.into_iter().map(|(turn, score)| LexicalHit { turn, score }).collect())
    }

    /// Drops from memory what is kept of a user, as after everything of the user was deleted.
    pub fn drop_user(&self, user: &UserName) {
        self.cache.drop_user(user);
    }

    /// Brings what is in memory of the user up to date; none if the user has no memory.
    fn read<'a, S: SearchSource + ?Sized>(
        &self,
        source: &S,
        request: &CandidateRequest<'a>,
        model: Option<&'a EmbeddingModel>,
        words: &'a [String],
    ) -> Result<Option<Search<'a>>, S::Error> {
        let user = &request.scope.user;
        let taken = self.cache.take(user);
        if !taken.is_cold() {
            return self.read_on(source, request, model, words, taken);
        }
        // Two cold searches of one user read once: the second waits, and finds it in memory.
        let loading = taken.loading();
        let _loads_alone = loading.lock().unwrap_or_else(PoisonError::into_inner);
        self.read_on(source, request, model, words, self.cache.take(user))
    }

    fn read_on<'a, S: SearchSource + ?Sized>(
        &self,
        source: &S,
        request: &CandidateRequest<'a>,
        model: Option<&'a EmbeddingModel>,
        words: &'a [String],
        mut taken: Taken,
    ) -> Result<Option<Search<'a>>, S::Error> {
        let whole_up_to = request.scan.whole_up_to(request.per_channel);
        let mut reading = Reading::new(taken.user.clone(), model, words, whole_up_to);
        let known_words = reading.known_words();
        let wanted = SearchWanted {
            scope: request.scope,
            words,
            known_words: &known_words,
            model,
            known: taken.user.known(model),
            whole_up_to,
            extra_vectors: reading.extra_vectors(),
        };
        let user = &request.scope.user;
        if !source.search(&wanted, &mut reading)? {
            // What is in memory was deleted; names that are asked for by mistake take no room.
            self.cache.drop_user(user);
            return Ok(None);
        }
        let vectors = reading.finish();
        if reading.changed {
            self.cache.put(user, &mut taken, reading.user.clone());
        }
        Ok(Some(Search { reading, vectors, scope: request.scope, taken }))
    }

    /// The lists of the query's words; for a word that the user never wrote, those of the spellings
    /// that come closest.
    fn word_lists<S: SearchSource + ?Sized>(
        &self,
        source: &S,
        request: &CandidateRequest<'_>,
        words: &[String],
        search: &mut Search<'_>,
    ) -> Result<Vec<WordLists>, S::Error> {
        let found = search.reading.word_lists();
        if found.iter().all(|list| !list.is_empty()) {
            return Ok(found.into_iter().map(WordLists::of_word).collect());
        }
        let vocabulary = self.vocabulary(source, search)?;
        let unknown = words.iter().zip(&found).filter(|(_, list)| list.is_empty());
        let spellings: Vec<Vec<String>> = unknown
            .map(|(word, _)| {
                vocabulary.other_spellings(word).into_iter().map(str::to_owned).collect()
            })
            .collect();
        let asked: Vec<String> = spellings.concat();
        let mut lists = self.lists_of_spellings(source, request, &asked, search)?.into_iter();
        let mut spellings = spellings.into_iter();
        let of_word = |list: Arc<WordRows>| {
            if !list.is_empty() {
                return WordLists::of_word(list);
            }
            let count = spellings.next().map_or(0, |spellings| spellings.len());
            WordLists::of_spellings(lists.by_ref().take(count).collect())
        };
        Ok(found.into_iter().map(of_word).collect())
    }

    /// The lists of all spellings of all words that the user never wrote: those that are not in memory
    /// are read in one more call.
    fn lists_of_spellings<S: SearchSource + ?Sized>(
        &self,
        source: &S,
        request: &CandidateRequest<'_>,
        asked: &[String],
        search: &mut Search<'_>,
    ) -> Result<Vec<Arc<WordRows>>, S::Error> {
        let mut reading = Reading::new(search.reading.user.clone(), None, asked, 0);
        let known_words = reading.known_words();
        let last_turn = search.reading.user.state.and_then(|state| state.last_turn);
        if known_words.iter().any(|through| *through < last_turn) {
            let wanted = SearchWanted {
                scope: request.scope,
                words: asked,
                known_words: &known_words,
                model: None,
                known: search.reading.user.known(None),
                whole_up_to: 0,
                extra_vectors: 0,
            };
            source.search(&wanted, &mut reading)?;
            reading.finish();
        }
        let epoch = |reading: &Reading<'_>| reading.user.state.map(|state| state.epoch);
        if epoch(&reading) != epoch(&search.reading) {
            // Something was deleted since the turns were read, so that these lists are of other rows.
            // The next search sees both anew.
            return Ok(vec![Arc::default(); asked.len()]);
        }
        if reading.changed {
            self.cache.put(&request.scope.user, &mut search.taken, search.reading.user.clone());
        }
        Ok(reading.word_lists())
    }

    /// Every word that the user's turns hold.
    fn vocabulary<S: SearchSource + ?Sized>(
        &self,
        source: &S,
        search: &mut Search<'_>,
    ) -> Result<Arc<Vocabulary>, S::Error> {
        if let Some(vocabulary) = &search.reading.user.vocabulary {
            return Ok(Arc::clone(vocabulary));
        }
        let user = &search.scope.user;
        let vocabulary = Arc::new(Vocabulary::new(source.vocabulary(user)?));
        search.reading.user.vocabulary = Some(Arc::clone(&vocabulary));
        self.cache.put(user, &mut search.taken, search.reading.user.clone());
        Ok(vocabulary)
    }
}

/// What was read for one search.
struct Search<'a> {
    reading: Reading<'a>,
    vectors: VectorsRead,
    scope: &'a Scope,
    taken: Taken,
}

/// The words of one query, each with the turns that hold it.
struct AskedWords<'a> {
    words: &'a [String],
    lists: Vec<&'a WordLists>,
}

impl Search<'_> {
    /// Whether scoring so many queries on several threads is worth waking them.
    fn is_worth_threads(&self, queries: usize) -> bool {
        let rows_a_thread = match self.vectors {
            VectorsRead::Whole => ROWS_A_THREAD,
            VectorsRead::Coded | VectorsRead::None => ROWS_A_THREAD * 8,
        };
        self.reading.user.table.len().saturating_mul(queries) > rows_a_thread
    }

    /// Scores every turn for one query.
    fn score<S: SearchSource + ?Sized>(
        &mut self,
        source: &S,
        request: &CandidateRequest<'_>,
        filter: &RowFilter,
        asked: &AskedWords<'_>,
        buffers: &Buffers,
    ) -> Result<Candidates, S::Error> {
        let user = &mut self.reading.user;
        let (table, windows) = (Arc::clone(&user.table), Arc::clone(&user.windows));
        let admits = |row: usize| filter.admits(&table.turn(row).entry);
        let admits = (!filter.admits_all()).then_some(admits);

        let lexical = request.lexical;
        let words = LexicalScores::new(table.len(), &asked.lists, &lexical, || {
            windows.of(&table, lexical.neighbours, lexical.longest_neighbour)
        });
        let by_words = words.best(request.per_channel, admits);
        let cosines = match (self.vectors, request.meaning) {
            (VectorsRead::None, _) | (_, None) => Vec::new(),
            (VectorsRead::Whole, Some((model, query))) => {
                let whole = &user.vectors(model).whole.snapshot;
                let (mut of_cosines, mut of_scores) = (buffers.take(), buffers.take());
                let cosines = whole.cosines(&table, &DotQuery::of(query), &mut of_cosines);
                let smoothed = request.dense.scores(&table, cosines, &mut of_scores);
                let nearest = best(smoothed, request.per_channel.max(1), f32::NEG_INFINITY, admits);
                let farthest = lowest(smoothed, 1, admits);
                let mut rows: Vec<usize> = nearest
                    .iter()
                    .chain(&farthest)
                    .chain(&by_words)
                    .map(|found| found.row)
                    .collect();
                rows.sort_unstable();
                rows.dedup();
                let known = rows.into_iter().map(|row| RowCosine {
                    row,
                    own: cosines[row],
                    smoothed: smoothed[row],
                });
                known.filter(|known| !known.smoothed.is_nan()).collect()
            }
            (VectorsRead::Coded, Some((model, query))) => {
                let vectors = user.vectors(model);
                let (rescored, margin) =
                    request.scan.rescored(request.per_channel, model.dimensions);
                let stages = TwoStages {
                    source,
                    user: &self.scope.user,
                    model,
                    table: &table,
                    codes: &vectors.codes.snapshot,
                    whole: &vectors.whole.snapshot,
                    query,
                    parameters: &request.dense,
                    wanted: request.per_channel,
                    rescored,
                    margin,
                };
                stages.scores(buffers, admits, by_words.iter().map(|found| found.row))?
            }
        };
        let merged = Merged { table: &table, cosines, words: &words, by_words };
        let mut candidates = merged.union(request.per_channel);
        let rarities = words.rarities;
        candidates.rarities = asked.words.iter().cloned().zip(rarities).collect();
        Ok(candidates)
    }
}

/// The words that a query is searched by.
fn words_of(request: &CandidateRequest<'_>) -> Vec<String> {
    let mut words = request.words.map(query_words).unwrap_or_default();
    words.truncate(MAX_QUERY_WORDS);
    words
}

/// One channel's hits, best first.
fn in_order(
    found: &Candidates,
    channel: impl Fn(&Candidate) -> Option<ChannelHit>,
) -> Vec<(TurnId, f32)> {
    let mut hits: Vec<(TurnId, ChannelHit)> = found
        .turns
        .iter()
        .filter_map(|candidate| Some((candidate.turn, channel(candidate)?)))
        .collect();
    hits.sort_unstable_by_key(|(_, hit)| hit.rank);
    hits.into_iter().map(|(turn, hit)| (turn, hit.score)).collect()
}
