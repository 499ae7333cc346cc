//! Notes standing instructions as facts when a person says them.

use std::sync::PoisonError;

use longmem_core::{FactId, FactKind, NewFact, NewTurn, Role, TurnId, USER_SUBJECT, UserName};
use longmem_store::FactsAt;
use longmem_text::{repeats_instruction, replaces_instruction, standing_instructions};

use crate::{Memory, MemoryError, entities_in};

/// A standing instruction that became a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotedInstruction {
    /// The fact.
    pub fact: FactId,
    /// The sentence by which the person instructs: the fact's statement, at most
    /// [`MAX_STATEMENT_CHARACTERS`](crate::MAX_STATEMENT_CHARACTERS) long.
    pub text: String,
    /// The older fact whose place it takes: the name by which the person was called before.
    pub replaced: Option<FactId>,
}

impl Memory {
    /// Notes each sentence of a stored turn by which the user says how things are to be done from now
    /// on, as a fact of kind [`Instruction`](FactKind::Instruction) that is forgotten with the turn.
    /// Returns those that were noted, in the order of the text. Turns of others than the user give
    /// none.
    ///
    /// What holds already is not noted again, and a new name to be called by supersedes the old one;
    /// other instructions stay beside each other, since both may be meant. No language model is asked.
    ///
    /// # Errors
    /// [`MemoryError::Store`]. What was noted until then stays; calling it again notes the rest.
    ///
    /// # Examples
    /// ```
    /// # use std::sync::Arc;
    /// # use longmem_core::{FactKind, FixedClock, Role, SessionName, UserName};
    /// # use longmem_memory::{FactsAt, Memory};
    /// # use longmem_sqlite::{IfMissing, SqliteStore};
    /// # let folder = tempfile::tempdir()?;
    /// # let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create)?;
    /// # let embedder = Arc::new(longmem_test_support::WordHashEmbedder::default());
    /// # let clock = Arc::new(FixedClock("2026-03-02T10:00:00Z".parse()?));
    /// # let memory = Memory::new(Arc::new(store), embedder, clock);
    /// let ana = UserName::new("ana")?;
    /// let said = memory.new_turn(SessionName::new("talk")?, Role::User, "Always answer in metric.");
    /// let turn = memory.remember(&ana, std::slice::from_ref(&said))?[0].id;
    /// assert_eq!(memory.note_instructions(&ana, turn, &said)?[0].text, "Always answer in metric.");
    /// assert_eq!(memory.facts(&ana, FactsAt::Now)?[0].kind, FactKind::Instruction);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn note_instructions(
        &self,
        user: &UserName,
        turn: TurnId,
        said: &NewTurn,
    ) -> Result<Vec<NotedInstruction>, MemoryError> {
        let mut noted = Vec::new();
        if said.role != Role::User {
            return Ok(noted);
        }
        if standing_instructions(&said.text).is_empty() {
            return Ok(noted);
        }
        // With safeguards, the turn may be stored with other words.
        let stored = if self.safeguards.is_empty() {
            None
        } else {
            self.store.turns(user, &[turn])?.pop().map(|stored| stored.text)
        };
        let instructions = standing_instructions(stored.as_deref().unwrap_or(&said.text));
        if instructions.is_empty() {
            return Ok(noted);
        }
        let _held = self.noting.lock().unwrap_or_else(PoisonError::into_inner);
        // What holds, oldest first, with what this turn adds.
        let mut known: Vec<(FactId, String)> = self
            .facts(user, FactsAt::Now)?
            .into_iter()
            .filter(|fact| fact.kind == FactKind::Instruction && fact.subject == USER_SUBJECT)
            .map(|fact| (fact.id, fact.statement))
            .collect();
        for instruction in instructions {
            let text = on_one_line(instruction);
            if known.iter().any(|(_, old)| repeats_instruction(&text, old)) {
                continue;
            }
            let place = known.iter().rposition(|(_, old)| replaces_instruction(&text, old));
            let replaced = place.map(|place| known.remove(place).0);
            let fact = NewFact {
                subject: USER_SUBJECT.to_owned(),
                statement: text.clone(),
                kind: FactKind::Instruction,
                source: Some(turn),
                since: said.time,
                entities: entities_in(USER_SUBJECT, &text),
            };
            let fact = self.store.insert_fact(user, &fact, replaced)?;
            known.push((fact, text.clone()));
            noted.push(NotedInstruction { fact, text, replaced });
        }
        Ok(noted)
    }
}

/// A sentence with single spaces and without control characters, as a statement has to be.
fn on_one_line(sentence: &str) -> String {
    let words: Vec<String> = sentence
        .split_whitespace()
        .map(|word| word.chars().filter(|c| !c.is_control()).collect())
        .collect();
    words.join(" ")
}
