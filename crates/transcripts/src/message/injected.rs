//! Text that programs insert into what a person wrote.

use longmem_core::RECALLED_MEMORY_TAG;

/// Removes the blocks of recalled memory that longmem itself put into a prompt, so that memory does
/// not feed on itself. They are known as they are and HTML-escaped (`&lt;recalled_memory`).
///
/// A block begins at the start of a line, after any white space. A block that is never closed was
/// cut off, and goes to the end of the text.
pub(crate) fn without_recalled_memory(text: &str) -> String {
    without_blocks(text, &[])
}

/// Removes recalled memory from what a tool printed, also where a block begins within a line: a tool
/// prints transcripts and logs that hold such blocks.
pub(crate) fn without_printed_memory(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut never_closed: Vec<Marks> = Vec::new();
    let mut position = 0;
    for (name_start, _) in text.match_indices(RECALLED_MEMORY_TAG) {
        let opening = Marks::ALL.into_iter().find_map(|marks| {
            let start = name_start.checked_sub(marks.open().len())?;
            let opens = marks.tag_name(text.get(start..)?) == Some(RECALLED_MEMORY_TAG);
            (opens && start >= position).then_some((start, marks))
        });
        let Some((start, marks)) = opening.filter(|(_, marks)| !never_closed.contains(marks))
        else {
            continue;
        };
        match marks.end_of_block(&text[start..], RECALLED_MEMORY_TAG) {
            Some(length) => {
                kept.push_str(&text[position..start]);
                position = start + length;
            }
            None => never_closed.push(marks),
        }
    }
    kept.push_str(&text[position..]);
    without_recalled_memory(&kept)
}

/// Removes the blocks between these tags, and those of recalled memory, that begin at the start of a
/// line.
///
/// It takes one pass: neither the end of a line nor a closing tag is searched for twice over the
/// same text.
pub(crate) fn without_blocks(text: &str, tags: &[&str]) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut never_closed: Vec<&str> = Vec::new();
    let mut position = 0;
    let mut line_end = 0;
    while position < text.len() {
        if position >= line_end {
            line_end = text[position..].find('\n').map_or(text.len(), |end| position + end + 1);
        }
        let line = &text[position..line_end];
        let opened = opened_tag(line, tags).filter(|(tag, _)| !never_closed.contains(tag));
        if let Some((tag, marks)) = opened {
            if let Some(end) = marks.end_of_block(&text[position..], tag) {
                // What follows the block on its line is looked at as a line of its own.
                position += end;
                continue;
            }
            if tag == RECALLED_MEMORY_TAG {
                break;
            }
            // A person may well write about any other tag without closing it.
            never_closed.push(tag);
        }
        kept.push_str(line);
        position = line_end;
    }
    kept
}

/// The text between the first opening and the next closing tag of this name.
pub(crate) fn text_in_block<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(&format!("<{tag}>"))?;
    let (inside, _) = after.split_once(&format!("</{tag}>"))?;
    Some(inside.trim())
}

/// How a tag is written: with angle brackets, or with their names in HTML.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Marks {
    Plain,
    Escaped,
}

impl Marks {
    const ALL: [Marks; 2] = [Marks::Plain, Marks::Escaped];

    fn open(self) -> &'static str {
        if self == Marks::Plain { "<" } else { "&lt;" }
    }

    fn close(self) -> &'static str {
        if self == Marks::Plain { ">" } else { "&gt;" }
    }

    /// The name of the tag that a text begins with.
    fn tag_name(self, text: &str) -> Option<&str> {
        let rest = text.strip_prefix(self.open())?;
        // A name is short: the end of a long line is not searched for it.
        let end = rest.floor_char_boundary(MAX_TAG_BYTES + self.close().len());
        let end = rest[..end].find(|c: char| c.is_whitespace() || self.close().starts_with(c))?;
        let ends_as_tag =
            rest[end..].starts_with(char::is_whitespace) || rest[end..].starts_with(self.close());
        ends_as_tag.then_some(&rest[..end])
    }

    /// How many bytes a block takes with its closing tag; `None` if it is never closed.
    fn end_of_block(self, text: &str, tag: &str) -> Option<usize> {
        let closing = format!("{}/{tag}{}", self.open(), self.close());
        text.find(&closing).map(|start| start + closing.len())
    }
}

/// Bytes of the longest name of a tag that is looked for.
const MAX_TAG_BYTES: usize = 40;

/// The tag that a line opens, after any white space. Only recalled memory is known escaped, too.
fn opened_tag<'a>(line: &str, tags: &[&'a str]) -> Option<(&'a str, Marks)> {
    let line = line.trim_start();
    for marks in Marks::ALL {
        if marks.tag_name(line) == Some(RECALLED_MEMORY_TAG) {
            return Some((RECALLED_MEMORY_TAG, marks));
        }
    }
    let name = Marks::Plain.tag_name(line)?;
    tags.iter().copied().find(|tag| *tag == name).map(|tag| (tag, Marks::Plain))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TAGS: [&str; 4] = ["system-reminder", "command-name", "command-message", "bash-input"];

    fn without_tags(text: &str) -> String {
        without_blocks(text, &TAGS)
    }

    #[test]
    fn removes_blocks_and_keeps_what_the_person_wrote() {
        let cases = [
            ("<system-reminder>\nbe nice\n</system-reminder>\nHello", "Hello"),
            ("Hello\n  <system-reminder>a</system-reminder> there", "Hello\n there"),
            ("<command-name>/x</command-name><command-message>x</command-message>go", "go"),
            ("What does <system-reminder> do?", "What does <system-reminder> do?"),
            ("<system-reminder> is what?", "<system-reminder> is what?"),
            ("<system-reminders>a</system-reminders>", "<system-reminders>a</system-reminders>"),
            ("Hi\n<recalled_memory note=\"x\">\n- a\n</recalled_memory>\nBye", "Hi\n\nBye"),
            ("Hi\n<recalled_memory>\ncut off", "Hi"),
            (
                "Hi\n&lt;recalled_memory note=\"x\"&gt;\n- a\n&lt;/recalled_memory&gt;\nBye",
                "Hi\n\nBye",
            ),
            ("Hi\n&lt;recalled_memory&gt;\ncut off", "Hi"),
            (
                "&lt;system-reminder&gt;a&lt;/system-reminder&gt;",
                "&lt;system-reminder&gt;a&lt;/system-reminder&gt;",
            ),
            ("What is <recalled_memory>?", "What is <recalled_memory>?"),
            ("<recalled_memory_v2>a", "<recalled_memory_v2>a"),
        ];
        for (text, expected) in cases {
            assert_eq!(without_tags(text).trim(), expected, "{text}");
        }
    }

    #[test]
    fn only_our_own_blocks_leave_other_programs_messages() {
        let text = "<system-reminder>a</system-reminder>";
        assert_eq!(without_recalled_memory(text), text);
    }

    #[test]
    fn printed_memory_goes_wherever_it_stands() {
        let cases = [
            ("{\"a\": \"<recalled_memory note=1>x</recalled_memory> b\"}", "{\"a\": \" b\"}"),
            ("a &lt;recalled_memory&gt;x&lt;/recalled_memory&gt; b", "a  b"),
            ("a <recalled_memory> is never closed", "a <recalled_memory> is never closed"),
            ("a\n<recalled_memory> cut off", "a\n"),
            (
                "<recalled_memory>1</recalled_memory>,&lt;recalled_memory&gt;2&lt;/recalled_memory&gt;",
                ",",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(without_printed_memory(text), expected, "{text}");
        }
    }

    #[test]
    fn the_text_in_a_block_is_found() {
        assert_eq!(text_in_block("a<b> x </b>", "b"), Some("x"));
        assert_eq!(text_in_block("a<b> x", "b"), None);
    }

    /// With a search to the end of the text for each line, this would take hours.
    #[test]
    fn millions_of_tags_are_read_in_one_pass() {
        let never_closed = "<bash-input>\n".repeat(1 << 20);
        assert_eq!(without_tags(&never_closed), never_closed);
        let on_one_line = "<command-name></command-name>".repeat(1 << 20);
        assert_eq!(without_tags(&on_one_line), "");
    }

    proptest! {
        #[test]
        fn no_recalled_memory_is_left_at_the_start_of_a_line(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "<recalled_memory>", "</recalled_memory>", "<recalled_memory a=\"b\">", "\n",
                    "&lt;recalled_memory&gt;", "&lt;/recalled_memory&gt;",
                    " ", "words", "é",
                ]),
                0..20,
            )
        ) {
            let left = without_recalled_memory(&pieces.concat());
            for line in left.lines() {
                prop_assert!(opened_tag(line, &[]).is_none(), "{}", left);
            }
        }
    }
}
