//! What is learned from talks on a real store, with a model that follows rules.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

mod facts;
mod long_life;
mod rule_model;
mod summaries;
mod talks;

use std::sync::Arc;

use longmem_chat::{
    AsyncMemory, Conversation, LanguageModel, Learner, LearningReport, Provider, Reply,
};
use longmem_core::{Clock, Role, SessionName, Timestamp, TurnId, UserName};
use longmem_memory::{FactsAt, Memory};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_test_support::WordHashEmbedder;
use rule_model::RuleModel;
use tempfile::TempDir;

/// A clock that is set by hand.
struct SetClock(std::sync::Mutex<Timestamp>);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Ana's memory, and a model that learns from what she says.
struct World {
    memory: Arc<Memory>,
    clock: Arc<SetClock>,
    model: Arc<RuleModel>,
    learner: Learner,
    folder: TempDir,
}

fn user(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

fn session(name: &str) -> SessionName {
    SessionName::new(name).unwrap()
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let began = "2026-03-02T10:00:00Z".parse().unwrap();
        let clock = Arc::new(SetClock(std::sync::Mutex::new(began)));
        let memory = open(&folder, &clock);
        let model = Arc::new(RuleModel::default());
        let mut learner = Learner::new(
            AsyncMemory::one_at_a_time(Arc::clone(&memory)),
            user("ana"),
            language_model(&model),
        );
        learner.settings.history_tokens = 1_000;
        Self { memory, clock, model, learner, folder }
    }

    /// Closes and opens the store, as a new process does.
    fn restart(&mut self) {
        self.memory = open(&self.folder, &self.clock);
        self.learner.memory = AsyncMemory::one_at_a_time(Arc::clone(&self.memory));
    }

    fn pass(&self, hours: i64) {
        let mut now = self.clock.0.lock().unwrap();
        *now += jiff::SignedDuration::from_hours(hours);
    }

    /// Stores a turn in a session that is learned from.
    fn say(&self, name: &str, role: Role, text: &str) -> TurnId {
        self.pass(1);
        let turn = self.memory.new_turn(session(name), role, text);
        let id = self.memory.remember(&user("ana"), &[turn]).unwrap()[0].id;
        self.memory.learn_from(&user("ana"), &session(name)).unwrap();
        id
    }

    async fn learn(&self) -> LearningReport {
        self.learner.catch_up(None).await.unwrap()
    }

    fn held(&self, at: FactsAt) -> Vec<String> {
        let facts = self.memory.facts(&user("ana"), at).unwrap();
        facts.into_iter().map(|fact| format!("{}: {}", fact.subject, fact.statement)).collect()
    }

    fn known(&self) -> Vec<String> {
        self.held(FactsAt::Now)
    }

    fn conversation(&self, name: &str) -> Conversation {
        let memory = self.learner.memory.clone();
        let mut conversation = Conversation::new(memory, user("ana"), session(name));
        conversation.model = Some(self.learner.model.clone());
        conversation
    }

    /// Asks, and returns the system text of the prompt that was sent.
    async fn ask(&self, talk: &Conversation, message: &str) -> String {
        self.pass(1);
        let Reply::Answer { context, .. } = talk.ask(message, &mut |_| {}).await.unwrap() else {
            panic!("there is a model");
        };
        context.system.into_iter().map(|block| block.text).collect::<Vec<_>>().join("\n")
    }
}

fn open(folder: &TempDir, clock: &Arc<SetClock>) -> Arc<Memory> {
    let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
    let embedder = Arc::new(WordHashEmbedder::default());
    Arc::new(Memory::new(Arc::new(store), embedder, Arc::clone(clock) as Arc<dyn Clock>))
}

fn language_model(model: &Arc<RuleModel>) -> LanguageModel {
    LanguageModel::new(Arc::clone(model) as Arc<dyn Provider>, "small", 64)
}
