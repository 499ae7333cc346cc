//! Work that gives way to requests: the vectors of new turns, and what jobs do.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use longmem_chat::AsyncMemory;
use longmem_memory::{IndexEvent, IndexOptions, IndexReport, Memory, MemoryError};
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::{Mutex, Notify};
use tokio::time::{sleep, timeout};

use crate::limits::Queue;
use crate::shared::Shared;

/// How long no request must have come before work begins: who sends one after the other leaves gaps.
const QUIET: Duration = Duration::from_millis(300);

/// How long a piece of work waits for that; then it is done beside them, so that it
/// comes to an end on a server that is always asked.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long it stays quiet after something was stored before it gets its vectors: more may follow.
const AFTER_WRITING: Duration = Duration::from_secs(2);

/// How often it is looked whether other processes stored something.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// How much the thread that embeds in the background gives way to others.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Background work: one piece at a time.
#[derive(Debug)]
pub(crate) struct Background {
    queue: Arc<Queue>,
    /// One thread, in which all work of a piece is done. In the threads of requests, a question would wait
    /// until a whole batch is embedded. None if the system gives no thread.
    thread: Option<Arc<ThreadPool>>,
    one_at_a_time: Mutex<()>,
    something_new: Notify,
}

impl Background {
    pub(crate) fn new(queue: Arc<Queue>) -> Self {
        let thread = ThreadPoolBuilder::new()
            .num_threads(1)
            .thread_name(|_| "background".to_owned())
            .start_handler(|_| give_way())
            .build();
        Self {
            queue,
            thread: thread.ok().map(Arc::new),
            one_at_a_time: Mutex::default(),
            something_new: Notify::new(),
        }
    }

    /// Does a piece of work on the memory in a thread of its own, once no request has wanted it for a
    /// moment, or after five seconds of waiting for that. What takes long should be cut into pieces of some hundred milliseconds, one call each.
    ///
    /// # Errors
    /// Those of the work, and that of opening the memory.
    pub(crate) async fn run<T, E>(
        &self,
        memory: &AsyncMemory,
        work: impl FnOnce(&Memory) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<MemoryError> + Send + 'static,
    {
        let _alone = self.one_at_a_time.lock().await;
        // Whether it is quiet or not, the work is done now.
        let _ = timeout(PATIENCE, self.queue.quiet_for(QUIET)).await;
        let thread = self.thread.clone();
        let in_thread = move |memory: &Memory| match thread {
            Some(thread) => thread.install(|| work(memory)),
            None => work(memory),
        };
        // Aside: it takes no place from requests.
        memory.run_aside(in_thread).await
    }

    /// Says that something may have been stored that has no vectors yet.
    pub(crate) fn something_is_new(&self) {
        self.something_new.notify_one();
    }
}

/// Lets other threads go before this one.
fn give_way() {
    // On Linux, this is of a thread; elsewhere of the whole process, which must not give way.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(NICENESS);
}

/// Gives a batch of turns their vectors, some tens of kilobytes of text. `remaining` of what is returned says
/// how many turns still wait.
///
/// # Errors
/// Those of [`Memory::index`].
pub(crate) async fn index_a_batch(shared: &Shared) -> Result<IndexReport, MemoryError> {
    let batch = |memory: &Memory| {
        memory.index(IndexOptions::default(), &mut |event| match event {
            // Nothing is done yet.
            IndexEvent::Progress(progress) if progress.turns == 0 => ControlFlow::Continue(()),
            // Another process is at it, or this batch is done.
            IndexEvent::Waiting | IndexEvent::Progress(_) => ControlFlow::Break(()),
        })
    };
    shared.background.run(&shared.memory, batch).await
}

/// Gives whatever is stored its vectors, until the server stops.
pub(crate) async fn keep_indexed(shared: Arc<Shared>) {
    let work = async {
        loop {
            let is_done = index_what_waits(&shared).await;
            // What fails now may succeed later: the model may be fetched meanwhile.
            let wait = sleep(LOOK_EVERY);
            if is_done {
                tokio::select! {
                    () = shared.background.something_new.notified() => sleep(AFTER_WRITING).await,
                    () = wait => {}
                }
            } else {
                wait.await;
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = shared.stopping.cancelled() => {}
    }
}

/// Gives what waits its vectors, batch by batch; says whether that succeeded.
async fn index_what_waits(shared: &Shared) -> bool {
    let waiting = || shared.memory.run_aside(|memory| memory.waiting(None));
    while matches!(waiting().await, Ok(1..)) {
        match index_a_batch(shared).await {
            Ok(report) if report.turns > 0 => {}
            // Somebody else is at it: a recall that embeds what was just said, or another process.
            Ok(_) => sleep(AFTER_WRITING).await,
            Err(_) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::sync::mpsc;

    use longmem_core::FixedClock;
    use longmem_sqlite::{IfMissing, SqliteStore};
    use longmem_test_support::WordHashEmbedder;

    use super::*;

    #[tokio::test]
    async fn work_is_done_in_a_thread_of_its_own_and_takes_no_place() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        let clock = FixedClock("2026-03-08T18:30:00Z".parse().unwrap());
        let embedder = WordHashEmbedder::default();
        let memory = Memory::new(Arc::new(store), Arc::new(embedder), Arc::new(clock));
        let memory = AsyncMemory::new(Arc::new(memory), NonZeroUsize::MIN);

        // The only place is taken until the background work is done.
        let (done, is_done) = mpsc::channel::<()>();
        let taking = memory.run(move |_| Ok::<_, MemoryError>(is_done.recv().is_ok()));
        let background = Background::new(Queue::new(1, 64));
        let asked = async {
            let work =
                |_: &Memory| Ok::<_, MemoryError>(std::thread::current().name().map(str::to_owned));
            let name = background.run(&memory, work).await.unwrap();
            done.send(()).unwrap();
            name
        };
        let (name, taken) = tokio::join!(asked, taking);
        assert_eq!(name.as_deref(), Some("background"));
        assert!(taken.unwrap());
    }
}
