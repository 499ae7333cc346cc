//! Storing turns, or keeping them until they can be stored.

use std::sync::Arc;
use std::time::Duration;

use longmem_chat::{ChatError, Spool};
use longmem_core::{NewTurn, Role, UserName};
use longmem_memory::Memory;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use super::capture::{Captured, lock};
use crate::activity::{Door, Event, Note};
use crate::api::note_instructions;
use crate::shared::Shared;

/// How long storing may take when there is no spool to put turns into.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take while the server stops.
const PATIENCE_AT_THE_END: Duration = Duration::from_secs(1);

/// How often it is tried again to store what could not be stored.
const AGAIN: Duration = Duration::from_secs(15);

/// Stores turns of a user, or puts them into the spool until they can be stored.
pub(super) async fn store(shared: &Arc<Shared>, user: &UserName, captured: Vec<Captured>) {
    let spool = shared.settings.talk.spool.as_ref().map(|spool| spool.of(user));
    let patience = spool.as_ref().map_or(PATIENCE, Spool::patience);
    let count = captured.iter().map(|captured| captured.turns.len() as u64).sum();
    let captured = Arc::new(captured);
    let memory = shared.memory.clone();
    let work = storing(shared, user.clone(), spool.clone(), Arc::clone(&captured));
    // A task of its own: a panic there is no panic here.
    let storing = tokio::spawn(async move { memory.run(work).await });
    let stored = tokio::select! {
        // None if it panicked, or is late.
        stored = timeout(patience, storing) => stored.ok().and_then(Result::ok),
        () = at_the_end(shared) => None,
    };
    match stored {
        Some(Ok(new)) => {
            let new_turns = new.iter().sum();
            shared.metrics.proxy.captured("new", new_turns);
            shared.metrics.proxy.captured("known", count - new_turns);
            if new_turns > 0 {
                shared.background.something_is_new();
            }
            for (captured, turns) in captured.iter().zip(new).filter(|(_, turns)| *turns > 0) {
                let session = Some(captured.session.clone());
                note(shared, user, Event::Captured { turns, session });
            }
        }
        Some(Err(error)) if !error.is_unavailable() => {
            failed(shared, user, count, &longmem_wire::full_message(&error));
        }
        // What is late is stored all the same, maybe: by its keys it is stored once.
        Some(Err(_)) | None => match spool {
            Some(spool) => put_aside(shared, user, spool, captured).await,
            None => failed(shared, user, count, "the store cannot be used now"),
        },
    }
}

/// Stores turns, and says how many of each exchange are new. What was forgotten stays so.
fn storing(
    shared: &Shared,
    user: UserName,
    spool: Option<Spool>,
    captured: Arc<Vec<Captured>>,
) -> impl FnOnce(&Memory) -> Result<Vec<u64>, ChatError> + Send + 'static {
    let (learns, log) = (shared.settings.talk.conversation.learns, shared.settings.log);
    move |memory| {
        store_waiting(memory, &user, spool.as_ref(), learns)?;
        let turns: Vec<NewTurn> =
            captured.iter().flat_map(|captured| captured.turns.iter().cloned()).collect();
        let mut stored = memory.import_turns(&user, &turns, false)?.into_iter();
        let mut new_of_each = Vec::new();
        for captured in captured.iter() {
            let mut new = 0;
            for (turn, stored) in captured.turns.iter().zip(stored.by_ref()) {
                let Some(stored) = stored.filter(|stored| stored.new) else { continue };
                new += 1;
                if learns && turn.role == Role::User {
                    note_instructions(memory, &user, stored.id, turn, log);
                }
            }
            new_of_each.push(new);
        }
        Ok(new_of_each)
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
async fn put_aside(
    shared: &Arc<Shared>,
    user: &UserName,
    spool: Spool,
    captured: Arc<Vec<Captured>>,
) {
    let count = captured.iter().map(|captured| captured.turns.len() as u64).sum();
    let writing = spool.clone();
    let written = spawn_blocking(move || {
        let mut turns = captured.iter().flat_map(|captured| &captured.turns);
        turns.try_for_each(|turn| writing.append(turn))
    });
    match written.await {
        Ok(Ok(())) => {
            shared.metrics.proxy.captured("spooled", count);
            if lock(&shared.proxies.captures.waiting).insert(user.clone()) {
                tokio::spawn(store_later(Arc::clone(shared), user.clone(), spool));
            }
        }
        Ok(Err(error)) => failed(shared, user, count, &longmem_wire::full_message(&error)),
        Err(_) => failed(shared, user, count, "writing the spool panicked"),
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

fn failed(shared: &Shared, user: &UserName, turns: u64, reason: &str) {
    shared.metrics.proxy.captured("failed", turns);
    (shared.settings.log)(&format!("what was relayed could not be stored: {reason}"));
    let reason = "what was asked and answered could not be stored; the server's log says why";
    note(shared, user, Event::Failed { reason: reason.to_owned() });
}

fn note(shared: &Shared, user: &UserName, event: Event) {
    shared.activity.note(user, shared.memory.now(), Note::new(Door::Proxy, event));
}
