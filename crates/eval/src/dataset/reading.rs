//! Reads a data set of any known layout from a file.

use std::io;
use std::path::Path;

use fs_err as fs;
use longmem_core::special_kind;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::checked::{Unchecked, checked};
use super::{Conversation, Dataset, Layout, locomo, longmemeval};
use crate::{DatasetFlaw, EvalError};

/// Reads a data set of any known layout: a JSON array of conversations, or one JSON object after
/// another, as in JSON Lines.
///
/// # Errors
/// [`EvalError::Io`] if there is no such file; [`EvalError::Json`], [`EvalError::UnknownLayout`]
/// or [`EvalError::Flaw`] if it is not a valid data set.
///
/// # Examples
/// ```no_run
/// let mut dataset = longmem_eval::dataset::read("locomo10.json")?;
/// dataset.select(&["conv-26".to_owned()])?;
/// # Ok::<(), longmem_eval::EvalError>(())
/// ```
pub fn read(path: impl AsRef<Path>) -> Result<Dataset, EvalError> {
    let path = path.as_ref();
    // A device may never end. A pipe does; a shell makes one of a command's output.
    if let Some(kind @ "a device") = special_kind(fs::metadata(path)?.file_type()) {
        return Err(
            io::Error::other(format!("{} is {kind}; expected a file", path.display())).into()
        );
    }
    parse(&fs::read(path)?, path)
}

/// The fields that tell the layouts apart.
#[derive(Deserialize)]
struct Probe {
    conversation: Option<IgnoredAny>,
    qa: Option<IgnoredAny>,
    haystack_sessions: Option<IgnoredAny>,
    sessions: Option<IgnoredAny>,
}

fn parse(bytes: &[u8], path: &Path) -> Result<Dataset, EvalError> {
    let probes: Vec<Probe> = entries(bytes, path, "JSON objects")?;
    let layout = match probes.first() {
        None => return Err(flawed(path, DatasetFlaw::NothingSaid)),
        Some(Probe { conversation: Some(_), qa: Some(_), .. }) => Layout::LoCoMo,
        Some(Probe { haystack_sessions: Some(_), .. }) => Layout::LongMemEval,
        Some(Probe { sessions: Some(_), .. }) => Layout::Neutral,
        Some(_) => return Err(EvalError::UnknownLayout { path: path.to_owned() }),
    };
    let unchecked = match layout {
        Layout::LoCoMo => locomo::conversations(entries(bytes, path, "LoCoMo")?),
        Layout::LongMemEval => longmemeval::conversations(entries(bytes, path, "LongMemEval")?),
        Layout::Neutral => {
            Ok(Unchecked::from(entries::<Conversation>(bytes, path, "the neutral format")?))
        }
    };
    let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    unchecked
        .and_then(|unchecked| checked(name, layout, unchecked))
        .map_err(|flaw| flawed(path, flaw))
}

fn flawed(path: &Path, flaw: DatasetFlaw) -> EvalError {
    EvalError::Flaw { path: path.to_owned(), flaw }
}

/// Reads the elements of an array, or objects one after another.
fn entries<T: DeserializeOwned>(
    bytes: &[u8],
    path: &Path,
    expected: &'static str,
) -> Result<Vec<T>, EvalError> {
    let is_array = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let read = if is_array {
        serde_json::from_slice(bytes)
    } else {
        serde_json::Deserializer::from_slice(bytes).into_iter().collect()
    };
    read.map_err(|error| EvalError::Json {
        path: path.to_owned(),
        expected,
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Dataset, String> {
        parse(text.as_bytes(), Path::new("set.json")).map_err(|error| error.to_string())
    }

    const ANA: &str = r#"{"id":"ana","sessions":[{"id":"s1","date":"2026-03-02","turns":[
        {"id":"t1","role":"user","speaker":"Ana","text":"I moved to Lisbon."}]}],
        "questions":[{"id":"q1","text":"Where?","evidence":["t1","s1","t1"]}]}"#;

    #[test]
    fn an_array_and_json_lines_are_read_alike() {
        let lines = parsed(&format!("{ANA}\n{}", ANA.replace("ana", "bob"))).unwrap();
        let array = parsed(&format!(" [{ANA},{}]", ANA.replace("ana", "bob"))).unwrap();
        assert_eq!(lines, array);
        assert_eq!(lines.conversations.len(), 2);
        assert_eq!(lines.layout, Layout::Neutral);
        let question = &lines.conversations[0].questions[0];
        let ids: Vec<_> = question.evidence.iter().map(|piece| piece.id.as_str()).collect();
        assert_eq!(ids, ["t1", "s1"]);
        assert_eq!(lines.name, "set");
    }

    #[cfg(unix)]
    #[test]
    fn what_never_ends_is_not_read() {
        let error = read("/dev/zero").unwrap_err().to_string();
        assert_eq!(error, "/dev/zero is a device; expected a file");
    }

    #[test]
    fn a_refusal_says_what_is_wrong_and_where() {
        for (text, expected) in [
            ("", "set.json: there is no conversation in it that has a turn"),
            ("[]", "set.json: there is no conversation in it that has a turn"),
            ("no", "set.json cannot be read as JSON objects: expected ident at line 1 column 2"),
            (r#"{"id":1}"#, "set.json is not a data set of a known layout: expected conversations"),
            (&ANA.replace("2026-03-02", "soon"), "invalid value: string \"soon\", expected a date"),
            (&ANA.replace("\"user\"", "\"narrator\""), "\"narrator\" is not a role"),
            (&ANA.replace("\"s1\",\"date", "\"t1\",\"date"), "two turns or sessions with the id"),
            (&ANA.replace("Where?", " "), "conversation \"ana\": question \"q1\" is empty"),
            (&ANA.replace("\"ana\"", "\"\""), "the name of a user is empty"),
            (&format!("{ANA}{ANA}"), "two conversations have the id \"ana\""),
            (
                &ANA.replace("[\"t1\",", r#"[{"turn":"t1","text":"Porto"},"#),
                "the evidence of question \"q1\", \"Porto\", does not stand in turn \"t1\"",
            ),
            (&ANA.replace("I moved to Lisbon.", " "), "no conversation in it that has a turn"),
        ] {
            let error = parsed(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn evidence_that_names_nothing_is_counted() {
        let dataset = parsed(&ANA.replace("\"t1\",\"s1\",\"t1\"", "\"t1\",\"t9\"")).unwrap();
        assert_eq!(dataset.conversations[0].questions[0].evidence.len(), 1);
        assert_eq!(dataset.repairs.evidence_dropped, 1);
    }

    #[test]
    fn selecting_keeps_what_is_named_and_lists_what_there_is() {
        let mut dataset = parsed(&format!("{ANA}{}", ANA.replace("ana", "bob"))).unwrap();
        let error = dataset.select(&["eve".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "the data set has no conversation \"eve\"; it has ana, bob");
        dataset.select(&["bob".to_owned()]).unwrap();
        assert_eq!(dataset.conversations.len(), 1);
    }
}
