//! Several data sets at once.

use std::collections::HashSet;
use std::path::Path;

use super::{Dataset, read, unknown_conversation};
use crate::EvalError;

/// Reads data sets, each under a name of its own: of two files of one name, the second is called
/// `name-2`.
///
/// # Errors
/// Those of [`read`](read()).
pub fn read_all<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<Dataset>, EvalError> {
    let mut taken = HashSet::new();
    let mut sets = Vec::with_capacity(paths.len());
    for path in paths {
        let mut set = read(path)?;
        let file_name = set.name.clone();
        for number in 2.. {
            if taken.insert(set.name.clone()) {
                break;
            }
            set.name = format!("{file_name}-{number}");
        }
        sets.push(set);
    }
    Ok(sets)
}

/// Keeps only the conversations of these ids, and the data sets that have one of them.
///
/// # Errors
/// [`EvalError::UnknownConversation`] for an id that no conversation has.
pub fn select_in(sets: &mut Vec<Dataset>, ids: &[String]) -> Result<(), EvalError> {
    let conversations = || sets.iter().flat_map(|set| &set.conversations);
    if let Some(wanted) = ids.iter().find(|id| conversations().all(|c| c.id != **id)) {
        return Err(unknown_conversation(wanted, conversations()));
    }
    for set in sets.iter_mut() {
        set.conversations.retain(|conversation| ids.contains(&conversation.id));
    }
    sets.retain(|set| !set.conversations.is_empty());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(id: &str) -> String {
        format!(
            r#"{{"id":"{id}","sessions":[{{"id":"s","date":"2026-03-02","turns":[
                {{"id":"t","role":"user","text":"Hi."}}]}}]}}"#
        )
    }

    #[test]
    fn every_set_has_a_name_of_its_own_and_only_those_asked_for_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        for id in ["ana", "bo"] {
            std::fs::create_dir(folder.path().join(id)).unwrap();
            files.push(folder.path().join(id).join("set.json"));
            std::fs::write(files.last().unwrap(), set(id)).unwrap();
        }
        let mut sets = read_all(&files).unwrap();
        let names: Vec<_> = sets.iter().map(|set| set.name.as_str()).collect();
        assert_eq!(names, ["set", "set-2"]);
        let error = select_in(&mut sets, &["bo".to_owned(), "eve".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "the data set has no conversation \"eve\"; it has ana, bo");
        select_in(&mut sets, &["bo".to_owned()]).unwrap();
        assert_eq!(sets.len(), 1);
        assert_eq!(sets[0].name, "set-2");
    }
}
