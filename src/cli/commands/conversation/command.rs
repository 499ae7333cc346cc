//! The commands of a talk: what a line that begins with a stroke asks for.

use std::fmt::Write;

/// A command with what may stand behind it, and what it does.
pub(super) struct Described {
    pub(super) name: &'static str,
    arguments: &'static str,
    does: &'static str,
}

const fn described(name: &'static str, arguments: &'static str, does: &'static str) -> Described {
    Described { name, arguments, does }
}

/// All commands, in the order of the help.
pub(super) const COMMANDS: [Described; 16] = [
    described("/recall", "QUESTION", "what was said that is relevant"),
    described("/why", "", "what was recalled for the last answer"),
    described("/show", "TURN", "a turn, whole"),
    described("/remember", "TEXT", "note something"),
    described("/memory", "", "what is known about you; /facts too"),
    described("/facts", "add|edit|delete …", "add TEXT, edit NUMBER TEXT, delete NUMBER"),
    described("/forget", "[TURN]", "forget the last exchange, or a turn"),
    described("/continue", "", "let an answer that was cut off go on"),
    described("/edit", "[TEXT]", "write the message in your editor"),
    described("/context", "", "what was sent for the last message, and what it cost"),
    described("/usage", "", "what this talk has cost so far, in the provider's tokens"),
    described("/session", "", "which session this is"),
    described("/sessions", "", "your newest sessions"),
    described("/help", "", "this list"),
    described("/quit", "", "leave (Ctrl-D does too)"),
    described("/exit", "", "leave"),
];

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    /// An empty line.
    Nothing,
    Quit,
    Help,
    Session,
    Sessions,
    Context,
    Usage,
    Why,
    Memory,
    Recall(&'a str),
    Show(&'a str),
    Remember(&'a str),
    Facts(&'a str),
    Forget(&'a str),
    Edit(&'a str),
    Continue,
    /// A command that there is not.
    Unknown(&'a str),
    /// Something that is said.
    Message(&'a str),
}

impl<'a> Command<'a> {
    /// Reads a line.
    pub(super) fn of(line: &'a str) -> Self {
        let line = line.trim();
        let (first, rest) = match line.split_once(char::is_whitespace) {
            Some((first, rest)) => (first, rest.trim()),
            None => (line, ""),
        };
        match first {
            "" => Self::Nothing,
            "/quit" | "/exit" => Self::Quit,
            "/help" => Self::Help,
            "/session" => Self::Session,
            "/sessions" => Self::Sessions,
            "/context" => Self::Context,
            "/usage" => Self::Usage,
            "/why" => Self::Why,
            "/memory" => Self::Memory,
            "/recall" => Self::Recall(rest),
            "/show" => Self::Show(rest),
            "/remember" => Self::Remember(rest),
            "/facts" => Self::Facts(rest),
            "/forget" => Self::Forget(rest),
            "/edit" => Self::Edit(rest),
            "/continue" if rest.is_empty() => Self::Continue,
            _ if looks_like_a_command(first, rest) => Self::Unknown(first),
            _ => Self::Message(line),
        }
    }
}

/// Whether a person seems to mean a command that there is not: a message may begin with a path.
fn looks_like_a_command(first: &str, rest: &str) -> bool {
    let Some(name) = first.strip_prefix('/') else { return false };
    let is_word = name.len() > 1 && name.chars().all(|c| c.is_ascii_alphabetic());
    let is_known = COMMANDS.iter().any(|known| known.name == first);
    let is_nearly_known = COMMANDS.iter().any(|known| {
        let (long, short) =
            if known.name.len() > first.len() { (known.name, first) } else { (first, known.name) };
        short.len() > 3 && long.starts_with(short)
    });
    !is_known && is_word && (rest.is_empty() || is_nearly_known)
}

/// The list of commands on a terminal of this width, in columns; `typed` tells of keys too.
pub(super) fn help(width: usize, typed: bool) -> String {
    let mut help =
        "Write a message and press Enter. Everything said here is remembered.".to_owned();
    let usage = |known: &Described| format!("{} {}", known.name, known.arguments);
    let listed = || COMMANDS.iter().filter(|known| known.name != "/exit");
    let column = listed().map(|known| usage(known).chars().count()).max().unwrap_or(0) + 2;
    for known in listed() {
        let does = known.does;
        if column + does.chars().count() <= width {
            write!(help, "\n{:column$}{does}", usage(known)).expect("text is written to memory");
        } else {
            write!(help, "\n{}\n  {does}", usage(known).trim_end())
                .expect("text is written to memory");
        }
    }
    if typed {
        help.push_str(
            "\nAlt-Enter, or \\ at the end of a line, begins a new line; Ctrl-O opens your editor; \
             Ctrl-R searches what you typed; Ctrl-C breaks an answer off. A line that begins with a \
             space is not kept in the history of the prompt.",
        );
    }
    help
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_may_begin_with_a_path() {
        for line in ["/nonsense", "/recal the budget", "/memo", "/helpme", "/quitt now"] {
            assert!(matches!(Command::of(line), Command::Unknown(_)), "{line}");
        }
        for line in [
            "/etc/hosts has two lines",
            "/etc/hosts",
            "/tmp is full",
            "/ is full",
            "/",
            "//",
            "/24 is a small net",
            "/continue the story",
            "Hello /recal",
        ] {
            assert_eq!(Command::of(line), Command::Message(line));
        }
    }

    #[test]
    fn what_stands_behind_a_command_is_its_argument() {
        assert_eq!(Command::of("  /forget  17 "), Command::Forget("17"));
        assert_eq!(Command::of("/remember two\nlines"), Command::Remember("two\nlines"));
        assert_eq!(Command::of("/continue"), Command::Continue);
        assert_eq!(Command::of("   "), Command::Nothing);
    }

    #[test]
    fn every_command_of_the_help_is_one() {
        for known in &COMMANDS {
            let command = Command::of(known.name);
            assert!(!matches!(command, Command::Message(_) | Command::Unknown(_)), "{command:?}");
        }
    }

    #[test]
    fn the_help_fits_a_narrow_terminal() {
        assert!(help(80, false).lines().all(|line| line.chars().count() <= 80));
        assert!(help(40, false).contains("\n/memory\n  what is known"));
    }
}
