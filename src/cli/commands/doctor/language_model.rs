//! Whether the language model can be reached, and what fits its window.

use longmem_chat::{Blocking, LocalServer, ProviderError, ServedModel};
use longmem_wire::Check;

use super::with_hints;
use crate::arguments::ProviderArguments;
use crate::compose;
use crate::failure::Failure;
use crate::language_model::{LlmSettings, server};
use crate::output::grouped;
use crate::settings::Settings;

/// Asks the server that is set up for its models, which costs nothing. Without one, memory is quoted,
/// which is not a failure.
pub(super) fn check(flags: &ProviderArguments, settings: &Settings) -> Result<Check, Failure> {
    let (ok, finding) = match looked_at(flags, settings) {
        Ok(found) => found,
        Err(refused @ Failure::Refused { .. }) => (false, refused.to_string()),
        Err(failure) => return Err(failure),
    };
    Ok(Check { name: "language_model".to_owned(), ok, finding })
}

fn looked_at(flags: &ProviderArguments, settings: &Settings) -> Result<(bool, String), Failure> {
    let environment = compose::llm_environment();
    let llm = LlmSettings::resolve(flags, settings, &environment)?;
    let server = server(flags, settings, &environment)?;
    let (Some(name), Some(server)) = (llm.model_name(), server) else {
        return Ok((true, none_set_up(&compose::local_servers()?)));
    };
    let base_url = server.shown_base_url();
    Ok(match Blocking::new()?.run(server.models()) {
        Ok(models) => (true, format!("{name} of {base_url}{}", window_of(name, &models))),
        Err(ProviderError::Answered { status: 404 | 405 | 501, .. }) => {
            (true, format!("{name} of {base_url}, which does not list its models"))
        }
        Err(error) => (false, with_hints(&error)),
    })
}

fn none_set_up(servers: &[LocalServer]) -> String {
    let names: Vec<&str> = servers.iter().map(|server| server.name).collect();
    match names.as_slice() {
        [] => "none is set up; memory is quoted".to_owned(),
        names => {
            let names = names.join(", ");
            format!("none is set up; memory is quoted. Found here by longmem models: {names}")
        }
    }
}

/// What the server says of the model's window. A server of one model answers by any name.
fn window_of(name: &str, models: &[ServedModel]) -> String {
    let is_named = |model: &&ServedModel| {
        model.name == name || model.name.strip_suffix(":latest") == Some(name)
    };
    let model = models.iter().find(is_named).or(models.first().filter(|_| models.len() == 1));
    match model.map(|model| model.window) {
        Some(Some(window)) => {
            format!(", window of {} tokens", grouped(window as u64))
        }
        Some(None) => ", which does not say how large the window is".to_owned(),
        None => format!(", which lists {} other models", models.len()),
    }
}
