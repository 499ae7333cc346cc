//! Entries in an agent's JSON file, beside whatever else stands in it.

use longmem_server::HookClient;
use serde::Serialize;
use serde_json::ser::PrettyFormatter;
use serde_json::{Map, Serializer, Value, json};

use super::entries::{SERVER, is_own_hook, is_own_server};

/// Spaces of a level of a file that shows none.
const INDENT: &str = "  ";

/// A JSON object as it stands in a file.
pub(super) struct JsonFile {
    root: Map<String, Value>,
    indent: String,
}

impl JsonFile {
    /// Reads the text of a file; none is an empty object.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn read(text: Option<&str>) -> Result<Self, String> {
        let text = text.map(|text| text.strip_prefix('\u{feff}').unwrap_or(text));
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            return Ok(Self { root: Map::new(), indent: INDENT.to_owned() });
        };
        let root = serde_json::from_str(text)
            .map_err(|error| format!("expected a JSON object without comments: {error}"))?;
        Ok(Self { root, indent: indent_of(text) })
    }

    /// The text of the file; none if nothing stands in it.
    pub(super) fn text(&self) -> Option<String> {
        if self.root.is_empty() {
            return None;
        }
        let mut bytes = Vec::new();
        let formatter = PrettyFormatter::with_indent(self.indent.as_bytes());
        let mut serializer = Serializer::with_formatter(&mut bytes, formatter);
        self.root.serialize(&mut serializer).expect("JSON can be written as JSON");
        bytes.push(b'\n');
        Some(String::from_utf8(bytes).expect("JSON is UTF-8"))
    }

    /// Puts the MCP server in, in the place of one that longmem wrote before: of that, fields stay that
    /// are not given here, such as its environment.
    ///
    /// # Errors
    /// If another server has its name, or the file is built otherwise.
    pub(super) fn put_server(&mut self, entry: Map<String, Value>) -> Result<(), String> {
        let servers = object(&mut self.root, "mcpServers")?;
        let Some(old) = servers.get_mut(SERVER) else {
            servers.insert(SERVER.to_owned(), Value::Object(entry));
            return Ok(());
        };
        if !is_own(old) {
            return Err(format!(
                "mcpServers has a server {SERVER:?} already that longmem did not write"
            ));
        }
        if let Some(old) = old.as_object_mut() {
            for field in ["command", "args", "url", "httpUrl"] {
                old.remove(field);
            }
            old.extend(entry);
        }
        Ok(())
    }

    /// Takes the MCP server out, if longmem wrote it.
    pub(super) fn remove_server(&mut self) {
        let Some(servers) = self.root.get_mut("mcpServers").and_then(Value::as_object_mut) else {
            return;
        };
        if servers.get(SERVER).is_some_and(is_own) {
            servers.shift_remove(SERVER);
            if servers.is_empty() {
                self.root.shift_remove("mcpServers");
            }
        }
    }

    /// Puts a hook in, in the place of the one that longmem wrote before for the event.
    ///
    /// # Errors
    /// If the file is built otherwise.
    pub(super) fn put_hook(
        &mut self,
        client: HookClient,
        event: &str,
        hook: Value,
    ) -> Result<(), String> {
        let hooks = object(&mut self.root, "hooks")?;
        let groups = hooks.entry(event).or_insert_with(|| json!([]));
        let groups = groups.as_array_mut().ok_or_else(|| format!("hooks.{event} is no list"))?;
        let own = groups
            .iter_mut()
            .filter_map(|group| group.get_mut("hooks")?.as_array_mut())
            .flatten()
            .find(|hook| is_own_hook(hook, client));
        match own {
            Some(own) => *own = hook,
            None => groups.push(json!({"hooks": [hook]})),
        }
        Ok(())
    }

    /// Takes out the hooks that longmem wrote, and what held nothing else.
    pub(super) fn remove_hooks(&mut self, client: HookClient) {
        let Some(hooks) = self.root.get_mut("hooks").and_then(Value::as_object_mut) else { return };
        let mut emptied = Vec::new();
        for (event, groups) in hooks.iter_mut() {
            let Some(groups) = groups.as_array_mut() else { continue };
            let before = groups.len();
            groups.retain_mut(|group| {
                let Some(inner) = group.get_mut("hooks").and_then(Value::as_array_mut) else {
                    return true;
                };
                let held = inner.len();
                inner.retain(|hook| !is_own_hook(hook, client));
                inner.len() == held || !inner.is_empty()
            });
            if groups.len() < before && groups.is_empty() {
                emptied.push(event.clone());
            }
        }
        let is_emptied = !emptied.is_empty();
        for event in emptied {
            hooks.shift_remove(&event);
        }
        if is_emptied && hooks.is_empty() {
            self.root.shift_remove("hooks");
        }
    }
}

/// Says whether two texts are the same JSON.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let value = |text| serde_json::from_str::<Value>(text).ok();
    value(one).is_some_and(|one| Some(one) == value(other))
}

/// Says whether an MCP server is one that longmem wrote.
fn is_own(entry: &Value) -> bool {
    let address = entry["url"].as_str().or(entry["httpUrl"].as_str());
    is_own_server(entry["command"].as_str(), address)
}

/// The object under a name, made if it is not there.
fn object<'a>(
    root: &'a mut Map<String, Value>,
    name: &str,
) -> Result<&'a mut Map<String, Value>, String> {
    let value = root.entry(name).or_insert_with(|| json!({}));
    value.as_object_mut().ok_or_else(|| format!("{name} is no object"))
}

/// What stands before the first entry of an object.
fn indent_of(text: &str) -> String {
    let lines = text.lines().skip(1);
    let mut indents = lines
        .filter(|line| line.trim_start().starts_with('"'))
        .map(|line| line[..line.len() - line.trim_start().len()].to_owned());
    indents.next().filter(|indent| !indent.is_empty()).unwrap_or_else(|| INDENT.to_owned())
}
