//! The providers against a stand-in server that replays documented streams and failures.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

mod anthropic;
mod count_tokens;
mod endless;
mod leniency;
mod model_servers;
mod openai_compatible;
mod resilience;
mod stand_in;

use longmem_chat::{
    AnswerSchema, Completion, Message, MessageRole, Provider, ProviderError, Request, TextBlock,
};

fn request() -> Request {
    let text = |text: &str| TextBlock::new(text);
    let message = |role, content: Vec<TextBlock>| Message { role, content };
    let messages = vec![
        message(MessageRole::User, vec![text("Hi.")]),
        message(MessageRole::Assistant, vec![text("Yes?")]),
        message(MessageRole::User, vec![text("Which port?"), text("<recalled_memory>")]),
    ];
    let mut request = Request::new("small", messages, 64);
    request.system = vec![text("Be kind."), text("Facts.")];
    request
}

/// Asks and gathers what was streamed, which must be what the outcome says.
async fn ask(provider: &dyn Provider) -> Result<Completion, ProviderError> {
    let mut streamed = String::new();
    let outcome = provider.complete(&request(), &mut |text| streamed.push_str(text)).await;
    let whole = match &outcome {
        Ok(completion) => completion.text.as_str(),
        Err(error) => error.partial().unwrap_or_default(),
    };
    assert_eq!(streamed, whole);
    outcome
}

/// The request, whose answer is to follow a schema.
fn request_with_schema() -> Request {
    let mut request = request();
    request.answer_schema = AnswerSchema::from_json(r#"{ "type": "object", "properties": {} }"#);
    request
}
