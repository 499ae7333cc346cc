//! What happens to a text before it is stored: secrets are replaced, and somebody may be asked.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use longmem_core::{Entity, NewTurn, Role, SessionName, SourceKey, USER_SUBJECT, UserName, fnv1a};
use longmem_store::LearnedFact;
use longmem_text::Redactor;
use longmem_transcripts::Mark;

use crate::storable::storable_text;
use crate::{
    KeyState, MAX_STATEMENT_CHARACTERS, Memory, MemoryError, Moderation, Stage, Statement,
    StatementKind, entities_in, short_line,
};

/// What happens to every text before it is stored; nothing by default.
///
/// Secrets are redacted first, so that who moderates does not see them. Names of users are neither
/// redacted nor moderated, and names of sessions only where an import takes them from a file.
///
/// # Examples
/// ```
/// use longmem_memory::Safeguards;
/// use longmem_text::Redactor;
///
/// let mut safeguards = Safeguards::default();
/// safeguards.redactor = Some(Redactor::default());
/// assert_eq!(safeguards.redacted("PASSWORD=hunter2"), "PASSWORD=[redacted: password]");
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Safeguards {
    /// What replaces secrets; none by default.
    pub redactor: Option<Redactor>,
    /// Who is asked about each text; nobody by default.
    pub moderation: Option<Moderation>,
}

impl Safeguards {
    /// Whether texts are stored as they are.
    pub fn is_empty(&self) -> bool {
        self.redactor.is_none() && self.moderation.is_none()
    }

    /// The text without secrets.
    pub fn redacted<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.redactor.as_ref().map_or(Cow::Borrowed(text), |redactor| redactor.redact(text))
    }

    /// Whether texts of this stage are moderated.
    pub fn moderates(&self, stage: Stage) -> bool {
        self.moderation.as_ref().is_some_and(|moderation| moderation.stages.contains(&stage))
    }

    /// The text that takes the place of a statement's: without secrets, and as who moderates wants it.
    /// Waits for that.
    ///
    /// # Errors
    /// [`MemoryError::Refused`]; [`MemoryError::Moderator`] if it could not be judged.
    pub fn checked(&self, statement: &Statement<'_>) -> Result<String, MemoryError> {
        let redacted = self.redacted(statement.text);
        self.moderated(&Statement { text: &redacted, ..*statement })
    }

    /// The text that takes the place of a statement's, as who moderates wants it. Waits for that.
    ///
    /// # Errors
    /// Those of [`Safeguards::checked`].
    pub fn moderated(&self, statement: &Statement<'_>) -> Result<String, MemoryError> {
        let Some(moderation) = &self.moderation else { return Ok(statement.text.to_owned()) };
        let judged = moderation.judged(statement)?;
        // Who moderates may bring a secret in.
        Ok(match judged {
            Cow::Borrowed(text) => text.to_owned(),
            Cow::Owned(text) => self.redacted(&text).into_owned(),
        })
    }

    /// The text to be stored in the place of this one; none if it was refused.
    pub(crate) fn checked_unless_refused(
        &self,
        statement: &Statement<'_>,
    ) -> Result<Option<String>, MemoryError> {
        match self.checked(statement) {
            Ok(text) => Ok(Some(text)),
            Err(MemoryError::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a text holds nothing that is redacted.
    pub(crate) fn is_free_of_secrets(&self, text: &str) -> bool {
        self.redactor.as_ref().is_none_or(|redactor| !redactor.finds_in(text))
    }

    /// A source key to be stored in the place of one that holds a secret: its digest.
    pub(crate) fn key(&self, key: &SourceKey) -> SourceKey {
        if self.is_free_of_secrets(&key.0) {
            return SourceKey(storable_text(&key.0).into_owned());
        }
        SourceKey(format!("redacted:{:016x}", fnv1a(key.0.as_bytes())))
    }

    /// A turn without secrets, in its text and beside it.
    fn redacted_turn(&self, turn: &NewTurn) -> NewTurn {
        let owned = |text: &String| self.redacted(text).into_owned();
        NewTurn {
            session: turn.session.clone(),
            session_title: turn.session_title.as_ref().map(owned),
            role: turn.role,
            speaker: turn.speaker.as_ref().map(owned),
            text: owned(&turn.text),
            time: turn.time,
            note: turn.note,
            source_key: turn.source_key.as_ref().map(|key| self.key(key)),
        }
    }

    /// A session's name without secrets.
    pub(crate) fn session(&self, session: &SessionName) -> SessionName {
        let name = self.redacted(session.as_str());
        // A mark can make a name too long; what is cut off is no secret.
        let name = name.chars().take(MAX_REDACTED_NAME).collect::<String>();
        match SessionName::new(name) {
            Ok(name) if !self.is_free_of_secrets(session.as_str()) => name,
            _ => session.clone(),
        }
    }

    /// How far a file was read, without what may not be stored of it. Who moderates does not see what
    /// its reader keeps, such as prompts that are no turns yet, so that is left out.
    pub(crate) fn mark(&self, mark: Mark) -> Mark {
        if self.moderates(Stage::Store)
            || !mark.words().into_iter().all(|text| self.is_free_of_secrets(text))
        {
            return mark.without_state();
        }
        mark
    }

    /// A fact's line without secrets, judged; still one short line.
    pub(crate) fn fact_line(&self, user: &UserName, line: &str) -> Result<String, MemoryError> {
        let statement = Statement { kind: StatementKind::Fact, ..Statement::note(user, line) };
        let checked = self.checked(&statement)?;
        if checked == line {
            return Ok(checked);
        }
        Ok(short_line("statement", &checked, MAX_STATEMENT_CHARACTERS)?)
    }

    /// The names that may be stored with a fact. One that does not stand in the fact was not judged.
    pub(crate) fn keep_entities(&self, subject: &str, statement: &str, entities: &mut Vec<Entity>) {
        let judges = self.moderates(Stage::Store);
        let stands_in = |text: &str, name: &str| text.to_lowercase().contains(&name.to_lowercase());
        entities.retain(|entity| {
            let name = &entity.name;
            self.is_free_of_secrets(name)
                && (!judges || stands_in(subject, name) || stands_in(statement, name))
        });
    }

    /// Whom or what a fact is about, as [`Safeguards::fact_line`].
    pub(crate) fn fact_subject(
        &self,
        user: &UserName,
        subject: &str,
    ) -> Result<String, MemoryError> {
        if subject == USER_SUBJECT {
            return Ok(subject.to_owned());
        }
        self.fact_line(user, subject)
    }

    /// The facts that may be stored, as they may be.
    pub(crate) fn learned(
        &self,
        user: &UserName,
        facts: &[LearnedFact],
    ) -> Result<Vec<LearnedFact>, MemoryError> {
        let mut checked = Vec::with_capacity(facts.len());
        for learned in facts {
            let mut learned = learned.clone();
            let fact = &mut learned.fact;
            let lines = self
                .fact_subject(user, &fact.subject)
                .and_then(|subject| Ok((subject, self.fact_line(user, &fact.statement)?)));
            match lines {
                Ok((subject, statement)) => {
                    if subject != fact.subject || statement != fact.statement {
                        fact.entities = entities_in(&subject, &statement);
                        (fact.subject, fact.statement) = (subject, statement);
                    }
                    self.keep_entities(&fact.subject, &fact.statement, &mut fact.entities);
                    checked.push(learned);
                }
                Err(MemoryError::Refused { .. } | MemoryError::Line(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(checked)
    }
}

/// What becomes of a turn that is imported, before it is stored.
pub(crate) enum Checked {
    Stored(NewTurn),
    Refused,
}

impl Memory {
    /// What happens to texts before they are stored.
    pub fn safeguards(&self) -> Arc<Safeguards> {
        Arc::clone(&self.safeguards)
    }

    /// Turns without secrets. What was said in them was judged before.
    pub(crate) fn redacted_turns<'t>(&self, turns: &'t [NewTurn]) -> Cow<'t, [NewTurn]> {
        if self.safeguards.redactor.is_none() {
            return Cow::Borrowed(turns);
        }
        turns.iter().map(|turn| self.safeguards.redacted_turn(turn)).collect()
    }

    /// Turns without secrets, judged.
    pub(crate) fn checked_turns<'t>(
        &self,
        user: &UserName,
        turns: &'t [NewTurn],
    ) -> Result<Cow<'t, [NewTurn]>, MemoryError> {
        let mut turns = self.redacted_turns(turns);
        if self.safeguards.moderates(Stage::Store) {
            let mut titles = Titles::default();
            for turn in turns.to_mut() {
                titles.check(self, user, turn)?;
                turn.text = self.safeguards.moderated(&said(user, turn))?;
            }
        }
        Ok(turns)
    }

    /// Turns of a file without secrets, in the names of their sessions neither, judged. What is there
    /// already and cannot be replaced, or is left out, is not judged again.
    pub(crate) fn checked_import(
        &self,
        user: &UserName,
        turns: &[NewTurn],
        again: bool,
    ) -> Result<Vec<Checked>, MemoryError> {
        let mut turns = self.redacted_turns(turns).into_owned();
        if self.safeguards.redactor.is_some() {
            for turn in &mut turns {
                turn.session = self.safeguards.session(&turn.session);
            }
        }
        if !self.safeguards.moderates(Stage::Store) {
            return Ok(turns.into_iter().map(Checked::Stored).collect());
        }
        let keys: Vec<SourceKey> =
            turns.iter().filter_map(|turn| turn.source_key.clone()).collect();
        let mut states = self.store.key_states(user, &keys)?.into_iter();
        let mut titles = Titles::default();
        let mut checked = Vec::with_capacity(turns.len());
        for mut turn in turns {
            let state = turn.source_key.as_ref().and_then(|_| states.next());
            let is_left_out = match state {
                Some(KeyState::Known) => turn.role == Role::User,
                Some(KeyState::Forgotten) => !again,
                _ => false,
            };
            titles.check(self, user, &mut turn)?;
            checked.push(if is_left_out {
                Checked::Stored(turn)
            } else {
                match self.safeguards.checked_unless_refused(&said(user, &turn))? {
                    Some(text) => Checked::Stored(NewTurn { text, ..turn }),
                    None => Checked::Refused,
                }
            });
        }
        Ok(checked)
    }
}

/// Characters of a session's name that held a secret.
const MAX_REDACTED_NAME: usize = 100;

/// A turn that is about to be stored.
fn said<'t>(user: &'t UserName, turn: &'t NewTurn) -> Statement<'t> {
    let session = Some(&turn.session);
    let speaker = turn.speaker.as_deref();
    Statement { session, role: turn.role, speaker, ..Statement::note(user, &turn.text) }
}

/// Titles that were judged: each stands in many turns.
#[derive(Default)]
struct Titles(HashMap<String, Option<String>>);

impl Titles {
    /// Puts what may be stored in the place of a turn's title: nothing, if it was refused.
    fn check(
        &mut self,
        memory: &Memory,
        user: &UserName,
        turn: &mut NewTurn,
    ) -> Result<(), MemoryError> {
        let Some(title) = turn.session_title.take() else { return Ok(()) };
        if !self.0.contains_key(&title) {
            let statement = Statement {
                kind: StatementKind::Title,
                session: Some(&turn.session),
                ..Statement::note(user, &title)
            };
            let checked = memory.safeguards.checked_unless_refused(&statement)?;
            self.0.insert(title.clone(), checked);
        }
        turn.session_title.clone_from(&self.0[&title]);
        Ok(())
    }
}
