//! Copies users to another store, and compares what both find.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use longmem_core::{Embedding, EmbeddingModel, Scope, TurnId, UserName};
use longmem_search::{Candidate, CandidateRequest, Candidates, SessionNumber};
use longmem_store::{
    Extent, ForgottenKeys, StoreError, StoredTurn, TakenIn, UserRecords, content_fingerprint,
};

use crate::{Memory, MemoryError, RankingParameters};

/// Questions that two stores are asked of each user.
const QUESTIONS: i64 = 20;

/// Words of a turn that make a question.
const QUESTION_WORDS: usize = 8;

/// Best turns of each channel that are compared.
const COMPARED: usize = 50;

/// What came of the values and keys that belong to no single user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CopiedStore {
    /// Number of values of the whole store that the target did not have.
    pub values: u64,
    /// Number of forgotten turns that are known as such.
    pub forgotten: u64,
    /// Whether the target knows them now. Where it has forgotten turns of its own, it hashes keys with
    /// another salt and cannot: an import may bring back there what was forgotten here.
    pub forgotten_kept: bool,
}

/// What came of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopiedUser {
    /// Number of turns.
    pub turns: u64,
    /// Number of facts, those that were replaced included.
    pub facts: u64,
    /// How the user was taken in; none if the target had the same already.
    pub taken_in: Option<TakenIn>,
}

/// How far two stores found the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ComparedAnswers {
    /// Number of questions that were asked of both.
    pub questions: u64,
    /// Number of those to which both found the same turns with the same scores, bit for bit.
    pub same: u64,
}

impl Memory {
    /// Prepares another store for users of this one: it gets the model whose vectors serve here if it has
    /// none, the values of the whole store that it lacks, and by what forgotten turns are known. With
    /// `only`, forgotten turns of these users alone, as far as this store can tell whose they are, and no
    /// values.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn copy_store_to(
        &self,
        target: &Self,
        only: Option<&[UserName]>,
    ) -> Result<CopiedStore, MemoryError> {
        if let Some(model) = self.store.serving_model()?
            && target.store.serving_model()?.is_none()
        {
            target.store.begin_indexing(&model, false)?;
        }
        let mut values = 0;
        if only.is_none() {
            for name in self.store.kept_names(None, "")? {
                if target.store.kept_value(None, &name)?.is_none() {
                    let value = self.store.kept_value(None, &name)?;
                    target.store.keep_value(None, &name, value.as_deref())?;
                    values += 1;
                }
            }
        }
        let keys = self.forgotten_keys_of(only)?;
        let forgotten = keys.keys.len() as u64;
        let forgotten_kept = target.store.take_forgotten_keys(&keys)?;
        Ok(CopiedStore { values, forgotten, forgotten_kept })
    }

    /// By what forgotten turns of some users are known, or of all.
    fn forgotten_keys_of(&self, only: Option<&[UserName]>) -> Result<ForgottenKeys, MemoryError> {
        let Some(users) = only else { return Ok(self.store.forgotten_keys(None)?) };
        let mut all = ForgottenKeys::default();
        for user in users {
            let of_user = self.store.forgotten_keys(Some(user))?;
            all.salt = of_user.salt;
            all.keys.extend(of_user.keys);
        }
        // A store that cannot tell whose they are hands out the same for each user.
        all.keys.sort_unstable();
        all.keys.dedup();
        Ok(all)
    }

    /// Copies everything of a user into another store, in one transaction; a user who is there already and
    /// is the same is left alone. `progress` hears now and then how many turns were read, and may stop it.
    ///
    /// # Errors
    /// [`StoreError::UserExists`] for a user who is there and is not the same; [`StoreError::Stopped`]
    /// if it was stopped; others of either store. Nothing of the user is changed then.
    pub fn copy_user_to(
        &self,
        user: &UserName,
        target: &Self,
        progress: &(dyn Fn(u64) -> ControlFlow<()> + Sync),
    ) -> Result<CopiedUser, MemoryError> {
        match target.store.check_names(&Scope::of(user.clone())) {
            Err(StoreError::UnknownUser(_)) => {}
            Err(error) => return Err(error.into()),
            Ok(()) => {
                let content = content_fingerprint(&*self.store, user)?;
                if content_fingerprint(&*target.store, user)? != content {
                    let place = target.store.place();
                    return Err(StoreError::UserExists { place, user: user.clone() }.into());
                }
                let (turns, facts) = (content.turns, content.facts);
                return Ok(CopiedUser { turns, facts, taken_in: None });
            }
        }
        let counted = Mutex::new((0, 0));
        let taken_in = target.store.write_user(user, &|sink| {
            let (mut turns, mut facts) = (0, 0);
            self.store.read_user(user, Extent::Everything, &mut |records| {
                match &records {
                    UserRecords::Turns(more) => turns += more.len() as u64,
                    UserRecords::Facts(more) => facts += more.len() as u64,
                    _ => {}
                }
                if progress(turns).is_break() {
                    return Err(StoreError::Stopped);
                }
                sink(records)
            })?;
            *counted.lock().unwrap_or_else(PoisonError::into_inner) = (turns, facts);
            Ok(())
        })?;
        let (turns, facts) = counted.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(CopiedUser { turns, facts, taken_in: Some(taken_in) })
    }

    /// Asks both stores questions made of the user's own words, and compares what they find, scores bit
    /// for bit. Vectors are compared if both stores have those of this memory's model.
    ///
    /// # Errors
    /// [`MemoryError::Embed`] if the model cannot be loaded; [`MemoryError::Store`].
    pub fn compare_answers(
        &self,
        user: &UserName,
        other: &Self,
    ) -> Result<ComparedAnswers, MemoryError> {
        let scope = Scope::of(user.clone());
        let model = self.embedder.model();
        let has_vectors = self.store.serving_model()?.as_ref() == Some(model)
            && other.store.serving_model()?.as_ref() == Some(model);
        let mut compared = ComparedAnswers::default();
        for question in self.own_questions(&scope)? {
            let vector = if has_vectors {
                Some(self.embedder.embed_query(&question).map_err(MemoryError::Embed)?)
            } else {
                None
            };
            let meaning = vector.as_ref().map(|vector| (model, vector));
            let here = self.found(&scope, &question, meaning)?;
            let there = other.found(&scope, &question, meaning)?;
            compared.questions += 1;
            compared.same += u64::from(here == there);
        }
        Ok(compared)
    }

    /// Questions made of turns that stand evenly among the user's.
    fn own_questions(&self, scope: &Scope) -> Result<BTreeSet<String>, MemoryError> {
        let Some(first) = self.store.turns_after(scope, None, 1)?.pop() else {
            return Ok(BTreeSet::new());
        };
        let last = self.store.newest_turns(scope, None, 1)?.pop().map_or(0, |turn| turn.id.0);
        let first = first.turn.id.0;
        let mut questions = BTreeSet::new();
        for step in 0..QUESTIONS {
            let before = TurnId(first - 1 + (last - first) * step / QUESTIONS);
            for StoredTurn { turn, .. } in self.store.turns_after(scope, Some(before), 1)? {
                let words: Vec<&str> = turn.text.split_whitespace().take(QUESTION_WORDS).collect();
                questions.insert(words.join(" "));
            }
        }
        Ok(questions)
    }

    fn found(
        &self,
        scope: &Scope,
        question: &str,
        meaning: Option<(&EmbeddingModel, &Embedding)>,
    ) -> Result<FoundWords, MemoryError> {
        let ranking = RankingParameters::default();
        let mut request = CandidateRequest::new(scope, COMPARED);
        request.meaning = meaning;
        request.words = Some(question);
        request.dense = ranking.dense;
        request.lexical = ranking.lexical;
        let found = self.searcher.candidates(&*self.store, &request)?;
        let ids: Vec<TurnId> = found.turns.iter().map(|candidate| candidate.turn).collect();
        let turns = self.store.turns(&scope.user, &ids)?;
        let said = turns.into_iter().map(|turn| (turn.session.to_string(), turn.text)).collect();
        Ok(FoundWords { said, found: without_numbers(found) })
    }
}

/// What a search found, told by words instead of numbers.
#[derive(PartialEq)]
struct FoundWords {
    said: Vec<(String, String)>,
    found: Candidates,
}

/// The same with numbers by which two stores may differ left out.
fn without_numbers(mut found: Candidates) -> Candidates {
    for candidate in &mut found.turns {
        let none = TurnId(0);
        *candidate = Candidate {
            turn: none,
            session: SessionNumber(0),
            before: candidate.before.map(|_| none),
            after: candidate.after.map(|_| none),
            ..*candidate
        };
    }
    found
}
