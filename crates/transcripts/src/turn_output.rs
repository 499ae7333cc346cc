//! Where the turns of every format come together: completes, counts and delivers them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;

use jiff::SignedDuration;
use longmem_core::{NewTurn, Role, SourceKey, Timestamp, UserName};
use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::ended_early::EndedEarly;
use crate::exported_record::ExportedRecord;
use crate::files::TranscriptFile;
use crate::formats::Format;
use crate::imported_turn::ImportedTurn;
use crate::json::FileEnd;
use crate::keys::{self, OccurrenceCounter};
use crate::metered_reader::Meter;
use crate::parsed_turn::ParsedTurn;
use crate::progress::Progress;
use crate::receiver::TurnReceiver;
use crate::skip_reason::SkipReason;

/// Sessions and counted turns of a file that are remembered at most, so that a mark stays below some megabytes.
const MAX_REMEMBERED: usize = 200_000;

/// Takes what the formats read, and hands complete turns to the receiver.
pub(crate) struct TurnOutput<'a> {
    receiver: &'a mut dyn TurnReceiver,
    progress: Progress,
    counts: Counts,
    /// The time of each session's last turn, by the hash of user and session: a hash keeps a path
    /// with millions of sessions small.
    last_times: HashMap<u64, Timestamp>,
    /// The sessions that have a turn, in the same way.
    sessions: HashSet<u64>,
    bytes_before_file: u64,
    file: CurrentFile,
}

/// What was read in which format, and what was left out.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Files read, by format.
    pub(crate) formats: BTreeMap<Format, u64>,
    /// Their bytes, from where each was read on.
    pub(crate) bytes_read: u64,
    /// Turns for which the file states no time.
    pub(crate) turns_without_time: u64,
    /// Those among them for which it states one that cannot be read.
    pub(crate) unreadable_times: u64,
    pub(crate) skipped: BTreeMap<SkipReason, u64>,
    pub(crate) ended_early: Vec<EndedEarly>,
}

/// What later turns of a file need of the earlier ones, where the file is read on another day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FileMemory {
    /// The time of the last turn of each session.
    last_times: Vec<(u64, Timestamp)>,
    /// How often each turn without an id came.
    occurrences: Vec<(u64, u32)>,
}

/// What is known of the file that is being read.
#[derive(Default)]
struct CurrentFile {
    format: Option<Format>,
    label: String,
    stem: String,
    folder_name: Option<String>,
    modified: Timestamp,
    meter: Meter,
    /// From where it is read on.
    began_at: u64,
    bytes_of_database: Option<u64>,
    occurrences: OccurrenceCounter,
    /// The sessions of its turns, by the hash of user and session; no more than can be remembered.
    sessions: BTreeSet<u64>,
    /// Turns that were delivered.
    turns: u64,
    /// Whether something was skipped because it is not of the format.
    malformed: bool,
    /// Whether something is of the format.
    well_formed: bool,
}

impl<'a> TurnOutput<'a> {
    pub(crate) fn new(bytes_total: Option<u64>, receiver: &'a mut dyn TurnReceiver) -> Self {
        Self {
            receiver,
            progress: Progress { bytes_total, ..Progress::default() },
            counts: Counts::default(),
            last_times: HashMap::new(),
            sessions: HashSet::new(),
            bytes_before_file: 0,
            file: CurrentFile::default(),
        }
    }

    /// Goes on to the next file, whose position `meter` tells.
    pub(crate) fn begin_file(&mut self, file: &TranscriptFile, format: Format, meter: Meter) {
        self.bytes_before_file += self.file.meter.position();
        self.file = CurrentFile {
            format: Some(format),
            label: file.label.clone(),
            stem: file.stem.clone(),
            folder_name: file.folder_name(),
            modified: file.modified,
            began_at: meter.position(),
            // Of a database, no position is known.
            bytes_of_database: file.bytes.filter(|_| format.content() == Content::Database),
            meter,
            ..CurrentFile::default()
        };
    }

    /// What a mark in the file needs; `None` if that is too much.
    pub(crate) fn file_memory(&self) -> Option<FileMemory> {
        if self.file.sessions.len() > MAX_REMEMBERED {
            return None;
        }
        let time_of = |session: &u64| Some((*session, *self.last_times.get(session)?));
        Some(FileMemory {
            last_times: self.file.sessions.iter().filter_map(time_of).collect(),
            occurrences: self.file.occurrences.counted(MAX_REMEMBERED)?,
        })
    }

    /// Goes on in the file as if what was remembered had been read now.
    pub(crate) fn restore_file(&mut self, memory: FileMemory) {
        self.file.occurrences = OccurrenceCounter::of(memory.occurrences);
        for (session, time) in memory.last_times {
            self.file.sessions.insert(session);
            self.last_times.entry(session).or_insert(time);
        }
    }

    /// The receiver, for what is no turn.
    pub(crate) fn receiver(&mut self) -> &mut dyn TurnReceiver {
        self.receiver
    }

    /// Hands on a line of an export that is no turn; none is its first line, which says what it is.
    pub(crate) fn deliver_record(&mut self, record: Option<ExportedRecord>) {
        self.file.well_formed = true;
        if let Some(record) = record {
            self.receiver.receive_record(record);
        }
    }

    /// Passes over a file of so many bytes.
    pub(crate) fn pass_over(&mut self, bytes: u64) {
        self.bytes_before_file += bytes;
    }

    /// Notes how the file ended.
    pub(crate) fn end_file(&mut self, end: FileEnd) {
        if let Some(format) = self.file.format {
            *self.counts.formats.entry(format).or_default() += 1;
            let CurrentFile { meter, began_at, bytes_of_database, .. } = &self.file;
            let bytes = bytes_of_database.unwrap_or(meter.position().saturating_sub(*began_at));
            self.counts.bytes_read += bytes;
        }
        if let FileEnd::Early { byte, reason } = end {
            let file = self.file.label.clone();
            self.counts.ended_early.push(EndedEarly { file, byte, reason });
        }
    }

    /// The name of the session in a file that names none: the file's name without its extension.
    pub(crate) fn file_stem(&self) -> &str {
        &self.file.stem
    }

    /// The name of the folder or the zip that the file lies in.
    pub(crate) fn folder_name(&self) -> Option<&str> {
        self.file.folder_name.as_deref()
    }

    /// Turns of the file that were delivered so far.
    pub(crate) fn turns_of_file(&self) -> u64 {
        self.file.turns
    }

    /// Whether there was something in the file, and nothing of its format.
    pub(crate) fn found_only_malformed(&self) -> bool {
        self.file.malformed && !self.file.well_formed
    }

    /// Makes a source key of the ids by which a format knows a turn. It begins with the format's
    /// name.
    pub(crate) fn source_key(&self, ids: &[&str]) -> String {
        let mut key = self.file.format.map_or("", Format::as_str).to_owned();
        for id in ids {
            key.push(':');
            key.push_str(&keys::short_id(id));
        }
        key
    }

    /// Counts something that does not become a turn.
    pub(crate) fn skip(&mut self, reason: SkipReason) {
        *self.counts.skipped.entry(reason).or_default() += 1;
        if reason == SkipReason::Malformed {
            self.file.malformed = true;
        } else {
            self.file.well_formed = true;
        }
    }

    /// Completes a turn and hands it to the sink; counts it as skipped where there is only a
    /// reason.
    pub(crate) fn deliver_or_skip(
        &mut self,
        parsed: Result<ParsedTurn, SkipReason>,
    ) -> ControlFlow<()> {
        match parsed {
            Ok(turn) => self.deliver(turn),
            Err(reason) => {
                self.skip(reason);
                ControlFlow::Continue(())
            }
        }
    }

    /// Completes a turn and hands it to the sink.
    pub(crate) fn deliver(&mut self, mut parsed: ParsedTurn) -> ControlFlow<()> {
        let key = parsed.source_key.take().unwrap_or_else(|| {
            if parsed.was_without_time {
                parsed.former_keys.push(self.derived_key(&parsed, None));
            }
            self.derived_key(&parsed, parsed.time)
        });
        let time = self.complete_time(&parsed);
        let turn = NewTurn {
            session: parsed.session,
            session_title: parsed.title,
            role: parsed.role,
            speaker: parsed.speaker,
            text: parsed.text,
            time,
            note: parsed.note,
            source_key: Some(SourceKey(key)),
        };
        self.progress.turns += 1;
        self.file.turns += 1;
        self.file.well_formed = true;
        self.counts.turns_without_time += u64::from(parsed.time.is_none());
        self.counts.unreadable_times += u64::from(parsed.time.is_none() && parsed.unreadable_time);
        self.progress.sessions = self.sessions.len() as u64;
        self.progress.bytes_read = self.bytes_before_file + self.file.meter.position();
        let former_keys = parsed.former_keys.into_iter().map(SourceKey).collect();
        let own_time = parsed.time.is_some();
        let imported = ImportedTurn { user: parsed.user, turn, own_time, former_keys };
        self.receiver.receive(imported, &self.progress)
    }

    /// How far the reading came, and what was left out.
    pub(crate) fn finish(self) -> (Progress, Counts) {
        (self.progress, self.counts)
    }

    /// The turn's own time, or else one that keeps it in its place within the session.
    fn complete_time(&mut self, parsed: &ParsedTurn) -> Timestamp {
        let mut hasher = DefaultHasher::new();
        (&parsed.user, &parsed.session).hash(&mut hasher);
        let session = hasher.finish();
        let time = parsed.time.unwrap_or_else(|| match self.last_times.get(&session) {
            // Stores keep milliseconds, so this is the smallest step that keeps the order.
            Some(last) => last.checked_add(SignedDuration::from_millis(1)).unwrap_or(*last),
            None => parsed.session_began.unwrap_or(self.file.modified),
        });
        self.last_times.insert(session, time);
        self.sessions.insert(session);
        if self.file.sessions.len() <= MAX_REMEMBERED {
            self.file.sessions.insert(session);
        }
        time
    }

    /// The key that version 0.1.0 gave a message which it read as a line of JSON Lines, without an id, a
    /// session or a time.
    pub(crate) fn key_as_json_line(&mut self, role: Role, text: &str) -> String {
        let fingerprint = keys::fingerprint(&["", &self.file.stem, role.as_str(), "", text]);
        let occurrence = self.file.occurrences.count(&fingerprint);
        format!("{}:{fingerprint}:{occurrence}", Format::JsonLines)
    }

    /// A key for a turn without an id, from its content and its place among equal turns.
    fn derived_key(&mut self, parsed: &ParsedTurn, time: Option<Timestamp>) -> String {
        let fingerprint = keys::fingerprint(&[
            parsed.user.as_ref().map_or("", UserName::as_str),
            parsed.session.as_str(),
            parsed.role.as_str(),
            // Only a time that the file itself states: a time filled in could be another next time.
            &time.map(|time| time.to_string()).unwrap_or_default(),
            &parsed.text,
        ]);
        let occurrence = self.file.occurrences.count(&fingerprint).to_string();
        self.source_key(&[&fingerprint, &occurrence])
    }
}
