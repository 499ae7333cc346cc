use std::io::{Cursor, Write};

use jiff::civil::{DateTime, date};
use longmem_core::Role;
use longmem_transcripts::{Format, SkipReason, detect};
use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::samples::sample;
use crate::{Files, keys, only_format, read, read_as, sessions, skipped, texts, times};

fn speakers(turns: &[longmem_transcripts::ImportedTurn]) -> Vec<&str> {
    turns.iter().map(|imported| imported.turn.speaker.as_deref().unwrap()).collect()
}

#[test]
fn reads_the_export_of_an_android_phone() {
    let name = "WhatsApp Chat with Lake house.txt";
    let content = sample(name);
    let (turns, report) = read_as(name, content);
    assert_eq!(only_format(&report), Format::WhatsApp);
    assert_eq!(
        texts(&turns),
        [
            "The key is under the blue pot.\nMind the step,\n\nit is broken.",
            "This one?",
            "Yes: that one",
            "I come at noon",
        ]
    );
    assert_eq!(speakers(&turns), ["Mira", "Jon Berg", "Mira", "+44 7700 900123"]);
    assert!(turns.iter().all(|imported| imported.turn.role == Role::User));
    assert_eq!(turns[0].turn.session_title.as_deref(), Some("Lake house"));
    assert_eq!(times(&turns)[3], "2026-03-01T09:00:00Z");
    assert_eq!(report.skipped, skipped(&[(SkipReason::Empty, 2), (SkipReason::MetaLine, 4)]));
}

#[test]
fn reads_the_zip_of_an_iphone() {
    let chat = "\u{feff}[28.02.26, 18:02:05] Lake house: \u{200e}Messages and calls are end-to-end \
                encrypted.\r\n\
                [28.02.26, 18:05:09] ~\u{202f}Mira: The key is under the blue pot.\r\nMind the step.\r\n\
                \u{200e}[28.02.26, 18:06:00] Jon: \u{200e}image omitted\r\n\
                \u{200e}[28.02.26, 18:07:00] Jon: This one? \u{200e}<attached: 00000012-PHOTO.jpg>\r\n\
                [28.02.26, 18:08:30] Mira: Yes \u{200e}<This message was edited>\r\n";
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("_chat.txt", SimpleFileOptions::default()).unwrap();
    writer.write_all(chat.as_bytes()).unwrap();
    let (turns, report) =
        read_as("WhatsApp Chat - Lake house.zip", writer.finish().unwrap().into_inner());
    assert_eq!(only_format(&report), Format::WhatsApp);
    assert_eq!(
        texts(&turns),
        ["The key is under the blue pot.\nMind the step.", "This one?", "Yes"]
    );
    assert_eq!(speakers(&turns), ["Mira", "Jon", "Mira"]);
    assert_eq!(times(&turns)[0], "2026-02-28T18:05:09Z");
    assert_eq!(sessions(&turns), ["WhatsApp Lake house"; 3]);
    assert_eq!(report.skipped, skipped(&[(SkipReason::Empty, 2)]));
}

#[test]
fn the_order_of_day_and_month_is_found_over_the_whole_file() {
    for (chat, expected) in [
        // Only the last date shows it.
        (
            "3/4/26, 9:00 - Mira: a\n4/4/26, 9:00 - Mira: b\n13/4/26, 9:00 - Mira: c\n",
            ["2026-04-03T09:00:00Z", "2026-04-04T09:00:00Z", "2026-04-13T09:00:00Z"],
        ),
        (
            "3/4/26, 9:00 - Mira: a\n4/4/26, 9:00 - Mira: b\n4/13/26, 9:00 - Mira: c\n",
            ["2026-03-04T09:00:00Z", "2026-04-04T09:00:00Z", "2026-04-13T09:00:00Z"],
        ),
        // No date shows it, but time goes on.
        (
            "12/1/26, 9:00 - Mira: a\n1/2/26, 9:00 - Mira: b\n2/2/26, 9:00 - Mira: c\n",
            ["2026-01-12T09:00:00Z", "2026-02-01T09:00:00Z", "2026-02-02T09:00:00Z"],
        ),
        (
            "1/2/26, 9:00 PM - Mira: a\n1/3/26, 9:00 PM - Mira: b\n1/4/26, 9:00 PM - Mira: c\n",
            ["2026-01-02T21:00:00Z", "2026-01-03T21:00:00Z", "2026-01-04T21:00:00Z"],
        ),
    ] {
        assert_eq!(times(&read_as("WhatsApp Chat with Mira.txt", chat).0), expected, "{chat}");
    }
}

#[test]
fn a_longer_export_keeps_the_keys_of_the_shorter_one() {
    let shorter = "1/2/26, 9:00 - Mira: yes\n1/2/26, 9:00 - Mira: yes\n1/3/26, 9:00 - Jon: no\n";
    // The next month shows that the month comes first.
    let longer = format!("{shorter}1/13/26, 9:00 - Mira: yes\n");
    let before = read_as("WhatsApp Chat with Mira.txt", shorter).0;
    let after = read_as("WhatsApp Chat with Mira (1).txt", longer).0;
    assert_ne!(times(&before)[0], times(&after)[0]);
    assert_eq!(keys(&after)[..3], keys(&before));
    let distinct: std::collections::HashSet<&str> = keys(&after).into_iter().collect();
    assert_eq!(distinct.len(), 4);
    assert_eq!(sessions(&after), ["WhatsApp Mira"; 4]);

    let other = read_as("WhatsApp Chat with Jon.txt", shorter).0;
    assert!(keys(&other).iter().all(|key| !keys(&before).contains(key)));
}

#[test]
fn the_oldest_messages_may_be_cut_off() {
    let chat = "1/2/26, 9:00 - Mira: yes\n1/2/26, 9:05 - Mira: yes\n14/2/26, 9:00 - Jon: no\n";
    let whole = read_as("WhatsApp Chat with Mira.txt", chat).0;
    let rest = chat.split_once('\n').unwrap().1;
    let later = read_as("WhatsApp Chat with Mira.txt", rest).0;
    assert_eq!(keys(&later), keys(&whole)[1..]);
}

#[test]
fn other_texts_with_dates_are_not_chats() {
    let files = Files::new();
    for content in [
        "# Changes\n\n02/01/2026 - version 2: faster\n",
        "2026-01-02 21:14:05,123 - root - INFO - started: yes\n",
        "[2026-01-02 21:14:05] local.ERROR: no connection\n",
        "[2026-01-02T21:14:05Z] app: started\n",
        "Jan  2 21:14:05 host sshd[1]: accepted\n",
        "02/01/2026, 21:14 - bought bread\n",
        "An export looks so:\n\n    02/01/2026, 21:14 - Mira: Hi\n",
    ] {
        assert!(detect(&files.write("notes.txt", content)).is_err(), "{content}");
    }
}

#[test]
fn a_file_of_another_name_is_its_own_session() {
    let files = Files::new();
    let path = files.write("talk.txt", "1/2/26, 9:00 - Mira: yes\n");
    let turns = read(&path).0;
    assert_eq!(sessions(&turns), ["talk"]);
    assert_eq!(turns[0].turn.session_title, None);
}

/// A message as somebody sends it: minutes after the last one, who, and what.
fn message() -> impl Strategy<Value = (i64, String, String)> {
    let text = "[a-zé?][a-z :,.!é]{0,20}(\n[a-z ]{0,10}){0,2}[a-z]";
    (0_i64..5_000, "[A-Z][a-zø]{1,8}( [A-Z])?", text)
}

/// How a phone writes the moment of a message.
const STAMPS: [fn(DateTime) -> String; 5] = [
    |at| at.strftime("%d/%m/%Y, %H:%M - ").to_string(),
    |at| at.strftime("%-m/%-d/%y, %-I:%M\u{202f}%p - ").to_string(),
    |at| at.strftime("%Y-%m-%d, %-I:%M %P - ").to_string(),
    |at| at.strftime("[%d.%m.%y, %H:%M:%S] ").to_string(),
    |at| at.strftime("\u{200e}[%-m/%-d/%y, %-I:%M:%S\u{202f}%p] ").to_string(),
];

proptest! {
    #[test]
    fn what_was_sent_is_read_and_a_longer_export_adds_only_what_is_new(
        messages in prop::collection::vec(message(), 2..20),
        stamp in prop::sample::select(STAMPS.to_vec()),
        cut in any::<prop::sample::Index>(),
    ) {
        // The first date shows the order: there is no 30th month.
        let mut at = date(2026, 1, 30).at(8, 0, 0, 0);
        let (mut lines, mut sent_at) = (Vec::new(), Vec::new());
        for (minutes, speaker, text) in &messages {
            at = at.checked_add(jiff::SignedDuration::from_mins(*minutes)).unwrap();
            sent_at.push(format!("{at}Z"));
            lines.push(format!("{}{speaker}: {text}\n", stamp(at)));
        }
        let (turns, report) = read_as("WhatsApp Chat with Mira.txt", lines.concat());
        let written: Vec<&str> = messages.iter().map(|(.., text)| text.as_str()).collect();
        let names: Vec<&str> = messages.iter().map(|(_, speaker, _)| speaker.as_str()).collect();
        prop_assert_eq!(texts(&turns), written);
        prop_assert_eq!(speakers(&turns), names);
        prop_assert_eq!(times(&turns), sent_at);
        prop_assert!(report.skipped.is_empty());

        let shorter = lines[..=cut.index(lines.len())].concat();
        let before = read_as("WhatsApp Chat with Mira.txt", shorter).0;
        prop_assert_eq!(keys(&before), &keys(&turns)[..before.len()]);
    }
}
