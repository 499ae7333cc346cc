//! Looks at what an import would do, and stores nothing.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;
use std::path::Path;

use longmem_core::{SourceKey, Timestamp, UserName};
use longmem_transcripts::{ImportedTurn, Mark, Progress, Report, Source, TurnReceiver, read_from};

use crate::import::Owned;
use crate::{ImportRequest, KeyState, Memory, MemoryError};

/// What an import would do.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportPreview {
    /// What was read, and what would be skipped for which reason.
    pub read: Report,
    /// Turns that would be new.
    pub new_turns: u64,
    /// Turns that are there already, or come twice.
    pub known_turns: u64,
    /// Turns that would be left out, because the user forgot them before.
    pub forgotten_turns: u64,
    /// Whose the turns would become, with how many each would get.
    pub users: BTreeMap<UserName, u64>,
    /// Turns for which the file names another user than the one they would become.
    pub of_other_users: u64,
    /// The time of the first turn, among those whose time is known.
    pub first: Option<Timestamp>,
    /// The time of the last turn, among those whose time is known.
    pub last: Option<Timestamp>,
}

/// Turns whose keys are looked up at once.
const TURNS_PER_BATCH: usize = 1000;

/// Reads what an import would read, whether it was read before or not, and stores nothing. Without a
/// memory, every turn is new.
///
/// # Errors
/// Those of [`Memory::import`].
pub fn preview_import(
    memory: Option<&Memory>,
    source: Source<'_>,
    request: ImportRequest<'_>,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<ImportPreview, MemoryError> {
    let mut preview = Preview {
        memory,
        request,
        progress,
        waiting: BTreeMap::new(),
        seen: HashSet::new(),
        count: 0,
        new_turns: 0,
        known_turns: 0,
        forgotten_turns: 0,
        users: BTreeMap::new(),
        of_other_users: 0,
        first: None,
        last: None,
        failed: None,
    };
    let read = read_from(source, request.format, &mut preview);
    if let Some(error) = preview.failed.take() {
        return Err(error);
    }
    preview.look_up()?;
    Ok(ImportPreview {
        read: read?,
        new_turns: preview.new_turns,
        known_turns: preview.known_turns,
        forgotten_turns: preview.forgotten_turns,
        users: preview.users,
        of_other_users: preview.of_other_users,
        first: preview.first,
        last: preview.last,
    })
}

struct Preview<'a> {
    memory: Option<&'a Memory>,
    request: ImportRequest<'a>,
    progress: &'a mut dyn FnMut(&Progress) -> ControlFlow<()>,
    /// The keys of the turns that wait to be looked up: each turn's own, then the former ones.
    waiting: BTreeMap<UserName, Vec<Vec<SourceKey>>>,
    /// The keys that came, since a second turn of a key is not stored.
    seen: HashSet<(UserName, SourceKey)>,
    count: usize,
    new_turns: u64,
    known_turns: u64,
    forgotten_turns: u64,
    users: BTreeMap<UserName, u64>,
    of_other_users: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    failed: Option<MemoryError>,
}

impl TurnReceiver for Preview<'_> {
    fn receive(&mut self, turn: ImportedTurn, read: &Progress) -> ControlFlow<()> {
        let Owned { user, is_other, imported } = self.request.turn_of(turn);
        let ImportedTurn { turn, own_time, former_keys, .. } = imported;
        *self.users.entry(user.clone()).or_default() += 1;
        self.of_other_users += u64::from(is_other);
        if own_time {
            self.first = Some(self.first.map_or(turn.time, |first| first.min(turn.time)));
            self.last = Some(self.last.map_or(turn.time, |last| last.max(turn.time)));
        }
        let keys: Vec<SourceKey> = turn.source_key.into_iter().chain(former_keys).collect();
        let comes_again =
            keys.first().is_some_and(|key| !self.seen.insert((user.clone(), key.clone())));
        if comes_again {
            self.known_turns += 1;
        } else {
            self.waiting.entry(user).or_default().push(keys);
        }
        self.count += 1;
        if self.count < TURNS_PER_BATCH {
            return ControlFlow::Continue(());
        }
        if let Err(error) = self.look_up() {
            self.failed = Some(error);
            return ControlFlow::Break(());
        }
        (self.progress)(read)
    }

    /// Sessions have the names that an import would give them.
    fn mark(&mut self, file: &Path) -> Option<Mark> {
        self.request.mark(self.memory?, file)
    }
}

impl Preview<'_> {
    /// Looks up the turns that wait.
    fn look_up(&mut self) -> Result<(), MemoryError> {
        self.count = 0;
        for (user, turns) in std::mem::take(&mut self.waiting) {
            let Some(memory) = self.memory else {
                self.new_turns += turns.len() as u64;
                continue;
            };
            let mut states = memory.key_states(&user, &turns.concat())?.into_iter();
            for keys in turns {
                let states: Vec<KeyState> = states.by_ref().take(keys.len()).collect();
                if states.contains(&KeyState::Known) {
                    self.known_turns += 1;
                } else if states.contains(&KeyState::Forgotten) && !self.request.again {
                    self.forgotten_turns += 1;
                } else {
                    self.new_turns += 1;
                }
            }
        }
        Ok(())
    }
}
