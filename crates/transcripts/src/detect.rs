//! Detects the format of files by what they contain.

use std::ops::ControlFlow;
use std::path::Path;

use serde_json::Value;

use crate::database::{Database, is_database};
use crate::error::TranscriptError;
use crate::files::TranscriptFiles;
use crate::formats::Format;
use crate::json::{JsonShape, Limits, for_each_value, parse_cut, unwrapped};
use crate::metered_reader::{Meter, MeteredReader};
use crate::source::Source;
use crate::text_lines::for_each_text_line;
use crate::unread_formats::{self, Sample, UnreadFormat};

/// Values of a file that are looked at. A transcript can begin with many entries that its
/// program wrote for itself.
const MAX_VALUES: usize = 1000;

/// Lines of a text that are looked at.
const MAX_LINES: usize = 40;

/// Detects the format of the first file behind a path in which one is recognised, by content.
///
/// # Errors
/// [`TranscriptError`] when the path cannot be read, is empty, or no format is recognised in it.
///
/// # Examples
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("export");
/// std::fs::write(&path, r#"[{"title": "Trip", "mapping": {}, "current_node": null}]"#)?;
/// assert_eq!(longmem_transcripts::detect(&path)?, longmem_transcripts::Format::ChatGpt);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn detect(path: &Path) -> Result<Format, TranscriptError> {
    let mut files = TranscriptFiles::open(Source::Path(path))?;
    for index in 0..files.files().len() {
        if let Some(format) = format_of(&mut files, index, None)? {
            return Ok(format);
        }
    }
    Err(files.nothing_recognised()?)
}

/// The format of a file, by its beginning: `preferred` where the file is of that one, else the first
/// that recognises it.
pub(crate) fn format_of(
    files: &mut TranscriptFiles,
    index: usize,
    preferred: Option<Format>,
) -> Result<Option<Format>, TranscriptError> {
    let beginning = files.beginning(index)?;
    if is_database(&beginning) {
        let tables = files.with_database(index, Database::tables)?;
        return Ok(Candidates::new(preferred).among([(JsonShape::Database, &tables)]));
    }
    let mut candidates = Candidates::new(preferred);
    Ok(json_format(&beginning, &mut candidates).or_else(|| text_format(&beginning, preferred)))
}

/// Says what a file of no format is, if it is of a kind that is recognised, and not read.
pub(crate) fn unread_format_of(
    files: &mut TranscriptFiles,
    index: usize,
) -> Result<Option<&'static UnreadFormat>, TranscriptError> {
    let beginning = files.beginning(index)?;
    let text = String::from_utf8_lossy(&beginning);
    let value = if is_database(&beginning) {
        files.with_database(index, Database::tables)?
    } else {
        match parse_cut(text.trim_start_matches('\u{feff}'), Limits::default().parts) {
            Some(Value::Array(mut elements)) if !elements.is_empty() => elements.swap_remove(0),
            value => value.unwrap_or_default(),
        }
    };
    let name = files.files()[index].name().to_lowercase();
    Ok(unread_formats::recognise(&Sample { name: &name, text: &text, value: &value }))
}

/// The formats that the values of a file show.
struct Candidates {
    preferred: Option<Format>,
    first: Option<Format>,
}

impl Candidates {
    fn new(preferred: Option<Format>) -> Self {
        Self { preferred, first: None }
    }

    /// Looks at a value; breaks off once it is clear which format the file has.
    fn look_at(&mut self, value: &Value, shape: JsonShape) -> ControlFlow<()> {
        if let Some(preferred) = self.preferred
            && preferred.recognizes(value, shape)
        {
            self.first = Some(preferred);
            return ControlFlow::Break(());
        }
        self.first = self.first.or_else(|| Format::of(value, shape));
        match (self.first, self.preferred) {
            (Some(_), None) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    fn among<'a>(
        mut self,
        values: impl IntoIterator<Item = (JsonShape, &'a Value)>,
    ) -> Option<Format> {
        let _ = values.into_iter().try_for_each(|(shape, value)| self.look_at(value, shape));
        self.first
    }
}

fn json_format(beginning: &[u8], candidates: &mut Candidates) -> Option<Format> {
    let mut values = 0;
    let mut bytes = beginning;
    let reader = MeteredReader::new(&mut bytes, Meter::default());
    // Reading from memory cannot fail.
    let _ = for_each_value(reader, Limits::default(), &mut |shape, value| {
        values += 1;
        if values > MAX_VALUES {
            return ControlFlow::Break(());
        }
        value.map_or(ControlFlow::Continue(()), |value| candidates.look_at(&value, shape))
    });
    if candidates.first.is_none() && values == 0 {
        // Already the first value goes beyond the beginning, or is cut off.
        let text = String::from_utf8_lossy(beginning);
        match parse_cut(text.trim_start_matches('\u{feff}'), Limits::default().parts) {
            Some(Value::Array(elements)) => {
                let _ = elements
                    .iter()
                    .try_for_each(|element| candidates.look_at(element, JsonShape::Array));
            }
            Some(value) => match unwrapped(value) {
                Ok(elements) => {
                    let _ = elements
                        .iter()
                        .try_for_each(|element| candidates.look_at(element, JsonShape::Array));
                }
                Err(value) => drop(candidates.look_at(&value, JsonShape::Documents)),
            },
            None => {}
        }
    }
    candidates.first
}

/// The format that the first lines of a text show together: a page about chats quotes one further
/// down.
fn text_format(beginning: &[u8], preferred: Option<Format>) -> Option<Format> {
    let mut first_lines = Vec::new();
    let mut bytes = beginning;
    let reader = MeteredReader::new(&mut bytes, Meter::default());
    // Reading from memory cannot fail.
    let _ = for_each_text_line(reader, Limits::default(), &mut |_, line| {
        first_lines.extend(line);
        if first_lines.len() == MAX_LINES {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    Candidates::new(preferred).among([(JsonShape::Text, &first_lines.into())])
}
