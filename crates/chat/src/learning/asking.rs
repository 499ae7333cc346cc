//! Asking a model for JSON that is checked, and once more if something is wrong with it.
//!
//! A small model may write on without an end, and on a server that answers one request at a time it
//! holds up the next answer meanwhile. So an answer is short, and of one that was cut off the whole
//! parts count.

use longmem_text::without_thinking;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::json::closed_early;
use crate::{
    AnswerSchema, Completion, LanguageModel, Message, MessageRole, ProviderError, Request,
    StopReason, TextBlock, Usage,
};

/// Tokens of the answer of a model that spent all of a shorter one on thinking.
const THINKING_TOKENS: u32 = 4_096;

/// Number of times that one thing is asked.
const MAX_ATTEMPTS: usize = 2;

/// What a model is asked to do.
pub(super) struct Task {
    /// What to do, the same for every material.
    pub(super) instructions: String,
    /// What the answer looks like: a JSON schema with every property required.
    pub(super) schema: Value,
    /// The most tokens that the answer may have.
    pub(super) max_tokens: u32,
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
        let mut request = self.request(model, material);
        for attempt in 1.. {
            let completion = complete(model, &request).await?;
            usage += completion.usage;
            let was_cut_off = completion.stop_reason == StopReason::MaxTokens;
            let text = without_thinking(&completion.text);
            let mut checked = match read(&text, was_cut_off) {
                Ok(answer) => check(answer).map(Some),
                Err(problem) => Checked { usable: None, problems: vec![problem] },
            };
            if was_cut_off && checked.usable.is_some() {
                checked.problems.push("it was cut off".to_owned());
            }
            // Whoever wrote on without an end once does so again.
            let is_last = attempt == MAX_ATTEMPTS || (was_cut_off && checked.usable.is_some());
            if checked.problems.is_empty() || is_last {
                let dropped = checked.problems.len() as u64;
                return Ok(Answer { usable: checked.usable, dropped, usage });
            }
            if was_cut_off && text.trim().is_empty() {
                request.max_tokens = THINKING_TOKENS;
                continue;
            }
            let problems = checked.problems.join("; ");
            let message = format!(
                "{material}\n\nAn earlier answer could not be used: {problems}. Answer with nothing \
                 but JSON of the form that was asked for."
            );
            request = self.request(model, &message);
        }
        unreachable!("the last attempt returns")
    }

    fn request(&self, model: &LanguageModel, message: &str) -> Request {
        let content = vec![TextBlock::new(message)];
        let messages = vec![Message { role: MessageRole::User, content }];
        let mut request = Request::new(&model.name, messages, self.max_tokens);
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
async fn complete(model: &LanguageModel, request: &Request) -> Result<Completion, ProviderError> {
    let answer = model.provider.complete(request, &mut |_| {}).await;
    match answer {
        Err(ProviderError::Answered { status: 400 | 404 | 422, .. }) => {
            let request = Request { answer_schema: None, ..request.clone() };
            model.provider.complete(&request, &mut |_| {}).await
        }
        answer => answer,
    }
}

/// Reads the JSON object in an answer; some models put words or code marks around it. Of an answer
/// that was cut off, as much is read as has the right form.
fn read<A: DeserializeOwned>(text: &str, was_cut_off: bool) -> Result<A, String> {
    let nothing = || "it held no JSON object".to_owned();
    let start = text.find('{').ok_or_else(nothing)?;
    let object = match text.rfind('}') {
        Some(end) if start < end => &text[start..=end],
        _ => return Err(nothing()),
    };
    serde_json::from_str(object).or_else(|error| {
        let read = |closed: String| serde_json::from_str(&closed).ok();
        let whole = if was_cut_off { closed_early(object).find_map(read) } else { None };
        whole.ok_or_else(|| format!("it was not the JSON expected: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn reads_json_with_words_around_it_and_refuses_the_rest() {
        let read = |text| read::<Value>(text, false);
        let facts = json!({ "facts": [] });
        for text in [r#"{"facts":[]}"#, "Here:\n```json\n{\"facts\": []}\n```\nDone."] {
            assert_eq!(read(text), Ok(facts.clone()));
        }
        assert_eq!(read("I noted nothing."), Err("it held no JSON object".to_owned()));
        assert!(read(r#"{"facts":["#).is_err());
        assert!(read("}{").is_err());
    }

    #[test]
    fn of_an_answer_that_was_cut_off_the_whole_parts_are_read() {
        let cut = r#"{"facts":[{"turn":1},{"turn":2,"names":[{"name":"A"},{"name":"A"},{"name":"#;
        assert!(read::<Value>(cut, false).is_err());
        let names = json!([{ "name": "A" }, { "name": "A" }]);
        let expected = json!({ "facts": [{ "turn": 1 }, { "turn": 2, "names": names }] });
        assert_eq!(read::<Value>(cut, true), Ok(expected));
        assert!(read::<Value>(r#"{"facts":[{"turn":1"#, true).is_err());
    }
}
