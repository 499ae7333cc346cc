use longmem_core::Role;
use longmem_transcripts::{Format, SkipReason};

use crate::samples::sample;
use crate::{keys, only_format, read_as, sessions, skipped, texts, times};

#[test]
fn reads_the_activity_oldest_first() {
    let (name, content) = ("MyActivity.json", sample("MyActivity.json"));
    let (turns, report) = read_as(name, content);
    assert_eq!(only_format(&report), Format::GeminiActivity);
    assert_eq!(
        texts(&turns),
        [
            "Remind me of the boat at 18:40",
            "Which beach near Oslo has a sauna?",
            "Sørenga has floating saunas.",
            "And how cold is the water?",
            "About 8 °C in March:\n\n- 7 °C at the start\n- 9 °C at the end",
        ]
    );
    assert_eq!(turns[2].turn.role, Role::Assistant);
    // The first entry links to its chat, the others are of one day.
    assert_eq!(sessions(&turns)[..2], ["Gemini 4f1c9a7e2b30d856", "Gemini 2026-03-02"]);
    assert_eq!(sessions(&turns)[1..], ["Gemini 2026-03-02"; 4]);
    assert_eq!(times(&turns)[1..3], ["2026-03-02T09:14:02.118Z", "2026-03-02T09:14:02.119Z"]);
    assert_eq!(report.skipped, skipped(&[(SkipReason::MetaLine, 1)]));
}

#[test]
fn a_later_takeout_has_the_same_keys_for_what_was_there() {
    let (name, content) = ("MyActivity.json", sample("MyActivity.json"));
    let later = content.replacen('[', "[{\"header\": \"Gemini Apps\", \"title\": \"Prompted Bye\", \"time\": \"2026-03-02T10:00:00Z\"}, ", 1);
    let (before, after) = (read_as(name, content).0, read_as(name, later).0);
    assert_eq!(after.len(), before.len() + 1);
    assert!(keys(&before).iter().all(|key| keys(&after).contains(key)));
}
