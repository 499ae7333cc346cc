//! The value of a setting that holds now, and where it comes from.

use longmem::{Folders, StorePlace, environment};
use longmem_wire::{ApiKeySet, Setting, SettingSource};

use crate::config_keys::ConfigKey;
use crate::given::Given;

/// What holds for a key: the flag's value, the variable's, the file's, or the default.
pub(super) fn setting(
    key: &ConfigKey,
    file: &toml::Table,
    folders: &Folders,
    given: &Given,
) -> Setting {
    let (value, source) = given_value(key, given)
        .or_else(|| in_file(key, file).map(|value| (value, SettingSource::File)))
        .unwrap_or_else(|| (default(key, folders), SettingSource::Default));
    Setting {
        key: key.name.to_owned(),
        value: if key.name == "db" {
            StorePlace::from(value).to_string()
        } else {
            without_password(value)
        },
        source,
        about: key.about.to_owned(),
    }
}

/// The value that a flag or a variable gives.
fn given_value(key: &ConfigKey, given: &Given) -> Option<(String, SettingSource)> {
    if key.name == "learning.enabled" {
        let off = environment::is_on(environment::NO_LEARNING);
        let source = SettingSource::Environment { variable: environment::NO_LEARNING.to_owned() };
        return off.then(|| ("false".to_owned(), source));
    }
    if let Some(flag) = key.flag.filter(|flag| given.by_flag(flag)) {
        let source = SettingSource::Flag { flag: format!("--{}", flag.replace('_', "-")) };
        return Some((given.value(flag).unwrap_or_else(|| "true".to_owned()), source));
    }
    let variable = key.variable?;
    let value = environment::read(variable)?;
    if key.name == "offline" && !environment::is_on(variable) {
        return None;
    }
    let value = if key.name == "offline" { "true".to_owned() } else { value };
    Some((value, SettingSource::Environment { variable: variable.to_owned() }))
}

/// The value that the file gives.
fn in_file(key: &ConfigKey, file: &toml::Table) -> Option<String> {
    let (table, name) = key.place();
    let mut names = table.split('.').filter(|name| !name.is_empty());
    let table = names.try_fold(file, |table, name| table.get(name)?.as_table())?;
    Some(match table.get(name)? {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(values) => {
            let text =
                |value: &toml::Value| value.as_str().map_or(value.to_string(), str::to_owned);
            values.iter().map(text).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    })
}

/// The default in words, or the very path where there is one.
fn default(key: &ConfigKey, folders: &Folders) -> String {
    match key.name {
        "db" => folders.data.join("memory.db").display().to_string(),
        _ => key.default.to_owned(),
    }
}

/// An address without the password that somebody may have written into it.
fn without_password(value: String) -> String {
    let Some((scheme, rest)) = value.split_once("://") else { return value };
    let host = rest.split('/').next().unwrap_or_default();
    match host.rsplit_once('@') {
        Some((secret, _)) => format!("{scheme}://…@{}", &rest[secret.len() + 1..]),
        None => value,
    }
}

/// Which keys of language models the environment holds; never the keys themselves.
pub(super) fn keys() -> Vec<ApiKeySet> {
    [environment::ANTHROPIC_API_KEY, environment::OPENAI_API_KEY, environment::HF_TOKEN]
        .into_iter()
        .map(|variable| ApiKeySet {
            variable: variable.to_owned(),
            set: environment::read(variable).is_some(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let shown = |url: &str| without_password(url.to_owned());
        assert_eq!(shown("http://me:secret@host:8000/v1"), "http://…@host:8000/v1");
        assert_eq!(shown("http://host/v1?a=b@c"), "http://host/v1?a=b@c");
        assert_eq!(shown("claude-haiku-5-5"), "claude-haiku-5-5");
    }
}
