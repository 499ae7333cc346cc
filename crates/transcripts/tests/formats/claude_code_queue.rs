//! What a person types while Claude Code works: one turn, whichever records tell of it.

use longmem_core::Role;
use longmem_transcripts::ImportedTurn;
use serde_json::{Value, json};

use crate::claude_code::line;
use crate::{lines, read_as, texts, times};

const TYPED: &str = "Also sign the tarball with the blue key.";

fn at(mut line: Value, second: u32) -> Value {
    line["timestamp"] = json!(format!("2026-05-01T10:05:{second:02}Z"));
    line
}

fn queue(operation: &str, content: Option<&str>, second: u32) -> Value {
    let mut line = json!({"type": "queue-operation", "operation": operation, "sessionId": "s-1"});
    if let Some(content) = content {
        line["content"] = json!(content);
    }
    at(line, second)
}

fn attachment(prompt: &Value, second: u32) -> Value {
    let attachment = json!({"type": "queued_command", "commandMode": "prompt", "prompt": prompt});
    at(
        json!({"type": "attachment", "uuid": "a1", "sessionId": "s-1", "attachment": attachment}),
        second,
    )
}

fn said(text: &str, second: u32) -> Value {
    at(line("user", &format!("u{second}"), &json!(text)), second)
}

fn answer(text: &str, second: u32) -> Value {
    at(line("assistant", &format!("u{second}"), &json!([{"type": "text", "text": text}])), second)
}

fn read_lines(values: &[Value]) -> Vec<ImportedTurn> {
    read_as("s-1.jsonl", lines(values)).0
}

#[test]
fn a_queued_prompt_is_one_turn_at_the_time_at_which_it_was_typed() {
    let enqueue = queue("enqueue", Some(TYPED), 5);
    let remove = queue("remove", Some(TYPED), 20);
    let mut absorbed = remove.clone();
    absorbed["reason"] = json!("absorbed_mid_turn");
    let shown = attachment(&json!(TYPED), 21);
    let in_blocks = attachment(&json!([{"type": "text", "text": TYPED}, {"type": "image"}]), 21);
    let records: [(&[Value], u32); 12] = [
        (&[enqueue.clone(), absorbed, shown.clone()], 5),
        (&[enqueue.clone(), remove.clone(), in_blocks], 5),
        (&[enqueue.clone(), remove.clone()], 5),
        (&[enqueue.clone(), queue("remove", None, 20)], 5),
        (&[enqueue.clone(), shown.clone(), remove.clone()], 5),
        (&[enqueue.clone(), shown.clone(), queue("dequeue", None, 22)], 5),
        (std::slice::from_ref(&shown), 21),
        (std::slice::from_ref(&remove), 20),
        (&[enqueue.clone(), queue("dequeue", None, 20), said(TYPED, 21)], 21),
        (&[enqueue.clone(), said(TYPED, 19), remove.clone()], 19),
        (&[enqueue.clone(), remove.clone(), said(TYPED, 21)], 5),
        (&[enqueue, remove.clone(), shown.clone(), said(TYPED, 22)], 5),
    ];
    for (records, second) in records {
        let mut all = vec![said("Build the release.", 0), answer("Building now.", 1)];
        all.extend_from_slice(records);
        let turns = read_lines(&all);
        assert_eq!(texts(&turns), ["Build the release.", "Building now.", TYPED], "{records:?}");
        assert_eq!(turns[2].turn.role, Role::User);
        assert_eq!(times(&turns)[2], format!("2026-05-01T10:05:{second:02}Z"), "{records:?}");
        // After the answer, too.
        all.push(answer("Signed it.", 30));
        assert_eq!(texts(&read_lines(&all)).len(), 4, "{records:?}");
    }
}

#[test]
fn a_prompt_that_comes_again_as_a_message_after_an_answer_is_one_turn() {
    let mut again = said(TYPED, 40);
    again["promptSource"] = json!("queued");
    let from_queue = [queue("enqueue", Some(TYPED), 5), queue("remove", Some(TYPED), 20)];
    let by_attachment = [attachment(&json!(TYPED), 21)];
    for records in [&from_queue[..], &by_attachment[..]] {
        let all = [records, &[answer("Soon.", 30), again.clone()]].concat();
        assert_eq!(texts(&read_lines(&all)), [TYPED, "Soon."]);
    }
    // Without a sign that it comes from the queue, a person said it twice.
    let twice = [attachment(&json!("go on"), 21), answer("Soon.", 30), said("go on", 40)];
    assert_eq!(texts(&read_lines(&twice)), ["go on", "Soon.", "go on"]);
}

#[test]
fn the_same_words_queued_twice_are_two_turns() {
    let turns = read_lines(&[
        queue("enqueue", Some("go on"), 1),
        queue("enqueue", Some("go on"), 2),
        queue("remove", Some("go on"), 3),
        queue("remove", Some("go on"), 4),
        attachment(&json!("go on"), 5),
        attachment(&json!("go on"), 6),
    ]);
    assert_eq!(texts(&turns), ["go on"; 2]);
    assert_eq!(times(&turns), ["2026-05-01T10:05:01Z", "2026-05-01T10:05:02Z"]);
}

#[test]
fn what_no_person_queued_or_what_was_taken_back_is_no_turn() {
    let notification = "<task-notification>\n<task-id>b1</task-id>\n</task-notification>";
    let peer = "<teammate-message teammate_id=\"t1\">done</teammate-message>";
    let mut of_task = attachment(&json!("the build is done"), 9);
    of_task["attachment"]["commandMode"] = json!("task-notification");
    let mut of_peer = attachment(&json!("I am done"), 9);
    of_peer["attachment"]["origin"] = json!({"kind": "peer"});
    let mut meta = attachment(&json!("go on"), 9);
    meta["attachment"]["isMeta"] = json!(true);
    let turns = read_lines(&[
        queue("enqueue", Some(notification), 1),
        queue("enqueue", Some(peer), 1),
        queue("enqueue", Some(TYPED), 1),
        queue("remove", Some(notification), 2),
        queue("remove", None, 2),
        queue("dequeue", None, 2),
        said(TYPED, 3),
        queue("enqueue", Some("/compact"), 4),
        queue("remove", Some("/compact"), 4),
        queue("enqueue", Some("Sign the tarball."), 5),
        queue("popAll", None, 6),
        attachment(&json!(notification), 7),
        attachment(&json!(peer), 8),
        of_task,
        of_peer,
        meta,
        json!({"type": "attachment", "sessionId": "s-1", "attachment": {"type": "date"},
            "rendered": [{"content": "<system-reminder>Today</system-reminder>"}]}),
        queue("enqueue", Some("/review the loop"), 10),
        queue("remove", None, 11),
    ]);
    assert_eq!(texts(&turns), [TYPED, "/review the loop"]);
}
