//! What a server says went wrong inside an answer.

use serde_json::Value;

use super::Step;
use crate::provider::error::OVERLOADED;
use crate::provider::lenient::{count, member, says_something, word, words};

/// Reads an event that says that something went wrong; none if it does not. An `error` that is empty
/// says nothing: some servers send it with every event.
pub(in crate::provider) fn failure(name: &str, event: &Value) -> Option<Step> {
    let error = event.get("error").filter(|error| says_something(error));
    let is_of = |place: &str| event.get(place).and_then(word).is_some_and(|kind| kind == "error");
    let is_error = error.is_some() || name == "error" || is_of("object") || is_of("type");
    if !is_error {
        return None;
    }
    let error = error.filter(|error| error.is_object()).unwrap_or(event);
    let message = words(event).or_else(|| words(error)).unwrap_or_else(|| event.to_string());
    Some(Step::Failed { status: status(error), message })
}

/// The HTTP status of an error: its number, or the one that a server gives an error of this name
/// outside a stream.
fn status(error: &Value) -> u16 {
    let code = member(error, &["code", "status", "status_code"]);
    let number = code.and_then(count).and_then(|code| u16::try_from(code).ok());
    let names = [code, error.get("type")];
    number
        .filter(|number| (400..600).contains(number))
        .or_else(|| names.into_iter().flatten().filter_map(word).find_map(status_of_name))
        .unwrap_or(500)
}

fn status_of_name(name: &str) -> Option<u16> {
    Some(match name {
        "invalid_request_error" | "context_length_exceeded" | "exceed_context_size_error" => 400,
        "authentication_error" | "invalid_api_key" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" | "model_not_found" => 404,
        "conflict_error" => 409,
        "request_too_large" => 413,
        "rate_limit_error" | "rate_limit_exceeded" | "insufficient_quota" => 429,
        "timeout_error" => 504,
        "overloaded_error" => OVERLOADED,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(name: &str, event: &Value) -> Option<(u16, String)> {
        match failure(name, event)? {
            Step::Failed { status, message } => Some((status, message)),
            _ => panic!("an error is a failure"),
        }
    }

    #[test]
    fn an_error_has_its_status_and_its_words() {
        for (event, status, message) in [
            (json!({"error": {"message": "no", "code": 503}}), 503, "no"),
            (json!({"error": {"message": "no", "code": "503"}}), 503, "no"),
            (json!({"error": {"message": "no", "code": 7}}), 500, "no"),
            (json!({"error": "no"}), 500, "no"),
            (json!({"error": {"message": "no", "type": "rate_limit_error"}}), 429, "no"),
            (
                json!({"error": {"message": "no", "code": "context_length_exceeded"}}),
                400,
                "no (context_length_exceeded)",
            ),
            (json!({"object": "error", "message": "no", "code": 400}), 400, "no"),
            (
                json!({"type": "error", "error": {"type": "overloaded_error"}}),
                529,
                "overloaded_error",
            ),
            (json!({"error": true, "message": "no"}), 500, "no"),
        ] {
            assert_eq!(read("", &event), Some((status, message.to_owned())), "{event}");
        }
        let named = json!({"code": 400, "details": "no"});
        assert_eq!(read("error", &named), Some((400, "no".to_owned())));
        assert_eq!(read("error", &json!({"code": 400})), Some((400, "{\"code\":400}".to_owned())));
    }

    #[test]
    fn an_empty_error_is_none() {
        for error in [json!(null), json!({}), json!(""), json!({"message": "", "code": null})] {
            assert_eq!(read("", &json!({"error": error, "choices": []})), None, "{error}");
        }
    }
}
