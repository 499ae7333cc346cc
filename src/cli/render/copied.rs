//! What a copy did, as a person reads it.

use std::fmt::Write;

use longmem_wire as wire;

use crate::output::counted;
use crate::sanitize::for_terminal;

/// A line for each user, and one for what belongs to nobody alone.
pub(crate) fn copied(report: &wire::Copied) -> Vec<String> {
    let mut lines: Vec<String> = report.users.iter().map(user).collect();
    let moved = report.users.iter().filter(|user| !user.already_there).count() as u64;
    lines.push(format!(
        "Copied {} from {} to {}",
        counted(moved, "user"),
        for_terminal(&report.from),
        for_terminal(&report.to)
    ));
    if !report.forgotten_turns_kept {
        lines.push(format!(
            "{} there cannot be known as such, since others are: an import may bring them back",
            counted(report.forgotten_turns, "forgotten turn")
        ));
    }
    lines
}

fn user(user: &wire::CopiedUser) -> String {
    let mut line = format!(
        "{}: {}, {}",
        for_terminal(user.user.as_str()),
        counted(user.turns, "turn"),
        counted(user.facts, "fact")
    );
    if user.already_there {
        line.push_str(", there already");
    }
    if !user.new_numbers.is_empty() {
        let _ = write!(line, ", with new numbers of {}", user.new_numbers.join(", "));
    }
    if user.vectors_left_out > 0 {
        let left_out = counted(user.vectors_left_out, "vector");
        let _ = write!(line, ", without {left_out} of another model");
    }
    if let (Some(questions), Some(same)) = (user.questions, user.same_answers) {
        let asked = counted(questions, "question");
        let _ = write!(line, "; both find the same for {same} of {asked}");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reads_what_was_kept_and_what_not() {
        let ana = wire::CopiedUser {
            user: "ana".parse().unwrap(),
            turns: 418,
            facts: 1,
            already_there: false,
            new_numbers: vec!["turns".to_owned(), "facts".to_owned()],
            vectors_left_out: 2,
            questions: Some(20),
            same_answers: Some(19),
        };
        let bob = wire::CopiedUser {
            user: "bob".parse().unwrap(),
            already_there: true,
            new_numbers: Vec::new(),
            vectors_left_out: 0,
            questions: None,
            same_answers: None,
            ..ana.clone()
        };
        let report = wire::Copied {
            from: "memory.db".to_owned(),
            to: "postgres://db/memory".to_owned(),
            users: vec![ana, bob],
            values: 0,
            forgotten_turns: 5,
            forgotten_turns_kept: false,
        };
        let lines = [
            "ana: 418 turns, 1 fact, with new numbers of turns, facts, without 2 vectors of another \
             model; both find the same for 19 of 20 questions",
            "bob: 418 turns, 1 fact, there already",
            "Copied 1 user from memory.db to postgres://db/memory",
            "5 forgotten turns there cannot be known as such, since others are: an import may bring \
             them back",
        ];
        assert_eq!(copied(&report), lines);
    }
}
