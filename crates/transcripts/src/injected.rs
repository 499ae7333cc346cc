//! Text that programs put into what a person said.

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

/// Takes out the blocks of recalled memory that longmem itself put into a prompt, so that memory
/// does not feed on itself.
///
/// A block begins at the start of a line, after any white space. One that is never closed was cut
/// off, and goes to the end of the text.
///
/// # Examples
/// ```
/// use longmem_transcripts::without_recalled_memory;
///
/// let prompt = "Which port?\n<recalled_memory note=\"x\">\n- Port 7443.\n</recalled_memory>";
/// assert_eq!(without_recalled_memory(prompt).trim(), "Which port?");
/// ```
pub fn without_recalled_memory(text: &str) -> String {
    without_blocks(text, &[RECALLED_MEMORY_TAG])
}

/// Takes out everything that Claude Code and its hooks put into a user's message.
pub(crate) fn without_claude_code_blocks(text: &str) -> String {
    without_blocks(text, &CLAUDE_CODE_TAGS)
}

fn without_blocks(text: &str, tags: &[&str]) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.find('\n').map_or(rest.len(), |end| end + 1));
        let opened = tags.iter().find(|tag| opens(line, tag));
        match opened.map(|tag| (*tag, end_of_block(rest, tag))) {
            Some((_, Some(end))) => rest = &rest[end..],
            Some((RECALLED_MEMORY_TAG, None)) => break,
            // A person may well write about a tag without closing it.
            _ => {
                kept.push_str(line);
                rest = after;
            }
        }
    }
    kept
}

fn opens(line: &str, tag: &str) -> bool {
    line.trim_start()
        .strip_prefix('<')
        .and_then(|rest| rest.strip_prefix(tag))
        .is_some_and(|rest| rest.starts_with(|c: char| c == '>' || c.is_whitespace()))
}

fn end_of_block(text: &str, tag: &str) -> Option<usize> {
    let closing = format!("</{tag}>");
    text.find(&closing).map(|start| start + closing.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn takes_out_blocks_and_keeps_the_persons_words() {
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
                prop_assert!(!opens(line, RECALLED_MEMORY_TAG), "{left}");
            }
        }
    }
}
