//! What holds for every talk, and for every way in which a stream is cut.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::upstream::{Scripted, Upstream};
use super::{ask, before, post, remember};

/// What happens in a talk.
#[derive(Debug, Clone)]
enum Step {
    /// A person asks.
    Asks(&'static str),
    /// The model calls a tool, which answers; with a reminder of the client behind it, or without.
    Calls(bool),
    /// The same request is sent again.
    Again,
}

fn step() -> impl Strategy<Value = Step> {
    let asks = prop::sample::select(vec![
        "Which port does the gateway listen on?",
        "What is the database called?",
        "Where does my sister live?",
        "How do I boil an egg?",
        "yes",
    ]);
    prop_oneof![
        3 => asks.prop_map(Step::Asks),
        2 => any::<bool>().prop_map(Step::Calls),
        1 => Just(Step::Again),
    ]
}

/// How an API writes what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Api {
    Anthropic,
    Chat,
    Responses,
}

impl Api {
    fn path(self) -> &'static str {
        match self {
            Self::Anthropic => "/anthropic/v1/messages",
            Self::Chat => "/openai/v1/chat/completions",
            Self::Responses => "/openai/v1/responses",
        }
    }

    fn body(self, talk: &[Value]) -> String {
        let list = if self == Self::Responses { "input" } else { "messages" };
        json!({"model": "m", list: talk}).to_string()
    }

    fn said(self, step: &Step, as_parts: bool) -> Vec<Value> {
        let kind = if self == Self::Responses { "input_text" } else { "text" };
        let user = |text: &str| {
            let parts = json!([{"type": kind, "text": text}]);
            json!({"role": "user", "content": if as_parts { parts } else { text.into() }})
        };
        match step {
            Step::Asks(text) => vec![user(text)],
            Step::Again => Vec::new(),
            Step::Calls(reminds) if self == Self::Anthropic => {
                let mut result =
                    vec![json!({"type": "tool_result", "tool_use_id": "1", "content": "open"})];
                if *reminds {
                    let text = "<system-reminder>Be short</system-reminder>";
                    result.push(json!({"type": "text", "text": text}));
                }
                let call = json!([{"type": "tool_use", "id": "1", "name": "look", "input": {}}]);
                vec![
                    json!({"role": "assistant", "content": call}),
                    json!({"role": "user", "content": result}),
                ]
            }
            Step::Calls(_) if self == Self::Chat => vec![
                json!({"role": "assistant", "content": null, "tool_calls": [{"id": "1"}]}),
                json!({"role": "tool", "tool_call_id": "1", "content": "open"}),
            ],
            Step::Calls(_) => vec![
                json!({"type": "function_call", "call_id": "1", "name": "look"}),
                json!({"type": "function_call_output", "call_id": "1", "output": "open"}),
            ],
        }
    }

    fn answer(self) -> Value {
        match self {
            Self::Responses => json!({"type": "message", "role": "assistant",
                "content": [{"type": "output_text", "text": "So it is."}]}),
            Self::Anthropic | Self::Chat => json!({"role": "assistant", "content": "So it is."}),
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 24, ..Config::default() })]

    #[test]
    fn each_request_of_a_talk_extends_the_last(
        steps in prop::collection::vec((step(), any::<bool>()), 1..8),
        api in prop::sample::select(vec![Api::Anthropic, Api::Chat, Api::Responses]),
    ) {
        Runtime::new().unwrap().block_on(async {
            let upstream = Upstream::always(json!({})).await;
            let served = before(&upstream);
            let known = ["The gateway listens on port 7443", "The database is called postgres-main"];
            remember(&served, "ana", &known).await;
            let (mut talk, mut sent): (Vec<Value>, Vec<String>) = (Vec::new(), Vec::new());
            for (number, (step, as_parts)) in steps.iter().enumerate() {
                if matches!(step, Step::Asks(_)) && !talk.is_empty() {
                    talk.push(api.answer());
                }
                talk.extend(api.said(step, *as_parts));
                let body = api.body(&talk);
                ask(&served, post(api.path(), &[], body)).await;
                sent.push(upstream.last().text());
                // Whatever is stored meanwhile, what was sent stays.
                remember(&served, "ana", &[&format!("The gateway moved to port {number}")]).await;
            }
            for pair in sent.windows(2) {
                let before = pair[0].strip_suffix("]}").unwrap();
                prop_assert!(pair[1].starts_with(before), "{}\n{}", pair[0], pair[1]);
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_stream_has_the_same_bytes_however_it_is_cut(
        cuts in prop::collection::vec(1_usize..120, 1..20),
        events in prop::collection::vec("[a-z é東:\r]{0,30}", 1..20),
    ) {
        Runtime::new().unwrap().block_on(async {
            let event = |text: &String| format!(": x\r\ndata: {{\"delta\": {}}}\n\n", json!(text));
            let stream: String = events.iter().map(event).collect();
            let mut pieces: Vec<Vec<u8>> = Vec::new();
            let (mut rest, mut cuts) = (stream.as_bytes(), cuts.iter().cycle());
            while !rest.is_empty() {
                let (piece, behind) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
                pieces.push(piece.to_vec());
                rest = behind;
            }
            let upstream = Upstream::start(move |_| {
                let mut scripted = Scripted::events(&[], Duration::ZERO);
                scripted.pieces.extend(pieces.clone());
                scripted
            })
            .await;
            let served = before(&upstream);
            let body = json!({"stream": true, "messages": [{"role": "user", "content": "hello"}]});
            let answer = ask(&served, post("/anthropic/v1/messages", &[], body.to_string())).await;
            prop_assert_eq!(std::str::from_utf8(&answer.body).unwrap(), &stream);
            Ok(())
        })?;
    }
}
