//! Turns of talks that were kept aside, because the store could not be written when they were said.

use std::collections::BTreeSet;

use longmem_core::UserName;
use longmem_memory::Memory;
use longmem_wire::Check;

use crate::output::counted;
use crate::settings::Settings;

/// Counts what waits of the users of the store and of the user in use; none if nothing waits.
pub(super) fn check(memory: &Memory, settings: &Settings) -> Option<Check> {
    let spools = settings.options.talk_settings().spool?;
    let mut users: BTreeSet<UserName> =
        memory.users().into_iter().flatten().map(|user| user.user).collect();
    users.insert(settings.user.clone());
    let mut waiting = Vec::new();
    for user in users {
        // Each line is a turn.
        let lines = fs_err::read(spools.of(&user).path())
            .map_or(0, |file| file.split(|byte| *byte == b'\n').count() as u64 - 1);
        if lines > 0 {
            waiting.push(format!("{} of {user}", counted(lines, "turn")));
        }
    }
    let finding = format!(
        "{} kept aside until the store could be written; the next longmem chat or ask of the user \
         stores them. Until then they are in no recall, backup or export",
        waiting.join(", ")
    );
    (!waiting.is_empty()).then(|| Check { name: "waiting".to_owned(), ok: false, finding })
}
