//! `longmem stats`: how much is stored.

use longmem::IfMissing;
use longmem_core::{Diagnose, UserName};
use longmem_memory::{StoreError, UserStats};
use longmem_wire as wire;

use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;
use crate::{compose, render, waiting};

pub(super) fn run(settings: &Settings, output: Output) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    let (mut stats, mut users) = (memory.stats()?, memory.users()?);
    if settings.user_was_named {
        let named = users.iter().position(|known| known.user == settings.user);
        let Some(named) = named else { return Err(unknown_user(&settings.user, &users)) };
        users = vec![users.swap_remove(named)];
        stats.users = 1;
        (stats.turns, stats.sessions) = (users[0].turns, users[0].sessions);
        stats.turns_without_vectors = memory.waiting(Some(&settings.user))?;
    }
    let kept_aside = waiting::count_of_all(&users, settings);
    let mut stats = wire::Stats::new(stats, memory.place(), memory.serving_model()?, users);
    stats.turns_kept_aside = kept_aside;
    if output.json {
        return Ok(output.document(&stats)?);
    }
    Ok(output.lines(render::stats(&stats, settings.user_was_named))?)
}

/// Number of users that an error names at most.
const NAMED: usize = 20;

/// The error of a user without memory, with those that have one: nothing else lists them while the user
/// is named in the environment.
fn unknown_user(user: &UserName, users: &[UserStats]) -> Failure {
    let error = StoreError::UnknownUser(user.clone());
    let mut names: Vec<&str> = users.iter().map(|known| known.user.as_str()).take(NAMED).collect();
    if users.len() > NAMED {
        names.push("…");
    }
    let hint = match names[..] {
        [] => "There is nobody in this store yet.".to_owned(),
        _ => format!("The users of this store: {}.", names.join(", ")),
    };
    Failure::refused(error.code(), error.to_string(), hint)
}
