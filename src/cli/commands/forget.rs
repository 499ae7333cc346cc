//! `longmem forget`: shows what would go, asks, and deletes it for good.

use std::collections::BTreeSet;

use longmem::IfMissing;
use longmem_core::{ErrorCode, Scope, TurnId};
use longmem_memory::{Channels, Erasure, ForgetTarget, Memory, RecallRequest, forget_target};
use longmem_wire as wire;

use crate::arguments::ForgetArguments;
use crate::confirm::{ask, confirm};
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::prompt_history::PromptHistory;
use crate::sanitize::for_terminal;
use crate::settings::Settings;
use crate::{compose, copies, render, waiting};

/// Number of turns that a preview shows.
const SHOWN: usize = 10;

const NOTHING: &str = "nothing was forgotten";

pub(super) fn run(
    arguments: &ForgetArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let done = forget(arguments, settings, output);
    if done.is_err() {
        waiting::warn(&settings.user, settings, output);
    }
    done
}

fn forget(arguments: &ForgetArguments, settings: &Settings, output: Output) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    // What waits is forgotten too, and no talk stores it behind our back.
    let held = waiting::store(&memory, &settings.user, settings, output)?;
    let scope = super::scope(arguments.scope.clone(), &memory, settings)?;
    let turns = arguments.turn.iter().copied().map(TurnId).collect();
    let target = match &arguments.matching {
        None => forget_target(scope, turns, arguments.all),
        Some(query) => matching(query, scope, arguments, &memory, output)?,
    };
    let preview = memory.preview_forget(&target, SHOWN)?;
    let what = render::contents(preview.turns, preview.derived());
    let is_listed = arguments.matching.is_some() && !output.json;
    if !output.json {
        let lines = if is_listed {
            render::made_of_turns(&preview)
        } else {
            render::would_forget(&preview)
        };
        for line in lines {
            output.note(line);
        }
    }
    if arguments.dry_run {
        if output.json {
            return Ok(output.document(&wire::WouldForget::from(preview))?);
        }
        return Ok(output.line(format!("{what} would be forgotten"))?);
    }
    if !preview.is_empty() && !arguments.yes {
        confirm(&format!("Forget {what} for good?"), NOTHING)?;
    }
    let forgotten = memory.forget(&target)?;
    warn_of_erasure(forgotten.erasure, output);
    // What was typed may hold the same words.
    let history = PromptHistory::of(&settings.options.talk_settings(), &settings.user);
    if let Some(Err(error)) = history.map(|history| history.delete()) {
        output.warn(format!("what was typed in talks could not be deleted: {error}"));
    }
    if matches!(target, ForgetTarget::User(_))
        && let Err(error) = held.delete_unreadable()
    {
        output
            .warn(for_terminal(&format!("what could not be stored could not be deleted: {error}")));
    }
    waiting::warn_of_unreadable(&settings.user, settings, output);
    let copies = wire::known_copies(&memory);
    let line = format!(
        "Forgot {} and {}",
        render::contents(forgotten.turns, forgotten.derived),
        counted(forgotten.sessions, "session")
    );
    let printed = if output.json {
        let mut document = wire::Forgotten::from(forgotten);
        document.copies = copies.iter().map(|copy| copy.file.display().to_string()).collect();
        output.document(&document)
    } else {
        output.line(&line)
    };
    output.reported(&format!("it is done ({line})"), printed);
    if !output.json && !preview.is_empty() {
        copies::warn(&copies, output);
    }
    Ok(())
}

/// Says if deleted bytes are not gone from the disk yet.
pub(super) fn warn_of_erasure(erasure: Erasure, output: Output) {
    match erasure {
        Erasure::Done => {}
        Erasure::WhenReadersFinish => output.warn(
            "another process is reading an older state; the deleted bytes leave the disk when it is done",
        ),
        Erasure::WhenDiskTakesIt => output.warn(
            "the deleted bytes could not be overwritten on the disk, which may be full; any command that \
             finds room does it",
        ),
        Erasure::LeftToServer => output.warn(
            "no command finds the deleted words any more, but the database server's files, its write-ahead \
             log, standbys and backups may hold them until they are overwritten: VACUUM FULL rewrites the \
             files, then older logs and backups have to go",
        ),
    }
}

/// The turns that a recall finds, as far as the person chooses them.
fn matching(
    query: &str,
    scope: Scope,
    arguments: &ForgetArguments,
    memory: &Memory,
    output: Output,
) -> Result<ForgetTarget, Failure> {
    let mut request = RecallRequest::new(scope.clone(), query);
    request.limit = arguments.limit;
    request.threshold = arguments.threshold;
    request.catch_up = !arguments.words_only;
    if arguments.words_only {
        request.channels = Channels::Words;
    }
    let found = memory.recall(&request)?;
    let turns: Vec<TurnId> = found.results.iter().map(|found| found.turn.id).collect();
    if !output.json {
        for (number, found) in found.results.iter().enumerate() {
            output.note(format!("{}. {}", number + 1, render::turn(&found.turn)));
        }
        if !found.facts.is_empty() {
            let facts: Vec<_> = found.facts.iter().map(|found| found.fact.clone()).collect();
            output.note("Known besides (longmem facts delete N deletes one):");
            for line in render::facts(&facts) {
                output.note(line);
            }
        }
    }
    if turns.is_empty() {
        let message = format!("nothing that matches \"{query}\" was found");
        let hint =
            "Ask in other words, or lower --threshold; facts are deleted by longmem facts delete.";
        return Err(Failure::refused(ErrorCode::NothingSelected, message, hint));
    }
    let chosen = if arguments.yes || arguments.dry_run {
        turns
    } else {
        let question = "Forget which of these? Numbers (1 3-5), all, or nothing:";
        let answer = ask(question, NOTHING)?;
        let chosen = chosen(&answer, turns.len()).ok_or_else(|| {
            let message = format!("\"{answer}\" names none of the results; {NOTHING}");
            let hint = "Answer with numbers of the list, such as 1 3-5, or with all.";
            Failure::refused(ErrorCode::NothingSelected, message, hint)
        })?;
        chosen.into_iter().map(|number| turns[number - 1]).collect()
    };
    Ok(ForgetTarget::Turns(scope, chosen))
}

/// The numbers that an answer names, of those from 1 to `last`; none if it names others, or none.
fn chosen(answer: &str, last: usize) -> Option<BTreeSet<usize>> {
    if answer.eq_ignore_ascii_case("all") {
        return Some((1..=last).collect());
    }
    let mut numbers = BTreeSet::new();
    for part in answer.split([',', ' ']).filter(|part| !part.is_empty()) {
        let (first, end) = part.split_once('-').unwrap_or((part, part));
        let (first, end) = (first.parse::<usize>().ok()?, end.parse::<usize>().ok()?);
        if first == 0 || first > end || end > last {
            return None;
        }
        numbers.extend(first..=end);
    }
    (!numbers.is_empty()).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_numbers_of_the_list() {
        let of = |answer: &str| chosen(answer, 5).map(|numbers| numbers.into_iter().collect());
        assert_eq!(of("1 3-5"), Some(vec![1, 3, 4, 5]));
        assert_eq!(of("2, 2,1"), Some(vec![1, 2]));
        assert_eq!(of("ALL"), Some(vec![1, 2, 3, 4, 5]));
        for wrong in ["", "0", "6", "4-6", "3-1", "-", "x", "1 x", "-1"] {
            assert_eq!(of(wrong), None::<Vec<usize>>, "{wrong}");
        }
    }
}
