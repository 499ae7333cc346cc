//! Capture of transcripts that grow, are cut off, replaced and forgotten.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use longmem_chat::AsyncMemory;
use longmem_core::{FixedClock, Scope, UserName};
use longmem_memory::{ForgetTarget, ImportRequest, Memory, MemoryError};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_test_support::WordHashEmbedder;
use longmem_wire::WatchEvent;
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{WatchPace, WatchSettings, WatchSource, WatchedFolder, capture_once, watch};

struct Fixture {
    folder: TempDir,
    memory: Arc<Memory>,
    settings: WatchSettings,
}

fn ana() -> UserName {
    "ana".parse().unwrap()
}

/// A memory, and a folder of Codex's that is watched, beside each other.
fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("sessions/2026")).unwrap();
    let memory = Arc::new(open(&folder.path().join("memory.db")));
    let source = WatchedFolder::of_agent(WatchSource::Codex, folder.path().join("sessions"));
    let mut settings = WatchSettings::new(ana(), vec![source]);
    settings.pace = WatchPace {
        quiet: Duration::from_millis(20),
        rescan: Duration::from_millis(200),
        index_after: Duration::from_millis(20),
        retry: Duration::from_millis(50),
    };
    Fixture { folder, memory, settings }
}

fn open(file: &Path) -> Memory {
    let store = SqliteStore::open(file, IfMissing::Create).unwrap();
    let clock = FixedClock("2026-03-02T10:00:00Z".parse().unwrap());
    Memory::new(Arc::new(store), Arc::new(WordHashEmbedder::default()), Arc::new(clock))
}

impl Fixture {
    fn transcript(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("sessions/2026/rollout-{name}.jsonl"))
    }

    fn capture(&self) -> Vec<WatchEvent> {
        let mut events = Vec::new();
        capture_once(&self.memory, &self.settings, &|| false, &mut |event| events.push(event));
        events
    }

    fn texts(&self) -> Vec<String> {
        texts(&self.memory)
    }
}

fn texts(memory: &Memory) -> Vec<String> {
    let Ok(turns) = memory.newest_turns(&Scope::of(ana()), None, 10_000) else { return Vec::new() };
    turns.into_iter().rev().map(|turn| turn.text).collect()
}

/// The first line of a rollout.
fn header(session: &str) -> String {
    format!(
        "{{\"timestamp\":\"2026-03-02T09:00:00Z\",\"type\":\"session_meta\",\"payload\":\
         {{\"id\":\"{session}\",\"timestamp\":\"2026-03-02T09:00:00Z\",\"cwd\":\"/w\"}}}}\n"
    )
}

/// A message of a rollout.
fn message(number: usize, text: &str) -> String {
    let kind = if number.is_multiple_of(2) { "UserMessage" } else { "AgentMessage" };
    format!(
        "{{\"timestamp\":\"2026-03-02T09:{:02}:{:02}Z\",\"type\":\"event_msg\",\"payload\":\
         {{\"type\":\"item_completed\",\"turn_id\":\"t{number}\",\"item\":{{\"type\":\"{kind}\",\
         \"id\":\"i{number}\",\"content\":[{{\"type\":\"text\",\"text\":\"{text}\"}}]}}}}}}\n",
        number / 60 % 60,
        number % 60,
    )
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

fn new_turns(events: &[WatchEvent]) -> u64 {
    let new = |event: &WatchEvent| match event {
        WatchEvent::Captured { new, .. } => *new,
        _ => 0,
    };
    events.iter().map(new).sum()
}

#[test]
fn what_was_said_is_captured_once_and_what_was_forgotten_stays_forgotten() {
    let fixture = fixture();
    let path = fixture.transcript("a");
    append(&path, header("a").as_bytes());
    append(&path, message(0, "We moved to Lisbon").as_bytes());
    append(&path, message(1, "Noted").as_bytes());
    fs::write(fixture.folder.path().join("sessions/2026/history.jsonl"), "{}\n").unwrap();
    assert_eq!(new_turns(&fixture.capture()), 2);
    let again = fixture.capture();
    assert_eq!(again, [WatchEvent::Finished { files: 1, new: 0, failed: 0 }]);

    let turn = fixture.memory.newest_turns(&Scope::of(ana()), None, 9).unwrap()[1].id;
    fixture.memory.forget(&ForgetTarget::Turns(Scope::of(ana()), vec![turn])).unwrap();
    append(&path, message(2, "And to Porto").as_bytes());
    assert_eq!(new_turns(&fixture.capture()), 1);
    assert_eq!(fixture.texts(), ["Noted", "And to Porto"]);
}

#[test]
fn half_a_line_waits_and_a_file_that_was_replaced_is_read_from_its_beginning() {
    let fixture = fixture();
    let path = fixture.transcript("a");
    let first = format!("{}{}", header("a"), message(0, "We moved to Lisbon"));
    let second = message(1, "Noted — olá");
    let (half, rest) = second.as_bytes().split_at(second.find("ol").unwrap() + 3);
    append(&path, first.as_bytes());
    append(&path, half);
    assert_eq!(new_turns(&fixture.capture()), 1);
    assert_eq!(new_turns(&fixture.capture()), 0);
    append(&path, rest);
    assert_eq!(new_turns(&fixture.capture()), 1);
    append(&path, b"{\"torn\": \n");
    let events = fixture.capture();
    assert!(matches!(&events[0], WatchEvent::Captured { new: 0, unread: 1, .. }), "{events:?}");
    assert_eq!(fixture.capture().len(), 1);
    // Cut off, and gone on with otherwise.
    fs::write(&path, &first).unwrap();
    assert_eq!(new_turns(&fixture.capture()), 0);
    append(&path, message(3, "Which flat?").as_bytes());
    assert_eq!(new_turns(&fixture.capture()), 1);
    // Another session in the same place.
    fs::write(&path, format!("{}{}", header("b"), message(100, "We moved to Lisbon"))).unwrap();
    assert_eq!(new_turns(&fixture.capture()), 1);
    let all = ["We moved to Lisbon", "Noted — olá", "Which flat?", "We moved to Lisbon"];
    assert_eq!(fixture.texts(), all);
}

#[test]
fn what_cannot_be_read_is_told_and_stops_nothing() {
    let mut fixture = fixture();
    let letters = fixture.folder.path().join("letters");
    fs::create_dir_all(&letters).unwrap();
    fs::write(letters.join("a.json"), "{\"letter\":\n1}\n").unwrap();
    fs::write(letters.join("half.jsonl"), "{\"role\":\"us").unwrap();
    fs::write(letters.join("left out.jsonl"), "{\"role\":\"user\",\"text\":\"secret\"}\n").unwrap();
    fs::write(letters.join("talk.jsonl"), "{\"role\":\"user\",\"text\":\"hello\"}\n").unwrap();
    fixture.settings.folders =
        vec![WatchedFolder::own(&letters), WatchedFolder::own(fixture.folder.path().join("none"))];
    fixture.settings.exclude = vec!["left*".to_owned()];
    let events = fixture.capture();
    assert!(
        matches!(&events[0], WatchEvent::Failed { file, .. } if file.ends_with("a.json")),
        "{events:?}"
    );
    let finished = WatchEvent::Finished { files: 3, new: 1, failed: 1 };
    let indexed = WatchEvent::Indexed { turns: 1, remaining: 0 };
    assert_eq!(events[2..], [indexed, finished]);
    assert_eq!(fixture.texts(), ["hello"]);
    assert_eq!(fixture.memory.waiting(None).unwrap(), 0);
}

#[test]
fn what_is_left_to_others_to_embed_waits_for_them() {
    let mut fixture = fixture();
    fixture.settings.index = false;
    fs::write(fixture.transcript("a"), header("a") + &message(0, "hello")).unwrap();
    fixture.capture();
    assert_eq!(fixture.memory.waiting(None).unwrap(), 1);
}

/// Reading is linear in what is new: a file that grows in a thousand steps, each of which is read, is
/// read hardly more than once.
#[test]
fn a_file_that_grows_in_a_thousand_steps_is_read_hardly_more_than_once() {
    let fixture = fixture();
    let path = fixture.transcript("a");
    append(&path, header("a").as_bytes());
    // Most of a transcript is what the model was sent, which is no turn.
    let filling = "x".repeat(40_000);
    let mut bytes_read = 0;
    for number in 0..1_000 {
        let item = format!(
            "{{\"timestamp\":\"2026-03-02T09:00:00Z\",\"type\":\"token_usage_record\",\
             \"payload\":{{\"filling\":\"{filling}\"}}}}\n"
        );
        append(&path, item.as_bytes());
        if number % 50 == 0 {
            append(&path, message(number, &format!("step {number}")).as_bytes());
        }
        let request = ImportRequest::new(&path, &fixture.settings.user);
        let mut go_on = |_: &_| std::ops::ControlFlow::Continue(());
        bytes_read += fixture.memory.import(request, &mut go_on).unwrap().read.bytes_read_in_all;
    }
    let size = fs::metadata(&path).unwrap().len();
    assert!(bytes_read * 10 <= size * 11, "{bytes_read} bytes were read of {size}");
    assert_eq!(fixture.texts().len(), 20);
}

type Heard = Arc<Mutex<Vec<WatchEvent>>>;

/// Begins to watch, and gives what ends it and what it tells.
fn begin(
    memory: Arc<Memory>,
    settings: &WatchSettings,
) -> (JoinHandle<Result<(), MemoryError>>, CancellationToken, Heard) {
    let (stop, events) = (CancellationToken::new(), Heard::default());
    let heard = Arc::clone(&events);
    let see = move |event| heard.lock().unwrap().push(event);
    let memory = AsyncMemory::one_at_a_time(memory);
    let task = tokio::spawn(watch(memory, settings.clone(), stop.clone(), see));
    (task, stop, events)
}

/// Waits until so many events of a kind were told.
async fn until(events: &Heard, count: usize, what: &str) {
    for _ in 0..500 {
        let found = {
            let events = events.lock().unwrap();
            let json = events.iter().map(|event| serde_json::to_string(event).unwrap());
            json.filter(|json| json.contains(&format!("\"event\":\"{what}\""))).count()
        };
        if found >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no {what}: {:?}", events.lock().unwrap());
}

/// Without looking through folders again, only what is listened to is captured.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_was_replaced_or_came_back_is_listened_to_again() {
    let mut fixture = fixture();
    let letter = fixture.folder.path().join("letter.jsonl");
    let written = |text: &str| format!("{{\"role\":\"user\",\"content\":\"{text}\"}}\n");
    fs::write(&letter, written("one")).unwrap();
    fixture.settings.folders.push(WatchedFolder::own(&letter));
    fixture.settings.pace.rescan = Duration::from_hours(1);
    let (task, stop, heard) = begin(Arc::clone(&fixture.memory), &fixture.settings);
    until(&heard, 1, "captured").await;
    // A file is replaced, as editors do, and grows then.
    for (captured, text) in [(2, "two"), (4, "three")] {
        let other = fixture.folder.path().join("other");
        fs::write(&other, written("one") + &written(text)).unwrap();
        fs::rename(&other, &letter).unwrap();
        until(&heard, captured, "captured").await;
        append(&letter, written(&format!("behind {text}")).as_bytes());
        until(&heard, captured + 1, "captured").await;
    }
    // A folder goes, and comes back later.
    let sessions = fixture.folder.path().join("sessions");
    for number in 0..2 {
        fs::remove_dir_all(&sessions).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        fs::create_dir_all(sessions.join("2026")).unwrap();
        let path = fixture.transcript("a");
        append(&path, format!("{}{}", header("a"), message(number, "Lisbon")).as_bytes());
        until(&heard, 6 + 2 * number, "captured").await;
        append(&path, message(number + 10, "And to Porto").as_bytes());
        until(&heard, 7 + 2 * number, "captured").await;
    }
    stop.cancel();
    task.await.unwrap().unwrap();
    assert_eq!(fixture.texts().len(), 9);
}

#[tokio::test]
async fn watching_captures_what_comes_and_another_takes_over_when_it_ends() {
    let fixture = fixture();
    let begin = |memory: Arc<Memory>| begin(memory, &fixture.settings);
    let path = fixture.transcript("a");
    append(&path, format!("{}{}", header("a"), message(0, "We moved to Lisbon")).as_bytes());
    let (first, stop_first, heard_by_first) = begin(Arc::clone(&fixture.memory));
    until(&heard_by_first, 1, "captured").await;
    until(&heard_by_first, 1, "indexed").await;

    let other = Arc::new(open(&fixture.folder.path().join("memory.db")));
    let (second, stop_second, heard_by_second) = begin(other);
    until(&heard_by_second, 1, "waiting").await;
    append(&path, message(1, "Noted").as_bytes());
    // A folder that comes later is watched too.
    fs::create_dir_all(fixture.folder.path().join("sessions/2027")).unwrap();
    let later = fixture.folder.path().join("sessions/2027/rollout-b.jsonl");
    append(&later, format!("{}{}", header("b"), message(0, "Happy new year")).as_bytes());
    until(&heard_by_first, 3, "captured").await;
    assert_eq!(heard_by_second.lock().unwrap().len(), 1);

    stop_first.cancel();
    first.await.unwrap().unwrap();
    until(&heard_by_second, 1, "started").await;
    append(&path, message(2, "And to Porto").as_bytes());
    until(&heard_by_second, 1, "captured").await;
    stop_second.cancel();
    second.await.unwrap().unwrap();
    assert_eq!(fixture.texts().len(), 4);
}

/// What happens to a transcript.
#[derive(Debug, Clone)]
enum Step {
    /// So many bytes of it are written.
    Write(usize),
    Capture,
    /// A process captures that ends before anything is stored.
    Killed,
    /// Somebody else imports it too.
    Import,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1_usize..900).prop_map(Step::Write),
        3 => Just(Step::Capture),
        1 => Just(Step::Killed),
        1 => Just(Step::Import),
    ];
    proptest::collection::vec(step, 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// However a file grows, and whoever reads it when, memory holds in the end what one import holds.
    #[test]
    fn nothing_is_lost_and_nothing_doubled(steps in steps()) {
        let fixture = fixture();
        let path = fixture.transcript("a");
        let mut whole = header("a");
        for number in 0..24 {
            whole.push_str(&message(number, &format!("olá number {}", number % 7)));
            // A record without an id is known by its words and its place among its likes.
            writeln!(whole, "{{\"timestamp\":\"2026-03-02T10:00:00Z\",\"type\":\"event_msg\",\
                \"payload\":{{\"type\":\"user_message\",\"message\":\"again\"}}}}").unwrap();
        }
        let mut written = 0;
        for step in steps {
            match step {
                Step::Write(bytes) => {
                    let end = (written + bytes).min(whole.len());
                    append(&path, &whole.as_bytes()[written..end]);
                    written = end;
                }
                Step::Capture => drop(fixture.capture()),
                Step::Killed => {
                    capture_once(&fixture.memory, &fixture.settings, &|| true, &mut |_| {});
                }
                Step::Import => {
                    let user = ana();
                    let request = ImportRequest::new(&path, &user);
                    let mut go_on = |_: &_| std::ops::ControlFlow::Continue(());
                    let _ = fixture.memory.import(request, &mut go_on);
                }
            }
        }
        append(&path, &whole.as_bytes()[written..]);
        fixture.capture();
        let once = self::fixture();
        fs::write(once.transcript("a"), &whole).unwrap();
        once.capture();
        prop_assert_eq!(fixture.texts(), once.texts());
        prop_assert_eq!(once.texts().len(), 48);
    }
}
