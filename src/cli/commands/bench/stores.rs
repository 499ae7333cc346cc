//! `longmem bench stores`: SQLite and PostgreSQL beside each other, on the same made-up memories.

use std::sync::Arc;

use longmem::postgres::{PostgresOptions, PostgresStore, ScratchSchema};
use longmem::{Folders, Options, ServerAddress, open_memory};
use longmem_bench::{Extent, Figure, RecallOf, StoreBench};
use longmem_core::TextEmbedder;
use longmem_memory::{Memory, MemoryError};
use tempfile::TempDir;

use super::Bench;
use super::report::{Group, Row};
use crate::arguments::StoresBenchArguments;
use crate::commands::open::open_or_make;
use crate::failure::Failure;
use crate::output::counted;
use crate::progress_bar;

/// Where a store is made that is measured.
enum Subject {
    Sqlite(TempDir),
    Postgres(Box<InPostgres>),
}

/// A schema in a PostgreSQL database.
struct InPostgres {
    place: String,
    options: PostgresOptions,
    scratch: ScratchSchema,
}

impl InPostgres {
    fn open(&self) -> Result<Arc<PostgresStore>, MemoryError> {
        Ok(Arc::new(PostgresStore::open(self.scratch.address(), &self.options)?))
    }
}

/// A store that is measured.
struct Measured<'a> {
    subject: &'a Subject,
    bench: StoreBench<'a>,
}

impl Bench<'_> {
    /// Measures a store of SQLite and one in each database.
    pub(super) fn stores(&self, arguments: &StoresBenchArguments) -> Result<Vec<Group>, Failure> {
        let extent = Extent {
            users: arguments.users.get(),
            passages: arguments.passages.get(),
            one_user: arguments.one_user,
        };
        let mut subjects = vec![Subject::Sqlite(tempfile::tempdir()?)];
        for address in &arguments.addresses {
            subjects.push(self.scratch(address)?);
        }
        let groups = self.compared(&subjects, extent, arguments.clients.get());
        // What is left behind is said, where nothing else went wrong.
        let removed = subjects.into_iter().try_for_each(Subject::remove);
        let groups = groups?;
        removed.map(|()| groups)
    }

    /// A schema in the database at an address.
    fn scratch(&self, address: &ServerAddress) -> Result<Subject, Failure> {
        let password_file = self.settings.password_file.as_deref();
        let folders = Folders::of_this_user()?;
        let server = address.clone().with_environment(&folders, password_file)?;
        let options = PostgresOptions { create: true, ..server.options() };
        let scratch = ScratchSchema::make(server.address(), &options)?;
        Ok(Subject::Postgres(Box::new(InPostgres { place: server.place(), options, scratch })))
    }

    /// Fills the stores, and measures one thing after the other, each in all of them.
    fn compared(
        &self,
        subjects: &[Subject],
        extent: Extent,
        clients: usize,
    ) -> Result<Vec<Group>, Failure> {
        let openers: Vec<_> = subjects
            .iter()
            .map(|subject| move |embedder: Arc<dyn TextEmbedder>| subject.open(embedder))
            .collect();
        let mut stores = Vec::new();
        for (subject, open) in subjects.iter().zip(&openers) {
            self.output.note(format!("filling {}", subject.name()));
            let total = extent.total() as u64;
            let bar = progress_bar::counting(self.output, total, "passages stored");
            let filled =
                StoreBench::fill(open, extent, &self.stopwatch, &mut |stored| bar.inc(stored));
            bar.finish_and_clear();
            stores.push(Measured { subject, bench: filled? });
        }
        self.output.note("measuring");
        let mut groups = self.store_recalls(&stores, extent)?;
        groups.extend(self.store_clients(&stores, extent, clients)?);
        groups.extend(self.store_writes(&stores, extent)?);
        Ok(groups)
    }

    fn store_recalls(
        &self,
        stores: &[Measured<'_>],
        extent: Extent,
    ) -> Result<Vec<Group>, Failure> {
        let stopwatch = &self.stopwatch;
        let space = groups(stores, ["Space of a passage, everything included".to_owned()], |at| {
            Ok([Some(Figure::Size { bytes: at.bench.bytes_of_a_passage()? })])
        })?;
        let open = groups(stores, ["Opening the store and the first recall".to_owned()], |at| {
            Ok([Some(at.bench.opening(stopwatch)?)])
        })?;
        let everybody = format!(
            "{} of {}",
            counted(extent.users as u64, "user"),
            counted(extent.passages as u64, "passage")
        );
        let large = format!("One user of {}", counted(extent.one_user as u64, "passage"));
        let mut all: Vec<Group> = space.into_iter().chain(open).collect();
        let asked = [(RecallOf::Everybody, everybody), (RecallOf::LargeUser, large)];
        for (of, name) in asked.into_iter().take(1 + usize::from(extent.one_user > 0)) {
            let titles = ["first recall of a user", "recall", "trips of a recall"]
                .map(|title| format!("{name}: {title}"));
            all.extend(groups(stores, titles, |at| {
                let cold = at.bench.cold(of, stopwatch)?;
                let warm = at.bench.warm(of, stopwatch)?;
                let Some(server) = at.subject.server()? else {
                    return Ok([Some(cold), Some(warm), None]);
                };
                let memory = memory(Arc::clone(&server), at.bench.embedder())?;
                let trips = &|| server.trips();
                let trips = at.bench.counted(&memory, of, "trips", trips, stopwatch)?;
                Ok([Some(cold), Some(warm), Some(trips)])
            })?);
        }
        Ok(all)
    }

    fn store_clients(
        &self,
        stores: &[Measured<'_>],
        extent: Extent,
        clients: usize,
    ) -> Result<Vec<Group>, Failure> {
        let name = format!(
            "{} at once, over {}",
            counted(clients as u64, "client"),
            counted(extent.users as u64, "user")
        );
        let titles = [format!("{name}: recalls"), format!("{name}: a recall")];
        groups(stores, titles, |at| {
            let figures = at.bench.at_once(clients, &self.stopwatch)?;
            Ok([Some(figures.rate), Some(figures.latency)])
        })
    }

    fn store_writes(&self, stores: &[Measured<'_>], extent: Extent) -> Result<Vec<Group>, Failure> {
        let stopwatch = &self.stopwatch;
        let size = counted(extent.passages as u64, "passage");
        let titles = [
            format!("Remembering a turn of a user of {size}, on disk when it returns"),
            "Log of the server for each of these turns".to_owned(),
        ];
        let remembering = groups(stores, titles, |at| {
            let figures = match at.subject.server()? {
                Some(server) => {
                    let log_bytes = || Ok(server.log_bytes()?);
                    at.bench.remembering(Some(&log_bytes), stopwatch)?
                }
                None => at.bench.remembering(None, stopwatch)?,
            };
            Ok([Some(figures.latency), figures.log])
        })?;
        let titles = ["Importing turns, a thousand at once", "Indexing, without the model's time"];
        let importing = groups(stores, titles.map(str::to_owned), |at| {
            let figures = at.bench.importing(stopwatch)?;
            Ok([Some(figures.import), Some(figures.index)])
        })?;
        let titles = [
            format!("Forgetting a turn of a user of {size}"),
            "Forgetting a session of 20 turns".to_owned(),
        ];
        let forgetting = groups(stores, titles, |at| {
            let figures = at.bench.forgetting(stopwatch)?;
            Ok([Some(figures.turn), Some(figures.session)])
        })?;
        Ok(remembering.into_iter().chain(importing).chain(forgetting).collect())
    }
}

/// Measures things in all stores: a group for each thing, a row for each store that has it, compared with
/// the first one.
fn groups<const THINGS: usize>(
    stores: &[Measured<'_>],
    titles: [String; THINGS],
    measure: impl Fn(&Measured<'_>) -> Result<[Option<Figure>; THINGS], Failure>,
) -> Result<Vec<Group>, Failure> {
    let mut groups = titles.map(|title| Group::new(title, Vec::new()));
    for (at, store) in stores.iter().enumerate() {
        for (group, figure) in groups.iter_mut().zip(measure(store)?) {
            let Some(figure) = figure else { continue };
            // What SQLite does not have is compared with nothing.
            let first = group.rows.first().filter(|_| group.rows.len() == at);
            let ratio = first.map(|first| figure.value() / first.figure.value());
            let ratio = ratio.filter(|ratio| ratio.is_finite());
            group.rows.push(Row { ratio, ..Row::new(store.subject.name(), figure) });
        }
    }
    Ok(groups.into_iter().filter(|group| !group.rows.is_empty()).collect())
}

impl Subject {
    /// What it is called in a chart.
    fn name(&self) -> String {
        match self {
            Self::Sqlite(_) => "SQLite".to_owned(),
            Self::Postgres(database) => database.place.clone(),
        }
    }

    fn open(&self, embedder: Arc<dyn TextEmbedder>) -> Result<Memory, MemoryError> {
        match self {
            Self::Sqlite(folder) => open_or_make(&folder.path().join("memory.db"), embedder),
            Self::Postgres(database) => memory(database.open()?, embedder),
        }
    }

    /// The store on a server, opened as by another process; none if it is a file.
    fn server(&self) -> Result<Option<Arc<PostgresStore>>, MemoryError> {
        match self {
            Self::Sqlite(_) => Ok(None),
            Self::Postgres(database) => database.open().map(Some),
        }
    }

    /// Leaves nothing behind.
    fn remove(self) -> Result<(), Failure> {
        match self {
            Self::Sqlite(folder) => Ok(folder.close()?),
            Self::Postgres(database) => Ok(database.scratch.remove()?),
        }
    }
}

/// A memory in a store.
fn memory(
    store: Arc<PostgresStore>,
    embedder: Arc<dyn TextEmbedder>,
) -> Result<Memory, MemoryError> {
    let mut options = Options::new("");
    options.store = Some(store);
    options.embedder = Some(embedder);
    open_memory(options)
}
