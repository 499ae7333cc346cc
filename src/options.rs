//! What a memory is opened with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;
use longmem_chat::{ModelSettings, Spool, SpoolSettings, TalkSettings, TokenBudget};
use longmem_core::{Clock, StoreKey, TextEmbedder, UserName, fnv1a, real_path};
use longmem_embed::{Compute, FetchEvent, LazyEmbedder, Manifest, ModelSources};
use longmem_memory::Safeguards;
use longmem_sqlite::{IfMissing, OpeningNotice};
use longmem_store::Store;
use longmem_text::Redactor;

use crate::{Error, Folders, HubSettings, StorePlace, SystemClock, environment, key_file};

/// What a memory is opened with. Each field has a default; the constructors say which.
///
/// # Examples
/// ```
/// use longmem::Options;
///
/// let mut options = Options::new("longmem-data");
/// options.place = "/data/memory.db".into();
/// options.threads = Some(2);
/// options.model.offline = true;
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// Where the memory is kept: a file, a PostgreSQL database, or several.
    pub place: StorePlace,
    /// What to do if there is no memory there; it is made by default.
    pub if_missing: IfMissing,
    /// The key that the file is encrypted with, and what waits in [`spool`](Self::spool); none by default,
    /// and nothing is encrypted. It needs the cargo feature `encryption`. [`key_file`](crate::key_file)
    /// reads one, and [`change_key`](crate::change_key) changes it. A memory on a server has none: what is
    /// encrypted there is the server's business.
    pub key: Option<StoreKey>,
    /// A store of one's own instead of the file; none by default.
    pub store: Option<Arc<dyn Store>>,
    /// An embedder of one's own instead of all-MiniLM-L6-v2; none by default.
    pub embedder: Option<Arc<dyn TextEmbedder>>,
    /// Where all-MiniLM-L6-v2 is looked for, and whether it may be fetched.
    pub model: ModelSources,
    /// Where and how exactly it is computed; in f32 on the processor by default.
    pub compute: Compute,
    /// Told what happens while the model is looked for and fetched; nobody by default.
    pub on_fetch: Arc<dyn Fn(FetchEvent<'_>) + Send + Sync>,
    /// Told what opening the file changed that its owner should hear of; nobody by default.
    pub on_open: Arc<dyn Fn(&OpeningNotice) + Send + Sync>,
    /// Threads for embedding and search, 1 to [`MAX_THREADS`] (what is outside becomes the nearest);
    /// one per core by default. They are those of rayon's global pool, so the first memory that a
    /// process opens decides.
    pub threads: Option<usize>,
    /// Where the time comes from; the machine's clock by default.
    pub clock: Arc<dyn Clock>,
    /// How conversations are held: the language model, the budget, the persona, the time zone of
    /// days. By default memory is quoted, within 4,000 tokens, in UTC.
    pub talk: TalkSettings,
    /// What happens to texts before they are stored: redaction and moderation; nothing by default.
    pub safeguards: Safeguards,
    /// The folder in which turns of conversations wait while the store cannot be written.
    pub spool: PathBuf,
}

impl Options {
    /// Keeps everything in one folder, which is made if it is not there: the store in `memory.db`, the
    /// model in `models/`. Nothing is read from the environment.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self {
            place: folder.join("memory.db").into(),
            if_missing: IfMissing::Create,
            key: None,
            store: None,
            embedder: None,
            model: ModelSources::new(folder.join("models")),
            compute: Compute::default(),
            on_fetch: Arc::new(|_| {}),
            on_open: Arc::new(|_| {}),
            threads: None,
            clock: Arc::new(SystemClock),
            talk: TalkSettings::default(),
            safeguards: Safeguards::default(),
            spool: folder.join("spool"),
        }
    }

    /// Keeps the memory in this file, and the rest in its folder: see [`Options::new`].
    pub fn at(file: impl Into<PathBuf>) -> Self {
        let file = file.into();
        let folder = file.parent().map(Path::to_owned).unwrap_or_default();
        Self { place: StorePlace::File(file), ..Self::new(folder) }
    }

    /// Keeps everything where the command line does: in the user's data folder. The model is looked
    /// for in `models/` of the working folder and in Hugging Face's cache too, and days are those of
    /// the machine's time zone.
    pub fn of_user(folders: &Folders, hub: HubSettings) -> Self {
        let mut options = Self::new(&folders.data);
        options.model.folders = vec![PathBuf::from("models")];
        options.model.hub_cache = Some(folders.hub_cache.clone());
        options.model.hub_endpoint = hub.endpoint;
        options.model.hub_token = hub.token;
        options.model.offline = hub.offline;
        options.talk.conversation.time_zone = TimeZone::system();
        options
    }

    /// The options of the command line: [`Options::of_user`] with what the variables of
    /// [`environment`] say of the store, the model, the budget and learning. The configuration file
    /// is not read.
    ///
    /// The password of a server is looked for as
    /// [`ServerAddress::with_environment`](crate::ServerAddress::with_environment) says.
    ///
    /// # Errors
    /// [`Error::NoHomeFolder`]; [`Error::Environment`] for a value that cannot be; [`Error::KeyFile`].
    pub fn from_environment() -> Result<Self, Error> {
        let folders = Folders::of_this_user()?;
        let hub = HubSettings::from_environment(&folders);
        let mut options = Self::of_user(&folders, hub);
        if let Some(file) = environment::read(environment::DB) {
            let place = StorePlace::from(file).expanded(&folders)?;
            options.place = place.with_environment(&folders, None)?;
        }
        if let Some(file) = environment::read(environment::KEY_FILE) {
            options.key = Some(key_file::read(&folders.expand(Path::new(&file))?)?);
        }
        let model_dir = environment::read(environment::MODEL_DIR);
        options.model.explicit =
            model_dir.map(|folder| folders.expand(Path::new(&folder))).transpose()?;
        if let Some(device) = environment::parsed(environment::DEVICE)? {
            options.compute.device = device;
        }
        if let Some(precision) = environment::parsed(environment::PRECISION)? {
            options.compute.precision = precision;
        }
        options.threads = environment::parsed(environment::THREADS)?
            .map(checked_threads)
            .transpose()
            .map_err(|reason| Error::Environment { variable: environment::THREADS, reason })?;
        if let Some(budget) = environment::parsed(environment::BUDGET)? {
            options.talk.conversation.budget = TokenBudget::new(budget);
        }
        if environment::is_on(environment::REDACT) {
            options.safeguards.redactor = Some(Redactor::default());
        }
        options.talk.conversation.learns = !environment::is_on(environment::NO_LEARNING);
        Ok(options)
    }

    /// Embeds with this instead of all-MiniLM-L6-v2.
    #[must_use]
    pub fn with_embedder(mut self, embedder: impl TextEmbedder + 'static) -> Self {
        self.embedder = Some(Arc::new(embedder));
        self
    }

    /// Keeps the memory in this store instead of a file.
    #[must_use]
    pub fn with_store(mut self, store: impl Store + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Lets this language model answer, and learn from conversations.
    #[must_use]
    pub fn with_language_model(mut self, model: ModelSettings) -> Self {
        self.talk.learning_model = Some(model.clone());
        self.talk.model = Some(model);
        self
    }

    /// What embeds: one's own embedder, or all-MiniLM-L6-v2.
    pub(crate) fn embedder(&self) -> Arc<dyn TextEmbedder> {
        self.embedder.clone().unwrap_or_else(|| Arc::new(self.minilm()))
    }

    /// all-MiniLM-L6-v2, not loaded yet.
    pub fn minilm(&self) -> LazyEmbedder {
        let manifest = Manifest::all_minilm_l6_v2();
        LazyEmbedder::new(manifest, self.model.clone(), self.compute, Arc::clone(&self.on_fetch))
    }

    /// How conversations are held, with the place where their turns wait.
    pub fn talk_settings(&self) -> TalkSettings {
        let mut talk = self.talk.clone();
        talk.spool = Some(self.spool_settings());
        talk
    }

    /// What a user said in conversations while the store could not be written.
    pub fn spool_of(&self, user: &UserName) -> Spool {
        self.spool_settings().of(user)
    }

    /// The folder that says which transcripts of agents wait to be read into the store.
    pub fn waiting_transcripts(&self) -> PathBuf {
        self.spool.join(format!("transcripts-{:016x}", self.place_number()))
    }

    /// The folder where files that were sent to a server wait to be imported into the store.
    pub fn waiting_uploads(&self) -> PathBuf {
        self.spool.join(format!("uploads-{:016x}", self.place_number()))
    }

    /// A number for the place of the store: two stores have two.
    pub fn place_number(&self) -> u64 {
        fnv1a(self.spool_settings().place.as_bytes())
    }

    /// Where turns of conversations wait.
    fn spool_settings(&self) -> SpoolSettings {
        let spool = match &self.store {
            Some(store) => SpoolSettings::new(&self.spool, store.place()),
            None => match &self.place {
                StorePlace::File(file) => self.spool_of_file(file),
                StorePlace::Server(server) => SpoolSettings::new(&self.spool, server.place()),
                StorePlace::Ring(ring) => SpoolSettings::new(&self.spool, ring.real_place()),
            },
        };
        spool.with_key(self.key.clone())
    }

    /// Where turns wait for the file, the same for every process, whatever its working folder is and
    /// by whichever link it was given the file.
    fn spool_of_file(&self, file: &Path) -> SpoolSettings {
        let given = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        // A folder that cannot be searched today has no other name than the one that was given.
        let real = real_path(file).unwrap_or_else(|_| given.clone());
        let mut spool = SpoolSettings::new(&self.spool, real.display().to_string());
        spool.former_place = Some(given.display().to_string());
        spool
    }

    /// Makes embedding and search use as many threads as these options say, or as few as the system
    /// allows: where it starts none, the calling thread does the work.
    pub fn apply_threads(&self) {
        let Some(threads) = self.threads else { return };
        let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads);
        // A pool that is there already keeps its size; only what the system refuses has a source.
        let is_refused = |tried: Result<(), rayon::ThreadPoolBuildError>| {
            tried.is_err_and(|error| std::error::Error::source(&error).is_some())
        };
        if is_refused(pool(threads.clamp(1, MAX_THREADS)).build_global())
            && is_refused(pool(1).build_global())
        {
            let _ = pool(1).use_current_thread().build_global();
        }
    }
}

/// Greatest number of threads that embed and search. More than the machine has cores only wait for each
/// other, and some thousands take minutes to start.
pub const MAX_THREADS: usize = 256;

/// The number of threads, if it is one that can be.
///
/// # Errors
/// What is expected and what came, in words.
pub fn checked_threads(threads: usize) -> Result<usize, String> {
    if (1..=MAX_THREADS).contains(&threads) {
        Ok(threads)
    } else {
        Err(format!("the number of threads is 1 to {MAX_THREADS}, not {threads}"))
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    /// The place where turns wait for a file.
    fn waits(file: &Path) -> SpoolSettings {
        Options::at(file).talk_settings().spool.unwrap()
    }

    #[test]
    fn turns_wait_in_one_place_whatever_the_file_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real");
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink("real", folder.path().join("folder")).unwrap();
        std::os::unix::fs::symlink("real/memory.db", folder.path().join("link.db")).unwrap();
        let names = ["real/memory.db", "folder/memory.db", "link.db", "real/../folder/./memory.db"];
        let expected = real.canonicalize().unwrap().join("memory.db").display().to_string();
        for made in [false, true] {
            if made {
                std::fs::write(real.join("memory.db"), "").unwrap();
            }
            for name in names {
                let given = folder.path().join(name);
                let spool = waits(&given);
                assert_eq!(spool.place, expected, "{name}, made: {made}");
                // Where it was looked for before links were resolved.
                let former = std::path::absolute(&given).unwrap().display().to_string();
                assert_eq!(spool.former_place, Some(former));
            }
        }
    }
}
