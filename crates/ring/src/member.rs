//! A server of a ring, as this process knows it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use longmem_postgres::{PostgresOptions, PostgresStore, Presence, RingRecord, place};
use longmem_store::{KeptValues, Result, StoreError};

use crate::ListedServer;
use crate::state::RingState;

/// Says what an address is opened with: a password, what holds where it says nothing.
pub type Connect = Arc<dyn Fn(&str) -> Result<PostgresOptions> + Send + Sync>;

/// A server. It is opened when it is first needed, so that one that does not answer keeps nobody from the
/// users of the others.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) leaving: bool,
    /// Where it is, without account and password.
    pub(crate) place: String,
    address: String,
    connect: Connect,
    /// What the server must say of the ring before anybody is asked for there.
    record: RingRecord,
    handles: OnceLock<Handles>,
    opening: Mutex<()>,
    is_silent: AtomicBool,
}

/// The ways of treating users, over the same connections.
struct Handles {
    /// Sees every row.
    any: PostgresStore,
    /// For users who are there.
    required: PostgresStore,
    /// For users who are nowhere: makes them.
    made: PostgresStore,
}

/// What a server said when it was opened.
pub(crate) struct Introduction {
    pub(crate) record: Option<RingRecord>,
    pub(crate) state: RingState,
}

impl Member {
    /// A server of a list; `former` is what this process knew as the server of that name before.
    pub(crate) fn new(
        server: &ListedServer,
        record: RingRecord,
        connect: &Connect,
        former: Option<&Self>,
    ) -> Result<Self> {
        let options = connect(&server.address)?;
        let handles = OnceLock::new();
        let known = former.filter(|former| former.address == server.address);
        if let Some(known) = known.and_then(|former| former.handles.get()) {
            let _ = handles
                .set(Handles::of(known.any.with_presence(Presence::Whatever), record.generation));
        }
        Ok(Self {
            name: server.name.clone(),
            leaving: server.leaving,
            place: place(&server.address, &options),
            address: server.address.clone(),
            connect: Arc::clone(connect),
            record,
            handles,
            opening: Mutex::new(()),
            is_silent: AtomicBool::new(false),
        })
    }

    /// What the server is to know of the ring.
    pub(crate) fn record(&self) -> &RingRecord {
        &self.record
    }

    /// Opens the server, whatever it knows of the ring, and asks for that.
    pub(crate) fn introduce(&self, create: bool) -> Result<Introduction> {
        let _alone = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = match self.handles.get() {
            Some(handles) => handles,
            None => {
                let options = PostgresOptions { create, ..(self.connect)(&self.address)? };
                let store = self.noted(PostgresStore::open(&self.address, &options))?;
                self.handles.get_or_init(|| Handles::of(store, self.record.generation))
            }
        };
        let mut record = self.noted(opened.any.ring())?;
        if let Some(record) = &mut record {
            record.servers.sort_unstable();
        }
        // What was copied from another server into one that is in no ring says nothing.
        let state = match record {
            Some(_) => self.noted(RingState::read(&opened.any))?,
            None => RingState::default(),
        };
        Ok(Introduction { record, state })
    }

    /// Does something with every row of the server, those of users who come or went included.
    pub(crate) fn any<T>(&self, work: impl FnOnce(&PostgresStore) -> Result<T>) -> Result<T> {
        self.noted(self.handles().and_then(|handles| work(&handles.any)))
    }

    /// Does something for users who are on this server.
    pub(crate) fn required<T>(&self, work: impl FnOnce(&PostgresStore) -> Result<T>) -> Result<T> {
        self.noted(self.handles().and_then(|handles| work(&handles.required)))
    }

    /// Does something for a user who is on no server, and may be made on this one.
    pub(crate) fn made<T>(&self, work: impl FnOnce(&PostgresStore) -> Result<T>) -> Result<T> {
        self.noted(self.handles().and_then(|handles| work(&handles.made)))
    }

    /// Whether it did not answer when it was needed last.
    pub(crate) fn is_silent(&self) -> bool {
        self.is_silent.load(Ordering::Relaxed)
    }

    /// Keeps a value of the ring's own, or of the whole store.
    pub(crate) fn keep(&self, name: &str, value: Option<&[u8]>) -> Result<()> {
        self.any(|store| store.keep_value(None, name, value))
    }

    /// Makes sure that the server knows the same list as this process.
    ///
    /// # Errors
    /// [`StoreError::RingChanged`] if it was told another one; those of reading it.
    pub(crate) fn is_of_this_list(&self) -> Result<()> {
        let said = self.introduce(false)?.record;
        if said.as_ref() == Some(&self.record) {
            return Ok(());
        }
        let (stored, given) = (said.map_or(0, |said| said.generation), self.record.generation);
        Err(StoreError::RingChanged { place: self.place.clone(), stored, given })
    }

    fn handles(&self) -> Result<&Handles> {
        if let Some(handles) = self.handles.get() {
            return Ok(handles);
        }
        // It did not answer when the ring was opened, and has to be judged now.
        self.is_of_this_list()?;
        Ok(self.handles.get().expect("it was just introduced"))
    }

    fn noted<T>(&self, answer: Result<T>) -> Result<T> {
        let is_silent = matches!(answer, Err(StoreError::Unreachable { .. }));
        self.is_silent.store(is_silent, Ordering::Relaxed);
        answer
    }
}

impl Handles {
    fn of(any: PostgresStore, generation: i64) -> Self {
        let required = any.with_presence(Presence::Required);
        let made = any.with_presence(Presence::Made { generation });
        Self { any, required, made }
    }
}
