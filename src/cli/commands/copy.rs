//! `longmem copy`: takes users from one store to another, whatever kinds they are.

use std::ops::ControlFlow;

use indicatif::ProgressBar;
use longmem::{IfMissing, open_memory};
use longmem_core::{ErrorCode, UserName};
use longmem_memory::{ComparedAnswers, CopiedUser, Memory, MemoryError, StoreError};
use longmem_wire as wire;

use crate::arguments::CopyArguments;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::settings::Settings;
use crate::{compose, progress_bar, render};

/// Copies all users, or the one that a flag names.
pub(super) fn run(
    arguments: &CopyArguments,
    settings: &Settings,
    of_one_user: bool,
    output: Output,
) -> Result<(), Failure> {
    let interrupt = Interrupt::listen()?;
    let from = open(&arguments.from, settings, IfMissing::Fail, output)?;
    let mut users = from.users()?;
    if of_one_user {
        users.retain(|known| known.user == settings.user);
        if users.is_empty() {
            return Err(StoreError::UnknownUser(settings.user.clone()).into());
        }
    }
    let to = open(&arguments.to, settings, IfMissing::Create, output)?;
    if from.place() == to.place() {
        let message = format!("{} cannot be copied to itself", from.place());
        let hint = "Name another store to copy to.";
        return Err(Failure::refused(ErrorCode::WrongCommandLine, message, hint));
    }
    let only = of_one_user.then_some(&settings.user);
    let store = from.copy_store_to(&to, only)?;
    let bar = progress_bar::counting(output, users.iter().map(|known| known.turns).sum(), "turns");
    let mut copied = Vec::with_capacity(users.len());
    for known in &users {
        let stores = Stores { from: &from, to: &to, interrupt: &interrupt, bar: &bar };
        let user = stores.copy(&known.user).map_err(|error| match error {
            MemoryError::Store(StoreError::Stopped) => interrupted(copied.len(), users.len()),
            error => error.into(),
        })?;
        let compare = || from.compare_answers(&known.user, &to);
        let compared = arguments.verify.then(compare).transpose()?;
        copied.push(one_user(&known.user, user, compared));
        if interrupt.happened() && copied.len() < users.len() {
            return Err(interrupted(copied.len(), users.len()));
        }
    }
    bar.finish_and_clear();
    let report = wire::Copied {
        from: from.place(),
        to: to.place(),
        users: copied,
        values: store.values,
        forgotten_turns: store.forgotten,
        forgotten_turns_kept: store.forgotten_kept,
    };
    let printed =
        if output.json { output.document(&report) } else { output.lines(render::copied(&report)) };
    output.reported("the users are copied", printed);
    match report.users.iter().find(|user| user.questions != user.same_answers) {
        None => Ok(()),
        Some(user) => Err(Failure::Unhealthy(format!(
            "the copy finds other turns of user \"{}\" than {}",
            user.user, report.from
        ))),
    }
}

/// Two stores between which users go.
struct Stores<'a> {
    from: &'a Memory,
    to: &'a Memory,
    interrupt: &'a Interrupt,
    bar: &'a ProgressBar,
}

impl Stores<'_> {
    fn copy(&self, user: &UserName) -> Result<CopiedUser, MemoryError> {
        let before = self.bar.position();
        self.bar.set_message(user.to_string());
        let progress = |turns: u64| -> ControlFlow<()> {
            self.bar.set_position(before + turns);
            self.interrupt.flow()
        };
        let copied = self.from.copy_user_to(user, self.to, &progress)?;
        self.bar.set_position(before + copied.turns);
        Ok(copied)
    }
}

fn one_user(
    user: &UserName,
    copied: CopiedUser,
    compared: Option<ComparedAnswers>,
) -> wire::CopiedUser {
    let taken_in = copied.taken_in.unwrap_or_default();
    let renumbered = [
        (taken_in.new_turn_numbers, "turns"),
        (taken_in.new_fact_numbers, "facts"),
        (taken_in.new_summary_numbers, "summaries"),
    ];
    let renumbered = renumbered.into_iter().filter(|(is_new, _)| *is_new);
    let renumbered = renumbered.map(|(_, what)| what.to_owned());
    wire::CopiedUser {
        user: user.clone(),
        turns: copied.turns,
        facts: copied.facts,
        already_there: copied.taken_in.is_none(),
        new_numbers: renumbered.collect(),
        vectors_left_out: taken_in.passages_left_out,
        questions: compared.map(|compared| compared.questions),
        same_answers: compared.map(|compared| compared.same),
    }
}

fn interrupted(copied: usize, all: usize) -> Failure {
    Failure::Interrupted(format!(
        "{copied} of {all} users are copied whole, nothing of the others; the same again goes on"
    ))
}

/// Opens a store by its address or the name of its file. The settings' key is that of files.
fn open(
    name: &str,
    settings: &Settings,
    if_missing: IfMissing,
    output: Output,
) -> Result<Memory, Failure> {
    let mut options = compose::options(settings, if_missing, output)?;
    options.place = compose::place(name, settings)?;
    if options.place.file().is_none() {
        options.key = None;
    }
    Ok(open_memory(options)?)
}
