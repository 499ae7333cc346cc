//! The settings as a table.

use longmem_wire::{Configuration, SettingSource};

use crate::sanitize::for_terminal;

/// The file, then a line for each setting: key, value, where it comes from.
pub(crate) fn configuration(configuration: &Configuration) -> Vec<String> {
    let there =
        if configuration.exists { "" } else { " (not there; longmem config init writes it)" };
    let mut lines = vec![format!("{}{there}", for_terminal(&configuration.file)), String::new()];
    let width = configuration.settings.iter().map(|setting| setting.key.len()).max().unwrap_or(0);
    for setting in &configuration.settings {
        let source = match &setting.source {
            SettingSource::Flag { flag } => flag.clone(),
            SettingSource::Environment { variable } => variable.clone(),
            SettingSource::File => "the file".to_owned(),
            SettingSource::Default => "default".to_owned(),
        };
        let value = for_terminal(&setting.value);
        lines.push(format!("{:width$}  {value}  ({source})", setting.key));
    }
    lines.push(String::new());
    let set = |key: &longmem_wire::ApiKeySet| {
        format!("{} {}", key.variable, if key.set { "is set" } else { "is not set" })
    };
    lines.push(configuration.keys.iter().map(set).collect::<Vec<_>>().join(", "));
    lines
}
