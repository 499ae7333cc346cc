//! Documents that an assistant writes beside a conversation, in ChatGPT's canvas.

use serde_json::Value;

use crate::json::fields::title;

/// Reads the messages that write into the canvas, in the order of the conversation.
#[derive(Default)]
pub(super) struct Canvas {
    /// The title of the document that was written last: a change does not name its document.
    title: Option<String>,
}

impl Canvas {
    /// What a message writes into the canvas, under the document's title; `None` for every other
    /// message.
    pub(super) fn document(&mut self, message: &Value) -> Option<String> {
        let text = match message["recipient"].as_str()? {
            "canmore.create_textdoc" => {
                let document = arguments(message)?;
                self.title = title(&document["name"]);
                document["content"].as_str()?.to_owned()
            }
            "canmore.update_textdoc" => {
                let arguments = arguments(message)?;
                let updates = arguments["updates"].as_array()?;
                let texts: Vec<&str> =
                    updates.iter().filter_map(|update| update["replacement"].as_str()).collect();
                texts.join("\n\n")
            }
            _ => return None,
        };
        // The document's own title is newer than the one it was created with.
        let title = title(&message["metadata"]["canvas"]["title"]).or_else(|| self.title.clone());
        let text = text.trim();
        let title = title.as_deref().unwrap_or("document");
        (!text.is_empty()).then(|| format!("[{title}]\n{text}"))
    }
}

/// The JSON that a message hands to the canvas.
fn arguments(message: &Value) -> Option<Value> {
    let content = &message["content"];
    let text = content["text"].as_str().or_else(|| content["parts"][0].as_str())?;
    serde_json::from_str(text).ok()
}
