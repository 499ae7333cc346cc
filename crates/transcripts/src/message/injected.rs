//! Text that programs insert into what a person wrote.

use longmem_core::RECALLED_MEMORY_TAG;

/// Tags around what Claude Code adds to a user's message, or writes in the user's name.
const CLAUDE_CODE_TAGS: [&str; 15] = [
    RECALLED_MEMORY_TAG,
    "system-reminder",
    "command-name",
    "command-message",
    "command-args",
    "local-command-stdout",
    "local-command-stderr",
    "local-command-caveat",
    "user-prompt-submit-hook",
    "task-notification",
    "bash-input",
    "bash-stdout",
    "bash-stderr",
    "ide_opened_file",
    "ide_selection",
];

/// Removes the blocks of recalled memory that longmem itself put into a prompt, so that memory does
/// not feed on itself.
///
/// A block begins at the start of a line, after any white space. A block that is never closed was
/// cut off, and goes to the end of the text.
pub(crate) fn without_recalled_memory(text: &str) -> String {
    without_blocks(text, &[RECALLED_MEMORY_TAG])
}

/// Removes everything that Claude Code and its hooks put into a user's message.
pub(crate) fn without_claude_code_blocks(text: &str) -> String {
    without_blocks(text, &CLAUDE_CODE_TAGS)
}

/// Removes the blocks between these tags that begin at the start of a line.
///
/// It takes one pass: neither the end of a line nor a closing tag is searched for twice over the
/// same text.
fn without_blocks(text: &str, tags: &[&str]) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut never_closed: Vec<&str> = Vec::new();
    let mut position = 0;
    let mut line_end = 0;
    while position < text.len() {
        if position >= line_end {
            line_end = text[position..].find('\n').map_or(text.len(), |end| position + end + 1);
        }
        let line = &text[position..line_end];
        let opened = opened_tag(line, tags).filter(|tag| !never_closed.contains(tag));
        if let Some(tag) = opened {
            if let Some(end) = end_of_block(&text[position..], tag) {
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

/// The tag that a line opens, after any white space.
fn opened_tag<'a>(line: &str, tags: &[&'a str]) -> Option<&'a str> {
    let rest = line.trim_start().strip_prefix('<')?;
    let (name, _) = rest.split_once(|c: char| c == '>' || c.is_whitespace())?;
    tags.iter().copied().find(|tag| *tag == name)
}

/// How many bytes a block takes with its closing tag; `None` if it is never closed.
fn end_of_block(text: &str, tag: &str) -> Option<usize> {
    let closing = format!("</{tag}>");
    text.find(&closing).map(|start| start + closing.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn removes_blocks_and_keeps_what_the_person_wrote() {
        let cases = [
            ("<system-reminder>\nbe nice\n</system-reminder>\nHello", "Hello"),
            ("Hello\n  <system-reminder>a</system-reminder> there", "Hello\n there"),
            ("<command-name>/x</command-name>\n    <command-args></command-args>", ""),
            ("<command-name>/x</command-name><command-message>x</command-message>go", "go"),
            ("What does <system-reminder> do?", "What does <system-reminder> do?"),
            ("<system-reminder> is what?", "<system-reminder> is what?"),
            ("<system-reminders>a</system-reminders>", "<system-reminders>a</system-reminders>"),
            ("Hi\n<recalled_memory note=\"x\">\n- a\n</recalled_memory>\nBye", "Hi\n\nBye"),
            ("Hi\n<recalled_memory>\ncut off", "Hi"),
        ];
        for (text, expected) in cases {
            assert_eq!(without_claude_code_blocks(text).trim(), expected, "{text}");
        }
    }

    #[test]
    fn only_our_own_blocks_leave_other_programs_messages() {
        let text = "<system-reminder>a</system-reminder>";
        assert_eq!(without_recalled_memory(text), text);
    }

    /// With a search to the end of the text for each line, this would take hours.
    #[test]
    fn millions_of_tags_are_read_in_one_pass() {
        let never_closed = "<bash-input>\n".repeat(1 << 20);
        assert_eq!(without_claude_code_blocks(&never_closed), never_closed);
        let on_one_line = "<command-name></command-name>".repeat(1 << 20);
        assert_eq!(without_claude_code_blocks(&on_one_line), "");
    }

    proptest! {
        #[test]
        fn no_recalled_memory_is_left_at_the_start_of_a_line(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "<recalled_memory>", "</recalled_memory>", "<recalled_memory a=\"b\">", "\n",
                    " ", "words", "é",
                ]),
                0..20,
            )
        ) {
            let left = without_recalled_memory(&pieces.concat());
            for line in left.lines() {
                prop_assert_eq!(opened_tag(line, &[RECALLED_MEMORY_TAG]), None, "{}", left);
            }
        }
    }
}
