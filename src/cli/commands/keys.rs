//! `longmem keys`: the keys with which other programs reach the server.

use jiff::tz::TimeZone;
use longmem::{IfMissing, SystemClock};
use longmem_core::Clock;
use longmem_server::keys::{self, KeysError, NewKey};
use longmem_wire as wire;

use crate::arguments::{KeysAction, KeysArguments};
use crate::compose;
use crate::failure::Failure;
use crate::output::Output;
use crate::render;
use crate::settings::Settings;

pub(super) fn run(
    arguments: KeysArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    match arguments.action {
        KeysAction::Add { name, scope, expires } => {
            let now = SystemClock.now();
            let zoned = now.to_zoned(TimeZone::system());
            let expires = expires.map(|time| time.0.resolve_ahead(&zoned));
            // Before a store is made for it.
            if let Some(end) = expires.filter(|end| *end <= now) {
                return Err(KeysError::Expired(end).into());
            }
            let memory = compose::memory(settings, IfMissing::Create, output)?;
            let mut new = NewKey::new(name, settings.user.clone());
            new.scopes = scope;
            new.expires = expires;
            added(&keys::add(&memory, new)?, output)
        }
        KeysAction::List => {
            let memory = compose::memory(settings, IfMissing::Fail, output)?;
            listed(keys::list(&memory)?, output)
        }
        KeysAction::Revoke { key } => {
            let memory = compose::memory(settings, IfMissing::Fail, output)?;
            let id = keys::revoke(&memory, &key)?;
            let printed = if output.json {
                output.document(&wire::ServerKeyRevoked { revoked: id })
            } else {
                output.line(format!("Revoked: key {id}"))
            };
            output.reported("the key is revoked", printed);
            Ok(())
        }
    }
}

/// Shows a new key; one that nobody saw is of no use, so it is revoked by whoever sees the list.
fn added(key: &wire::ServerKeyAdded, output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(output.document(key)?);
    }
    output.line_as_it_is(&key.key)?;
    output.note(format!("key {}; it is shown this once", render::server_key(&key.added)));
    Ok(())
}

fn listed(keys: Vec<wire::ServerKey>, output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(output.document(&wire::ServerKeys { keys })?);
    }
    if keys.is_empty() {
        output.note("There are no keys. longmem keys add NAME makes one.");
    }
    Ok(output.lines(keys.iter().map(render::server_key))?)
}
