//! Runs work on several threads where there is enough of it, and on the caller's own where waking
//! others would take longer.

use rayon::prelude::*;

/// Runs `work` on the pool of threads if it is worth that. What it does by [`map`] and
/// [`for_each_chunk`] is divided among them; otherwise all of it happens on this thread.
pub(crate) fn run<R: Send>(is_worth_it: bool, work: impl FnOnce() -> R + Send) -> R {
    if is_worth_it { rayon::scope(|_| work()) } else { work() }
}

/// Number of threads that share the work of this one: 1 outside [`run`] and outside the pool.
pub(crate) fn threads() -> usize {
    if is_in_pool() { rayon::current_num_threads() } else { 1 }
}

/// The results of `work` for each item, in the order of the items.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    if is_in_pool() {
        items.par_iter().map(work).collect()
    } else {
        items.iter().map(work).collect()
    }
}

/// Runs `work` on each `length` items, with the number of the chunk.
pub(crate) fn for_each_chunk<T: Send>(
    items: &mut [T],
    length: usize,
    work: impl Fn(usize, &mut [T]) + Sync + Send,
) {
    let work = |(number, chunk): (usize, &mut [T])| work(number, chunk);
    if is_in_pool() {
        items.par_chunks_mut(length).enumerate().for_each(work);
    } else {
        items.chunks_mut(length).enumerate().for_each(work);
    }
}

fn is_in_pool() -> bool {
    rayon::current_thread_index().is_some()
}
