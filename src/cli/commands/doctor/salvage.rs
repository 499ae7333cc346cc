//! `longmem doctor --salvage`: saves what can be read of a damaged store.

use std::path::Path;

use longmem::{Salvaged, salvage};
use longmem_memory::StoreError;
use longmem_wire as wire;

use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::sanitize::for_terminal;
use crate::settings::Settings;

pub(super) fn run(to: &Path, settings: &Settings, output: Output) -> Result<(), Failure> {
    let instead = "Restore a copy that pg_dump or the server's own backup made.";
    let damaged = settings.options.place.only_file("be salvaged", instead)?;
    if !damaged.exists() {
        return Err(StoreError::Missing(damaged.display().to_string()).into());
    }
    let saved = salvage(damaged, to).map_err(|error| match error {
        StoreError::File(error) => Failure::new_file(to, error),
        error => error.into(),
    })?;
    let file = to.display().to_string();
    if output.json {
        return Ok(output.document(&document(file, &saved))?);
    }
    output.lines(lines(&for_terminal(&file), &saved))?;
    output.note(
        "The damaged store was not changed. Look at the new one with --db, and put it in the \
                 place of the old one if it is good.",
    );
    Ok(())
}

fn document(file: String, saved: &Salvaged) -> wire::Salvaged {
    wire::Salvaged {
        file,
        users: saved.users,
        sessions: saved.sessions,
        turns: saved.turns,
        facts: saved.facts,
        summaries: saved.summaries,
        kept_values: saved.kept_values,
        forgotten_keys: saved.forgotten_keys,
        turns_with_vectors: saved.turns_with_vectors,
        turns_without_vectors: saved.turns_without_vectors,
        lost_turns: saved.lost_turns,
        unusable_rows: saved.unusable_rows,
        mended_texts: saved.mended_texts,
        made_up_names: saved.made_up_names,
    }
}

/// What was saved, and what was not.
fn lines(file: &str, saved: &Salvaged) -> Vec<String> {
    let mut lines = vec![
        format!(
            "Saved into {file}: {} in {} of {}",
            counted(saved.turns, "turn"),
            counted(saved.sessions, "session"),
            counted(saved.users, "user")
        ),
        format!(
            "  {}, {}, {}, {} known as forgotten",
            counted(saved.facts, "fact"),
            if saved.summaries == 1 {
                "1 summary".to_owned()
            } else {
                format!("{} summaries", saved.summaries)
            },
            counted(saved.kept_values, "kept value"),
            counted(saved.forgotten_keys, "turn"),
        ),
        format!(
            "  {} with their vectors; {} for longmem index",
            counted(saved.turns_with_vectors, "turn"),
            match saved.turns_without_vectors {
                1 => "1 waits".to_owned(),
                waiting => format!("{waiting} wait"),
            }
        ),
    ];
    for (count, of, what) in [
        (saved.lost_turns, "turn", "known to be lost"),
        (saved.unusable_rows, "row", "found that cannot be used"),
        (saved.mended_texts, "text", "saved with signs in place of what could not be read"),
        (saved.made_up_names, "user or session", "given a made-up name, since its own is lost"),
    ] {
        if count > 0 {
            lines.push(format!("  {}: {what}", counted(count, of)));
        }
    }
    lines
}
