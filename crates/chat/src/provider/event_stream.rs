//! Server-sent events, from bytes that may be cut anywhere.
//!
//! The format is that of the WHATWG HTML standard, section 9.2.6. The fields `id` and `retry` are
//! for reconnecting and are ignored.

/// One event of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerEvent {
    /// Its name; empty if it has none.
    pub name: String,
    /// Its data, several lines joined by line feeds.
    pub data: String,
}

/// Most bytes of a line, and of the data of an event: no server sends a hundredth of it.
pub(super) const MAX_EVENT: usize = 4 * 1024 * 1024;

/// Turns bytes into events; an event that is not complete waits for the next bytes.
#[derive(Debug, Default)]
pub struct EventParser {
    line: Vec<u8>,
    after_return: bool,
    name: String,
    data: Option<String>,
}

impl EventParser {
    /// Takes the next bytes and returns the events that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<ServerEvent> {
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

    /// Ends the stream; returns the event that was not ended by an empty line. A whole one is better
    /// than none, and a part is no JSON.
    pub fn finish(mut self) -> Option<ServerEvent> {
        if !self.line.is_empty() {
            self.end_line();
        }
        self.end_line()
    }

    /// Whether the event that is not complete is longer than any event. A parser that is told so
    /// after each push holds no more than this and the last bytes.
    pub fn is_overlong(&self) -> bool {
        let data = self.data.as_ref().map_or(0, String::len);
        self.line.len() + data + self.name.len() > MAX_EVENT
    }

    fn end_line(&mut self) -> Option<ServerEvent> {
        if self.line.is_empty() {
            let name = std::mem::take(&mut self.name);
            return self.data.take().map(|data| ServerEvent { name, data });
        }
        // Only a whole line is decoded, so no character is ever cut in two.
        let line = String::from_utf8_lossy(&self.line);
        let line = line.strip_prefix('\u{feff}').unwrap_or(&line);
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match (field, &mut self.data) {
            ("data", Some(data)) => {
                data.push('\n');
                data.push_str(value);
            }
            ("data", None) => self.data = Some(value.to_owned()),
            ("event", _) => value.clone_into(&mut self.name),
            _ => {}
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

    #[test]
    fn the_last_event_needs_no_empty_line() {
        for (stream, left) in [
            ("data: a", Some("a")),
            ("data: a\n", Some("a")),
            ("data: a\ndata: b", Some("a\nb")),
            ("data: a\n\n", None),
            (": ping", None),
        ] {
            let mut parser = EventParser::default();
            parser.push(stream.as_bytes());
            assert_eq!(parser.finish().map(|event| event.data).as_deref(), left, "{stream}");
        }
    }

    #[test]
    fn a_name_belongs_to_one_event() {
        let events = EventParser::default().push(b"event: error\ndata: a\n\ndata: b\n\n");
        let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(names, ["error", ""]);
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
