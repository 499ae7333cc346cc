//! Entries in an agent's JSON file, beside whatever else stands in it.

use longmem_server::HookClient;
use serde_json::{Map, Value, json};

use super::entries::{SERVER, is_own_hook, is_own_server};
use super::json_text::{JsonText, Span};

/// The name of the object with the MCP servers.
const SERVERS: &str = "mcpServers";

/// The name of the object with the hooks, and of the list of them in each of its groups.
const HOOKS: &str = "hooks";

/// What stands in a file without entries.
const EMPTY: &str = "{}\n";

/// The fields of an MCP server that say how it is reached.
const SERVER_FIELDS: [&str; 4] = ["command", "args", "url", "httpUrl"];

/// A JSON object as it stands in a file.
pub(super) struct JsonFile(JsonText);

impl JsonFile {
    /// Reads the text of a file; none is an empty object.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn read(text: Option<&str>) -> Result<Self, String> {
        let is_blank = |text: &&str| !text.trim_start_matches('\u{feff}').trim().is_empty();
        let json = JsonText::read(text.filter(is_blank).unwrap_or(EMPTY).to_owned())?;
        match json.members(&json.root()) {
            Some(_) => Ok(Self(json)),
            None => Err("expected a JSON object".to_owned()),
        }
    }

    /// The text of the file; none if nothing stands in it.
    pub(super) fn text(&self) -> Option<String> {
        let root = self.0.root();
        let is_empty = self.0.members(&root).is_none_or(|members| members.is_empty());
        // Comments around the object are something, too.
        let text = self.0.text();
        let is_nothing = is_empty && !self.0.has_comments(&(0..text.len()));
        (!is_nothing).then(|| text.to_owned())
    }

    /// Puts the MCP server in, in the place of one that longmem wrote before: of that, fields stay that
    /// are not given here, such as its environment.
    ///
    /// # Errors
    /// If another server has its name, or the file is built otherwise.
    pub(super) fn put_server(&mut self, entry: &Map<String, Value>) -> Result<(), String> {
        let servers = self.object(SERVERS)?;
        let Some(old) = self.0.member(&servers, SERVER) else {
            return self.0.append_member(&servers, SERVER, &Value::Object(entry.clone()));
        };
        if !self.is_own_server(&old) {
            return Err(foreign_server());
        }
        for field in SERVER_FIELDS {
            let old = self.server().expect("it is there");
            match (self.0.member(&old, field), entry.get(field)) {
                (Some(_), None) => self.0.take_out_member(&old, field)?,
                (Some(value), Some(new)) if self.0.value(&value).as_ref() != Some(new) => {
                    self.0.replace(&value, new)?;
                }
                (None, Some(new)) => self.0.append_member(&old, field, new)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes the MCP server out, if longmem wrote it.
    ///
    /// # Errors
    /// Only for a bug.
    pub(super) fn remove_server(&mut self) -> Result<(), String> {
        if !self.server().is_some_and(|server| self.is_own_server(&server)) {
            return Ok(());
        }
        let root = self.0.root();
        let servers = self.0.member(&root, SERVERS).expect("it holds the server");
        let is_alone = self.0.members(&servers).is_some_and(|members| members.len() == 1);
        if is_alone && !self.0.has_comments(&servers) {
            return self.0.take_out_member(&root, SERVERS);
        }
        self.0.take_out_member(&servers, SERVER)
    }

    /// Whether there is an MCP server with longmem's name that longmem did not write.
    pub(super) fn has_foreign_server(&self) -> bool {
        self.server().is_some_and(|server| !self.is_own_server(&server))
    }

    /// Puts a hook in, in the place of the one that longmem wrote before for the event.
    ///
    /// # Errors
    /// If the file is built otherwise.
    pub(super) fn put_hook(
        &mut self,
        client: HookClient,
        event: &str,
        hook: &Value,
    ) -> Result<(), String> {
        let hooks = self.object(HOOKS)?;
        let Some(groups) = self.0.member(&hooks, event) else {
            return self.0.append_member(&hooks, event, &json!([{HOOKS: [hook]}]));
        };
        let Some(groups_there) = self.0.elements(&groups) else {
            return Err(format!("{HOOKS}.{event} is no list"));
        };
        let own = groups_there
            .iter()
            .flat_map(|group| self.hooks_of(group))
            .find(|hook| self.is_own_hook(hook, client));
        match own {
            Some(own) if self.0.value(&own).as_ref() == Some(hook) => Ok(()),
            Some(own) => self.0.replace(&own, hook),
            None => self.0.append_element(&groups, &json!({HOOKS: [hook]})),
        }
    }

    /// Takes out the hooks that longmem wrote, and what held nothing else.
    ///
    /// # Errors
    /// Only for a bug.
    pub(super) fn remove_hooks(&mut self, client: HookClient) -> Result<(), String> {
        while let Some((container, entry)) = self.own_hook(client) {
            self.0.take_out(&container, &entry)?;
        }
        Ok(())
    }

    /// A hook that longmem wrote, with what holds nothing but it, and what that stands in.
    fn own_hook(&self, client: HookClient) -> Option<(Span, Span)> {
        let root = self.0.root();
        let hooks = self.0.members(&root)?.into_iter().rfind(|member| member.name == HOOKS)?;
        let events = self.0.members(&hooks.value)?;
        for event in &events {
            let groups = self.0.elements(&event.value).unwrap_or_default();
            for group in &groups {
                let Some(list) = self.0.member(group, HOOKS) else { continue };
                let elements = self.0.elements(&list).unwrap_or_default();
                let Some(own) = elements.iter().find(|hook| self.is_own_hook(hook, client)) else {
                    continue;
                };
                // What holds others, or a person's comment, stays.
                let holds_more = |count: usize, span: &Span| count > 1 || self.0.has_comments(span);
                return Some(if holds_more(elements.len(), &list) {
                    (list, own.clone())
                } else if holds_more(groups.len(), &event.value) {
                    (event.value.clone(), group.clone())
                } else if holds_more(events.len(), &hooks.value) {
                    (hooks.value.clone(), event.span())
                } else {
                    (root, hooks.span())
                });
            }
        }
        None
    }

    /// The hooks of a group of them.
    fn hooks_of(&self, group: &Span) -> Vec<Span> {
        let list = self.0.member(group, HOOKS);
        list.and_then(|list| self.0.elements(&list)).unwrap_or_default()
    }

    fn is_own_hook(&self, hook: &Span, client: HookClient) -> bool {
        self.string(hook, "command").is_some_and(|line| is_own_hook(&line, client))
    }

    /// The MCP server that has longmem's name.
    fn server(&self) -> Option<Span> {
        let servers = self.0.member(&self.0.root(), SERVERS)?;
        self.0.member(&servers, SERVER)
    }

    fn is_own_server(&self, server: &Span) -> bool {
        let arguments = self.0.member(server, "args").and_then(|span| self.0.value(&span));
        let arguments =
            arguments.and_then(|value| serde_json::from_value::<Vec<String>>(value).ok());
        let address = self.string(server, "url").or_else(|| self.string(server, "httpUrl"));
        let command = self.string(server, "command");
        is_own_server(command.as_deref(), &arguments.unwrap_or_default(), address.as_deref())
    }

    fn string(&self, object: &Span, name: &str) -> Option<String> {
        let value = self.0.value(&self.0.member(object, name)?)?;
        value.as_str().map(str::to_owned)
    }

    /// The object under a name, made if it is not there.
    fn object(&mut self, name: &str) -> Result<Span, String> {
        if self.0.member(&self.0.root(), name).is_none() {
            self.0.append_member(&self.0.root(), name, &json!({}))?;
        }
        let object = self.0.member(&self.0.root(), name).expect("it was made");
        match self.0.members(&object) {
            Some(_) => Ok(object),
            None => Err(format!("{name} is no object")),
        }
    }
}

/// Says that another server has longmem's name.
fn foreign_server() -> String {
    format!("{SERVERS} has a server {SERVER:?} that longmem did not write; give that another name")
}
