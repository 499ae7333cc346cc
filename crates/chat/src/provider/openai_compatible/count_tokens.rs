//! Counting tokens with llama.cpp's server and with vLLM; others have nothing for it.

use serde::Serialize;
use serde_json::Value;

use super::{OpenAiCompatible, PlainMessage, messages};
use crate::provider::lenient::{count, word};
use crate::{ProviderError, Request};

/// What llama.cpp makes one text of, as the model reads it.
#[derive(Serialize)]
struct Template<'a> {
    messages: &'a [PlainMessage],
}

/// What llama.cpp cuts into tokens.
#[derive(Serialize)]
struct ToTokenize<'a> {
    content: &'a str,
    /// With the token that begins every text, as in a prompt.
    add_special: bool,
    /// With the template's marks as one token each.
    parse_special: bool,
}

/// What vLLM counts.
#[derive(Serialize)]
struct Chat<'a> {
    model: &'a str,
    messages: &'a [PlainMessage],
    add_generation_prompt: bool,
}

impl OpenAiCompatible {
    /// Asks how many tokens a prompt has; none if the server cannot say.
    pub(super) async fn count(&self, request: &Request) -> Result<Option<usize>, ProviderError> {
        let messages = messages(request, self.dialect(&request.model));
        let templated = self.ask("/apply-template", &Template { messages: &messages }).await?;
        let counted = if let Some(templated) = templated {
            let Some(content) = templated.get("prompt").and_then(word) else { return Ok(None) };
            let text = ToTokenize { content, add_special: true, parse_special: true };
            self.ask("/tokenize", &text).await?
        } else {
            let model = &request.model;
            let chat = Chat { model, messages: &messages, add_generation_prompt: true };
            self.ask("/tokenize", &chat).await?
        };
        Ok(counted.as_ref().and_then(tokens))
    }

    /// Asks at a path beside the API's own; none if the server does not know it.
    async fn ask(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<Option<Value>, ProviderError> {
        let beside = |chat: &str| {
            let base = chat.strip_suffix("/chat/completions").unwrap_or(chat);
            format!("{}{path}", base.strip_suffix("/v1").unwrap_or(base))
        };
        match self.http.document(beside, body).await {
            Err(error) if error.is_unknown_path() => Ok(None),
            answer => answer.map(Some),
        }
    }
}

/// The number of tokens in an answer: as a number, or as a list of them.
fn tokens(answer: &Value) -> Option<usize> {
    let counted = answer.get("count").and_then(count).and_then(|count| usize::try_from(count).ok());
    counted.or_else(|| Some(answer.get("tokens")?.as_array()?.len()))
}
