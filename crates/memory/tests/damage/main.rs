//! No damaged file ends in a panic, in what looks like a bug, or in an endless loop: a command gives
//! an answer, or says that the store is damaged.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod made_up;
mod salvage;

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use longmem_core::private_files::IfExists;
use longmem_core::{Diagnose, FactKind, Fault, Role, Scope, Timestamp};
use longmem_memory::{
    Channels, FactNote, FactsAt, ForgetTarget, IndexOptions, Memory, MemoryError, RecallRequest,
};

use made_up::{
    USERS, WRONG_VALUES, damage_bytes, damage_values, make, open, open_at, session, user,
};

/// Runs every command once. Hands on the error of each that failed.
fn run_everything(path: &Path, failed: &mut dyn FnMut(&str, MemoryError)) {
    match open(path) {
        Ok(memory) => run_commands(path, &memory, failed),
        Err(error) => failed("open", error.into()),
    }
}

fn run_commands(path: &Path, memory: &Memory, failed: &mut dyn FnMut(&str, MemoryError)) {
    let mut run = |command: &str, work: &dyn Fn(&Memory) -> Result<(), MemoryError>| {
        if let Err(error) = work(memory) {
            failed(command, error);
        }
    };
    run("stats", &|memory| memory.stats().map(drop));
    run("users", &|memory| memory.users().map(drop));
    run("check", &|memory| memory.check(&mut |_| {}));
    for name in USERS {
        let user = user(name);
        let scope = Scope::of(user.clone());
        run("sessions", &|memory| memory.sessions(&user).map(drop));
        for channels in [Channels::Both, Channels::Words, Channels::Meaning] {
            run("recall", &|memory| {
                let mut request =
                    RecallRequest::new(scope.clone(), "What did Ana say about the tea garden?");
                request.channels = channels;
                request.with_neighbours = 3;
                request.scan = longmem_memory::Scan::Exact;
                memory.recall(&request)?;
                request.scan = longmem_memory::Scan::default();
                "lisbonn tee".clone_into(&mut request.query);
                memory.recall(&request).map(drop)
            });
        }
        run("recent", &|memory| memory.recent(&user, &session("talk 1"), 5).map(drop));
        run("show", &|memory| {
            memory.session_turns(&user, &session("talk 0"), None, None).map(drop)
        });
        run("export", &|memory| memory.export(&scope, &mut std::io::sink()).map(drop));
        run("facts", &|memory| memory.facts(&user, FactsAt::Ever).map(drop));
        run("facts now", &|memory| memory.facts(&user, FactsAt::Now).map(drop));
        run("entities", &|memory| memory.entities(&user).map(drop));
        run("summaries", &|memory| memory.summaries(&user).map(drop));
        run("learn", &|memory| memory.sessions_to_learn_from(&user).map(drop));
        run("kept", &|memory| memory.kept_value(Some(&user), "a setting").map(drop));
        run("kept names", &|memory| memory.kept_names(Some(&user), "").map(drop));
        run("preview", &|memory| {
            memory.preview_forget(&ForgetTarget::User(user.clone()), 3).map(drop)
        });
    }
    run("serving", &|memory| memory.serving_model().map(drop));
    run("kept of all", &|memory| memory.kept_value(None, "of all").map(drop));
    let ana = user("ana");
    run("remember", &|memory| {
        let turn = memory.new_turn(session("talk 1"), Role::User, "one more about tea");
        memory.remember(&ana, std::slice::from_ref(&turn))?;
        memory.import_turns(&ana, &[turn], false).map(drop)
    });
    run("note fact", &|memory| {
        memory.note_fact(&ana, &FactNote::new("has a cat", FactKind::Identity)).map(drop)
    });
    run("index", &|memory| {
        memory.index(IndexOptions::default(), &mut |_| ControlFlow::Continue(())).map(drop)
    });
    run("delete fact", &|memory| {
        let Some(fact) = memory.facts(&ana, FactsAt::Ever)?.pop() else { return Ok(()) };
        memory.delete_fact(&ana, fact.id).map(drop)
    });
    run("canary", &|memory| memory.canary().map(drop));
    run("forget session", &|memory| {
        let mut scope = Scope::of(ana.clone());
        scope.sessions.push(session("talk 2"));
        memory.forget(&ForgetTarget::Scope(scope)).map(drop)
    });
    run("forget user", &|memory| memory.forget(&ForgetTarget::User(user("bob"))).map(drop));
    run("backup", &|memory| {
        memory.backup(&path.with_extension("copy"), IfExists::Replace, &|| false)
    });
}

/// Runs everything on a damaged file. Returns what a command did that it must not do.
fn misdeeds(path: &Path, damage: &str) -> Vec<String> {
    let mut misdeeds = Vec::new();
    let run = AssertUnwindSafe(|| {
        run_everything(path, &mut |command, error| {
            let is_known = match error.fault() {
                Fault::Bug => false,
                // The name of what a command asks for may be what is damaged, and the header.
                Fault::Caller => true,
                Fault::Environment => !error.remedies().is_empty(),
            };
            if !is_known {
                misdeeds.push(format!("{damage}: {command}: {error}"));
            }
        });
    });
    if let Err(panic) = catch_unwind(run) {
        let message = panic.downcast_ref::<String>().cloned();
        let message = message.or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        misdeeds.push(format!("{damage}: panic: {}", message.unwrap_or_default()));
    }
    misdeeds
}

/// A damaged copy of a store, in a folder of its own.
fn on_copies(of: &[u8], count: usize, damage: impl Fn(&Path, usize) -> String + Sync) {
    let all: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2)
            .map(|worker| {
                let damage = &damage;
                scope.spawn(move || {
                    let mut misdeeds_found = Vec::new();
                    for number in (worker..count).step_by(2) {
                        let folder = tempfile::tempdir().unwrap();
                        let path = folder.path().join("memory.db");
                        std::fs::write(&path, of).unwrap();
                        let damage = damage(&path, number);
                        misdeeds_found.extend(misdeeds(&path, &damage));
                    }
                    misdeeds_found
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(all.is_empty(), "{} misdeeds:\n{}", all.len(), all.join("\n"));
}

fn whole_store() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    make(&path);
    std::fs::read(path).unwrap()
}

/// Number of damaged files that `LONGMEM_DAMAGED_FILES` asks for. Each takes some seconds, so that without
/// it only some are tried; with it, every wrong value is tried too.
fn more_files() -> Option<usize> {
    std::env::var("LONGMEM_DAMAGED_FILES").ok().map(|count| count.parse().unwrap())
}

#[test]
fn damaged_bytes_are_answered_or_said_to_be_damaged() {
    on_copies(&whole_store(), more_files().unwrap_or(8), |path, seed| {
        let mut bytes = std::fs::read(path).unwrap();
        let damage = damage_bytes(&mut bytes, seed as u64);
        std::fs::write(path, bytes).unwrap();
        format!("seed {seed}: {damage}")
    });
}

#[test]
fn wrong_values_are_answered_or_said_to_be_damaged() {
    let step = if more_files().is_some() { 1 } else { 5 };
    let values: Vec<&str> = WRONG_VALUES.iter().copied().step_by(step).collect();
    on_copies(&whole_store(), values.len(), |path, number| {
        damage_values(path, values[number]);
        values[number].to_owned()
    });
}

/// The runs above prove something only if everything runs on a whole store.
#[test]
fn on_a_whole_store_every_command_works_and_nothing_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    make(&path);
    open(&path).unwrap().check(&mut |problem| panic!("{problem}")).unwrap();
    run_everything(&path, &mut |command, error| panic!("{command}: {error}"));
    open(&path).unwrap().check(&mut |problem| panic!("{problem}")).unwrap();
}

#[test]
fn a_clock_at_the_end_of_time_harms_nothing() {
    // Whole seconds: the last fraction of one cannot be stored.
    let last = Timestamp::from_second(Timestamp::MAX.as_second()).unwrap();
    for now in [Timestamp::MIN, last] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.db");
        make(&path);
        let memory = open_at(&path, now).unwrap();
        run_commands(&path, &memory, &mut |command, error| panic!("{now}: {command}: {error}"));
        memory.check(&mut |problem| panic!("{now}: {problem}")).unwrap();
    }
}
