//! `longmem models`: the language models that can be reached.

use longmem_chat::{Blocking, ChatError};
use longmem_wire as wire;

use crate::arguments::ModelsArguments;
use crate::compose;
use crate::failure::Failure;
use crate::language_model::{server, warn_of_exposed_key};
use crate::output::Output;
use crate::render;
use crate::settings::Settings;

pub(super) fn run(
    arguments: &ModelsArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let mut servers: Vec<wire::ModelServer> =
        compose::local_servers()?.into_iter().map(wire::ModelServer::from).collect();
    let mut failed = None;
    let environment = compose::llm_environment();
    if let Some(server) = server(&arguments.provider, settings, &environment)? {
        warn_of_exposed_key(Some(&server), output);
        let place = servers.iter().position(|other| is_same(&other.base_url, &server.base_url));
        let local = place.map(|place| servers.remove(place));
        let (models, error) = match Blocking::new()?.run(server.models()) {
            Ok(models) => (models, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        servers.insert(
            0,
            wire::ModelServer {
                name: local.map_or_else(|| server.api.to_string(), |local| local.name),
                api: server.api.to_string(),
                base_url: server.shown_base_url(),
                set_up: true,
                error: error.as_ref().map(ToString::to_string),
                models: models.into_iter().map(wire::ServedModel::from).collect(),
            },
        );
        failed = error;
    }
    if output.json {
        output.document(&wire::ModelServers { servers })?;
    } else if servers.is_empty() {
        output
            .line("No language model is set up, and no model server runs at its usual address.")?;
    } else {
        output.lines(servers.iter().map(render::model_server))?;
    }
    failed.map_or(Ok(()), |error| Err(ChatError::from(error).into()))
}

/// Whether two addresses are the same server: this machine has two names.
fn is_same(one: &str, other: &str) -> bool {
    let plain = |url: &str| url.trim_end_matches('/').replace("//localhost:", "//127.0.0.1:");
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_two_names() {
        assert!(is_same("http://localhost:11434/v1/", "http://127.0.0.1:11434/v1"));
        assert!(!is_same("http://localhost:11434/v1", "http://127.0.0.1:8080/v1"));
    }
}
