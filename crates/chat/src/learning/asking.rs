//! Asking a model for JSON that is checked, once more if it is not what was asked for.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    Completion, LanguageModel, Message, MessageRole, ProviderError, Request, TextBlock, Usage,
};

/// Tokens of an answer; models that think spend most of them on thinking.
const MOST_ANSWER_TOKENS: u32 = 4_096;

/// How often one thing is asked.
const ATTEMPTS: usize = 2;

/// What a model is asked to do.
pub(super) struct Task {
    /// What to do, the same for every material.
    pub(super) instructions: String,
    /// What the answer looks like, as a JSON schema with every property required.
    pub(super) schema: Value,
}

/// What an answer is worth.
pub(super) struct Checked<T> {
    /// What can be used of it.
    pub(super) usable: T,
    /// What cannot, each with its reason, as said to the model.
    pub(super) problems: Vec<String>,
}

/// What came of asking.
pub(super) struct Answer<T> {
    /// What can be used; none if nothing can.
    pub(super) usable: Option<T>,
    /// How many parts of the last answer were dropped.
    pub(super) dropped: u64,
    /// What it cost.
    pub(super) usage: Usage,
}

impl Task {
    /// Asks a model about some material, and checks its answer. If something is wrong with it, the
    /// model is told what and asked once more; what is still wrong then is dropped.
    pub(super) async fn ask<A: DeserializeOwned, T>(
        &self,
        model: &LanguageModel,
        material: &str,
        check: impl Fn(A) -> Checked<T> + Send + Sync,
    ) -> Result<Answer<T>, ProviderError> {
        let mut usage = Usage::default();
        let mut asked = material.to_owned();
        for attempt in 1.. {
            let completion = complete(model, self.request(model, &asked)).await?;
            usage += completion.usage;
            let checked = match read(&completion.text) {
                Ok(answer) => check(answer).map(Some),
                Err(problem) => Checked { usable: None, problems: vec![problem] },
            };
            if checked.problems.is_empty() || attempt == ATTEMPTS {
                let dropped = checked.problems.len() as u64;
                return Ok(Answer { usable: checked.usable, dropped, usage });
            }
            let problems = checked.problems.join("; ");
            asked = format!(
                "{material}\n\nAn earlier answer could not be used: {problems}. Answer with nothing \
                 but JSON of the form that was asked for."
            );
        }
        unreachable!("the last attempt returns")
    }

    fn request(&self, model: &LanguageModel, material: &str) -> Request {
        let content = vec![TextBlock::new(material)];
        Request {
            model: model.name.clone(),
            system: vec![TextBlock::new(self.instructions.clone())],
            messages: vec![Message { role: MessageRole::User, content }],
            max_tokens: MOST_ANSWER_TOKENS,
            answer_schema: Some(self.schema.clone()),
        }
    }
}

impl<T> Checked<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Checked<U> {
        Checked { usable: change(self.usable), problems: self.problems }
    }
}

/// Asks; a server that refuses a schema is asked without, since the instructions describe it too.
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
