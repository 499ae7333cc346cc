//! What the command line itself gave, beside what the environment did.

use clap::ArgMatches;
use clap::parser::ValueSource;

/// The flags of one command line.
pub(crate) struct Given(ArgMatches);

impl Given {
    /// Those of the command that was chosen, and of every command.
    pub(crate) fn new(mut matches: ArgMatches) -> Self {
        while let Some((_, inner)) = matches.remove_subcommand() {
            matches = inner;
        }
        Self(matches)
    }

    /// Whether a flag stands on the command line. Its name has no dashes, as `base_url`.
    pub(crate) fn by_flag(&self, flag: &str) -> bool {
        let is_known = self.0.try_contains_id(flag).unwrap_or(false);
        is_known && self.0.value_source(flag) == Some(ValueSource::CommandLine)
    }

    /// The text that was given for a flag; several are joined by commas.
    pub(crate) fn value(&self, flag: &str) -> Option<String> {
        let values = self.0.try_get_raw(flag).ok().flatten()?;
        let texts: Vec<_> = values.map(|value| value.to_string_lossy().into_owned()).collect();
        (!texts.is_empty()).then(|| texts.join(", "))
    }
}
