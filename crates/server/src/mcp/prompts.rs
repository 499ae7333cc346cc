//! The prompt `recall`: what memory holds on a question, put before it.

use rmcp::model::{
    ErrorData, GetPromptRequestParams, GetPromptResult, Prompt, PromptArgument, PromptMessage, Role,
};

use super::call::Call;
use super::tools;

const NAME: &str = "recall";

/// What clients are told of it.
pub(super) fn recall() -> Prompt {
    let query = PromptArgument::new("query")
        .with_title("Question")
        .with_description("What to look for in past conversations")
        .with_required(true);
    Prompt::new(NAME, Some("Puts what was said earlier before a question"), Some(vec![query]))
        .with_title("Recall")
}

/// The prompt with what memory holds.
///
/// # Errors
/// For another name, for no question, and for a memory that cannot be read.
pub(super) async fn get(
    call: Call,
    asked: &GetPromptRequestParams,
) -> Result<GetPromptResult, ErrorData> {
    if asked.name != NAME {
        return Err(ErrorData::invalid_params(format!("there is no prompt {}", asked.name), None));
    }
    let query = asked.arguments.as_ref().and_then(|arguments| arguments.get("query")?.as_str());
    let Some(query) = query else {
        return Err(ErrorData::invalid_params("the prompt recall needs the text query", None));
    };
    let recalled = tools::recalled_text(call, query.to_owned()).await;
    let recalled = recalled.map_err(|refusal| ErrorData::invalid_params(refusal.text(), None))?;
    let text = format!("{recalled}\n\n{query}");
    let message = PromptMessage::new_text(Role::User, text);
    Ok(GetPromptResult::new(vec![message])
        .with_description("What was said earlier, and a question"))
}
