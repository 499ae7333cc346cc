//! Storing questions and answers once the answer has come.

use std::collections::HashSet;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use longmem_chat::{ChatError, Spool};
use longmem_core::{NewTurn, Role, UserName};
use longmem_memory::Memory;
use tokio::runtime::Handle;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};

use super::answer::Answer;
use super::exchange::Exchange;
use crate::activity::{Door, Event, Note};
use crate::api::note_instructions;
use crate::shared::Shared;

/// How long storing may take when there is no spool to put turns into.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take while the server stops.
const PATIENCE_AT_THE_END: Duration = Duration::from_secs(1);

/// How long the server waits at its end for what is being stored.
const LAST_WAIT: Duration = Duration::from_secs(3);

/// How often it is looked whether answers still pass.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// How often it is tried again to store what could not be stored.
const AGAIN: Duration = Duration::from_secs(15);

/// What is being stored.
#[derive(Debug, Default)]
pub(crate) struct Captures {
    running: Mutex<JoinSet<()>>,
    /// Held by every answer that still passes.
    open: Arc<()>,
    /// Users whose spool is tried again and again.
    waiting: Mutex<HashSet<UserName>>,
}

impl Captures {
    /// Stores a question and its answer, beside everything else.
    pub(super) fn begin(shared: &Arc<Shared>, exchange: Exchange, answer: Answer) {
        let turns = exchange.turns(&answer, shared.memory.now());
        if let Some(id) = answer.id {
            shared.proxies.responses.keep(&exchange.user, id, exchange.session().clone());
        }
        // Without a runtime there is no server either.
        let Ok(runtime) = Handle::try_current() else { return };
        if turns.is_empty() {
            shared.metrics.proxy.captured("nothing", 1);
            return;
        }
        let storing = store(Arc::clone(shared), exchange, turns);
        let mut running = lock(&shared.proxies.captures.running);
        while running.try_join_next().is_some() {}
        running.spawn_on(storing, &runtime);
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
}

/// Stores turns, or puts them into the spool until they can be stored.
async fn store(shared: Arc<Shared>, exchange: Exchange, turns: Vec<NewTurn>) {
    let user = exchange.user.clone();
    let spool = shared.settings.talk.spool.as_ref().map(|spool| spool.of(&user));
    let patience = spool.as_ref().map_or(PATIENCE, Spool::patience);
    let (learns, log) = (shared.settings.talk.conversation.learns, shared.settings.log);
    let (waiting, stored_turns) = (spool.clone(), turns.clone());
    let work = move |memory: &Memory| {
        store_waiting(memory, &user, waiting.as_ref(), learns)?;
        let stored = memory.import_turns(&user, &stored_turns, false)?;
        let mut new = 0;
        for (turn, stored) in stored_turns.iter().zip(stored) {
            let Some(stored) = stored.filter(|stored| stored.new) else { continue };
            new += 1;
            if learns && turn.role == Role::User {
                note_instructions(memory, &user, stored.id, turn, log);
            }
        }
        Ok::<u64, ChatError>(new)
    };
    let memory = shared.memory.clone();
    // A task of its own: a panic there is no panic here.
    let storing = tokio::spawn(async move { memory.run(work).await });
    let stored = tokio::select! {
        // None if it panicked, or is late.
        stored = timeout(patience, storing) => stored.ok().and_then(Result::ok),
        () = at_the_end(&shared) => None,
    };
    let count = turns.len() as u64;
    match stored {
        Some(Ok(new)) => {
            shared.metrics.proxy.captured("new", new);
            shared.metrics.proxy.captured("known", count - new);
            if new > 0 {
                shared.background.something_is_new();
                let session = Some(exchange.session().clone());
                note(&shared, &exchange, Event::Captured { turns: new, session });
            }
        }
        Some(Err(error)) if !error.is_unavailable() => {
            failed(&shared, &exchange, count, &longmem_wire::full_message(&error));
        }
        // What is late is stored all the same, maybe: by its keys it is stored once.
        Some(Err(_)) | None => match spool {
            Some(spool) => put_aside(&shared, &exchange, spool, turns).await,
            None => failed(&shared, &exchange, count, "the store cannot be used now"),
        },
    }
}

/// Waits until the server has been stopping for a moment.
async fn at_the_end(shared: &Shared) {
    shared.stopping.cancelled().await;
    sleep(PATIENCE_AT_THE_END).await;
}

/// Stores what waits in a spool, so that turns are stored in their order.
fn store_waiting(
    memory: &Memory,
    user: &UserName,
    spool: Option<&Spool>,
    learns: bool,
) -> Result<(), ChatError> {
    match spool.filter(|spool| spool.is_waiting()) {
        Some(spool) => spool.hold()?.store_into(memory, user, learns).map(drop),
        None => Ok(()),
    }
}

/// Puts turns into the spool, and tries again later to store them.
async fn put_aside(shared: &Arc<Shared>, exchange: &Exchange, spool: Spool, turns: Vec<NewTurn>) {
    let (count, writing) = (turns.len() as u64, spool.clone());
    let written = spawn_blocking(move || turns.iter().try_for_each(|turn| writing.append(turn)));
    match written.await {
        Ok(Ok(())) => {
            shared.metrics.proxy.captured("spooled", count);
            let user = exchange.user.clone();
            if lock(&shared.proxies.captures.waiting).insert(user.clone()) {
                tokio::spawn(store_later(Arc::clone(shared), user, spool));
            }
        }
        Ok(Err(error)) => failed(shared, exchange, count, &longmem_wire::full_message(&error)),
        Err(_) => failed(shared, exchange, count, "writing the spool panicked"),
    }
}

/// Tries to store what waits in a spool until that succeeds, or the server stops.
async fn store_later(shared: Arc<Shared>, user: UserName, spool: Spool) {
    let learns = shared.settings.talk.conversation.learns;
    loop {
        tokio::select! {
            () = shared.stopping.cancelled() => return,
            () = sleep(AGAIN) => {}
        }
        let (of, waiting) = (user.clone(), spool.clone());
        let work = move |memory: &Memory| store_waiting(memory, &of, Some(&waiting), learns);
        if shared.memory.run(work).await.is_ok() {
            lock(&shared.proxies.captures.waiting).remove(&user);
            shared.background.something_is_new();
            return;
        }
    }
}

fn failed(shared: &Shared, exchange: &Exchange, turns: u64, reason: &str) {
    shared.metrics.proxy.captured("failed", turns);
    (shared.settings.log)(&format!("what was relayed could not be stored: {reason}"));
    let reason = "what was asked and answered could not be stored; the server's log says why";
    note(shared, exchange, Event::Failed { reason: reason.to_owned() });
}

fn note(shared: &Shared, exchange: &Exchange, event: Event) {
    let note = Note::new(Door::Proxy, event);
    shared.activity.note(&exchange.user, shared.memory.now(), note);
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
