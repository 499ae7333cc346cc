use longmem_core::Role;
use longmem_transcripts::{Format, SkipReason};
use serde_json::{Value, json};

use crate::samples::sample;
use crate::{keys, only_format, read_as, sessions, skipped, texts, times};

fn account() -> Value {
    let content = sample("result.json");
    serde_json::from_str(content).unwrap()
}

#[test]
fn reads_every_chat_of_an_account() {
    let mut account = account();
    let saved = account["chats"]["list"].as_array_mut().unwrap().pop().unwrap();
    account["left_chats"]["list"] = json!([saved]);
    let (turns, report) = read_as("result.json", format!("{account:#}"));
    assert_eq!(keys(&read_as("result.json", account.to_string()).0), keys(&turns));
    assert_eq!(only_format(&report), Format::Telegram);
    assert_eq!(
        texts(&turns),
        [
            "The key is under the blue pot.",
            "Thanks, I follow the map (https://maps.example/lake)",
            "[forwarded from Ferry line]\nThe last boat goes at 18:40.",
        ]
    );
    assert_eq!(sessions(&turns), ["Telegram 77", "Telegram 77", "Telegram 4711"]);
    assert_eq!(keys(&turns), ["telegram:77:2", "telegram:77:3", "telegram:4711:9"]);
    assert_eq!(times(&turns)[0], "2026-03-01T10:00:00Z");
    assert_eq!(turns[0].turn.speaker.as_deref(), Some("Mira"));
    assert_eq!(turns[0].turn.session_title.as_deref(), Some("Mira"));
    assert_eq!(turns[2].turn.session_title.as_deref(), Some("Saved Messages"));
    assert!(turns.iter().all(|imported| imported.turn.role == Role::User));
    assert_eq!(report.skipped, skipped(&[(SkipReason::MetaLine, 1), (SkipReason::Empty, 1)]));
}

#[test]
fn a_chat_has_the_same_keys_alone_and_in_the_account_and_when_it_has_grown() {
    let account = account();
    let mut chat = account["chats"]["list"][0].clone();
    let whole = read_as("result.json", account.to_string()).0;
    for content in [chat.to_string(), format!("{chat:#}")] {
        let (alone, report) = read_as("result.json", content);
        assert_eq!(only_format(&report), Format::Telegram);
        assert_eq!(keys(&alone), keys(&whole)[..2]);
        assert_eq!(sessions(&alone), sessions(&whole)[..2]);
    }
    let message = json!({"id": 5, "type": "message", "date": "2026-03-03T10:00:00", "from": null,
        "text": "Bye"});
    chat["messages"].as_array_mut().unwrap().push(message);
    let (grown, _) = read_as("result.json", chat.to_string());
    assert_eq!(keys(&grown), ["telegram:77:2", "telegram:77:3", "telegram:77:5"]);
    // A deleted account has no name, and an old export has only the local time.
    assert_eq!(grown[2].turn.speaker, None);
    assert_eq!(times(&grown)[2], "2026-03-03T10:00:00Z");
}
