//! Asking a model for JSON that is checked, and once more if something is wrong with it.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    AnswerSchema, Completion, LanguageModel, Message, MessageRole, ProviderError, Request,
    TextBlock, Usage,
};

/// Tokens of an answer; models that think spend most of them on thinking.
const MAX_ANSWER_TOKENS: u32 = 4_096;

/// Number of times that one thing is asked.
const MAX_ATTEMPTS: usize = 2;

/// What a model is asked to do.
pub(super) struct Task {
    /// What to do, the same for every material.
    pub(super) instructions: String,
    /// What the answer looks like: a JSON schema with every property required.
    pub(super) schema: Value,
}

/// An answer after its check.
pub(super) struct Checked<T> {
    /// The part that can be used.
    pub(super) usable: T,
    /// What is wrong with the rest, as it is said to the model.
    pub(super) problems: Vec<String>,
}

/// The last answer of a model.
pub(super) struct Answer<T> {
    /// The part that can be used; none if that was not JSON of the right form.
    pub(super) usable: Option<T>,
    /// Number of its parts that were dropped.
    pub(super) dropped: u64,
    /// What it cost.
    pub(super) usage: Usage,
}

impl Task {
    /// Asks a model about some material, and checks its answer. If something is wrong with it, the
    /// model is asked once more, with the problems named; what is still wrong then is dropped.
    pub(super) async fn ask<A: DeserializeOwned, T>(
        &self,
        model: &LanguageModel,
        material: &str,
        check: impl Fn(A) -> Checked<T> + Send + Sync,
    ) -> Result<Answer<T>, ProviderError> {
        let mut usage = Usage::default();
        let mut message = material.to_owned();
        for attempt in 1.. {
            let completion = complete(model, self.request(model, &message)).await?;
            usage += completion.usage;
            let checked = match read(&completion.text) {
                Ok(answer) => check(answer).map(Some),
                Err(problem) => Checked { usable: None, problems: vec![problem] },
            };
            if checked.problems.is_empty() || attempt == MAX_ATTEMPTS {
                let dropped = checked.problems.len() as u64;
                return Ok(Answer { usable: checked.usable, dropped, usage });
            }
            let problems = checked.problems.join("; ");
            message = format!(
                "{material}\n\nAn earlier answer could not be used: {problems}. Answer with nothing \
                 but JSON of the form that was asked for."
            );
        }
        unreachable!("the last attempt returns")
    }

    fn request(&self, model: &LanguageModel, message: &str) -> Request {
        let content = vec![TextBlock::new(message)];
        let messages = vec![Message { role: MessageRole::User, content }];
        let mut request = Request::new(&model.name, messages, MAX_ANSWER_TOKENS);
        request.system = vec![TextBlock::new(self.instructions.clone())];
        request.answer_schema = Some(AnswerSchema::new(self.schema.clone()));
        request
    }
}

impl<T> Checked<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Checked<U> {
        Checked { usable: change(self.usable), problems: self.problems }
    }
}

/// Asks; a server that refuses the schema is asked without it, since the instructions describe the
/// same form.
async fn complete(
    model: &LanguageModel,
    mut request: Request,
) -> Result<Completion, ProviderError> {
    let answer = model.provider.complete(&request, &mut |_| {}).await;
    match answer {
        Err(ProviderError::Answered { status: 400 | 404 | 422, .. }) => {
            request.answer_schema = None;
            model.provider.complete(&request, &mut |_| {}).await
        }
        answer => answer,
    }
}

/// Reads the JSON object in an answer; some models put words or code marks around it.
fn read<A: DeserializeOwned>(text: &str) -> Result<A, String> {
    let object = match (text.find('{'), text.rfind('}')) {
        (Some(start), Some(end)) if start < end => &text[start..=end],
        _ => return Err("it held no JSON object".to_owned()),
    };
    serde_json::from_str(object).map_err(|error| format!("it was not the JSON expected: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn reads_json_with_words_around_it_and_refuses_the_rest() {
        let read = |text| read::<Value>(text);
        let facts = serde_json::json!({ "facts": [] });
        for text in [r#"{"facts":[]}"#, "Here:\n```json\n{\"facts\": []}\n```\nDone."] {
            assert_eq!(read(text), Ok(facts.clone()));
        }
        assert_eq!(read("I noted nothing."), Err("it held no JSON object".to_owned()));
        assert!(read(r#"{"facts":["#).is_err());
        assert!(read("}{").is_err());
    }
}
