//! Server-sent events, from bytes that may be cut anywhere.
//!
//! The format is that of the WHATWG HTML standard, section 9.2.6. The fields `id` and `retry` are
//! for reconnecting and are ignored.

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerEvent {
    /// Its data, several lines joined by line feeds.
    pub(super) data: String,
}

/// Turns bytes into events; an event that is not complete waits for the next bytes.
#[derive(Debug, Default)]
pub(super) struct EventParser {
    line: Vec<u8>,
    after_return: bool,
    data: Option<String>,
}

impl EventParser {
    /// Takes the next bytes and returns the events that they complete.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<ServerEvent> {
        let mut events = Vec::new();
        for &byte in bytes {
            let second_half = byte == b'\n' && self.after_return;
            self.after_return = byte == b'\r';
            match byte {
                _ if second_half => {}
                b'\n' | b'\r' => events.extend(self.end_line()),
                _ => self.line.push(byte),
            }
        }
        events
    }

    fn end_line(&mut self) -> Option<ServerEvent> {
        if self.line.is_empty() {
            return self.data.take().map(|data| ServerEvent { data });
        }
        // Only a whole line is decoded, so no character is ever cut in two.
        let line = String::from_utf8_lossy(&self.line);
        let line = line.strip_prefix('\u{feff}').unwrap_or(&line);
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        if field == "data" {
            let value = value.strip_prefix(' ').unwrap_or(value);
            match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            }
        }
        self.line.clear();
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let mut parser = EventParser::default();
        let events = pieces.into_iter().flat_map(|piece| parser.push(piece));
        events.map(|event| event.data).collect()
    }

    #[test]
    fn reads_fields_comments_and_all_three_line_ends() {
        let stream = "\u{feff}: ping\nevent: a\ndata: one\n\ndata:two\rdata: more\r\rid: 7\r\n\
                      data\r\n\r\n\r\n:\n\ndata: cut off";
        assert_eq!(parse([stream.as_bytes()]), ["one", "two\nmore", ""]);
    }

    proptest! {
        #[test]
        fn where_the_bytes_are_cut_does_not_matter(
            texts in prop::collection::vec("[a-z 東京é:]{0,12}", 0..6),
            line_end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
            size in 1usize..7,
        ) {
            let events = texts.iter().map(|text| [": x", &format!("data: {text}"), "data: more", "", ""].join(line_end));
            let stream: String = events.collect();
            let expected: Vec<String> = texts.iter().map(|text| format!("{text}\nmore")).collect();
            prop_assert_eq!(parse(stream.as_bytes().chunks(size)), expected);
        }
    }
}
