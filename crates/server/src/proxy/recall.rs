//! What is recalled for a question, within the time that a request waits for it.

use std::sync::Arc;

use longmem_core::{SessionName, UserName};
use longmem_memory::{Degraded, Memory, MemoryError, own_words};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use super::conversation::Question;
use super::sticky::Block;
use crate::activity::{Brought, Door, Event, Note};
use crate::hooks::{self, CHARACTERS_PER_TOKEN, PromptRecall, PromptRequest};
use crate::limits::Full;
use crate::shared::Shared;

/// The part of the time that is for the engine: what it finds must be written down, too.
const PART_OF_ENGINE: f64 = 2.0 / 3.0;

/// Turns of the question's own session that are not recalled, at most.
const MOST_LAST_TURNS: usize = 400;

/// Bytes of a question that are looked at: what is asked stands at the beginning, or behind memory that it
/// quotes.
const READ_BYTES: usize = 64 << 10;

/// Who asks, and in which session.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    pub(super) user: UserName,
    pub(super) session: Option<SessionName>,
    /// The program that asks, as it names itself.
    pub(super) program: Option<String>,
}

/// What was recalled.
#[derive(Debug, Default)]
pub(super) struct Recalled {
    /// What goes behind the question.
    pub(super) block: Block,
    /// Why that is less than it could be.
    pub(super) degraded: Option<&'static str>,
}

/// Ends a task when it is dropped; work that has begun in a thread is done to its end.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Recalls for a question; `place` says which question of the conversation it is, and `standing` what stands
/// behind others already. It ends at the deadline, and never fails.
pub(super) async fn recalled(
    shared: &Arc<Shared>,
    sender: &Sender,
    question: &Question,
    place: usize,
    standing: Brought,
    deadline: Instant,
) -> Recalled {
    let settings = &shared.settings.proxy;
    let read = &question.asked[..question.asked.floor_char_boundary(READ_BYTES)];
    if read.trim().is_empty() || settings.budget == 0 {
        return Recalled::default();
    }
    let (read, began) = (read.to_owned(), Instant::now());
    let most_characters = settings.budget.saturating_mul(CHARACTERS_PER_TOKEN);
    let (user, session) = (sender.user.clone(), sender.session.clone());
    let (time_zone, memory) =
        (shared.settings.talk.conversation.time_zone.clone(), shared.memory.clone());
    let work = move |memory: &Memory| {
        // Here, in a thread of the engine: of a long text it takes long.
        let asked = own_words(&read).trim().to_owned();
        if asked.is_empty() {
            return Ok(PromptRecall::default());
        }
        let time = deadline.saturating_duration_since(Instant::now());
        let request = PromptRequest {
            prompt: &asked,
            session: session.as_ref(),
            // A question and its answer each.
            last_turns: (2 * place + 2).min(MOST_LAST_TURNS),
            standing,
            deadline: time.mul_f64(PART_OF_ENGINE),
            most_characters,
            time_zone: &time_zone,
        };
        hooks::recalled(memory, &user, &request)
    };
    // A task of its own: a panic there is no panic here.
    let (queue, of) = (Arc::clone(&shared.queue), sender.user.clone());
    let recalling = tokio::spawn(async move {
        let _place = queue.enter(&of).await?;
        Ok::<_, Full>(memory.read::<_, MemoryError>(work).await)
    });
    // What nobody waits for any more does not begin.
    let _ended = AbortOnDrop(recalling.abort_handle());
    let degraded = |reason| Recalled { degraded: Some(reason), ..Recalled::default() };
    match timeout_at(deadline, recalling).await {
        Err(_) => degraded("deadline"),
        Ok(Err(_)) => degraded("bug"),
        Ok(Ok(Err(Full))) => degraded("busy"),
        Ok(Ok(Ok(Err(_)))) => degraded("memory_unavailable"),
        Ok(Ok(Ok(Ok(PromptRecall { block, degraded })))) => {
            let degraded = degraded.map(Degraded::as_str);
            let Some((text, brought)) = block else {
                return Recalled { degraded, ..Recalled::default() };
            };
            let tokens = hooks::tokens(&text);
            let (turns, facts) = (brought.turns.clone(), brought.facts.clone());
            let mut note = Note::new(Door::Proxy, Event::Injected { brought, tokens });
            if let Some(program) = &sender.program {
                note = note.client(program.clone());
            }
            let now = shared.memory.now();
            shared.activity.note(&sender.user, now, note.took(began.elapsed()));
            Recalled { block: Block { text, tokens, turns, facts }, degraded }
        }
    }
}
