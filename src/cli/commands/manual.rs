//! `longmem manual`: the help as a manual page.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_mangen::Man;
use longmem_core::ErrorCode;

use crate::arguments::{Arguments, ManualArguments};
use crate::failure::Failure;

pub(super) fn run(arguments: &ManualArguments) -> Result<(), Failure> {
    let mut all = Arguments::command();
    // Gives every command its whole name, and the flags that are allowed everywhere.
    all.build();
    let page = match &arguments.command {
        None => all,
        Some(name) => {
            let command = all.find_subcommand(name).cloned();
            command.ok_or_else(|| {
                let message = format!("there is no command \"{name}\"");
                let hint = "longmem --help lists the commands.";
                Failure::refused(ErrorCode::WrongCommandLine, message, hint)
            })?
        }
    };
    let mut roff = Vec::new();
    Man::new(page).render(&mut roff)?;
    Ok(io::stdout().write_all(&roff)?)
}
