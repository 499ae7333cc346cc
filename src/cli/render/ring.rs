//! The servers of a ring, as a person reads them.

use longmem_wire as wire;

use crate::output::counted;
use crate::sanitize::for_terminal;

/// Users who are not where they belong that are named; of further ones it is said how many there are.
const NAMED: usize = 20;

/// A line for the list, one for each server, and one for each user who is not where they belong.
pub(crate) fn ring_status(status: &wire::RingStatus) -> Vec<String> {
    let servers = counted(status.servers.len() as u64, "server");
    let mut lines = vec![format!("{}, generation {}, {servers}", status.ring, status.generation)];
    lines.extend(status.servers.iter().map(server));
    lines.extend(
        status.away.iter().take(NAMED).map(|away| {
            format!("user {} is on {} and belongs to {}", away.user, away.at, away.home)
        }),
    );
    let unnamed = status.away.len().saturating_sub(NAMED);
    if unnamed > 0 {
        lines.push(format!("and {} more", counted(unnamed as u64, "user")));
    }
    if !status.away.is_empty() {
        let users = counted(status.away.len() as u64, "user");
        lines.push(format!("longmem ring move moves {users} to where they belong"));
    }
    lines.iter().map(|line| for_terminal(line)).collect()
}

fn server(server: &wire::RingServer) -> String {
    let leaving = if server.leaving { ", leaving" } else { "" };
    let holds = match (&server.error, server.users, server.turns) {
        (Some(error), ..) => error.clone(),
        (None, users, turns) => format!(
            "{}, {}",
            counted(users.unwrap_or_default(), "user"),
            counted(turns.unwrap_or_default(), "turn")
        ),
    };
    let left = match server.marks {
        Some(marks) if marks > 0 => {
            format!(", {} broken off", counted(marks, "move"))
        }
        _ => String::new(),
    };
    format!("{} ({}){leaving}: {holds}{left}", server.name, server.place)
}

/// A line for each user who moved, and what there is to do now.
pub(crate) fn ring_moved(report: &wire::RingMoved) -> Vec<String> {
    let mut lines: Vec<String> = report.moved.iter().map(moved).collect();
    lines.push(format!("Moved {}", counted(report.moved.len() as u64, "user")));
    lines.extend(report.emptied.iter().map(|server| {
        format!("server {server} has no users any more: it can be taken out of the file")
    }));
    lines.iter().map(|line| for_terminal(line)).collect()
}

fn moved(moved: &wire::MovedUser) -> String {
    let turns = counted(moved.turns, "turn");
    let left = match moved.vectors_left_out {
        0 => String::new(),
        vectors => format!(", without {} of another model", counted(vectors, "vector")),
    };
    format!("{}: {} → {}, {turns}{left}", moved.user, moved.from, moved.to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reads_where_users_are() {
        let server = |name: &str, error: Option<&str>| wire::RingServer {
            name: name.to_owned(),
            place: format!("postgres://db/{name}"),
            leaving: error.is_some(),
            users: error.is_none().then_some(2),
            turns: error.is_none().then_some(1),
            marks: error.is_none().then_some(1),
            error: error.map(str::to_owned),
        };
        let status = wire::RingStatus {
            ring: "postgres-ring:ring.toml".to_owned(),
            generation: 3,
            servers: vec![server("a", None), server("b", Some("it cannot be reached"))],
            away: vec![wire::AwayUser {
                user: "ana".parse().unwrap(),
                at: "a".to_owned(),
                home: "b".to_owned(),
            }],
        };
        let lines = [
            "postgres-ring:ring.toml, generation 3, 2 servers",
            "a (postgres://db/a): 2 users, 1 turn, 1 move broken off",
            "b (postgres://db/b), leaving: it cannot be reached",
            "user ana is on a and belongs to b",
            "longmem ring move moves 1 user to where they belong",
        ];
        assert_eq!(ring_status(&status), lines);
    }

    #[test]
    fn a_person_reads_who_moved() {
        let report = wire::RingMoved {
            moved: vec![wire::MovedUser {
                user: "ana".parse().unwrap(),
                from: "a".to_owned(),
                to: "b".to_owned(),
                turns: 418,
                vectors_left_out: 0,
                locked_ms: 35,
            }],
            emptied: vec!["a".to_owned()],
        };
        let lines = [
            "ana: a → b, 418 turns",
            "Moved 1 user",
            "server a has no users any more: it can be taken out of the file",
        ];
        assert_eq!(ring_moved(&report), lines);
    }
}
