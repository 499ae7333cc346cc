//! Text that programs insert into what a person wrote.

use std::borrow::Cow;
use std::collections::HashMap;

use longmem_core::OWN_BLOCK_TAGS;

/// Removes the blocks of memory that longmem itself put into a prompt, so that memory does not feed on
/// itself: recalled turns, known facts and summaries.
///
/// Such a block has the tag and the note that longmem gives it, and its end: what only begins like one,
/// or was written by somebody else, stays. Blocks are known as they are and however often they were escaped
/// for HTML (`&lt;recalled_memory`) or JSON (`\u003crecalled_memory`), wherever they stand, since tools
/// print transcripts and logs that hold them.
///
/// # Examples
/// ```
/// use longmem_transcripts::without_own_blocks;
///
/// let pasted = "<recalled_memory note=\"…\">\n- a quote\n</recalled_memory>\nIs it still so?";
/// assert_eq!(without_own_blocks(pasted), "\nIs it still so?");
/// let tag = "<recalled_memory> is a tag. My flight is at 9.";
/// assert_eq!(without_own_blocks(tag), tag);
/// ```
pub fn without_own_blocks(text: &str) -> Cow<'_, str> {
    let mut kept = String::new();
    // The next end of each kind of block: none where there is no further one.
    let mut ends: HashMap<(&str, Marks), Option<usize>> = HashMap::new();
    // Up to where the text was kept or removed, and from where on a block is looked for.
    let (mut position, mut from) = (0, 0);
    while let Some((start, tag, marks)) = next_own_block(text, from) {
        from = start + 1;
        let end_behind = || Some(start + marks.end_of_block(&text[start..], tag)?);
        let end = ends.entry((tag, marks)).or_insert_with(end_behind);
        if end.is_some_and(|end| end <= start) {
            *end = end_behind();
        }
        // What longmem quotes holds no tag, so a block begins with the last one before its end.
        let Some(end) = *end else { continue };
        let begins_again = next_own_block(&text[..end], from).is_some_and(|next| next.2 == marks);
        if !begins_again {
            kept.push_str(&text[position..start]);
            position = end;
            from = end;
        }
    }
    if position == 0 {
        return Cow::Borrowed(text);
    }
    kept.push_str(&text[position..]);
    Cow::Owned(kept)
}

/// The tag in which Gemini CLI puts what a hook adds, HTML-escaped, into a person's message.
const HOOK_CONTEXT: &str = "hook_context";

/// How Claude Code begins a line with what a hook adds: the name of the hook, and this.
const HOOK_LINE: &str = " hook additional context:";

/// Removes what [`without_own_blocks`] does, and what clients put around it when a hook of longmem added
/// it: blocks of `<hook_context>` that begin at the start of a line, whatever another hook has put into
/// them, and the beginnings "… hook additional context:" of lines whose rest is gone.
///
/// # Examples
/// ```
/// use longmem_transcripts::without_echoes;
///
/// let prompt = "<hook_context>&lt;recalled_memory note=\"…\"&gt;x&lt;/recalled_memory&gt;</hook_context>\n\
///               And which database?";
/// assert_eq!(without_echoes(prompt).trim(), "And which database?");
/// let about = "What is <hook_context>?";
/// assert_eq!(without_echoes(about), about);
/// ```
pub fn without_echoes(text: &str) -> Cow<'_, str> {
    let had_lines = text.contains(HOOK_LINE);
    if !had_lines && !text.contains("<hook_context>") {
        return without_own_blocks(text);
    }
    let left = without_blocks(text, &[HOOK_CONTEXT]);
    // A line that said nothing after its beginning before says so itself.
    let is_echo = |line: &str| {
        let begins = line.trim_end().strip_suffix(HOOK_LINE);
        begins.is_some_and(|hook| hook.trim_start().chars().all(char::is_alphanumeric))
    };
    let empty_before = text.lines().filter(|line| is_echo(line)).count();
    let echoes = left.lines().filter(|line| is_echo(line)).count();
    if echoes <= empty_before {
        return if left == text { Cow::Borrowed(text) } else { Cow::Owned(left) };
    }
    let kept: Vec<&str> = left.split('\n').filter(|line| !is_echo(line)).collect();
    Cow::Owned(kept.join("\n"))
}

/// The beginning of the next block that longmem wrote, with its tag and how that is written.
fn next_own_block(text: &str, from: usize) -> Option<(usize, &'static str, Marks<'_>)> {
    let mut places = text[from..].match_indices(['<', '&', '\\']).map(|(place, _)| from + place);
    places.find_map(|start| {
        let opened = &text[start..];
        let marks = Marks::at_beginning(opened)?;
        let name = marks.tag_name(opened)?;
        let tag = OWN_BLOCK_TAGS.into_iter().find(|tag| *tag == name)?;
        let end = opened.floor_char_boundary(MAX_OPENING_BYTES);
        let attributes = opened[..end].split_once(&*marks.close())?.0;
        attributes.contains(" note=").then_some((start, tag, marks))
    })
}

/// Removes the blocks between these tags that begin at the start of a line, and those of longmem's own.
///
/// It takes one pass: neither the end of a line nor a closing tag is searched for twice over the
/// same text.
pub(crate) fn without_blocks(text: &str, tags: &[&str]) -> String {
    let text = &*without_own_blocks(text);
    let mut kept = String::with_capacity(text.len());
    let mut never_closed: Vec<&str> = Vec::new();
    let mut position = 0;
    let mut line_end = 0;
    while position < text.len() {
        if position >= line_end {
            line_end = text[position..].find('\n').map_or(text.len(), |end| position + end + 1);
        }
        let line = &text[position..line_end];
        if let Some(tag) = opened_tag(line, tags).filter(|tag| !never_closed.contains(tag)) {
            if let Some(end) = Marks::PLAIN.end_of_block(&text[position..], tag) {
                // What follows the block on its line is looked at as a line of its own.
                position += end;
                continue;
            }
            // A person may well write about a tag without closing it.
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

/// How the angle brackets of a tag are written, by the one that opens it: as they are, or escaped.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Marks<'a>(&'a str);

/// The opening bracket in HTML behind its `&`, and the closing one. An escape that is escaped again
/// begins with `&amp;`.
const HTML_ESCAPES: [(&str, &str); 4] =
    [("lt;", "gt;"), ("#60;", "#62;"), ("#x3c;", "#x3e;"), ("#x3C;", "#x3E;")];

/// The same in JSON behind its `\`. In JSON that is a string of JSON again, that is escaped, too.
const JSON_ESCAPES: [(&str, &str); 2] = [("u003c", "u003e"), ("u003C", "u003E")];

/// Times that a text may be escaped over and over.
const MOST_ESCAPES: usize = 4;

impl Marks<'_> {
    /// Tags as they are.
    const PLAIN: Marks<'static> = Marks("<");

    /// The opening bracket that a text begins with.
    fn at_beginning(text: &str) -> Option<Marks<'_>> {
        let behind = match text.as_bytes().first()? {
            b'<' => return Some(Marks(&text[..1])),
            b'&' => behind_any(&text[1..], "amp;", &HTML_ESCAPES, MOST_ESCAPES)?,
            // Each escaping doubles those that are there.
            _ => behind_any(text, "\\", &JSON_ESCAPES, 1 << MOST_ESCAPES)?,
        };
        Some(Marks(&text[..text.len() - behind.len()]))
    }

    fn close(self) -> Cow<'static, str> {
        if self == Self::PLAIN {
            return Cow::Borrowed(">");
        }
        let escapes = HTML_ESCAPES.iter().chain(&JSON_ESCAPES);
        let mut closes = escapes
            .filter_map(|(open, close)| Some(format!("{}{close}", self.0.strip_suffix(open)?)));
        Cow::Owned(closes.next().expect("a bracket is plain or one of these"))
    }

    /// The name of the tag that a text begins with.
    fn tag_name(self, text: &str) -> Option<&str> {
        let rest = text.strip_prefix(self.0)?;
        let close = self.close();
        // A name is short: the end of a long line is not searched for it.
        let end = rest.floor_char_boundary(MAX_TAG_BYTES + close.len());
        let end = rest[..end].find(|c: char| c.is_whitespace() || close.starts_with(c))?;
        let ends_as_tag =
            rest[end..].starts_with(char::is_whitespace) || rest[end..].starts_with(&*close);
        ends_as_tag.then_some(&rest[..end])
    }

    /// How many bytes a block takes with its closing tag; `None` if it is never closed.
    fn end_of_block(self, text: &str, tag: &str) -> Option<usize> {
        let close = self.close();
        let end_with = |text: &str, slash: &str| {
            let closing = format!("{}{slash}{tag}{close}", self.0);
            Some(text.find(&closing)? + closing.len())
        };
        let plain = end_with(text, "/");
        // Some write JSON and scripts with an escaped slash. What is behind the other end is not searched.
        let escaped = end_with(&text[..plain.unwrap_or(text.len())], "\\/");
        escaped.or(plain)
    }
}

/// What follows one of the escapes, before which a repetition may stand so many times at most.
fn behind_any<'a>(
    text: &'a str,
    repeated: &str,
    escapes: &[(&str, &str)],
    most: usize,
) -> Option<&'a str> {
    let mut rest = text;
    for _ in 0..most {
        let Some(behind) = rest.strip_prefix(repeated) else { break };
        rest = behind;
    }
    escapes.iter().find_map(|(open, _)| rest.strip_prefix(open))
}

/// Bytes of the longest name of a tag that is looked for.
const MAX_TAG_BYTES: usize = 40;

/// Bytes of the longest opening tag of a block of longmem's own.
const MAX_OPENING_BYTES: usize = 1_000;

/// The tag that a line opens, after any white space.
fn opened_tag<'a>(line: &str, tags: &[&'a str]) -> Option<&'a str> {
    let name = Marks::PLAIN.tag_name(line.trim_start())?;
    tags.iter().copied().find(|tag| *tag == name)
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
            (
                "Hi\n<recalled_memory note=\"x\">\ncut off",
                "Hi\n<recalled_memory note=\"x\">\ncut off",
            ),
            (
                "<recalled_memory>\n- a\n</recalled_memory>",
                "<recalled_memory>\n- a\n</recalled_memory>",
            ),
            (
                "<known_facts note=\"x\">a</known_facts><earlier_conversation note=\"x\">b\
                 </earlier_conversation>Bye",
                "Bye",
            ),
            (
                "Hi\n&lt;recalled_memory note=\"x\"&gt;\n- a\n&lt;/recalled_memory&gt;\nBye",
                "Hi\n\nBye",
            ),
            ("Hi\n&lt;recalled_memory&gt;\ncut off", "Hi\n&lt;recalled_memory&gt;\ncut off"),
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
        assert_eq!(without_own_blocks(text), text);
    }

    #[test]
    fn printed_memory_goes_wherever_it_stands() {
        let cases = [
            ("{\"a\": \"<recalled_memory note=1>x</recalled_memory> b\"}", "{\"a\": \" b\"}"),
            ("{\"a\": \"<recalled_memory note=\\\"x\\\">x</recalled_memory>\"}", "{\"a\": \"\"}"),
            ("a &lt;recalled_memory note=1&gt;x&lt;/recalled_memory&gt; b", "a  b"),
            (
                "a <recalled_memory note=1> is never closed",
                "a <recalled_memory note=1> is never closed",
            ),
            (
                "<recalled_memory note=1>1</recalled_memory>,\
                 &lt;recalled_memory note=1&gt;2&lt;/recalled_memory&gt;",
                ",",
            ),
            ("a &amp;lt;recalled_memory note=1&amp;gt;x&amp;lt;/recalled_memory&amp;gt; b", "a  b"),
            ("a &#60;recalled_memory note=1&#62;x&#60;/recalled_memory&#62; b", "a  b"),
            ("a &#x3C;recalled_memory note=1&#x3E;x&#x3C;/recalled_memory&#x3E; b", "a  b"),
            (
                r#"{"a": "\u003crecalled_memory note=\"x\"\u003e\n- x\u003c/recalled_memory\u003e b"}"#,
                r#"{"a": " b"}"#,
            ),
            (r"\\u003Crecalled_memory note=1\\u003Ex\\u003C/recalled_memory\\u003E b", " b"),
            (r"<recalled_memory note=1>x<\/recalled_memory> b", " b"),
            (
                r"\u003crecalled_memory note=1> is of two kinds</recalled_memory>",
                r"\u003crecalled_memory note=1> is of two kinds</recalled_memory>",
            ),
            ("<<recalled_memory note=1>x</recalled_memory>", "<"),
            (
                "Does <recalled_memory note=1> end?\n<recalled_memory note=2>x</recalled_memory>",
                "Does <recalled_memory note=1> end?\n",
            ),
            (
                "<recalled_memory note=1>&lt;recalled_memory note=2></recalled_memory>, \
                 <recalled_memory note=1>x</recalled_memory>",
                ", ",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(without_own_blocks(text), expected, "{text}");
        }
    }

    #[test]
    fn what_a_hook_added_goes_with_what_is_around_it() {
        let escaped = "&lt;recalled_memory note=\"x\"&gt;\n- 7443\n&lt;/recalled_memory&gt;";
        let plain = "<recalled_memory note=\"x\">\n- 7443\n</recalled_memory>";
        for (text, expected) in [
            (format!("<hook_context>{escaped}</hook_context>\n\nWhich port?"), "Which port?"),
            (format!("Which port?\n<hook_context>{escaped}</hook_context>"), "Which port?"),
            ("<hook_context>the build is red</hook_context>Which port?".to_owned(), "Which port?"),
            (
                format!("UserPromptSubmit hook additional context: {plain}\nWhich port?"),
                "Which port?",
            ),
            (format!("SessionStart hook additional context: {plain}"), ""),
        ] {
            assert_eq!(without_echoes(&text).trim(), expected, "{text}");
        }
        for kept in [
            "What is <hook_context>?",
            "<hook_context> is never closed",
            "Stop hook additional context: the build is red",
            "What does this mean: hook additional context:",
            "UserPromptSubmit hook additional context:",
        ] {
            assert_eq!(without_echoes(kept), kept);
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
        let escapes = [r"\".repeat(1 << 20), "&amp;".repeat(1 << 18)].concat();
        assert_eq!(without_own_blocks(&escapes), escapes);
    }

    proptest! {
        #[test]
        fn a_block_goes_however_it_was_escaped(ways in prop::collection::vec(0..4, 0..4)) {
            let block = "<recalled_memory note=\"x\">\n- user: 7443 & more\n</recalled_memory>";
            let text = ways.iter().fold(block.to_owned(), |text, way| match way {
                0 => text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
                1 => text.replace('&', "&amp;").replace('<', "&#60;").replace('>', "&#62;"),
                2 => text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
                    .replace('/', r"\/"),
                _ => text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
                    .replace('<', r"\u003c").replace('>', r"\u003e"),
            });
            // A slash is escaped by few, and then once.
            prop_assume!(!text.contains(r"\\/"));
            let around = format!("a {text} b");
            prop_assert_eq!(&*without_own_blocks(&around), "a  b", "{}", text);
        }

        #[test]
        fn what_is_no_whole_block_of_ours_is_kept(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "<recalled_memory>", "</recalled_memory>", "<recalled_memory note=\"b\">", "\n",
                    "&lt;recalled_memory note=&quot;&gt;", "&lt;/recalled_memory&gt;",
                    " ", "words", "é", "<", "&",
                ]),
                0..20,
            )
        ) {
            let text = pieces.concat();
            let left = without_own_blocks(&text);
            let may_hold_one = [
                ("<recalled_memory note=", "</recalled_memory>"),
                ("&lt;recalled_memory note=", "&lt;/recalled_memory&gt;"),
            ]
            .iter()
            .any(|(opening, closing)| match (text.find(opening), text.rfind(closing)) {
                (Some(opens), Some(closes)) => opens < closes,
                _ => false,
            });
            prop_assert!(may_hold_one || left == text, "{}", left);
        }
    }
}
