//! `longmem config`: which settings hold and where they come from, and changes of the file.

mod change;
mod effective;

use std::path::Path;

use longmem::Folders;
use longmem_core::ErrorCode;
use longmem_wire as wire;

use crate::arguments::{ConfigAction, ConfigArguments, GlobalArguments};
use crate::config_file::ConfigFile;
use crate::config_keys::{ConfigKey, KEYS};
use crate::failure::Failure;
use crate::given::Given;
use crate::output::Output;
use crate::render;

/// Shows or changes the configuration; the settings are not resolved before, so that a wrong file can be
/// mended with this command.
pub(super) fn run(
    arguments: &ConfigArguments,
    flags: &GlobalArguments,
    given: &Given,
    output: Output,
) -> Result<(), Failure> {
    let folders = Folders::of_this_user()?;
    let named = flags.config.as_deref().map(|path| folders.expand(path)).transpose()?;
    let path = named.as_deref().unwrap_or(&folders.config);
    match &arguments.action {
        None => show(path, named.as_deref(), &folders, given, output),
        Some(ConfigAction::Init) => {
            change::init(path)?;
            changed(path, "written; every key is explained in it", output)
        }
        Some(ConfigAction::Set { key, value }) => {
            let key = known(key)?;
            change::set(path, key, value)?;
            changed(path, &format!("{} is set", key.name), output)?;
            warn_if_hidden(key, path, given, output)
        }
        Some(ConfigAction::Unset { key }) => {
            let key = known(key)?;
            let was_set = change::unset(path, key)?;
            let what = if was_set { "is not set any more" } else { "was not set" };
            changed(path, &format!("{} {what}", key.name), output)
        }
        Some(ConfigAction::Get { key }) => {
            let key = known(key)?;
            let file = ConfigFile::table(named.as_deref(), &folders.config)?;
            let setting = effective::setting(key, &file, &folders, given);
            if output.json {
                Ok(output.document(&setting)?)
            } else {
                Ok(output.line(crate::sanitize::for_terminal(&setting.value))?)
            }
        }
    }
}

fn show(
    path: &Path,
    named: Option<&Path>,
    folders: &Folders,
    given: &Given,
    output: Output,
) -> Result<(), Failure> {
    // The file is read as every command reads it, so that what is wrong with it is said here too.
    ConfigFile::read(named, folders)?;
    let file = ConfigFile::table(named, &folders.config)?;
    let configuration = wire::Configuration {
        file: path.display().to_string(),
        exists: path.exists(),
        settings: KEYS.iter().map(|key| effective::setting(key, &file, folders, given)).collect(),
        keys: effective::keys(),
    };
    if output.json {
        return Ok(output.document(&configuration)?);
    }
    Ok(output.lines(render::configuration(&configuration))?)
}

/// Says what was changed.
fn changed(path: &Path, what: &str, output: Output) -> Result<(), Failure> {
    let path = path.display().to_string();
    if output.json {
        Ok(output.document(&wire::ConfigChanged { file: path, changed: what.to_owned() })?)
    } else {
        Ok(output.line(crate::sanitize::for_terminal(&format!("{path}: {what}")))?)
    }
}

/// Warns if something goes before the file, so that what was set does not hold.
fn warn_if_hidden(
    key: &ConfigKey,
    path: &Path,
    given: &Given,
    output: Output,
) -> Result<(), Failure> {
    let folders = Folders::of_this_user()?;
    let file = ConfigFile::table(Some(path), path)?;
    let setting = effective::setting(key, &file, &folders, given);
    if let wire::SettingSource::Environment { variable } = setting.source {
        output.warn(format!("{variable} is set and goes before the file"));
    }
    Ok(())
}

/// The key of this name.
fn known(name: &str) -> Result<&'static ConfigKey, Failure> {
    ConfigKey::named(name).ok_or_else(|| {
        let near = KEYS.iter().map(|key| (strsim::osa_distance(key.name, name), key.name)).min();
        let hint = match near {
            Some((distance, near)) if distance <= 3 => format!("Did you mean {near}?"),
            _ => "longmem config lists the keys.".to_owned(),
        };
        Failure::refused(ErrorCode::WrongSettings, format!("there is no key {name}"), hint)
    })
}
