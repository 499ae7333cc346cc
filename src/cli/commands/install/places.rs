//! For which sessions the one plugin of Claude Code is installed, and with which flags: its folder serves
//! all of them.

use std::io;
use std::path::{Path, PathBuf};

use longmem_core::ErrorCode;
use serde::{Deserialize, Serialize};

use super::program::quoted;
use crate::arguments::InstallScope;
use crate::failure::Failure;

/// What is kept beside the plugin.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Installed {
    /// The flags in its commands, which say whose memory it is.
    flags: Vec<String>,
    /// Whether a running server is asked.
    http: bool,
    places: Vec<Place>,
}

/// For which sessions it was installed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    scope: String,
    /// The project's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<PathBuf>,
}

impl Place {
    /// Where an install or a removal is for; `folder` is the working folder.
    pub(super) fn new(scope: InstallScope, folder: PathBuf) -> Self {
        let folder = matches!(scope, InstallScope::Project).then_some(folder);
        Self { scope: scope.as_str().to_owned(), folder }
    }

    fn shown(&self) -> String {
        match &self.folder {
            Some(folder) => format!("the project {}", folder.display()),
            None => "all sessions (--scope user)".to_owned(),
        }
    }

    /// Whether it is still there: a project's folder may be deleted.
    fn exists(&self) -> bool {
        self.folder.as_ref().is_none_or(|folder| folder.exists())
    }
}

impl Installed {
    /// Reads what is kept in a file; nothing is kept of a plugin that is not there.
    ///
    /// # Errors
    /// [`Failure`] if the file cannot be read, or was not written by this version.
    pub(super) fn read(file: &Path) -> Result<Self, Failure> {
        let json = match fs_err::read(file) {
            Ok(json) => json,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error.into()),
        };
        let mut installed: Self = serde_json::from_slice(&json).map_err(|error| {
            Failure::refused(
                ErrorCode::FileFailed,
                format!(
                    "{} does not say for which sessions the plugin is installed: {error}",
                    file.display()
                ),
                "Use the version of longmem that wrote it; or delete it, and install the plugin again \
                 wherever it was.",
            )
        })?;
        installed.places.retain(Place::exists);
        Ok(installed)
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).expect("texts can be written as JSON");
        json.push(b'\n');
        json
    }

    /// The same with one place more.
    ///
    /// # Errors
    /// [`Failure::Refused`] if the plugin is installed elsewhere for another memory.
    pub(super) fn with(
        mut self,
        place: &Place,
        flags: &[String],
        http: bool,
    ) -> Result<Self, Failure> {
        self.places.retain(|other| other != place);
        if !self.places.is_empty() && (self.flags != flags || self.http != http) {
            return Err(Failure::refused(
                ErrorCode::FileFailed,
                format!(
                    "Claude Code has one plugin for all of its sessions, and it is installed {} for {}; \
                     installed {} it would change whose memory that is",
                    with_flags(&self.flags, self.http),
                    self.shown(),
                    with_flags(flags, http),
                ),
                "Install it with the same flags, or take the other one out first, with --remove and its \
                 --scope. For another user in one project, install without --user and write \
                 {\"env\": {\"LONGMEM_USER\": \"NAME\"}} into that project's .claude/settings.json.",
            ));
        }
        self.places.push(place.clone());
        Ok(Self { flags: flags.to_vec(), http, places: self.places })
    }

    /// The same without a place; none if none is left.
    pub(super) fn without(mut self, place: &Place) -> Option<Self> {
        self.places.retain(|other| other != place);
        (!self.places.is_empty()).then_some(self)
    }

    /// The places, for a person.
    pub(super) fn shown(&self) -> String {
        self.places.iter().map(Place::shown).collect::<Vec<_>>().join(" and ")
    }
}

/// Flags as a person wrote them.
fn with_flags(flags: &[String], http: bool) -> String {
    let flags = flags.iter().map(|flag| quoted(flag)).chain(http.then(|| "--http".to_owned()));
    match flags.collect::<Vec<_>>().join(" ") {
        flags if flags.is_empty() => "without flags".to_owned(),
        flags => format!("with {flags}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_read_is_not_taken_for_installed_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("installed.json");
        assert_eq!(Installed::read(&file).unwrap(), Installed::default());
        let place = Place::new(InstallScope::User, folder.path().to_owned());
        let installed = Installed::default().with(&place, &[], false).unwrap();
        std::fs::write(&file, installed.to_json()).unwrap();
        assert_eq!(Installed::read(&file).unwrap(), installed);
        for text in ["", "{", r#"{"flags": [], "http": "often", "places": []}"#] {
            std::fs::write(&file, text).unwrap();
            let error = Installed::read(&file).unwrap_err().to_string();
            assert!(error.contains("installed.json"), "{error}");
        }
    }
}
