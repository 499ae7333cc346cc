//! `longmem stats`: how much is stored.

use longmem::IfMissing;
use longmem_memory::StoreError;
use longmem_wire as wire;

use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;
use crate::{compose, render, waiting};

/// Counts what is stored of all users, or of the one that a flag names.
pub(super) fn run(settings: &Settings, of_one_user: bool, output: Output) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    let (mut stats, mut users) = (memory.stats()?, memory.users()?);
    if of_one_user {
        users.retain(|known| known.user == settings.user);
        let [named] = &users[..] else {
            return Err(StoreError::UnknownUser(settings.user.clone()).into());
        };
        (stats.users, stats.turns, stats.sessions) = (1, named.turns, named.sessions);
        stats.turns_without_vectors = memory.waiting(Some(&settings.user))?;
    }
    let kept_aside = waiting::count_of_all(&users, settings);
    let mut redacted = Vec::new();
    for user in &users {
        let counted = memory.redactions(&user.user)?;
        redacted.extend(counted.into_iter().map(|counted| (user.user.clone(), counted)));
    }
    let model = memory.serving_model()?;
    let mut stats = wire::Stats::new(stats, memory.place(), model, users, redacted);
    stats.turns_kept_aside = kept_aside;
    if output.json {
        return Ok(output.document(&stats)?);
    }
    Ok(output.lines(render::stats(&stats, of_one_user))?)
}
