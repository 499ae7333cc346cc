//! Changes of the configuration file: it is read again before it is written, so that no wrong value
//! gets into it, and it is whole at every moment.

use std::io::Write;
use std::path::Path;

use longmem::{Folders, HubSettings};
use longmem_core::ErrorCode;
use longmem_core::private_files::{self, IfExists, NewFile};
use toml_edit::{Array, DocumentMut, Item, Table, Value};

use crate::arguments::GlobalArguments;
use crate::config_file::ConfigFile;
use crate::config_keys::{ConfigKey, template};
use crate::failure::Failure;
use crate::settings::Settings;

/// Writes a file in which every key is explained.
pub(super) fn init(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        let message = format!("{} exists already", path.display());
        let hint = "longmem config set KEY VALUE changes it; longmem config --config FILE init \
                    writes another one.";
        return Err(Failure::refused(ErrorCode::FileExists, message, hint));
    }
    write(path, &template())
}

/// Sets a key.
pub(super) fn set(path: &Path, key: &ConfigKey, values: &[String]) -> Result<(), Failure> {
    let mut document = read(path)?;
    let (table_name, name) = key.place();
    let no_table = || wrong(path, &format!("{table_name} is no table"));
    let table = table_of(&mut document, key).ok_or_else(no_table)?;
    let value = value(key, values);
    if let Some(old) = table.get_mut(name).and_then(Item::as_value_mut) {
        // What stands around the value stays: a comment behind it, the spaces before it.
        let around = old.decor().clone();
        *old = value;
        *old.decor_mut() = around;
        return write(path, &document.to_string());
    }
    if let Some(text) = in_place_of_comment(&document.to_string(), key, &value) {
        return write(path, &text);
    }
    table_of(&mut document, key).ok_or_else(no_table)?.insert(name, Item::Value(value));
    write(path, &document.to_string())
}

/// The file's text with a setting in the place of the comment that shows it, as [`template`] writes them.
fn in_place_of_comment(text: &str, key: &ConfigKey, value: &Value) -> Option<String> {
    let (table, name) = key.place();
    let (beginning, heading) = (format!("# {name} = "), format!("[{table}]"));
    let mut is_in_table = table.is_empty();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with('[') {
            is_in_table = line.trim() == heading;
        }
        if is_in_table && line.starts_with(&beginning) {
            let value = value.to_string();
            return Some(format!(
                "{}{name} = {}\n{}",
                &text[..at],
                value.trim(),
                &text[at + line.len()..]
            ));
        }
        at += line.len();
    }
    None
}

/// The table of a key, made if it is not there; none if something else stands in its place.
fn table_of<'a>(document: &'a mut DocumentMut, key: &ConfigKey) -> Option<&'a mut Table> {
    let (names, _) = key.place();
    let mut names = names.split('.').filter(|name| !name.is_empty()).peekable();
    let mut table = document.as_table_mut();
    while let Some(name) = names.next() {
        let mut new = Table::new();
        // A table that only holds other tables has no line of its own.
        new.set_implicit(names.peek().is_some());
        table = table.entry(name).or_insert(Item::Table(new)).as_table_mut()?;
    }
    Some(table)
}

/// Takes a key out; says whether it was there.
pub(super) fn unset(path: &Path, key: &ConfigKey) -> Result<bool, Failure> {
    let mut document = read(path)?;
    let (names, name) = key.place();
    let mut names = names.split('.').filter(|name| !name.is_empty());
    let table = names.try_fold(document.as_table_mut(), |table, name| {
        table.get_mut(name).and_then(Item::as_table_mut)
    });
    let was_set = table.is_some_and(|table| table.remove(name).is_some());
    if was_set {
        write(path, &document.to_string())?;
    }
    Ok(was_set)
}

/// A value as the file holds it: of the kind of the key's example, where it can be read so. What cannot
/// stays a text, and reading the file says what was expected.
fn value(key: &ConfigKey, values: &[String]) -> Value {
    if key.example.starts_with('[') {
        if let [one] = values
            && let Ok(array @ Value::Array(_)) = one.parse()
        {
            return array;
        }
        return Value::Array(values.iter().map(String::as_str).collect::<Array>());
    }
    let text = values.join(" ");
    if key.example.starts_with('"') {
        return text.into();
    }
    text.parse().unwrap_or_else(|_| text.into())
}

/// The file as a document that keeps its comments; an empty one if there is none.
fn read(path: &Path) -> Result<DocumentMut, Failure> {
    match fs_err::read_to_string(path) {
        Ok(text) => {
            text.parse().map_err(|error: toml_edit::TomlError| wrong(path, error.message()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(DocumentMut::new()),
        Err(error) => Err(wrong(path, &error.to_string())),
    }
}

/// Writes the file, whole or not at all, for its owner only.
///
/// # Errors
/// [`Failure::Config`] if longmem would not read it; then nothing was changed.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let file = ConfigFile::parse(path, text)?;
    let flags = GlobalArguments { config: Some(path.to_owned()), ..GlobalArguments::default() };
    Settings::resolve(&flags, file, &Folders::of_this_user()?, HubSettings::default(), |_| None)?;
    // A link is followed: many people keep their configuration elsewhere.
    let path = fs_err::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if let Some(folder) = path.parent() {
        private_files::make_folder(folder)?;
    }
    let mut file = NewFile::begin(&path, IfExists::Replace)?;
    file.write_all(text.as_bytes())?;
    Ok(file.finish()?)
}

fn wrong(path: &Path, reason: &str) -> Failure {
    Failure::Config { path: path.to_owned(), reason: reason.trim_end().replace('\n', "; ") }
}
