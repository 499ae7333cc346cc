//! The verbs, with sensible defaults.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use longmem_chat::{
    AsyncMemory, Blocking, ChatError, Context, Conversation, Learner, Reply, Talk, TalkSettings,
};
use longmem_core::{Fact, FactId, FactKind, NewTurn, Role, Scope, SessionName, TurnId, UserName};
use longmem_memory::{
    Amended, FactNote, FactsAt, ForgetTarget, Forgotten, ImportReport, ImportRequest, IndexOptions,
    IndexReport, Memory, NOTES_SESSION, RESULTS_WITH_NEIGHBOURS, Recall, RecallRequest,
    SessionSummary,
};

use crate::{Error, Options, open_memory};

/// Pieces of work that all conversations together may do on the memory at once: embedding and search
/// use every core already.
const WORK_AT_ONCE: NonZeroUsize = NonZeroUsize::new(4).expect("4 is not 0");

/// A memory, opened. It may be shared between threads; each call names the user whose memory it is.
///
/// Users and sessions exist from their first turn on. Names are compared byte for byte.
///
/// # Examples
/// See the [front page](crate).
pub struct Longmem {
    memory: Arc<Memory>,
    async_memory: AsyncMemory,
    talk: TalkSettings,
}

impl Longmem {
    /// Opens the store, and makes it if there is none. The embedding model loads when it is first
    /// needed.
    ///
    /// # Errors
    /// [`Error::Memory`] if the store cannot be opened.
    pub fn open(options: Options) -> Result<Self, Error> {
        let talk = options.talk_settings();
        let memory = Arc::new(open_memory(options)?);
        Ok(Self { async_memory: AsyncMemory::new(Arc::clone(&memory), WORK_AT_ONCE), memory, talk })
    }

    /// The engine, with every request spelt out.
    pub fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    /// Remembers something that the user says now as a note, which stands alone, outside any
    /// conversation. When this returns it is on disk and found by its words; by its meaning as soon as
    /// somebody recalls or indexes.
    ///
    /// Standing instructions in it ("always answer in metric") become facts, unless the options allow
    /// no learning (`talk.conversation.learns`).
    ///
    /// # Errors
    /// [`Error::Name`]; [`Error::Memory`] for an empty text or if it cannot be stored.
    pub fn remember(&self, user: &str, text: &str) -> Result<TurnId, Error> {
        let mut note = self.memory.new_turn(SessionName::new(NOTES_SESSION)?, Role::User, text);
        note.note = true;
        self.remember_and_note(&UserName::new(user)?, &note)
    }

    /// Remembers a turn of a conversation that is said now, by anybody. It is on disk and found as with
    /// [`Longmem::remember`], but belongs to the turns beside it in its session. Standing instructions
    /// become facts too, where the user says them.
    ///
    /// # Errors
    /// Those of [`Longmem::remember`].
    pub fn remember_turn(
        &self,
        user: &str,
        session: &str,
        role: Role,
        text: &str,
    ) -> Result<TurnId, Error> {
        let user = UserName::new(user)?;
        let turn = self.memory.new_turn(SessionName::new(session)?, role, text);
        self.remember_and_note(&user, &turn)
    }

    fn remember_and_note(&self, user: &UserName, turn: &NewTurn) -> Result<TurnId, Error> {
        let id = self.memory.remember(user, std::slice::from_ref(turn))?[0].id;
        if self.talk.conversation.learns {
            self.memory.note_instructions(user, id, turn)?;
        }
        Ok(id)
    }

    /// Imports chats: an export of ChatGPT or Claude.ai, transcripts of Claude Code, arrays of
    /// messages, or JSON Lines; a file, a folder or a zip. Importing again adds only what is new.
    ///
    /// # Errors
    /// [`Error::Name`]; [`Error::Memory`] if the path cannot be read or the turns cannot be stored.
    pub fn import(&self, user: &str, path: impl AsRef<Path>) -> Result<ImportReport, Error> {
        let user = UserName::new(user)?;
        let request = ImportRequest::new(path.as_ref(), &user);
        Ok(self.memory.import(request, &mut |_| ControlFlow::Continue(()))?)
    }

    /// Embeds every turn that has no vectors yet, of all users; what is stored stays if it is
    /// interrupted.
    ///
    /// # Errors
    /// [`Error::Memory`] if the model cannot be used or the vectors cannot be stored.
    pub fn index(&self) -> Result<IndexReport, Error> {
        Ok(self.memory.index(IndexOptions::default(), &mut |_| ControlFlow::Continue(()))?)
    }

    /// Finds what was said that is relevant to a question or message, best first, by meaning and by
    /// words, the best with the turns next to them; and what is known of whom it names. A few turns
    /// without vectors are embedded on the way.
    ///
    /// # Errors
    /// [`Error::Name`]; [`Error::Memory`] if the model or the store cannot be used.
    pub fn recall(&self, user: &str, query: &str) -> Result<Recall, Error> {
        let user = UserName::new(user)?;
        let mut request = RecallRequest::new(Scope::of(user), query);
        request.catch_up = true;
        request.with_neighbours = RESULTS_WITH_NEIGHBOURS;
        request.time_zone = self.talk.conversation.time_zone.clone();
        Ok(self.memory.recall(&request)?)
    }

    /// Makes the prompt that a language model should get for a message: what is known of the user,
    /// what was said that matters now, and the message, within the budget of the options. Nothing is
    /// stored.
    ///
    /// # Errors
    /// [`Error::Name`]; [`Error::Chat`] if the message is empty or does not fit.
    ///
    /// # Panics
    /// If called from async code; see [`Longmem::conversation`].
    pub fn context(&self, user: &str, message: &str) -> Result<Context, Error> {
        let conversation = self.prompting(user, None)?;
        Ok(Blocking::new()?.run(conversation.context_for(message))?)
    }

    /// Answers a question from memory: by the language model of the options, or by quoting. Nothing is
    /// stored.
    ///
    /// # Errors
    /// [`Error::Name`]; [`Error::Chat`] if the language model does not answer.
    ///
    /// # Panics
    /// If called from async code; see [`Longmem::conversation`].
    pub fn ask(&self, user: &str, question: &str) -> Result<Reply, Error> {
        let conversation = self.conversation(user, None)?;
        Ok(Blocking::new()?.run(conversation.consult(question, &mut |_| {}))?)
    }

    /// A conversation in a session: its messages and answers are remembered, streamed, and fit the
    /// budget. Without a session it only answers: see
    /// [`consult`](longmem_chat::Conversation::consult).
    ///
    /// # Errors
    /// [`Error::Name`]; [`Error::Chat`] if the language model's address is wrong.
    pub fn conversation(&self, user: &str, session: Option<&str>) -> Result<Conversation, Error> {
        self.conversation_with(&self.talk, user, session)
    }

    /// A conversation that only makes prompts: nobody is asked, and memory that cannot be read is an
    /// error. See [`context_for`](longmem_chat::Conversation::context_for).
    ///
    /// # Errors
    /// [`Error::Name`].
    pub fn prompting(&self, user: &str, session: Option<&str>) -> Result<Conversation, Error> {
        let mut talk = self.talk.clone();
        talk.spool = None;
        let model = talk.model.take();
        let mut conversation = self.conversation_with(&talk, user, session)?;
        if let Some(model) = model {
            conversation.counter = model.counter();
        }
        Ok(conversation)
    }

    /// A conversation of several messages in a new session, with a learner beside it that notes facts
    /// and sums up.
    ///
    /// # Errors
    /// [`Error::Name`]; [`Error::Chat`] if the language model's address is wrong.
    pub fn talk(&self, user: &str) -> Result<Talk, Error> {
        Ok(Talk::begin(&self.talk, self.async_memory(), UserName::new(user)?, None)?)
    }

    /// Who learns from a user's conversations on request; none without a language model.
    ///
    /// # Errors
    /// [`Error::Name`]; [`Error::Chat`] if the language model's address is wrong.
    pub fn learner(&self, user: &str) -> Result<Option<Learner>, Error> {
        let learner = self.talk.learner(self.async_memory(), UserName::new(user)?);
        Ok(learner.map_err(ChatError::from)?)
    }

    /// The engine for async code.
    pub fn async_memory(&self) -> AsyncMemory {
        self.async_memory.clone()
    }

    fn conversation_with(
        &self,
        talk: &TalkSettings,
        user: &str,
        session: Option<&str>,
    ) -> Result<Conversation, Error> {
        let session = session.map(SessionName::new).transpose()?;
        let conversation = talk.conversation(self.async_memory(), UserName::new(user)?, session);
        Ok(conversation.map_err(ChatError::from)?)
    }

    /// What is known of a user now.
    ///
    /// # Errors
    /// [`Error::Name`]; [`Error::Memory`] if the store cannot be read.
    pub fn facts(&self, user: &str) -> Result<Vec<Fact>, Error> {
        Ok(self.memory.facts(&UserName::new(user)?, FactsAt::Now)?)
    }

    /// Notes a fact about the user by hand: "works in fintech". What is known already keeps its number.
    ///
    /// # Errors
    /// [`Error::Name`]; [`Error::Memory`] for a statement that is not one short line.
    pub fn note_fact(&self, user: &str, statement: &str) -> Result<FactId, Error> {
        let note = FactNote::new(statement, FactKind::Identity);
        Ok(self.memory.note_fact(&UserName::new(user)?, &note)?.id)
    }

    /// A user's sessions, the one with the newest turn first.
    ///
    /// # Errors
    /// [`Error::Name`]; [`Error::Memory`], also for a user that is not in the store.
    pub fn sessions(&self, user: &str) -> Result<Vec<SessionSummary>, Error> {
        Ok(self.memory.sessions(&UserName::new(user)?)?)
    }

    /// Deletes turns for good: text, words, vectors, what was made of them, and their bytes on disk.
    ///
    /// # Errors
    /// [`Error::Name`]; [`Error::Memory`], also for a user or a turn that is not in the store.
    pub fn forget(&self, user: &str, turns: &[TurnId]) -> Result<Forgotten, Error> {
        let scope = Scope::of(UserName::new(user)?);
        self.forget_target(&ForgetTarget::Turns(scope, turns.to_vec()))
    }

    /// Deletes a session for good, as [`Longmem::forget`] does turns.
    ///
    /// # Errors
    /// [`Error::Name`]; [`Error::Memory`], also for a user or session that is not in the store.
    pub fn forget_session(&self, user: &str, session: &str) -> Result<Forgotten, Error> {
        let mut scope = Scope::of(UserName::new(user)?);
        scope.sessions.push(SessionName::new(session)?);
        self.forget_target(&ForgetTarget::Scope(scope))
    }

    /// Deletes everything of a user for good.
    ///
    /// # Errors
    /// [`Error::Name`]; [`Error::Memory`], also for a user that is not in the store.
    pub fn forget_user(&self, user: &str) -> Result<Forgotten, Error> {
        self.forget_target(&ForgetTarget::User(UserName::new(user)?))
    }

    /// Puts other words into the place of a turn's text, for good: the old text and what was made of it
    /// are deleted. The turn keeps its number, time and session, and is found by its new words at once.
    ///
    /// # Errors
    /// [`Error::Name`]; [`Error::Memory`] for an empty text, and for a user or a turn that is not in
    /// the store.
    pub fn amend(&self, user: &str, turn: TurnId, text: &str) -> Result<Amended, Error> {
        Ok(self.memory.amend_turn(&UserName::new(user)?, turn, text)?)
    }

    /// Forgets, what waits to be stored of a conversation included.
    fn forget_target(&self, target: &ForgetTarget) -> Result<Forgotten, Error> {
        let user = target.user();
        let spool = self.talk.spool.as_ref().map(|spool| spool.of(user));
        // Held until all is forgotten, so that no conversation stores what it read before.
        let held = spool.map(|spool| spool.hold()).transpose()?;
        if let Some(held) = &held {
            held.store_into(&self.memory, user, self.talk.conversation.learns)?;
            if matches!(target, ForgetTarget::User(_)) {
                held.delete_unreadable()?;
            }
        }
        Ok(self.memory.forget(target)?)
    }
}
