//! Reads the line that a message begins with: when it was sent, who sent it, and the first words.
//!
//! | phone | line |
//! |---|---|
//! | Android | `02/01/2026, 21:14 - Mira: See you at eight` |
//! | Android, 12 hours | `1/2/26, 9:14 PM - Mira: See you at eight` |
//! | iPhone | `[02.01.26, 21:14:05] Mira: See you at eight` |
//! | iPhone, China | `[2026/1/2 下午9:14:05] Mira: See you at eight` |

use super::stamp::{SentAt, is_invisible, split_stamp};

/// Characters of a speaker's name at most. WhatsApp allows 25, a phone's contact may be longer.
const MAX_SPEAKER_CHARS: usize = 100;

/// The line that a message begins with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MessageLine {
    pub(super) sent: SentAt,
    /// Who sent it; `None` for what WhatsApp itself noted ("Mira left").
    pub(super) speaker: Option<String>,
    pub(super) text: String,
}

/// Reads a line that begins a message; `None` for any other line.
pub(super) fn parse_message_line(line: &str) -> Option<MessageLine> {
    let line = line.trim_start_matches(is_invisible);
    let (sent, rest) = match line.strip_prefix('[') {
        Some(line) => {
            let (sent, rest) = split_stamp(line)?;
            (sent, rest.strip_prefix(']')?.to_owned())
        }
        None => {
            let (sent, rest) = split_stamp(line)?;
            let rest = rest.strip_prefix(['-', '–'])?;
            // A time such as "21:14 -3" is something else.
            (sent, rest.strip_prefix(char::is_whitespace)?.to_owned())
        }
    };
    let (speaker, text) = split_speaker(rest.trim_start());
    Some(MessageLine { sent, speaker, text: text.to_owned() })
}

/// Splits "Mira: See you" into the speaker and the text.
fn split_speaker(rest: &str) -> (Option<String>, &str) {
    let found = rest.split_once(": ").or_else(|| Some((rest.strip_suffix(':')?, "")));
    let Some((name, text)) = found else { return (None, rest) };
    let name: String = name.chars().filter(|c| !is_invisible(*c)).collect();
    // Unsaved contacts that chose a name of their own are written "~ Mira".
    let name = name.trim().trim_start_matches('~').trim_start();
    // `Mira changed the subject from "Trip: Oslo"` is no name.
    let is_name = !name.is_empty()
        && name.chars().count() <= MAX_SPEAKER_CHARS
        && !name.contains(['"', '“', '„', '«']);
    if is_name { (Some(name.to_owned()), text) } else { (None, rest) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn other_lines_begin_no_message() {
        for line in [
            "",
            "See you at eight",
            "2026-01-02T21:14:05Z - worker: started",
            "2026-01-02 21:14:05,123 - root - INFO - started: yes",
            "[2026-01-02 21:14:05.123] app: started",
            "[02/Jan/2026:21:14:05 +0000] GET /",
            "02/01/2026 - Bakery: 4.20",
            "02/01/2026, 21:14 Mira: Hi",
            "02/01/2026, 25:14 - Mira: Hi",
            "02/01/2026, 13:14 PM - Mira: Hi",
            "32/01/2026, 21:14 - Mira: Hi",
            "13/13/2026, 21:14 - Mira: Hi",
            "02/01/1999, 21:14 - Mira: Hi",
            "02/01-2026, 21:14 - Mira: Hi",
            "02/01/2026, 21:1 - Mira: Hi",
            "02/01/2026, 21:14 GMT - Mira: Hi",
            "12345/01/2026, 21:14 - Mira: Hi",
            "192.168.20.26, 21:14 - Mira: Hi",
        ] {
            assert_eq!(parse_message_line(line), None, "{line}");
        }
    }

    #[test]
    fn tells_who_speaks_from_what_whatsapp_notes() {
        let at = "02/01/2026, 21:14 - ";
        for (rest, speaker, text) in [
            ("Mira: See: you", Some("Mira"), "See: you"),
            ("\u{202a}+44 7700 900123\u{202c}: Hi", Some("+44 7700 900123"), "Hi"),
            ("~\u{202f}Mira: Hi", Some("Mira"), "Hi"),
            ("Mira:", Some("Mira"), ""),
            ("Mira left", None, "Mira left"),
            (
                "Mira changed the subject to \"Trip: Oslo\"",
                None,
                "Mira changed the subject to \"Trip: Oslo\"",
            ),
        ] {
            let line = parse_message_line(&format!("{at}{rest}")).unwrap();
            assert_eq!((line.speaker.as_deref(), line.text.as_str()), (speaker, text), "{rest}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_without_panic(line in "\\PC{0,40}") {
            let _ = parse_message_line(&line);
        }

        #[test]
        fn what_is_written_is_read(
            day in 1_i8..=31, month in 1_i8..=12, hour in 0_i8..24, minute in 0_i8..60,
            speaker in "[A-Za-z]{1,10}", text in "[a-z: ]{0,10}[a-z]",
        ) {
            let line = format!("{day:02}/{month:02}/2026, {hour:02}:{minute:02} - {speaker}: {text}");
            let read = parse_message_line(&line).unwrap();
            prop_assert_eq!(read.speaker.unwrap(), speaker);
            prop_assert_eq!(read.text, text);
            prop_assert_eq!((read.sent.hour, read.sent.minute), (hour, minute));
        }
    }
}
