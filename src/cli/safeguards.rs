//! What the settings say about redaction and moderation.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use longmem_memory::{Moderation, OnFailure, Safeguards, Stage};
use longmem_text::{Redactor, SecretKind};

use crate::config_file::{ModerationConfig, RedactionConfig};
use crate::moderation::ModerationCommand;

/// Variables that a program needs to run, and that hold no key. It gets others only by name.
const USUAL_VARIABLES: [&str; 14] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "PATHEXT",
];

/// How long an answer of the moderating program may take, where the settings do not say.
const TIMEOUT_SECONDS: f64 = 5.0;

/// What a run of longmem does to texts before they are stored.
///
/// # Errors
/// What is wrong with the settings.
pub(crate) fn resolve(
    redact: bool,
    redaction: &RedactionConfig,
    moderation: &ModerationConfig,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Safeguards, String> {
    let mut safeguards = Safeguards::default();
    let redactor = redactor(redaction)?;
    if redact || redaction.enabled {
        safeguards.redactor = Some(redactor);
    }
    safeguards.moderation = moderated(moderation, variable)?;
    Ok(safeguards)
}

fn redactor(config: &RedactionConfig) -> Result<Redactor, String> {
    let mut redactor = match &config.kinds {
        None => Redactor::default(),
        Some(names) => {
            let kinds =
                names.iter().map(|name| name.parse()).collect::<Result<Vec<SecretKind>, _>>();
            Redactor::of_kinds(&kinds.map_err(|error| format!("redaction.kinds: {error}"))?)
        }
    };
    for pattern in &config.patterns {
        redactor = redactor
            .with_pattern(&pattern.name, &pattern.regex)
            .map_err(|error| format!("redaction.patterns: {error}"))?;
    }
    Ok(redactor)
}

fn moderated(
    config: &ModerationConfig,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<Moderation>, String> {
    let Some((program, arguments)) = config.command.split_first() else { return Ok(None) };
    let program = Path::new(program);
    let is_name = program.components().count() == 1 && !program.as_os_str().is_empty();
    if !program.is_absolute() && !is_name {
        return Err(format!(
            "moderation.command: {} is neither an absolute path nor a name to be found in PATH",
            program.display()
        ));
    }
    let timeout = config.timeout_seconds.unwrap_or(TIMEOUT_SECONDS);
    let timeout = Duration::try_from_secs_f64(timeout).ok().filter(|time| !time.is_zero());
    let Some(timeout) = timeout else {
        return Err("moderation.timeout_seconds: expected a number above 0".to_owned());
    };
    let on_failure = match config.on_failure.as_deref() {
        None | Some("refuse") => OnFailure::Refuse,
        Some("allow") => OnFailure::Allow,
        Some(other) => {
            return Err(format!(
                "moderation.on_failure: \"{other}\" is neither \"refuse\" nor \"allow\""
            ));
        }
    };
    let stages: Option<Vec<Stage>> = config
        .when
        .as_ref()
        .map(|words| words.iter().map(|word| word.parse::<Stage>()).collect())
        .transpose()
        .map_err(|error| format!("moderation.when: {error}"))?;
    let named = config.environment.iter().map(String::as_str);
    let environment = USUAL_VARIABLES.into_iter().chain(named);
    let environment =
        environment.filter_map(|name| Some((OsString::from(name), variable(name)?))).collect();
    let command = ModerationCommand {
        program: program.to_owned(),
        arguments: arguments.to_vec(),
        search: variable("PATH").unwrap_or_default(),
        environment,
        timeout,
        running: Mutex::new(None),
    };
    let mut moderation = Moderation::new(command);
    moderation.on_failure = on_failure;
    moderation.stages = stages.unwrap_or(moderation.stages);
    Ok(Some(moderation))
}
