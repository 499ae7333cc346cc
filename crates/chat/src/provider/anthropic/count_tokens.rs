//! Counting tokens with the Anthropic Messages API.

use serde::Serialize;

use super::Anthropic;
use crate::provider::lenient::count;
use crate::{Message, ProviderError, Request, TextBlock};

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    system: &'a [TextBlock],
    messages: &'a [Message],
}

impl Anthropic {
    /// Asks how many tokens a prompt has; none if the server cannot say.
    pub(super) async fn count(&self, request: &Request) -> Result<Option<usize>, ProviderError> {
        let Request { model, system, messages, .. } = request;
        let path = |messages: &str| format!("{messages}/count_tokens");
        let counted = match self.http.document(path, &Body { model, system, messages }).await {
            Err(error) if error.is_unknown_path() => return Ok(None),
            counted => counted?,
        };
        let tokens = counted.get("input_tokens").and_then(count);
        Ok(tokens.and_then(|tokens| usize::try_from(tokens).ok()))
    }
}
