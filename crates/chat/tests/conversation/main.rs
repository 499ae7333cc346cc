//! Conversations on a real store: what is stored, what is asked, and what failures leave behind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

mod about_text;
mod counting;
mod failures;
mod instructions;
mod titles;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use longmem_chat::{
    Api, AssembleError, AsyncMemory, ChatError, Completion, Conversation, Endpoint, LanguageModel,
    Notice, OnText, Provider, ProviderError, Reply, Request, RetryAdvice, StopReason, TokenBudget,
    Usage, async_trait,
};
use longmem_core::{FixedClock, Role, SessionName, UserName};
use longmem_memory::Memory;
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_test_support::WordHashEmbedder;
use tempfile::TempDir;

/// What the stand-in model does with one request.
enum Act {
    Answer(&'static str),
    Refuse,
    BreakOff,
    /// Answers up to its limit.
    CutOff(&'static str),
    /// Ends without a word, for this reason.
    Silent(StopReason),
    /// Finds the prompt too long, in these words.
    TooLong(&'static str),
    /// Answers while somebody moves the memory's file away.
    LoseMemory(&'static str),
    /// Says a word and then nothing more, for ever.
    Hang,
}

/// A model that follows a script and keeps what it was asked.
#[derive(Default)]
struct Scripted {
    acts: Mutex<VecDeque<Act>>,
    asked: Mutex<Vec<Request>>,
    db: Mutex<PathBuf>,
}

#[async_trait]
impl Provider for Scripted {
    async fn complete(
        &self,
        request: &Request,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        self.asked.lock().unwrap().push(request.clone());
        let act = self.acts.lock().unwrap().pop_front().expect("asked once too often");
        let completion = |text: &str, stop_reason| Completion {
            text: text.to_owned(),
            thought: false,
            stop_reason,
            usage: Usage::default(),
            model: request.model.clone(),
        };
        match act {
            Act::Answer(text) => {
                on_text(text);
                Ok(completion(text, StopReason::EndTurn))
            }
            Act::Refuse => Ok(completion("", StopReason::Refusal { explanation: None })),
            Act::CutOff(text) => Ok(completion(text, StopReason::MaxTokens)),
            Act::LoseMemory(text) => {
                let db = self.db.lock().unwrap().clone();
                fs_err::rename(&db, db.with_extension("lost")).unwrap();
                Ok(completion(text, StopReason::EndTurn))
            }
            Act::Silent(reason) => Ok(completion("", reason)),
            Act::TooLong(message) => Err(ProviderError::Answered {
                endpoint: endpoint(),
                status: 400,
                message: message.to_owned(),
                request_id: None,
                advice: RetryAdvice::default(),
            }),
            Act::BreakOff => {
                on_text("Half an ans");
                Err(ProviderError::Interrupted {
                    endpoint: endpoint(),
                    partial: "Half an ans".to_owned(),
                    reason: "cut".to_owned(),
                })
            }
            Act::Hang => {
                on_text("Half");
                std::future::pending().await
            }
        }
    }
}

fn endpoint() -> Endpoint {
    let base_url = "http://example.org".to_owned();
    Endpoint { api: Api::Anthropic, base_url, with_key: false }
}

fn clock() -> FixedClock {
    FixedClock("2026-03-02T10:00:00Z".parse().unwrap())
}

struct World {
    conversation: Conversation,
    memory: Arc<Memory>,
    model: Arc<Scripted>,
    folder: TempDir,
}

impl World {
    fn with(acts: impl IntoIterator<Item = Act>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        let embedder = Arc::new(WordHashEmbedder::default());
        let memory = Arc::new(Memory::new(Arc::new(store), embedder, Arc::new(clock())));
        let model = Arc::new(Scripted::default());
        model.acts.lock().unwrap().extend(acts);
        *model.db.lock().unwrap() = folder.path().join("memory.db");
        let mut conversation = Conversation::new(
            AsyncMemory::one_at_a_time(Arc::clone(&memory)),
            UserName::new("ana").unwrap(),
            SessionName::new("today").unwrap(),
        );
        let provider = Arc::clone(&model) as Arc<dyn Provider>;
        conversation.model = Some(LanguageModel::new(provider, "small", 64));
        Self { conversation, memory, model, folder }
    }

    async fn ask(&self, message: &str) -> Result<Reply, ChatError> {
        self.conversation.ask(message, &mut |_| {}).await
    }

    /// What is stored of the session, as "role: text".
    fn stored(&self) -> Vec<String> {
        let Conversation { user, session, .. } = &self.conversation;
        let turns = self.memory.recent(user, session, 100).unwrap();
        turns.into_iter().map(|turn| format!("{}: {}", turn.role, turn.text)).collect()
    }

    fn remember(&self, user: &str, session: &str, text: &str) {
        let session = SessionName::new(session).unwrap();
        let turn = self.memory.new_turn(session, Role::User, text);
        self.memory.remember(&UserName::new(user).unwrap(), &[turn]).unwrap();
    }

    /// The texts of the last request, message by message, block by block.
    fn asked(&self) -> Vec<Vec<String>> {
        let messages = self.model.asked.lock().unwrap().pop().unwrap().messages;
        messages.into_iter().map(|m| m.content.into_iter().map(|b| b.text).collect()).collect()
    }
}

#[tokio::test]
async fn an_exchange_is_stored_and_stands_in_the_next_prompt() {
    let world = World::with([Act::Answer("Hello Ana."), Act::Answer("Fine.")]);
    world.ask("Hello!").await.unwrap();
    assert_eq!(world.stored(), ["user: Hello!", "assistant: Hello Ana."]);
    world.ask("How are you?").await.unwrap();
    assert_eq!(world.asked(), [["Hello!"], ["Hello Ana."], ["How are you?"]]);
}

#[tokio::test]
async fn what_was_recalled_is_sent_but_never_stored() {
    let world = World::with([Act::Answer("7443.")]);
    world.remember("ana", "gateway", "The gateway listens on port 7443.");
    world.remember("bob", "gateway", "Bob's gateway listens on port 9999.");
    let reply = world.ask("Which port does the gateway use?").await.unwrap();

    let blocks = world.asked().pop().unwrap();
    assert_eq!(blocks[0], "Which port does the gateway use?");
    assert!(blocks[1].contains("- user: The gateway listens on port 7443."), "{}", blocks[1]);
    assert!(!blocks[1].contains("9999"), "another user's memory: {}", blocks[1]);
    assert_eq!(world.stored(), ["user: Which port does the gateway use?", "assistant: 7443."]);
    assert!(matches!(reply, Reply::Answer { completion, .. } if completion.text == "7443."));
}

#[tokio::test]
async fn a_pasted_prompt_and_an_answer_that_repeats_it_are_not_stored_again() {
    let block =
        "<recalled_memory today=\"Mon\" note=\"Quotes\">\n- The port is 7443.\n</recalled_memory>";
    let answers = [Act::Answer("As you said:"), Act::BreakOff, Act::Answer("7443.")];
    let world = World::with(answers);
    world.remember("ana", "gateway", "The gateway listens on port 7443.");
    for round in 0..3 {
        let Ok(Reply::Answer { context, .. }) = world.ask(&format!("{block}\nWhich port?")).await
        else {
            assert_eq!(round, 1);
            continue;
        };
        // What the person types goes to the model as it is.
        assert!(context.messages.last().unwrap().content[0].text.starts_with(block));
    }
    let stored = world.stored();
    assert!(stored.iter().all(|turn| !turn.contains("recalled_memory")), "{stored:?}");
    // The second message was not answered, so the third is the same.
    assert_eq!(stored.iter().filter(|turn| *turn == "user: Which port?").count(), 2, "{stored:?}");
    let error = world.ask(block).await.unwrap_err();
    assert!(error.to_string().contains("only repeats what longmem recalled"), "{error}");
}

#[tokio::test]
async fn the_message_is_stored_before_the_model_is_asked() {
    let world = World::with([Act::Hang]);
    let (said, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let mut on_text = |text: &str| said.send(text.to_owned()).unwrap();
    tokio::select! {
        _ = world.conversation.ask("Hello!", &mut on_text) => panic!("the model hangs"),
        text = heard.recv() => assert_eq!(text.as_deref(), Some("Half")),
    }
    // The future is dropped now, as when a person presses Ctrl-C.
    assert_eq!(world.stored(), ["user: Hello!"]);
}

#[tokio::test]
async fn a_failed_call_can_be_repeated_without_storing_the_message_twice() {
    let world =
        World::with([Act::BreakOff, Act::Refuse, Act::Answer("Yes."), Act::Answer("Sure.")]);
    let error = world.ask("Really?").await.unwrap_err();
    assert!(matches!(&error, ChatError::Provider(error) if error.partial() == Some("Half an ans")));
    assert_eq!(world.conversation.take_notices(), [Notice::KeptPart]);
    let kept = ["user: Really?", "assistant: Half an ans\n\n[broken off]"];
    assert_eq!(world.stored(), kept);
    let error = world.ask("Really?").await.unwrap_err();
    assert!(matches!(error, ChatError::NoAnswer { .. }), "{error}");
    assert_eq!(world.stored(), kept);
    world.ask("Really?").await.unwrap();
    assert_eq!(world.asked(), [["Really?"]], "the part is not shown to the model");
    assert_eq!(world.stored(), [&kept[..], &["assistant: Yes."]].concat());
    // Once it is answered, the same words are a new message.
    world.ask("Really?").await.unwrap();
    assert_eq!(world.stored().len(), 5);
}

#[tokio::test]
async fn a_message_after_an_unanswered_one_is_asked_together_with_it() {
    let world = World::with([Act::Refuse, Act::Answer("Both.")]);
    world.ask("One?").await.unwrap_err();
    world.ask("Two?").await.unwrap();
    assert_eq!(world.asked(), [["One?\n\nTwo?"]]);
    assert_eq!(world.stored(), ["user: One?", "user: Two?", "assistant: Both."]);
}

#[tokio::test]
async fn a_message_that_can_never_be_asked_is_not_stored() {
    let mut world = World::with([]);
    world.conversation.settings.budget = TokenBudget::new(20);
    let error = world.ask(&"long ".repeat(50)).await.unwrap_err();
    assert!(matches!(error, ChatError::Assemble(AssembleError::TooLong { .. })));
    let error = world.ask("  \n").await.unwrap_err();
    assert!(matches!(error, ChatError::Assemble(AssembleError::EmptyMessage)));
    assert!(world.stored().is_empty());
}

#[tokio::test]
async fn a_prompt_can_be_seen_without_asking_or_storing() {
    let world = World::with([Act::Answer("7443.")]);
    world.remember("ana", "gateway", "The gateway listens on port 7443.");
    let shown = world.conversation.context_for("Which port?").await.unwrap();
    assert!(world.stored().is_empty());
    let Reply::Answer { context: sent, .. } = world.ask("Which port?").await.unwrap() else {
        panic!("there is a model");
    };
    assert_eq!((shown.system, shown.messages), (sent.system, sent.messages));
}

#[tokio::test]
async fn without_a_model_memory_is_quoted_and_the_quotes_are_not_stored() {
    let mut world = World::with([]);
    world.remember("ana", "gateway", "The gateway listens on port 7443.");
    world.conversation.model = None;
    let Reply::Quotes(answer) = world.ask("Which port does the gateway use?").await.unwrap() else {
        panic!("there is no model");
    };
    assert_eq!(answer.quotes.len(), 1);
    assert!(answer.text.contains("No language model is set up"));
    assert!(answer.text.contains("Mon 2026-03-02, session \"gateway\""), "{}", answer.text);
    assert_eq!(world.stored(), ["user: Which port does the gateway use?"]);
}
