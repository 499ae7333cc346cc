//! Asks several servers at the same time.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use longmem_store::Result;

use crate::member::Member;

/// Asks each server on a thread of its own, and waits for all; answers come in the order of the servers.
///
/// # Errors
/// Those of the first server, in that order, that has one; if no thread can be started, that.
pub(crate) fn all<T: Send>(
    members: &[Arc<Member>],
    ask: impl Fn(&Member) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    each(members, ask)?.into_iter().collect()
}

/// Asks each server on a thread of its own, and waits for all; answers and errors come in the order of the
/// servers.
///
/// # Errors
/// If no thread can be started.
pub(crate) fn each<T: Send>(
    members: &[Arc<Member>],
    ask: impl Fn(&Member) -> T + Sync,
) -> Result<Vec<T>> {
    let ask = &ask;
    thread::scope(|scope| {
        let started: Vec<_> = members
            .iter()
            .map(|member| thread::Builder::new().spawn_scoped(scope, move || ask(member)))
            .collect::<std::io::Result<_>>()?;
        let answers = started
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        Ok(answers.collect())
    })
}

/// Asks each server on a thread of its own; answers come as they arrive, each with the place of its server,
/// and nobody waits for those that are not taken.
///
/// # Errors
/// If no thread can be started.
pub(crate) fn as_they_come<T: Send + 'static>(
    members: &[Arc<Member>],
    ask: impl Fn(&Member) -> T + Send + Sync + 'static,
) -> Result<Receiver<(usize, T)>> {
    let ask = Arc::new(ask);
    let (sender, answers) = mpsc::channel();
    for (place, member) in members.iter().enumerate() {
        let (ask, member, sender) = (Arc::clone(&ask), Arc::clone(member), sender.clone());
        thread::Builder::new().spawn(move || {
            let answer = ask(&member);
            // What holds connections goes before the answer arrives: the caller may be the last to use them.
            drop((ask, member));
            let _ = sender.send((place, answer));
        })?;
    }
    Ok(answers)
}
