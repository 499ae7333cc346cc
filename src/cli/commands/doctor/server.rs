//! The server that keeps the memory: what it is, how far it is away, and whether its second guards are on.

use longmem::ServerAddress;
use longmem::postgres::{PostgresStore, ServerReport};
use longmem_wire::Check;

use super::failed;
use crate::failure::Failure;

pub(super) fn check(server: &ServerAddress) -> Check {
    let report =
        PostgresStore::open(server.address(), &server.options()).and_then(|store| store.report());
    match report {
        Ok(report) => judged(&report),
        Err(error) => failed("server", &Failure::from(error)),
    }
}

fn judged(report: &ServerReport) -> Check {
    let mut said = vec![
        format!(
            "PostgreSQL {}, account {}, schema {}",
            report.version, report.account, report.schema
        ),
        format!("hosts {}, {}", report.hosts.join(", "), report.encryption),
        format!(
            "a trip takes {:.1} ms, {} connections at most",
            report.trip.as_secs_f64() * 1000.0,
            report.connections
        ),
    ];
    if report.passes_row_security {
        said.push(
            "warning: the account is a superuser, or passes row security by, which keeps users apart a \
             second time; use one that does not: CREATE ROLE longmem LOGIN"
                .to_owned(),
        );
    }
    if !report.is_durable {
        said.push(
            "warning: synchronous_commit or fsync is off, so that the server may lose what it said was \
             stored when it stops"
                .to_owned(),
        );
    }
    Check { name: "server".to_owned(), ok: true, finding: said.join("; ") }
}
