//! What a conversation does when memory, the embedding model or the language model fails.

use std::path::PathBuf;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use longmem_chat::Spool;
use longmem_core::{
    Diagnose, EmbedError, Embedding, EmbeddingModel, ErrorCode, Fault, PassageSpan, Remedy,
    TextEmbedder,
};
use longmem_memory::{MemoryError, Safeguards, StoreError};

use longmem_store::Turns;

use super::*;

/// A world whose memory is opened when it is needed, with a spool beside it.
fn world(acts: impl IntoIterator<Item = Act>) -> World {
    let mut world = World::with(acts);
    world.conversation = world.another_process();
    world
}

impl World {
    fn db(&self) -> PathBuf {
        self.folder.path().join("memory.db")
    }

    fn spool(&self) -> Spool {
        let place = self.db().display().to_string();
        Spool::new(&self.folder.path().join("spool"), &place, &self.conversation.user)
    }

    /// The same conversation as another process has it: with its own connections, and nothing in mind.
    fn another_process(&self) -> Conversation {
        let db = self.db();
        let open = move |_| {
            let store = SqliteStore::open(&db, IfMissing::Fail)?;
            let embedder = Arc::new(WordHashEmbedder::default());
            Ok(Memory::new(Arc::new(store), embedder, Arc::new(clock())))
        };
        let Conversation { user, session, model, .. } = self.conversation.clone();
        let memory = AsyncMemory::opening(open, Arc::new(clock()), Safeguards::default());
        let mut conversation = Conversation::new(memory, user, session);
        conversation.model = model;
        conversation.spool = Some(self.spool().with_patience(Duration::from_millis(300)));
        conversation
    }

    fn hide(&self) {
        fs_err::rename(self.db(), self.db().with_extension("away")).unwrap();
    }

    fn bring_back(&self) {
        fs_err::rename(self.db().with_extension("away"), self.db()).unwrap();
    }

    /// Keeps the store locked until the returned channel is dropped.
    fn lock(&self) -> (mpsc::Sender<()>, std::thread::JoinHandle<()>) {
        let (locked, is_locked) = mpsc::channel();
        let (keep, kept) = mpsc::channel::<()>();
        let kept = Mutex::new(kept);
        let (db, user) = (self.db(), UserName::new("somebody").unwrap());
        let turn = self.memory.new_turn(SessionName::new("s").unwrap(), Role::User, "Hi.");
        let thread = std::thread::spawn(move || {
            let store = SqliteStore::open(db, IfMissing::Fail).unwrap();
            let wait = |_: &[longmem_core::Turn]| {
                locked.send(()).unwrap();
                let _ = kept.lock().unwrap().recv();
                None
            };
            store.insert_unless(&user, &turn, false, &wait).unwrap();
        });
        is_locked.recv().unwrap();
        (keep, thread)
    }

    fn notices(&self) -> Vec<Notice> {
        self.conversation.take_notices()
    }
}

fn is_spooled(notices: &[Notice], why: &str) -> bool {
    notices
        .iter()
        .any(|notice| matches!(notice, Notice::Spooled { reason } if reason.contains(why)))
}

#[tokio::test]
async fn while_memory_is_locked_a_talk_recalls_and_spools_and_stores_later_in_order() {
    let world = world([
        Act::Answer("Zero."),
        Act::Answer("7443."),
        Act::Answer("Two."),
        Act::Answer("Three."),
    ]);
    world.remember("ana", "gateway", "The gateway listens on port 7443.");
    world.ask("Begin.").await.unwrap();
    assert_eq!(world.notices(), []);

    let (keep, thread) = world.lock();
    world.ask("Which port does the gateway use?").await.unwrap();
    assert!(world.asked()[2][1].contains("port 7443"), "reading goes on");
    assert!(is_spooled(&world.notices(), "memory did not answer within 0.3 seconds"));
    world.ask("And two?").await.unwrap();
    let asked = world.asked().concat();
    assert!(asked.iter().any(|text| text == "7443."), "what waits is in the prompt: {asked:?}");
    assert_eq!(world.stored(), ["user: Begin.", "assistant: Zero."]);
    assert!(is_spooled(&world.notices(), "memory did not answer"), "it is said every time");
    assert!(world.spool().path().exists());

    drop(keep);
    thread.join().unwrap();
    // What came too late is done first, in part: some of what waits may be stored already.
    let (bob, turn) = (
        UserName::new("bob").unwrap(),
        world.memory.new_turn(SessionName::new("s").unwrap(), Role::User, "Hi."),
    );
    let written = world.conversation.memory.run(move |memory| memory.remember(&bob, &[turn]));
    written.await.unwrap();
    world.ask("And three?").await.unwrap();
    assert!(matches!(world.notices()[..], [Notice::StoredLater { unreadable: 0, .. }]));
    assert!(!world.spool().path().exists());
    assert_eq!(
        world.stored(),
        [
            "user: Begin.",
            "assistant: Zero.",
            "user: Which port does the gateway use?",
            "assistant: 7443.",
            "user: And two?",
            "assistant: Two.",
            "user: And three?",
            "assistant: Three.",
        ]
    );
}

#[tokio::test]
async fn while_memory_is_gone_a_talk_goes_on_from_what_was_said_even_in_another_process() {
    let mut world = world([
        Act::Answer("Hello."),
        Act::Answer("Blue."),
        Act::Answer("Yes, blue."),
        Act::Answer("Bye."),
    ]);
    world.ask("Hi.").await.unwrap();
    world.hide();
    world.ask("My colour is blue.").await.unwrap();
    assert_eq!(world.asked(), [["Hi."], ["Hello."], ["My colour is blue."]]);
    let notices = world.notices();
    assert!(is_spooled(&notices, "there is no memory at"), "{notices:?}");
    assert!(matches!(notices.last(), Some(Notice::NothingRecalled { .. })), "{notices:?}");

    world.conversation = world.another_process();
    world.ask("Which is my colour?").await.unwrap();
    assert_eq!(world.asked(), [["My colour is blue."], ["Blue."], ["Which is my colour?"]]);

    world.bring_back();
    world.ask("Good.").await.unwrap();
    assert_eq!(world.notices().last(), Some(&Notice::StoredLater { turns: 4, unreadable: 0 }));
    let said = ["user: Hi.", "assistant: Hello.", "user: My colour is blue.", "assistant: Blue."];
    assert_eq!(world.stored()[..4], said);
    assert_eq!(world.stored()[6..], ["user: Good.", "assistant: Bye."]);
}

#[tokio::test]
async fn an_instruction_that_waited_is_noted_when_it_is_stored() {
    let world = world([Act::Answer("Hello Sam."), Act::Answer("Fine.")]);
    world.hide();
    world.ask("Call me Sam.").await.unwrap();
    assert_eq!(world.conversation.take_noted(), []);
    world.bring_back();
    world.ask("How are you?").await.unwrap();
    let noted = world.conversation.take_noted();
    assert_eq!((noted.len(), noted[0].text.as_str()), (1, "Call me Sam."));
}

#[tokio::test]
async fn a_crash_between_storing_and_emptying_the_spool_stores_nothing_twice() {
    let mut world = world([Act::Answer("One."), Act::Answer("Two."), Act::Answer("Three.")]);
    world.hide();
    world.ask("First.").await.unwrap();
    let spooled = fs_err::read(world.spool().path()).unwrap();
    world.bring_back();
    world.ask("Second.").await.unwrap();
    assert_eq!(world.stored().len(), 4);
    // The file as it would stand there had the process died.
    fs_err::write(world.spool().path(), spooled).unwrap();
    world.conversation = world.another_process();
    world.ask("Third.").await.unwrap();
    assert_eq!(
        world.stored(),
        [
            "user: First.",
            "assistant: One.",
            "user: Second.",
            "assistant: Two.",
            "user: Third.",
            "assistant: Three.",
        ]
    );
}

#[tokio::test]
async fn a_memory_that_is_full_from_the_start_keeps_nobody_from_talking() {
    let mut world = world([Act::Answer("Hello."), Act::Refuse, Act::Answer("Yes.")]);
    let full = |_| Err(MemoryError::from(StoreError::DiskFull("memory.db".into())));
    world.conversation.memory =
        AsyncMemory::opening(full, Arc::new(clock()), Safeguards::default());
    world.ask("Hi.").await.unwrap();
    assert!(is_spooled(&world.notices(), "the disk that holds memory.db is full"));
    // What stands there unanswered is not kept twice.
    world.ask("Really?").await.unwrap_err();
    world.ask("Really?").await.unwrap();
    assert_eq!(world.asked(), [["Hi."], ["Hello."], ["Really?"]]);
    let lines = fs_err::read_to_string(world.spool().path()).unwrap();
    assert_eq!(lines.lines().count(), 4, "{lines}");
}

#[tokio::test]
async fn a_spool_that_cannot_be_written_is_an_error_of_its_own() {
    let world = world([]);
    world.hide();
    fs_err::write(world.folder.path().join("spool"), "not a folder").unwrap();
    let error = world.ask("Hi.").await.unwrap_err();
    assert!(matches!(&error, ChatError::Spool { path, .. } if path == world.spool().path()));
    assert_eq!(error.fault(), Fault::Environment);
}

#[tokio::test]
async fn without_a_spool_an_answer_that_cannot_be_stored_comes_with_the_error() {
    let world = World::with([Act::Answer("Precious."), Act::LoseMemory("Precious.")]);
    world.ask("First.").await.unwrap();
    let error = world.ask("Second.").await.unwrap_err();
    assert_eq!(error.fault(), Fault::Caller, "the file is named by whoever runs it");
    assert!(error.to_string().starts_with("the answer could not be stored: there is no memory at"));
    let ChatError::AnswerNotStored { completion, source } = error else {
        panic!("the answer is lost: {error}");
    };
    assert!(matches!(*source, ChatError::Memory(MemoryError::Store(_))), "{source}");
    assert_eq!(completion.text, "Precious.");
    let error = world.ask("Third.").await.unwrap_err();
    assert!(matches!(error, ChatError::Memory(MemoryError::Store(StoreError::Missing(_)))));
}

#[tokio::test]
async fn with_a_spool_an_answer_that_cannot_be_stored_waits_in_it() {
    let world = world([Act::LoseMemory("Precious."), Act::Answer("Later.")]);
    world.ask("First.").await.unwrap();
    assert!(is_spooled(&world.notices(), "there is no memory at"));
    fs_err::rename(world.db().with_extension("lost"), world.db()).unwrap();
    world.ask("Second.").await.unwrap();
    let first = ["user: First.", "assistant: Precious."];
    assert_eq!(world.stored(), [&first[..], &["user: Second.", "assistant: Later."]].concat());
}

/// An embedder whose model is not there, and which counts how often that was found out.
#[derive(Default)]
struct NoModel(WordHashEmbedder, std::sync::atomic::AtomicUsize);

#[derive(Debug, thiserror::Error)]
#[error("the model is not on this machine")]
struct NotHere;

impl Diagnose for NotHere {
    fn code(&self) -> ErrorCode {
        ErrorCode::ModelMissing
    }

    fn fault(&self) -> Fault {
        Fault::Environment
    }
}

impl TextEmbedder for NoModel {
    fn model(&self) -> &EmbeddingModel {
        self.0.model()
    }

    fn embed_query(&self, _: &str) -> Result<Embedding, EmbedError> {
        self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Err(Box::new(NotHere))
    }

    fn embed_passages(&self, _: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Err(Box::new(NotHere))
    }

    fn passages(&self, _: &str) -> Result<Vec<PassageSpan>, EmbedError> {
        self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Err(Box::new(NotHere))
    }

    fn truncated_tokens(&self) -> u64 {
        0
    }
}

#[tokio::test]
async fn without_the_embedding_model_memory_is_searched_by_words_and_that_is_said_once() {
    let mut world = World::with([Act::Answer("7443."), Act::Answer("Yes.")]);
    world.remember("ana", "gateway", "The gateway listens on port 7443.");
    let store = SqliteStore::open(world.db(), IfMissing::Fail).unwrap();
    let embedder = Arc::new(NoModel::default());
    let memory = Arc::new(Memory::new(Arc::new(store), embedder.clone(), Arc::new(clock())));
    world.conversation.memory = AsyncMemory::one_at_a_time(memory);

    world.ask("Which port does the gateway use?").await.unwrap();
    assert!(world.asked().pop().unwrap()[1].contains("port 7443"));
    let reason = "the model is not on this machine".to_owned();
    assert_eq!(world.notices(), [Notice::WordsOnly { reason, remedies: vec![] }]);
    let tries = embedder.1.load(std::sync::atomic::Ordering::Relaxed);
    world.ask("Is that so?").await.unwrap();
    assert_eq!(world.notices(), []);
    assert_eq!(embedder.1.load(std::sync::atomic::Ordering::Relaxed), tries, "tried once");
}

/// What a server says that does not name its window.
const TOO_LONG: &str = "Please reduce the length of the messages.";

/// A world with more memories than fit a prompt.
fn full_world(acts: impl IntoIterator<Item = Act>) -> World {
    let world = World::with(acts);
    for place in 0..200 {
        let text = format!("The gateway number {place} listens on a port of its own, {place}.");
        world.remember("ana", "gateway", &text);
    }
    world
}

impl World {
    /// Bytes of the texts of each request.
    fn sizes(&self) -> Vec<usize> {
        let asked = self.model.asked.lock().unwrap();
        let texts = |request: &Request| {
            request.messages.iter().flat_map(|m| &m.content).map(|b| b.text.len()).sum()
        };
        asked.iter().map(texts).collect()
    }
}

#[tokio::test]
async fn a_prompt_that_is_too_long_is_halved_until_it_fits_and_stays_so() {
    let world = full_world([
        Act::TooLong(TOO_LONG),
        Act::TooLong(TOO_LONG),
        Act::Answer("Short."),
        Act::Answer("Still short."),
    ]);
    world.ask("Which port does gateway number 7 use?").await.unwrap();
    let sizes = world.sizes();
    assert!(sizes[1] * 9 < sizes[0] * 5 && sizes[2] * 9 < sizes[1] * 5, "{sizes:?}");
    let notices = world.notices();
    assert!(matches!(notices[..], [Notice::MadeSmaller { .. }]), "said once: {notices:?}");
    world.ask("And gateway number 8?").await.unwrap();
    assert!(world.sizes()[3] * 9 < sizes[1] * 5, "the next begins as small");
}

#[tokio::test]
async fn a_prompt_is_made_to_fit_the_window_that_the_server_names() {
    let named = "This model's maximum context length is 1024 tokens.";
    let mut world = full_world([Act::TooLong(named), Act::Answer("Short.")]);
    world.conversation.model.as_mut().unwrap().max_tokens = 1_000;
    let reply = world.ask("Which port does gateway number 7 use?").await.unwrap();
    let Reply::Answer { context, .. } = reply else { panic!("there is a model") };
    let asked = world.model.asked.lock().unwrap().clone();
    assert_eq!(asked.iter().map(|request| request.max_tokens).collect::<Vec<_>>(), [1_000, 341]);
    assert!(context.tokens > 300 && context.tokens + 341 <= 1_024, "{}", context.tokens);
}

#[tokio::test]
async fn a_message_that_is_too_long_by_itself_is_tried_alone_before_giving_up() {
    let world = full_world((0..12).map(|_| Act::TooLong(TOO_LONG)));
    let error = world.ask("Which port does gateway number 7 use?").await.unwrap_err();
    assert_eq!(error.remedies(), [Remedy::LowerBudget]);
    assert!(matches!(error, ChatError::Provider(error) if error.is_too_long()));
    assert!(world.sizes().len() < 10, "by halves: {:?}", world.sizes());
    assert_eq!(world.asked(), [["Which port does gateway number 7 use?"]]);
}

/// A model whose server says how large its window is.
struct Small(Arc<Scripted>, std::sync::atomic::AtomicUsize);

#[async_trait]
impl Provider for Small {
    async fn complete(
        &self,
        request: &Request,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        self.0.complete(request, on_text).await
    }

    async fn window(&self, _: &str) -> Option<usize> {
        self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Some(1_024)
    }
}

#[tokio::test]
async fn the_window_is_asked_for_once_and_only_where_the_settings_say_so() {
    for fits_window in [true, false] {
        let mut world = full_world([Act::Answer("One."), Act::Answer("Two.")]);
        let small = Arc::new(Small(Arc::clone(&world.model), 0.into()));
        world.conversation.model = Some(LanguageModel::new(small.clone(), "small", 1_000));
        world.conversation.settings.fits_window = fits_window;
        world.ask("Which port does gateway number 7 use?").await.unwrap();
        world.ask("And gateway number 8?").await.unwrap();
        let limit = if fits_window { 341 } else { 1_000 };
        let asked = world.model.asked.lock().unwrap().clone();
        assert!(asked.iter().all(|request| request.max_tokens == limit));
        let times = small.1.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(times, usize::from(fits_window));
        assert_eq!(world.notices(), []);
    }
}

#[tokio::test]
async fn a_model_that_says_nothing_is_an_error_that_says_why() {
    for (reason, why, remedies) in [
        (StopReason::EndTurn, "the model ended without a word", vec![Remedy::AskAgain]),
        (
            StopReason::MaxTokens,
            "the model reached the limit of its answer before the first word",
            vec![Remedy::RaiseAnswerLimit],
        ),
        (
            StopReason::Other("tool_calls".to_owned()),
            "the model asked for a tool, and there are none here (tool_calls)",
            vec![Remedy::AskAgain],
        ),
        (
            StopReason::Refusal { explanation: Some("It asks for a password.".to_owned()) },
            "the model refused: It asks for a password.",
            vec![],
        ),
    ] {
        let world = World::with([Act::Silent(reason.clone()), Act::Silent(reason)]);
        let error = world.ask("Really?").await.unwrap_err();
        assert_eq!((error.to_string().as_str(), error.remedies()), (why, remedies));
        assert_eq!(error.code(), ErrorCode::NoAnswer);
        assert_eq!(world.stored(), ["user: Really?"]);
        let outside = world.conversation.consult("Really?", &mut |_| {}).await;
        assert!(matches!(outside, Err(ChatError::NoAnswer { .. })));
    }
}

#[tokio::test]
async fn what_a_model_thinks_is_neither_stored_nor_sent_back() {
    let thinking = "<think>\nSecret walrus.\n</think>\n\nThe port is 7443.";
    let world = World::with([
        Act::Answer(thinking),
        Act::Answer("<think>Only walrus."),
        Act::Answer("Yes."),
    ]);
    world.ask("Which port?").await.unwrap();
    let error = world.ask("Really?").await.unwrap_err();
    assert_eq!(error.to_string(), "the model thought, and said nothing");
    world.ask("Really?").await.unwrap();
    assert_eq!(world.asked()[1], ["The port is 7443."]);
    let stored = world.stored();
    assert_eq!(stored[1], "assistant: The port is 7443.");
    assert!(!stored.concat().contains("walrus"), "{stored:?}");
}

#[tokio::test]
async fn an_answer_that_was_cut_off_goes_on_on_request() {
    let world = World::with([
        Act::CutOff("One, two,"),
        Act::Answer("three."),
        Act::BreakOff,
        Act::Answer("wer."),
        Act::Answer("Bye."),
    ]);
    let nothing = world.conversation.go_on(&mut |_| {}).await.unwrap_err();
    assert!(matches!(nothing, ChatError::NothingToContinue));

    world.ask("Count.").await.unwrap();
    world.conversation.go_on(&mut |_| {}).await.unwrap();
    let asked = world.asked();
    assert_eq!(asked[..2], [["Count."], ["One, two,"]]);
    assert!(asked[2][0].starts_with("Your last answer was cut off."), "{asked:?}");
    assert_eq!(world.stored(), ["user: Count.", "assistant: One, two,", "assistant: three."]);

    world.ask("Answer.").await.unwrap_err();
    world.conversation.go_on(&mut |_| {}).await.unwrap();
    world.ask("Thanks.").await.unwrap();
    let asked = world.asked().concat();
    assert_eq!(asked[..4], ["Count.", "One, two, three.", "Answer.", "Half an ans wer."]);
}

/// A small model begins anew instead of going on.
#[tokio::test]
async fn an_answer_that_goes_on_does_not_say_its_beginning_twice() {
    let world = World::with([
        Act::CutOff("The sea was calm that night, and the"),
        Act::Answer("The sea was calm that night, and the boats slept."),
    ]);
    world.ask("Tell me a story.").await.unwrap();
    let mut shown = String::new();
    world.conversation.go_on(&mut |piece| shown.push_str(piece)).await.unwrap();
    assert_eq!(shown, " boats slept.");
    assert_eq!(world.stored()[2], "assistant:  boats slept.");
}

#[tokio::test]
async fn of_two_processes_that_ask_the_same_at_once_one_stores_the_message() {
    for _ in 0..10 {
        let world = World::with([Act::Answer("Yes."), Act::Answer("Yes.")]);
        let [one, two] = [world.another_process(), world.another_process()];
        let (mut first, mut second) = (|_: &str| {}, |_: &str| {});
        let (a, b) = tokio::join!(one.ask("Really?", &mut first), two.ask("Really?", &mut second));
        a.unwrap();
        b.unwrap();
        let stored = world.stored();
        let questions = stored.iter().filter(|text| *text == "user: Really?").count();
        // The second may also have come after the first answer, and be a new message.
        let after = stored.windows(2).any(|pair| pair == ["assistant: Yes.", "user: Really?"]);
        assert!(questions == 1 || after, "{stored:?}");
    }
}

/// Breaks an answer off once its first word has come.
async fn broken_off(world: &World, message: &str) -> ChatError {
    let breaking = world.conversation.clone();
    let mut on_text = |_: &str| breaking.break_off();
    let asked = world.conversation.ask(message, &mut on_text);
    tokio::time::timeout(Duration::from_secs(20), asked).await.unwrap().unwrap_err()
}

#[tokio::test]
async fn an_answer_that_somebody_breaks_off_is_kept_and_goes_on_from_there() {
    let world = World::with([Act::Hang, Act::Answer("Half of it, and the rest.")]);
    world.conversation.break_off();
    let error = broken_off(&world, "Where is the key?").await;
    assert!(matches!(error, ChatError::BrokenOff { kept: true }), "{error}");
    assert_eq!(world.stored(), ["user: Where is the key?", "assistant: Half\n\n[broken off]"]);
    world.conversation.go_on(&mut |_| {}).await.unwrap();
    assert_eq!(world.stored().len(), 3);
    assert_eq!(world.notices(), []);
}

#[tokio::test]
async fn an_answer_outside_a_session_that_is_broken_off_stores_nothing() {
    let world = World::with([Act::Hang]);
    let breaking = world.conversation.clone();
    let error = world.conversation.consult("Where?", &mut |_| breaking.break_off()).await;
    assert!(matches!(error, Err(ChatError::BrokenOff { kept: false })));
    assert_eq!(world.stored(), Vec::<String>::new());
}
