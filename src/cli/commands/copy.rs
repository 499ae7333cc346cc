//! `longmem copy`: takes users from one store to another, whatever kinds they are.

use std::ops::ControlFlow;

use indicatif::ProgressBar;
use longmem::{IfMissing, Options, open_memory};
use longmem_core::{ErrorCode, UserName};
use longmem_memory::{ComparedAnswers, CopiedUser, Memory, MemoryError, StoreError};
use longmem_wire as wire;

use crate::arguments::CopyArguments;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::settings::Settings;
use crate::{compose, progress_bar, render, waiting};

/// Copies the users that are named, or all if none is.
pub(super) fn run(
    arguments: &CopyArguments,
    named: &[UserName],
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let interrupt = Interrupt::listen()?;
    let options = options(&arguments.from, settings, IfMissing::Fail, output)?;
    let from = open_memory(options.clone())?;
    store_what_waits(&from, named, &options, settings, output)?;
    let mut users = from.users()?;
    if let Some(unknown) = named.iter().find(|user| !users.iter().any(|known| known.user == **user))
    {
        return Err(StoreError::UnknownUser(unknown.clone()).into());
    }
    users.retain(|known| named.is_empty() || named.contains(&known.user));
    let to = open_memory(self::options(&arguments.to, settings, IfMissing::Create, output)?)?;
    if from.place() == to.place() {
        let message = format!("{} cannot be copied to itself", from.place());
        let hint = "Name another store to copy to.";
        return Err(Failure::refused(ErrorCode::WrongCommandLine, message, hint));
    }
    let store = from.copy_store_to(&to, (!named.is_empty()).then_some(named))?;
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

/// Stores first what waits of the users who are copied, since it was said in the store that is left.
fn store_what_waits(
    from: &Memory,
    named: &[UserName],
    options: &Options,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let mut users = named.to_vec();
    if users.is_empty() {
        users.extend(from.users()?.into_iter().map(|known| known.user));
        if !users.contains(&settings.user) {
            users.push(settings.user.clone());
        }
    }
    for user in &users {
        let spool = options.spool_of(user);
        if spool.count()? > 0 {
            let learns = settings.options.talk.conversation.learns;
            waiting::note(&spool.hold()?.store_into(from, user, learns)?, output);
        }
    }
    Ok(())
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

/// The options of a store by its address or the name of its file. The settings' key is that of files.
fn options(
    name: &str,
    settings: &Settings,
    if_missing: IfMissing,
    output: Output,
) -> Result<Options, Failure> {
    let mut options = compose::options(settings, if_missing, output)?;
    options.place = compose::place(name, settings)?;
    if options.place.file().is_none() {
        options.key = None;
    }
    Ok(options)
}
