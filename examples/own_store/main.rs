//! A store of one's own: everything in memory, gone with the process.
//!
//! A store scores nothing. It keeps rows, hands out the bytes of lists that `longmem_search` makes,
//! and passes the suite of `longmem_store`, as this one does in `tests/own_store.rs`:
//!
//! ```sh
//! cargo run --example own_store
//! ```

#![expect(clippy::print_stdout, reason = "it prints what it found")]

mod changes;
mod facts;
mod forget;
mod kept;
mod learning;
mod moving;
mod search;
mod state;
mod turns;
mod upkeep;
mod vectors;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use longmem::memory::Channels;
use longmem::{Longmem, Options, RecallRequest};
use longmem_core::{
    Embedding, EmbeddingModel, FactId, NewFact, PassageSpan, Scope, SessionName, SourceKey,
    Summary, Turn, TurnId, UserName,
};
use longmem_search::{PassageId, SessionNumber};
use longmem_store::{FactLines, ForgottenKey};
use upkeep::UsersAtWork;

/// A store in memory.
#[derive(Default)]
pub(crate) struct MemoryStore {
    state: Mutex<State>,
    indexing: Arc<(Mutex<bool>, Condvar)>,
    /// The users for whom somebody watches files.
    watched: UsersAtWork,
    learned_from: UsersAtWork,
}

/// Everything, behind one lock: so each write is one transaction.
#[derive(Default)]
struct State {
    users: BTreeMap<UserName, User>,
    serving: Option<EmbeddingModel>,
    building: Option<EmbeddingModel>,
    truncated_tokens: u64,
    values: BTreeMap<String, Vec<u8>>,
    forgotten: HashSet<ForgottenKey>,
    /// The last number that was given out, of anything.
    last_number: i64,
}

#[derive(Default)]
struct User {
    epoch: i64,
    turns: BTreeMap<TurnId, Kept>,
    /// By the order in which they were made.
    sessions: Vec<(SessionName, Option<String>)>,
    queue: BTreeSet<TurnId>,
    facts: BTreeMap<FactId, NewFact>,
    lines: FactLines,
    fact_vectors: HashMap<EmbeddingModel, BTreeMap<FactId, Embedding>>,
    learned: BTreeMap<SessionName, Option<TurnId>>,
    summaries: Vec<Summary>,
    values: BTreeMap<String, Vec<u8>>,
    /// Where turns of sessions go that have another name now.
    present_names: BTreeMap<SessionName, SessionName>,
    /// The sessions whose titles imports leave as they are.
    titled: BTreeSet<SessionName>,
}

/// A turn with what belongs to it.
struct Kept {
    turn: Turn,
    key: SourceKey,
    session: SessionNumber,
    vectors: Vec<Vectors>,
    /// Whether its words were replaced.
    amended: bool,
}

/// The vectors of a turn that one model made.
struct Vectors {
    model: EmbeddingModel,
    turn: TurnId,
    first: PassageId,
    passages: Vec<(PassageSpan, Embedding)>,
}

/// A store whose hashes leave the process draws its salt by chance.
const SALT: &[u8] = b"this process";

impl MemoryStore {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let longmem = Longmem::open(Options::new("unused").with_store(MemoryStore::default()))?;
    longmem.remember("ana", "I moved to Lisbon in March")?;
    let mut request = RecallRequest::new(Scope::of("ana".parse()?), "When did I move?");
    // By words only, so that no embedding model is needed.
    request.channels = Channels::Words;
    for found in longmem.memory().recall(&request)?.results {
        println!("{:.2} {}", found.score, found.turn.text);
    }
    Ok(())
}
