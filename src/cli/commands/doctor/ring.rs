//! The servers of a ring: whether all answer, and whether users are where they belong.

use longmem::RingAddress;
use longmem_wire::Check;

use super::failed;
use crate::failure::Failure;
use crate::output::counted;

pub(super) fn check(ring: &RingAddress) -> Check {
    let status = match ring.open(false).and_then(|store| store.status()) {
        Ok(status) => status,
        Err(error) => return failed("servers", &Failure::from(error)),
    };
    let ok = status.servers.iter().all(|server| server.counts.is_ok());
    let mut said = vec![format!("generation {}", status.generation)];
    said.extend(status.servers.iter().map(|server| match &server.counts {
        Ok(counts) => format!(
            "{} ({}) has {}, {}",
            server.name,
            server.place,
            counted(counts.users, "user"),
            counted(counts.turns, "turn")
        ),
        Err(error) => format!("{}: {error}", server.name),
    }));
    if !status.away.is_empty() {
        said.push(format!(
            "{} not where they belong: run longmem ring move",
            counted(status.away.len() as u64, "user")
        ));
    }
    Check { name: "servers".to_owned(), ok, finding: said.join("; ") }
}
