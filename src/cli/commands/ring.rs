//! `longmem ring`: the servers of a ring, and the users who are not where they belong.

use longmem::postgres::MoveStep;
use longmem::ring::{AwayUser, MovedHome, RingStore};
use longmem::{RingAddress, StorePlace};
use longmem_core::{ErrorCode, UserName};
use longmem_memory::StoreError;
use longmem_wire as wire;

use crate::arguments::{RingAction, RingArguments};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::settings::Settings;
use crate::{progress_bar, render};

pub(super) fn run(
    arguments: &RingArguments,
    settings: &Settings,
    of_one_user: bool,
    output: Output,
) -> Result<(), Failure> {
    let StorePlace::Ring(ring) = &settings.options.place else {
        return Err(Failure::refused(
            ErrorCode::WrongSettings,
            format!("{} is no ring of servers", settings.options.place),
            "Name the file that lists the servers: --db postgres-ring:FILE.",
        ));
    };
    match arguments.action {
        RingAction::Status => status(ring, output),
        RingAction::Move => {
            let only = of_one_user.then_some(&settings.user);
            move_home(&ring.open(false)?, only, output)
        }
    }
}

fn status(ring: &RingAddress, output: Output) -> Result<(), Failure> {
    let status = ring.open(false)?.status()?;
    let servers = status.servers.into_iter().map(|server| {
        let (counts, error) = match server.counts {
            Ok(counts) => (Some(counts), None),
            Err(error) => (None, Some(error.to_string())),
        };
        wire::RingServer {
            name: server.name,
            place: server.place,
            leaving: server.leaving,
            users: counts.map(|counts| counts.users),
            turns: counts.map(|counts| counts.turns),
            marks: counts.map(|counts| counts.marks),
            error,
        }
    });
    let away = status.away.into_iter();
    let report = wire::RingStatus {
        ring: ring.to_string(),
        generation: status.generation,
        servers: servers.collect(),
        away: away.map(|AwayUser { user, at, home }| wire::AwayUser { user, at, home }).collect(),
    };
    if output.json {
        output.document(&report)?;
    } else {
        output.lines(render::ring_status(&report))?;
    }
    Ok(())
}

/// Moves one user, or all who are not where they belong, one after the other.
fn move_home(ring: &RingStore, only: Option<&UserName>, output: Output) -> Result<(), Failure> {
    let interrupt = Interrupt::listen()?;
    let users: Vec<UserName> = match only {
        Some(user) => vec![user.clone()],
        None => ring.away()?.into_iter().map(|away| away.user).collect(),
    };
    let bar = progress_bar::counting(output, users.len() as u64, "users");
    let mut moved = Vec::new();
    for (done, user) in users.iter().enumerate() {
        bar.set_message(user.to_string());
        let step = |step: MoveStep| match step {
            MoveStep::Locked | MoveStep::Copied if interrupt.happened() => Err(StoreError::Stopped),
            _ => Ok(()),
        };
        match ring.move_home(user, &step) {
            Ok(MovedHome::Moved { from, to, report }) => moved.push(wire::MovedUser {
                user: user.clone(),
                from,
                to,
                turns: report.turns,
                vectors_left_out: report.passages_left_out,
                locked_ms: u64::try_from(report.locked.as_millis()).unwrap_or(u64::MAX),
            }),
            // Who was forgotten meanwhile needs no move.
            Ok(MovedHome::WasThere) => {}
            Err(StoreError::UnknownUser(_)) if only.is_none() => {}
            Err(StoreError::Stopped) => return Err(interrupted(done, users.len())),
            Err(error) => {
                bar.finish_and_clear();
                if done > 0 {
                    output.note(so_far(done, users.len()));
                }
                return Err(error.into());
            }
        }
        bar.inc(1);
        if interrupt.happened() && done + 1 < users.len() {
            return Err(interrupted(done + 1, users.len()));
        }
    }
    let emptied = ring.clean_up()?.into_iter().collect();
    bar.finish_and_clear();
    let report = wire::RingMoved { moved, emptied };
    let printed = if output.json {
        output.document(&report)
    } else {
        output.lines(render::ring_moved(&report))
    };
    output.reported("the users are where they belong", printed);
    Ok(())
}

fn interrupted(done: usize, all: usize) -> Failure {
    Failure::Interrupted(so_far(done, all))
}

fn so_far(done: usize, all: usize) -> String {
    format!(
        "{done} of {all} users are where they belong, the others where they were; the same again goes on"
    )
}
