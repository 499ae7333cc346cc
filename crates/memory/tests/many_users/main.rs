//! Twenty users with names that are easily confused do two thousand random things at one store. What
//! each of them can read is compared with plain maps, and what was forgotten is in no file.
//!
//! `LONGMEM_FUZZ_SEED=7 cargo test -p longmem-memory --test many_users` does other things.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod markers;
mod names;
mod operations;
mod plain;

use operations::World;

const OPERATIONS: usize = 2000;

#[test]
fn twenty_users_keep_what_is_theirs_and_nothing_that_was_forgotten() {
    let seed = std::env::var("LONGMEM_FUZZ_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut world = World::new(seed.unwrap_or(1));
    for number in 1..=OPERATIONS {
        world.do_something();
        if number % 250 == 0 {
            world.check();
        }
    }
    world.check_copy();
    world.forget_everybody();
    world.check();
}
