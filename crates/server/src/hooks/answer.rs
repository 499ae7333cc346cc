//! What a hook prints.

use serde::Serialize;

use crate::activity::Brought;

/// What a hook prints: `{}`, or a text that the agent puts into its prompt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HookAnswer {
    #[serde(rename = "hookSpecificOutput", skip_serializing_if = "Option::is_none")]
    output: Option<Output>,
    /// What of memory stands in it.
    #[serde(skip)]
    pub(super) brought: Option<Brought>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    hook_event_name: &'static str,
    additional_context: String,
}

impl HookAnswer {
    /// The answer to an event with a text for the prompt; none is `{}`.
    pub(crate) fn of(event: &'static str, text: Option<String>) -> Self {
        let text = text.filter(|text| !text.is_empty());
        let output = text.map(|text| Output { hook_event_name: event, additional_context: text });
        Self { output, brought: None }
    }

    /// The same with what of memory stands in it.
    pub(crate) fn with(self, brought: Option<Brought>) -> Self {
        Self { brought, ..self }
    }

    /// The text for the prompt.
    pub fn text(&self) -> Option<&str> {
        self.output.as_ref().map(|output| output.additional_context.as_str())
    }

    /// The JSON, on one line.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(longmem_server::HookAnswer::default().to_json(), "{}");
    /// ```
    #[expect(clippy::missing_panics_doc, reason = "texts can always be written as JSON")]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("an answer is texts")
    }
}
