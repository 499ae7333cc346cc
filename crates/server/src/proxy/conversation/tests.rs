use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::place::spliced;
use super::*;

const BLOCK: &str = "<recalled_memory>\n- \"a quote\" \\ é\n</recalled_memory>";

fn read(kind: RequestKind, body: &str) -> Conversation {
    Conversation::read(kind, body.as_bytes()).unwrap()
}

/// The body with a block behind its last question.
fn with_block(kind: RequestKind, body: &str) -> Option<String> {
    let conversation = read(kind, body);
    let place = conversation.questions.last().filter(|_| conversation.asks)?.place?;
    Some(String::from_utf8(spliced(body.as_bytes(), &place.insertions(BLOCK))).unwrap())
}

fn messages(messages: &Value) -> String {
    json!({"model": "m", "messages": messages}).to_string()
}

#[test]
fn a_block_goes_behind_what_was_asked_and_every_other_byte_stays() {
    let part = json!({"type": "text", "text": BLOCK}).to_string();
    // Numbers, escapes, spaces and fields that nobody knows.
    let anthropic = r#"{ "max_tokens":1.0e2, "x":12345678901234567890123 ,"messages" : [ {"role":"user","content": "\u00fcber \ud83d\ude00?" , "y":null} ]}"#;
    let text = r#""\u00fcber \ud83d\ude00?""#;
    let expected = anthropic.replace(text, &format!(r#"[{{"type":"text","text":{text}}},{part}]"#));
    assert_eq!(with_block(RequestKind::Messages, anthropic).unwrap(), expected);
    assert_eq!(with_block(RequestKind::CountTokens, anthropic).unwrap(), expected);

    let in_text = serde_json::to_string(&format!("\n\n{BLOCK}")).unwrap();
    let in_text = &in_text[1..in_text.len() - 1];
    let expected = anthropic.replace("ude00?", &format!("ude00?{in_text}"));
    assert_eq!(with_block(RequestKind::ChatCompletions, anthropic).unwrap(), expected);

    let responses = r#"{"input": "what is it?", "stream": true}"#;
    let expected = responses.replace("it?", &format!("it?{in_text}"));
    assert_eq!(with_block(RequestKind::Responses, responses).unwrap(), expected);
    assert!(read(RequestKind::Responses, responses).streams);

    let parts = r#"{"messages":[{"role":"user","content":[{"type":"text","text":"what?","cache_control":{"type":"ephemeral"}} ]}]}"#;
    let expected = parts.replace(" ]}]}", &format!(" ,{part}]}}]}}"));
    assert_eq!(with_block(RequestKind::Messages, parts).unwrap(), expected);

    let items = r#"{"input":[{"role":"user","content":[{"type":"input_text","text":"what?"}]}]}"#;
    let part = json!({"type": "input_text", "text": BLOCK}).to_string();
    let expected = items.replace("}]}]}", &format!("}},{part}]}}]}}"));
    assert_eq!(with_block(RequestKind::Responses, items).unwrap(), expected);
}

#[test]
fn what_a_person_asked_is_found_behind_what_programs_add() {
    let asked = |kind, body: &str| {
        let conversation = read(kind, body);
        conversation.asks.then(|| conversation.questions.last().map(|last| last.asked.clone()))?
    };
    let claude_code = messages(&json!([
        {"role": "user", "content": [
            {"type": "text", "text": "<system-reminder>\nContext\n</system-reminder>"},
            {"type": "text", "text": "which port did we pick?"},
        ]},
        {"role": "system", "content": [{"type": "text", "text": "# Environment", "cache_control": {}}]},
    ]));
    let found = asked(RequestKind::Messages, &claude_code);
    assert_eq!(found.as_deref(), Some("which port did we pick?"));
    let codex = json!({"input": [
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "You are"}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "which port?"}]},
        {"type": "message", "role": "user", "content": [
            {"type": "input_text", "text": "<environment_context>\n</environment_context>"}]},
    ]});
    let found = asked(RequestKind::Responses, &codex.to_string());
    assert_eq!(found.as_deref(), Some("which port?"));
    let question = json!({"role": "user", "content": "which port?"});
    for behind in [
        json!({"role": "tool", "tool_call_id": "1", "content": "7443"}),
        json!({"role": "assistant", "content": "7443"}),
        json!({"role": "user", "content": [{"type": "tool_result", "content": "7443"}]}),
        json!({"role": "user", "content": [
            {"type": "tool_result", "content": "7443"},
            {"type": "text", "text": "CRITICAL: Respond with TEXT ONLY"}]}),
        json!({"type": "function_call_output", "call_id": "1", "output": "7443"}),
        json!("a text"),
        json!(7),
    ] {
        let body = messages(&json!([question, behind]));
        assert_eq!(asked(RequestKind::Messages, &body), None, "{behind}");
        let conversation = read(RequestKind::Messages, &body);
        assert_eq!(conversation.questions.len(), 1, "{behind}");
        let is_clients = behind.to_string().contains("CRITICAL");
        assert_eq!(conversation.answers_person, !is_clients, "{behind}");
    }
    for behind in [
        json!({"role": "developer", "content": "Be short"}),
        json!({"role": "user", "content": "<system-reminder>x</system-reminder>"}),
        json!({"role": "user", "content": "### Task:\nGenerate a concise title"}),
        json!({"role": "user", "content": null}),
        json!({"role": "user", "content": []}),
    ] {
        let body = messages(&json!([question, behind]));
        assert_eq!(
            asked(RequestKind::ChatCompletions, &body).as_deref(),
            Some("which port?"),
            "{behind}"
        );
    }
}

#[test]
fn images_and_several_texts_are_a_persons_words_too() {
    let image = json!({"type": "image", "source": {"type": "base64", "data": "iVBO"}});
    let body = messages(&json!([{"role": "user", "content": [image]}]));
    let conversation = read(RequestKind::Messages, &body);
    assert!(conversation.asks && conversation.answers_person);
    let question = &conversation.questions[0];
    assert_eq!((question.said.as_str(), question.place), ("", None));
    let body = messages(&json!([{"role": "user", "content": [
        {"type": "text", "text": "A document."}, image, {"type": "text", "text": "What is it?"}]}]));
    let question = &read(RequestKind::Messages, &body).questions[0];
    assert_eq!(
        (question.asked.as_str(), question.said.as_str()),
        ("What is it?", "A document.\n\nWhat is it?")
    );
    // Half a character is no text.
    let body = r#"{"messages":[{"role":"user","content":"\ud800 what?"}]}"#;
    assert_eq!(with_block(RequestKind::ChatCompletions, body), None);
}

#[test]
fn what_is_not_understood_is_an_error() {
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"messages":null}"#,
        r#"{"messages":{}}"#,
        r#"{"messages":[],"messages":[]}"#,
        r#"{"messages":[],"m\u0065ssages":[]}"#,
        r#"{"messages":[]} x"#,
        "\u{feff}{\"messages\":[]}",
    ] {
        assert!(Conversation::read(RequestKind::Messages, body.as_bytes()).is_err(), "{body}");
    }
    assert!(Conversation::read(RequestKind::Messages, b"{\"messages\":[\"\xff\"]}").is_err());
    assert!(Conversation::read(RequestKind::Responses, br#"{"input":7}"#).is_err());
    // A message that says something twice is not looked into.
    let twice = r#"{"messages":[{"role":"user","content":"a","content":"b"}]}"#;
    assert!(read(RequestKind::Messages, twice).questions.is_empty());
}

#[test]
fn a_question_is_known_again_however_it_is_written() {
    let hash = |content: Value, behind: &[Value]| {
        let mut all = vec![json!({"role": "system", "content": "It is 10:00"})];
        all.push(json!({"role": "user", "content": content}));
        all.extend(behind.iter().cloned());
        read(RequestKind::Messages, &messages(&json!(all))).questions[0].hash
    };
    let text = hash(json!("what?"), &[]);
    let part = json!([{"type": "text", "text": "what?"}]);
    assert_eq!(hash(part, &[]), text);
    let marked = json!([{"type": "text", "text": "what?", "cache_control": {"type": "ephemeral"}}]);
    assert_eq!(hash(marked, &[json!({"role": "assistant", "content": "that"})]), text);
    assert_ne!(hash(json!("what"), &[]), text);
    let image = |data: &str| json!([{"type": "image", "data": data, "cache_control": {}}]);
    assert_ne!(hash(image("a"), &[]), hash(image("b"), &[]));
    let unmarked = json!([{"data": "a", "type": "image"}]);
    assert_eq!(hash(image("a"), &[]), hash(unmarked, &[]));

    let second = |first: &str, id: Option<&str>| {
        let body = json!({"previous_response_id": id, "input": [
            {"role": "user", "content": first}, {"role": "user", "content": "and?"}]});
        read(RequestKind::Responses, &body.to_string()).questions[1].hash
    };
    assert_ne!(second("a", None), second("b", None));
    assert_ne!(second("a", None), second("a", Some("resp_1")));
}

#[test]
fn the_session_is_read_from_the_users_id() {
    for (user_id, session) in [
        (json!("user_1_account__session_9482f01d"), Some("9482f01d")),
        (json!("{\"device_id\":\"1\",\"session_id\":\"9482f01d\"}"), Some("9482f01d")),
        (json!("ana"), None),
        (json!(7), None),
    ] {
        let body = json!({"messages": [], "metadata": {"user_id": user_id}}).to_string();
        assert_eq!(read(RequestKind::Messages, &body).session.as_deref(), session, "{user_id}");
    }
}

fn content() -> impl Strategy<Value = Value> {
    let text = "[a-z<\"\\\\\n é😀]{0,12}";
    let part = prop_oneof![
        text.prop_map(|text| json!({"type": "text", "text": text})),
        text.prop_map(|text| json!({"type": "input_text", "text": text, "cache_control": {"type": "ephemeral"}})),
        Just(json!({"type": "image", "data": "x"})),
        Just(json!({"type": "tool_result", "content": [{"type": "text", "text": "y"}]})),
        Just(json!(null)),
    ];
    prop_oneof![
        text.prop_map(Value::from),
        prop::collection::vec(part, 0..4).prop_map(Value::from),
        Just(Value::Null),
        Just(json!(7)),
    ]
}

fn any_body() -> impl Strategy<Value = String> {
    let role =
        prop::sample::select(vec!["user", "user", "assistant", "system", "tool", "developer"]);
    let message = prop_oneof![
        8 => (role, content()).prop_map(|(role, content)| json!({"role": role, "content": content})),
        1 => Just(json!({"type": "function_call_output", "output": "x"})),
        1 => Just(json!("x")),
    ];
    let list = prop::collection::vec(message, 0..6);
    (list, any::<bool>(), "[a-z]{0,5}").prop_map(|(list, pretty, model)| {
        let body = json!({"model": model, "messages": list, "input": list, "n": 1.50e3});
        if pretty { serde_json::to_string_pretty(&body) } else { serde_json::to_string(&body) }
            .unwrap()
    })
}

proptest! {
    #[test]
    fn without_what_was_put_in_a_body_is_what_it_was(body in any_body(), block in "§[a-z\"\\\\\n<é😀]{0,30}") {
        for kind in [RequestKind::Messages, RequestKind::ChatCompletions, RequestKind::Responses] {
            let conversation = read(kind, &body);
            let places = conversation.questions.iter().filter_map(|question| question.place);
            let insertions: Vec<_> = places.flat_map(|place| place.insertions(&block)).collect();
            let after = spliced(body.as_bytes(), &insertions);
            // Taking the insertions out again, from the last to the first.
            let mut before = after.clone();
            for (number, insertion) in insertions.iter().enumerate().rev() {
                let shift: usize = insertions[..number].iter().map(|other| other.bytes.len()).sum();
                let at = insertion.at + shift;
                prop_assert_eq!(&before[at..at + insertion.bytes.len()], &insertion.bytes[..]);
                before.drain(at..at + insertion.bytes.len());
            }
            prop_assert_eq!(std::str::from_utf8(&before).unwrap(), &body);
            // What comes of it is JSON, and holds each block as it is.
            let value: Value = serde_json::from_slice(&after).unwrap();
            let holds = |value: &Value| texts(value).iter().filter(|text| text.ends_with(&block)).count();
            let field = if kind == RequestKind::Responses { "input" } else { "messages" };
            let original: Value = serde_json::from_str(&body).unwrap();
            let places = conversation.questions.iter().filter(|question| question.place.is_some()).count();
            prop_assert!(holds(&value[field]) >= places);
            prop_assert!(holds(&value[field]) <= places + holds(&original[field]));
        }
    }

    #[test]
    fn whatever_bytes_come_nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for kind in [RequestKind::Messages, RequestKind::ChatCompletions, RequestKind::Responses] {
            let _ = Conversation::read(kind, &bytes);
        }
    }
}

/// Every text in a value.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
