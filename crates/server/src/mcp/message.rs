//! Reads one message of JSON-RPC, and says what is wrong with one that is none.
//!
//! rmcp passes over text that is no JSON, and takes a request whose parameters it cannot read for one of an
//! unknown method. A client that waits for the answer to such a message would wait for ever, or look for the
//! mistake in the wrong place.

use rmcp::model::{
    CallToolRequestParams, ClientJsonRpcMessage, ClientRequest, ErrorData, GetPromptRequestParams,
    InitializeRequestParams, JsonObject, JsonRpcMessage, PaginatedRequestParams,
    ReadResourceRequestParams, RequestId,
};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};

use super::top_level_id::TopLevelId;

/// What came.
#[derive(Debug)]
pub(super) enum Received {
    /// A message that can be handled.
    Message(Box<ClientJsonRpcMessage>),
    /// Something that is answered with an error.
    Wrong(Wrong),
}

/// What is answered to a message that cannot be handled.
#[derive(Debug)]
pub(super) struct Wrong {
    /// The request that it was; none if that cannot be told.
    pub(super) id: Option<RequestId>,
    /// What is wrong with it.
    pub(super) error: Box<ErrorData>,
    /// Whether it may have been a notification, to which nothing is answered where that is possible.
    pub(super) may_be_notification: bool,
}

impl Wrong {
    fn new(id: Option<RequestId>, error: ErrorData) -> Self {
        Self { id, error: error.into(), may_be_notification: false }
    }

    /// Something that is JSON, and no message.
    fn no_message(id: Option<RequestId>, why: impl Into<String>) -> Self {
        Self::new(id, ErrorData::invalid_request(why.into(), None))
    }

    fn notification(error: impl Into<Box<ErrorData>>) -> Self {
        Self { id: None, error: error.into(), may_be_notification: true }
    }

    /// A message of more bytes than are taken.
    pub(super) fn too_long(id: Option<RequestId>, most: usize) -> Self {
        let mebibytes = most >> 20;
        Self::no_message(id, format!("a message has {mebibytes} MiB at most; send less at once"))
    }
}

/// Reads one message.
pub(super) fn read(text: &[u8]) -> Received {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let read = match serde_json::from_slice(text) {
        Ok(Value::Object(fields)) => message(fields),
        Ok(Value::Array(_)) => Err(Wrong::no_message(
            None,
            "a message is one JSON object; this protocol has no batches, so send each alone",
        )),
        Ok(_) => Err(Wrong::no_message(None, "a message is a JSON object with method and id")),
        Err(error) => Err(unreadable(text, &error)),
    };
    match read {
        Ok(message) => Received::Message(Box::new(message)),
        Err(wrong) => Received::Wrong(wrong),
    }
}

/// What is no JSON has no id. What is built like JSON, and holds half of a character or too many brackets,
/// has one.
fn unreadable(text: &[u8], error: &serde_json::Error) -> Wrong {
    let error = ErrorData::parse_error(format!("the message is no valid JSON: {error}"), None);
    if serde_json::from_slice::<IgnoredAny>(text).is_err() {
        return Wrong::new(None, error);
    }
    let looking = TopLevelId::of(text);
    let may_be_notification = looking.expects_nothing();
    Wrong { may_be_notification, ..Wrong::new(looking.found(), error) }
}

fn message(mut fields: Map<String, Value>) -> Result<ClientJsonRpcMessage, Wrong> {
    let given = fields.get("id").cloned();
    let id = given.clone().and_then(|id| serde_json::from_value(id).ok());
    let Some(method) = fields.get("method") else {
        if fields.contains_key("result") || fields.contains_key("error") {
            // Somebody answers what was never asked: there is nobody to tell.
            return typed(fields).map_err(|error| Wrong { may_be_notification: true, ..error });
        }
        return Err(Wrong::no_message(id, "a message needs a method, such as tools/list"));
    };
    let Some(method) = method.as_str().map(str::to_owned) else {
        return Err(Wrong::no_message(id, "the method of a message is a string"));
    };
    match (given, id) {
        (None, _) => typed(fields).map_err(|wrong| Wrong::notification(wrong.error)),
        (Some(_), None) => Err(Wrong::no_message(
            None,
            "the id of a request is a string or a whole number of at most 63 bits",
        )),
        (Some(_), Some(id)) => {
            // rmcp takes null for parameters that cannot be read.
            if fields.get("params").is_some_and(Value::is_null) {
                fields.remove("params");
            }
            let parameters = fields.get("params").cloned();
            if parameters.as_ref().is_some_and(|parameters| !parameters.is_object()) {
                let error = format!("the params of {method} cannot be read: an object is expected");
                return Err(Wrong::new(Some(id), ErrorData::invalid_params(error, None)));
            }
            let message = typed(fields).map_err(|wrong| Wrong { id: Some(id.clone()), ..wrong })?;
            match is_of_other_method(&message).then(|| misread(&method, parameters)).flatten() {
                Some(error) => Err(Wrong::new(Some(id), error)),
                None => Ok(message),
            }
        }
    }
}

fn typed(fields: Map<String, Value>) -> Result<ClientJsonRpcMessage, Wrong> {
    let says_version = fields.get("jsonrpc").and_then(Value::as_str) == Some("2.0");
    serde_json::from_value(Value::Object(fields)).map_err(|_| {
        let why = if says_version {
            "the message is neither a request nor a notification of this protocol"
        } else {
            "a message says \"jsonrpc\": \"2.0\""
        };
        Wrong::no_message(None, why)
    })
}

/// Whether rmcp took a message for a request that it does not know.
fn is_of_other_method(message: &ClientJsonRpcMessage) -> bool {
    let JsonRpcMessage::Request(request) = message else { return false };
    matches!(request.request, ClientRequest::CustomRequest(_))
}

/// Why the parameters of a method that is served cannot be read; none for other methods.
fn misread(method: &str, parameters: Option<Value>) -> Option<ErrorData> {
    let why = match method {
        "initialize" => why_not::<InitializeRequestParams>(parameters),
        "tools/call" => why_not::<CallToolRequestParams>(parameters),
        "resources/read" => why_not::<ReadResourceRequestParams>(parameters),
        "prompts/get" => why_not::<GetPromptRequestParams>(parameters),
        "tools/list" | "resources/list" | "resources/templates/list" | "prompts/list" => {
            why_not::<PaginatedRequestParams>(parameters)
        }
        "ping" | "server/discover" => why_not::<JsonObject>(parameters),
        _ => return None,
    };
    let why = why.unwrap_or_else(|| "they are not as the protocol says".to_owned());
    Some(ErrorData::invalid_params(format!("the params of {method} cannot be read: {why}"), None))
}

fn why_not<T: DeserializeOwned>(parameters: Option<Value>) -> Option<String> {
    let Some(parameters) = parameters else { return Some("there are none".to_owned()) };
    serde_json::from_value::<T>(parameters).err().map(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The id and the code of the error; none for a message.
    fn wrong(text: &str) -> Option<(Option<Value>, i32, bool)> {
        match read(text.as_bytes()) {
            Received::Message(_) => None,
            Received::Wrong(Wrong { id, error, may_be_notification }) => {
                Some((id.map(RequestId::into_json_value), error.code.0, may_be_notification))
            }
        }
    }

    #[test]
    fn messages_are_taken() {
        for text in [
            r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{}}"#,
            r#"{"jsonrpc":"2.0","id":1.0,"method":"ping","params":null}"#,
            r#"{"jsonrpc":"2.0","id":"a","method":"tools/list","params":null}"#,
            r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"x"}}"#,
            r#"{"jsonrpc":"2.0","id":"a","method":"own/method","params":{"x":1}}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
        ] {
            assert_eq!(wrong(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_a_parse_error_of_nobody() {
        for text in ["hello", "{", r#"{"jsonrpc":"2.0","id":7,"method":"#, "[1,", "\u{0}", "{}{}"] {
            assert_eq!(wrong(text), Some((None, -32700, false)), "{text}");
        }
    }

    #[test]
    fn what_is_built_like_json_keeps_its_id() {
        let half =
            r#"{"method":"tools/call","params":{"id":3,"text":"\ud83d"},"jsonrpc":"2.0","id":7}"#;
        assert_eq!(wrong(half), Some((Some(7.into()), -32700, false)));
        let (open, close) = ("[".repeat(5_000), "]".repeat(5_000));
        let deep = format!(r#"{{"id":"a\"b","method":"ping","params":{{"x":{open}{close}}}}}"#);
        assert_eq!(wrong(&deep), Some((Some("a\"b".into()), -32700, false)));
        let told = r#"{"method":"notifications/progress","params":{"text":"\ud83d"}}"#;
        assert_eq!(wrong(told), Some((None, -32700, true)));
        assert_eq!(wrong(r#"["\ud83d"]"#), Some((None, -32700, false)));
    }

    #[test]
    fn json_that_is_no_message_is_an_invalid_request() {
        for text in [
            "[]",
            "42",
            "null",
            r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
            r#"{"jsonrpc":"2.0"}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
        ] {
            assert_eq!(wrong(text), Some((None, -32600, false)), "{text}");
        }
        for text in [
            r#"{"id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
        ] {
            assert_eq!(wrong(text), Some((Some(1.into()), -32600, false)), "{text}");
        }
    }

    #[test]
    fn parameters_that_cannot_be_read_are_no_unknown_method() {
        for (method, params) in [
            ("tools/call", "null"),
            ("tools/call", "{}"),
            ("tools/call", r#"{"name":7}"#),
            ("tools/call", r#"["name"]"#),
            ("tools/call", r#"{"name":"memory_search","arguments":"port"}"#),
            ("tools/list", r#""all""#),
            ("resources/read", "{}"),
            ("prompts/get", "{}"),
            ("initialize", "{}"),
            ("initialize", r#"{"protocolVersion":1}"#),
        ] {
            let text =
                format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
            assert_eq!(wrong(&text), Some((Some(1.into()), -32602, false)), "{text}");
        }
    }

    #[test]
    fn a_notification_that_cannot_be_read_is_one() {
        for text in
            [r#"{"method":"notifications/initialized"}"#, r#"{"jsonrpc":"2.0","result":{}}"#]
        {
            assert_eq!(wrong(text), Some((None, -32600, true)), "{text}");
        }
    }
}
