//! Where every format's turns come together: fills in what is missing, counts, and hands over.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;

use jiff::SignedDuration;
use longmem_core::{NewTurn, Role, SessionName, SourceKey, Timestamp, UserName};

use crate::elements::End;
use crate::input::Meter;
use crate::key::{self, Occurrences};
use crate::read::{ImportedTurn, Sink};
use crate::report::{EndedEarly, Progress, Report, SkipReason};
use crate::source::Source;

/// A turn as a format reads it.
pub(crate) struct Draft {
    pub(crate) user: Option<UserName>,
    pub(crate) session: SessionName,
    pub(crate) title: Option<String>,
    pub(crate) role: Role,
    pub(crate) speaker: Option<String>,
    pub(crate) text: String,
    /// None: one millisecond after the session's previous turn.
    pub(crate) time: Option<Timestamp>,
    /// When the session began, for a first turn without a time; none: when the file was changed.
    pub(crate) session_time: Option<Timestamp>,
    /// None: derived from the content.
    pub(crate) key: Option<String>,
}

/// Takes drafts, and gives turns to the sink.
pub(crate) struct Intake<'a> {
    sink: &'a mut Sink<'a>,
    report: Report,
    progress: Progress,
    /// The time of each session's last turn, by the hash of user and session.
    last_times: HashMap<u64, Timestamp>,
    bytes_before_file: u64,
    file: File,
}

/// What is known of the file that is being read.
#[derive(Default)]
struct File {
    label: String,
    stem: String,
    modified: Timestamp,
    meter: Meter,
    occurrences: Occurrences,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(report: Report, bytes_total: Option<u64>, sink: &'a mut Sink<'a>) -> Self {
        Self {
            sink,
            report,
            progress: Progress { bytes_total, ..Progress::default() },
            last_times: HashMap::new(),
            bytes_before_file: 0,
            file: File::default(),
        }
    }

    /// Turns to the next file.
    pub(crate) fn begin(&mut self, source: &Source, meter: Meter) {
        self.report.files += 1;
        self.bytes_before_file += self.file.meter.position();
        self.file = File {
            label: source.label.clone(),
            stem: source.stem.clone(),
            modified: source.modified,
            meter,
            occurrences: Occurrences::default(),
        };
    }

    /// Notes how the file ended.
    pub(crate) fn end(&mut self, end: End) {
        if let End::Early { byte, reason } = end {
            let file = self.file.label.clone();
            self.report.ended_early.push(EndedEarly { file, byte, reason });
        }
    }

    /// The name of a session in a file that names none.
    pub(crate) fn stem(&self) -> &str {
        &self.file.stem
    }

    /// Makes a source key of what a format knows a turn by.
    pub(crate) fn key(&self, parts: &[&str]) -> String {
        format!("{}:{}", self.report.format, parts.join(":"))
    }

    /// Counts what does not become a turn.
    pub(crate) fn skip(&mut self, reason: SkipReason) {
        *self.report.skipped.entry(reason).or_default() += 1;
    }

    /// Completes a turn and hands it to the sink.
    pub(crate) fn deliver(&mut self, draft: Draft) -> ControlFlow<()> {
        let key = match draft.key {
            Some(ref key) => key.clone(),
            None => self.derived_key(&draft),
        };
        let time = self.time_of(&draft);
        let turn = NewTurn {
            session: draft.session,
            session_title: draft.title,
            role: draft.role,
            speaker: draft.speaker,
            text: draft.text,
            time,
            source_key: Some(SourceKey(key)),
        };
        self.progress.turns += 1;
        self.progress.conversations = self.last_times.len() as u64;
        self.progress.bytes_read = self.bytes_before_file + self.file.meter.position();
        (self.sink)(ImportedTurn { user: draft.user, turn }, &self.progress)
    }

    /// The report on everything so far.
    pub(crate) fn into_report(self) -> Report {
        Report { sessions: self.last_times.len() as u64, turns: self.progress.turns, ..self.report }
    }

    fn time_of(&mut self, draft: &Draft) -> Timestamp {
        let mut session = DefaultHasher::new();
        (&draft.user, &draft.session).hash(&mut session);
        let session = session.finish();
        let time = draft.time.unwrap_or_else(|| match self.last_times.get(&session) {
            // One millisecond is the least by which a store can keep the order.
            Some(last) => last.checked_add(SignedDuration::from_millis(1)).unwrap_or(*last),
            None => draft.session_time.unwrap_or(self.file.modified),
        });
        self.last_times.insert(session, time);
        time
    }

    fn derived_key(&mut self, draft: &Draft) -> String {
        let fingerprint = key::fingerprint(&[
            draft.user.as_ref().map_or("", UserName::as_str),
            draft.session.as_str(),
            draft.role.as_str(),
            &draft.time.map(|time| time.to_string()).unwrap_or_default(),
            &draft.text,
        ]);
        let occurrence = self.file.occurrences.next(&fingerprint).to_string();
        self.key(&[&fingerprint, &occurrence])
    }
}
