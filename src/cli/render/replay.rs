//! The last turns of a session that goes on, so that the person sees where it was.

use longmem_core::Turn;

use super::style::aside;
use super::{cut, speaker};
use crate::sanitize::for_terminal;

/// Number of turns that are read.
pub(crate) const REPLAYED_TURNS: usize = 6;

/// Lines of a terminal that are left free.
const FREE_LINES: usize = 6;

/// Lines of one turn.
const LINES_OF_A_TURN: usize = 4;

/// The last turns as faint lines, as many of the newest as fit a terminal of this size.
pub(crate) fn replayed(turns: &[Turn], width: usize, height: usize) -> Vec<String> {
    let room = height.saturating_sub(FREE_LINES);
    let mut shown: Vec<String> = Vec::new();
    for turn in turns.iter().rev() {
        let lines = lines_of(turn, width);
        if shown.len() + lines.len() > room {
            break;
        }
        shown.splice(0..0, lines);
    }
    shown.iter().map(|line| aside(line)).collect()
}

fn lines_of(turn: &Turn, width: usize) -> Vec<String> {
    let text = for_terminal(&turn.text);
    let mut said = text.lines().filter(|line| !line.trim().is_empty());
    let first = format!("{}> {}", for_terminal(speaker(turn)), said.next().unwrap_or(""));
    let mut lines = vec![cut(&first, width)];
    lines.extend(said.by_ref().take(LINES_OF_A_TURN - 1).map(|line| cut(line, width)));
    if said.next().is_some() {
        lines.push("…".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use longmem_core::{Role, SessionName, Timestamp, TurnId};

    use super::*;

    fn turn(text: &str) -> Turn {
        Turn {
            id: TurnId(1),
            session: SessionName::new("trip").unwrap(),
            session_title: None,
            role: Role::User,
            speaker: None,
            time: Timestamp::UNIX_EPOCH,
            text: text.to_owned(),
            note: false,
        }
    }

    #[test]
    fn the_newest_turns_fit_the_terminal() {
        let turns: Vec<Turn> = (0..6).map(|n| turn(&format!("message {n}\u{1b}[2J"))).collect();
        let shown = replayed(&turns, 80, 9);
        assert_eq!(shown.len(), 3);
        assert!(shown[2].contains("you> message 5\\u{1b}[2J"), "{shown:?}");
        assert_eq!(replayed(&turns, 80, 3), Vec::<String>::new());
        let long = replayed(&[turn(&"line\n\n".repeat(50))], 80, 24);
        assert_eq!(long.len(), LINES_OF_A_TURN + 1);
        let narrow = replayed(&[turn(&"wort ".repeat(50))], 20, 24);
        assert!(narrow[0].contains('…') && narrow.len() == 1, "{narrow:?}");
    }
}
