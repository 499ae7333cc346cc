//! Storing questions and answers once the answer has come: those of a user in the order in which they ended.

use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use longmem_core::{NewTurn, SessionName, Timestamp, UserName};
use tokio::runtime::Handle;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};

use super::answer::Answer;
use super::exchange::Exchange;
use super::storing::store;
use crate::shared::Shared;

/// How long the server waits at its end for what is being stored.
const LAST_WAIT: Duration = Duration::from_secs(3);

/// How often it is looked whether answers still pass.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What is being stored.
#[derive(Debug, Default)]
pub(crate) struct Captures {
    /// What is to be stored of each user for whom a task is running.
    queues: Mutex<HashMap<UserName, Vec<Ended>>>,
    running: Mutex<JoinSet<()>>,
    /// Held by every answer that still passes.
    open: Arc<()>,
    /// Users whose spool is tried again and again.
    pub(super) waiting: Mutex<HashSet<UserName>>,
}

/// A question and its answer, or what came of them.
#[derive(Debug)]
pub(super) struct Captured {
    pub(super) session: SessionName,
    pub(super) turns: Vec<NewTurn>,
}

/// A question and its answer as they came.
#[derive(Debug)]
struct Ended {
    exchange: Exchange,
    answer: Answer,
    at: Timestamp,
}

impl Captures {
    /// Stores a question and its answer, beside everything else.
    pub(super) fn begin(shared: &Arc<Shared>, exchange: Exchange, answer: Answer) {
        let user = exchange.user.clone();
        if let Some(id) = &answer.id {
            shared.proxies.responses.keep(&user, id.clone(), exchange.session.clone());
        }
        // Without a runtime there is no server either.
        let Ok(runtime) = Handle::try_current() else { return };
        let new = Ended { exchange, answer, at: shared.memory.now() };
        let captures = &shared.proxies.captures;
        let mut queues = lock(&captures.queues);
        if let Some(queue) = queues.get_mut(&user) {
            queue.push(new);
            return;
        }
        queues.insert(user.clone(), vec![new]);
        let mut running = lock(&captures.running);
        while running.try_join_next().is_some() {}
        running.spawn_on(store_all(Arc::clone(shared), user), &runtime);
    }

    /// What an answer holds while it passes, so that [`finish`](Self::finish) waits for it.
    pub(super) fn open(&self) -> Arc<()> {
        Arc::clone(&self.open)
    }

    /// Waits until no answer passes any more and everything is stored, or waits in the spool; but not for ever.
    pub(crate) async fn finish(&self) {
        let finished = async {
            while Arc::strong_count(&self.open) > 1 {
                sleep(LOOK_EVERY).await;
            }
            let mut running = mem::take(&mut *lock(&self.running));
            while running.join_next().await.is_some() {}
        };
        // What is not done by then is not stored; nobody is there any more to be told.
        let _ = timeout(LAST_WAIT, finished).await;
    }

    /// Takes what is to be stored of a user. If there is nothing, the task for it has ended.
    fn take(&self, user: &UserName) -> Vec<Ended> {
        let mut queues = lock(&self.queues);
        let queue = queues.get_mut(user).map(mem::take).unwrap_or_default();
        if queue.is_empty() {
            queues.remove(user);
        }
        queue
    }
}

/// Stores what is to be stored of a user until nothing is left: all at once what has come meanwhile.
async fn store_all(shared: Arc<Shared>, user: UserName) {
    loop {
        let ended = shared.proxies.captures.take(&user);
        if ended.is_empty() {
            return;
        }
        let (shared_too, of) = (Arc::clone(&shared), user.clone());
        // A task of its own: a panic there must not end this one, which what comes next waits for.
        let stored = tokio::spawn(async move { store_ended(&shared_too, &of, ended).await }).await;
        if let Err(panic) = stored {
            (shared.settings.log)(&format!("what was relayed could not be stored: {panic}"));
        }
    }
}

/// Stores the turns of questions and answers.
async fn store_ended(shared: &Arc<Shared>, user: &UserName, ended: Vec<Ended>) {
    // In a thread of its own: of long texts it takes long.
    let written = spawn_blocking(move || ended.into_iter().map(Captured::of).collect());
    let mut captured: Vec<Captured> = written.await.expect("a panic goes to who waits");
    let all = captured.len();
    captured.retain(|captured| !captured.turns.is_empty());
    if captured.len() < all {
        shared.metrics.proxy.captured("nothing", (all - captured.len()) as u64);
    }
    if !captured.is_empty() {
        store(shared, user, captured).await;
    }
}

impl Captured {
    fn of(ended: Ended) -> Self {
        let Ended { exchange, answer, at } = ended;
        Self { turns: exchange.turns(&answer, at), session: exchange.session }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
