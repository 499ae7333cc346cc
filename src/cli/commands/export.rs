//! `longmem export`: turns as JSON Lines.

use std::io::{BufWriter, Write};

use longmem::IfMissing;
use longmem_memory::{FactsAt, MemoryError};

use crate::arguments::ExportArguments;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::new_file;
use crate::output::{Output, counted};
use crate::sanitize::for_terminal;
use crate::settings::Settings;
use crate::{compose, copies, waiting};

pub(super) fn run(
    arguments: ExportArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Fail, output)?;
    if waiting::store(&memory, &settings.user, settings, output).is_err() {
        waiting::warn(&settings.user, settings, output);
    }
    let scope = super::scope(arguments.scope, &memory, settings)?;
    memory.check_names(&scope)?;
    let report = match &arguments.output {
        Some(path) => {
            let interrupt = Interrupt::listen()?;
            let file = new_file::begin(path, arguments.force, settings)?;
            let mut out = BufWriter::new(interrupt.stops(file));
            let report = memory.export(&scope, &mut out);
            if interrupt.happened() {
                let left = "nothing was exported, and no file was left";
                return Err(Failure::Interrupted(left.to_owned()));
            }
            let report = report?;
            let out = out.into_inner().map_err(|error| MemoryError::Output(error.into_error()))?;
            out.into_inner().finish().map_err(|error| Failure::new_file(path, error))?;
            report
        }
        None => {
            let mut out = output.json_lines();
            let report = memory.export(&scope, &mut out)?;
            out.flush().map_err(MemoryError::Output)?;
            report
        }
    };
    if let Some(path) = &arguments.output {
        copies::note(&memory, path);
    }
    let user = for_terminal(settings.user.as_str());
    let facts = memory.facts(&settings.user, FactsAt::Ever)?.len();
    if facts > 0 {
        output.note(format!(
            "left out: {} of {user}; longmem facts --history --json prints them",
            counted(facts as u64, "fact")
        ));
    }
    output.note(format!("exported {} of {user}", counted(report.turns, "turn")));
    Ok(())
}
