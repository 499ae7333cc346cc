//! Who and what the ids in a workspace's messages stand for, by the lists beside the channels.

use std::collections::HashMap;

use serde_json::Value;

use crate::json::fields::text_or_number;

/// The lists at the top of an export that are read before its messages.
pub(super) const LISTS: &[&str] =
    &["users.json", "channels.json", "groups.json", "dms.json", "mpims.json"];

/// The names of people and channels, as far as the export has them.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    /// By the id of the person.
    people: HashMap<String, String>,
    /// By the id of the channel, and by its name.
    channels: HashMap<String, Channel>,
}

/// A channel, a private group or a talk of two or more people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Channel {
    pub(super) id: String,
    /// Its name without "#"; `None` for a talk of two people.
    pub(super) name: Option<String>,
    /// The ids of its members, where it is known by them.
    members: Vec<String>,
}

impl Workspace {
    /// Takes in one of the [`LISTS`].
    pub(super) fn add_list(&mut self, list: &str, entries: &Value) {
        for entry in entries.as_array().into_iter().flatten() {
            let Some(id) = text_or_number(&entry["id"]) else { continue };
            if list == "users.json" {
                if let Some(name) = person_name(entry) {
                    self.people.insert(id, name);
                }
                continue;
            }
            let name = text_or_number(&entry["name"]);
            let mut members = Vec::new();
            // Elsewhere the members do not name the channel, and can be thousands.
            if matches!(list, "dms.json" | "mpims.json") {
                members.extend(
                    entry["members"].as_array().into_iter().flatten().filter_map(text_or_number),
                );
            }
            let channel = Channel { id: id.clone(), name, members };
            if let Some(name) = &channel.name {
                self.channels.insert(name.clone(), channel.clone());
            }
            self.channels.insert(id, channel);
        }
    }

    /// The name by which the others see a person.
    pub(super) fn person(&self, id: &str) -> Option<&str> {
        self.people.get(id).map(String::as_str)
    }

    /// The channel with an id, or with the name of a folder of the export.
    pub(super) fn channel(&self, id_or_name: &str) -> Option<&Channel> {
        self.channels.get(id_or_name)
    }

    /// What people call a channel: "#general", or the names of those who talk.
    pub(super) fn title(&self, channel: &Channel) -> Option<String> {
        let names: Vec<&str> = channel.members.iter().filter_map(|id| self.person(id)).collect();
        if names.is_empty() {
            return channel.name.as_ref().map(|name| format!("#{name}"));
        }
        Some(names.join(", "))
    }
}

/// The name that a person chose to be shown, else the whole name, else the account's.
pub(super) fn person_name(user: &Value) -> Option<String> {
    let profile = &user["profile"];
    [
        &profile["display_name"],
        &user["display_name"],
        &profile["real_name"],
        &user["real_name"],
        &user["name"],
    ]
    .into_iter()
    .find_map(text_or_number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_channel_is_called_by_its_name_or_its_people() {
        let mut workspace = Workspace::default();
        workspace.add_list("users.json", &json!([
            {"id": "U1", "name": "ana", "profile": {"display_name": "Ana", "real_name": "Ana Li"}},
            {"id": "U2", "name": "bo", "profile": {"display_name": "", "real_name": "Bo Ek"}},
            {"id": "U3", "name": "cy"},
            {"name": "nobody"}
        ]));
        workspace.add_list(
            "channels.json",
            &json!([{"id": "C1", "name": "general", "members": ["U1"]}]),
        );
        workspace.add_list("dms.json", &json!([{"id": "D1", "members": ["U1", "U2"]}]));
        workspace.add_list(
            "mpims.json",
            &json!([{"id": "G1", "name": "mpdm-1", "members": ["U3", "U2"]}]),
        );
        let title = |name| workspace.title(workspace.channel(name).unwrap());
        assert_eq!(title("general").unwrap(), "#general");
        assert_eq!(title("C1").unwrap(), "#general");
        assert_eq!(title("D1").unwrap(), "Ana, Bo Ek");
        assert_eq!(title("mpdm-1").unwrap(), "cy, Bo Ek");
        assert_eq!(workspace.channel("random"), None);
        assert_eq!(workspace.channel("general").unwrap().id, "C1");
    }
}
