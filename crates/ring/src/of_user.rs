//! What a store does for one user is done by the server that has the user.

use longmem_core::{
    Embedding, EmbeddingModel, Entity, Fact, FactId, NewFact, NewTurn, Scope, SessionName,
    SourceKey, Summary, SummaryId, SummaryOf, Timestamp, Turn, TurnId, UserName,
};
use longmem_search::{PassageId, SearchRows, SearchSource, SearchWanted, TakeVector};
use longmem_store::{
    Amended, ChangeMark, Changes, DeletedFacts, Epoch, Erasure, Facts, FactsAt, ForgetFingerprint,
    ForgetTarget, Forgotten, ImportedFact, Inserted, KeyState, KnownEntity, Learned, LearnedFact,
    Learning, Moved, Result, SessionSummary, StoreError, StoreLock, StoredTurn, Turns,
    UserOverview, WouldForget,
};

use crate::RingStore;

/// Makes methods that have the server of the user, which each names behind its arrow, do the same.
macro_rules! by_server_of {
    ($(fn $method:ident($($argument:ident: $of:ty),* $(,)?) -> $returns:ty => $user:expr;)*) => {
        $(fn $method(&self, $($argument: $of),*) -> $returns {
            self.of_user($user, |store| store.$method($($argument),*))
        })*
    };
}

impl Turns for RingStore {
    by_server_of! {
        fn insert_turns(user: &UserName, turns: &[NewTurn]) -> Result<Vec<Inserted>> => user;
        fn import_turns_keeping(
            user: &UserName,
            turns: &[NewTurn],
            again: bool,
            values: &[(String, Vec<u8>)],
        ) -> Result<Vec<Option<Inserted>>> => user;
        fn rename_source_keys(
            user: &UserName,
            renamed: &[(SourceKey, SourceKey)],
        ) -> Result<()> => user;
        fn key_states(user: &UserName, keys: &[SourceKey]) -> Result<Vec<KeyState>> => user;
        fn insert_unless(
            user: &UserName,
            turn: &NewTurn,
            learns: bool,
            already: &(dyn Fn(&[Turn]) -> Option<TurnId> + Sync),
        ) -> Result<Inserted> => user;
        fn turns(user: &UserName, ids: &[TurnId]) -> Result<Vec<Turn>> => user;
        fn turns_with_keys(
            user: &UserName,
            keys: &[SourceKey],
        ) -> Result<Vec<Option<TurnId>>> => user;
        fn recent_turns(
            user: &UserName,
            session: &SessionName,
            limit: usize,
        ) -> Result<Vec<Turn>> => user;
        fn session_turns(
            user: &UserName,
            session: &SessionName,
            after: Option<TurnId>,
            limit: Option<usize>,
        ) -> Result<Vec<Turn>> => user;
        fn turns_after(
            scope: &Scope,
            after: Option<TurnId>,
            limit: usize,
        ) -> Result<Vec<StoredTurn>> => &scope.user;
        fn newest_turns(
            scope: &Scope,
            before: Option<TurnId>,
            limit: usize,
        ) -> Result<Vec<Turn>> => &scope.user;
        fn overview(user: &UserName) -> Result<UserOverview> => user;
        fn sessions(user: &UserName) -> Result<Vec<SessionSummary>> => user;
        fn check_names(scope: &Scope) -> Result<()> => &scope.user;
        fn epoch(user: &UserName) -> Result<Epoch> => user;
        fn change_mark(user: &UserName) -> Result<ChangeMark> => user;
        fn preview_forget(target: &ForgetTarget, shown: usize) -> Result<WouldForget>
            => target.user();
    }

    fn forget(&self, target: &ForgetTarget) -> Result<Forgotten> {
        self.forgetting(target, |store| store.forget(target))
    }

    fn forget_shown(
        &self,
        target: &ForgetTarget,
        shown: ForgetFingerprint,
    ) -> Result<Option<Forgotten>> {
        self.forgetting(target, |store| store.forget_shown(target, shown))
    }
}

impl Changes for RingStore {
    by_server_of! {
        fn amend_turn(user: &UserName, turn: TurnId, text: &str) -> Result<Amended> => user;
        fn set_session_title(
            user: &UserName,
            session: &SessionName,
            title: Option<&str>,
        ) -> Result<()> => user;
        fn rename_session(
            user: &UserName,
            session: &SessionName,
            name: &SessionName,
        ) -> Result<()> => user;
        fn move_turns(
            user: &UserName,
            turns: &[TurnId],
            into: &SessionName,
        ) -> Result<Moved> => user;
    }
}

impl Facts for RingStore {
    by_server_of! {
        fn facts(user: &UserName, at: FactsAt) -> Result<Vec<Fact>> => user;
        fn insert_fact(
            user: &UserName,
            fact: &NewFact,
            replaces: Option<FactId>,
        ) -> Result<FactId> => user;
        fn import_facts(
            user: &UserName,
            facts: &[ImportedFact],
            superseded: &[(FactId, usize)],
        ) -> Result<Vec<Option<FactId>>> => user;
        fn edit_fact(
            user: &UserName,
            fact: FactId,
            statement: &str,
            entities: &[Entity],
        ) -> Result<Erasure> => user;
        fn delete_fact(user: &UserName, fact: FactId) -> Result<DeletedFacts> => user;
        fn entities(user: &UserName) -> Result<Vec<KnownEntity>> => user;
        fn fact_vectors(
            user: &UserName,
            model: &EmbeddingModel,
        ) -> Result<Vec<(FactId, Embedding)>> => user;
        fn set_fact_vectors(
            user: &UserName,
            model: &EmbeddingModel,
            vectors: &[(FactId, Embedding)],
        ) -> Result<()> => user;
    }
}

impl Learning for RingStore {
    by_server_of! {
        fn lock_learning(user: &UserName) -> Result<Option<StoreLock>> => user;
        fn learn_from(user: &UserName, session: &SessionName) -> Result<()> => user;
        fn sessions_to_learn_from(user: &UserName) -> Result<Vec<SessionName>> => user;
        fn learned_through(user: &UserName, session: &SessionName) -> Result<Learned> => user;
        fn write_learned(
            user: &UserName,
            session: &SessionName,
            after: Option<TurnId>,
            through: TurnId,
            facts: &[LearnedFact],
        ) -> Result<bool> => user;
        fn summaries(user: &UserName) -> Result<Vec<Summary>> => user;
        fn sessions_to_sum_up(
            user: &UserName,
            silent_since: Timestamp,
        ) -> Result<Vec<SessionName>> => user;
        fn write_summary(
            user: &UserName,
            of: &SummaryOf,
            text: &str,
            now: Timestamp,
            made_at: Epoch,
        ) -> Result<bool> => user;
        fn fold_summaries(
            user: &UserName,
            parts: &[SummaryId],
            text: &str,
            now: Timestamp,
            made_at: Epoch,
        ) -> Result<bool> => user;
    }
}

impl SearchSource for RingStore {
    type Error = StoreError;

    by_server_of! {
        fn search(
            wanted: &SearchWanted<'_>,
            rows: &mut dyn SearchRows,
        ) -> Result<bool> => &wanted.scope.user;
        fn vectors(
            user: &UserName,
            model: &EmbeddingModel,
            passages: &[PassageId],
            each: TakeVector<'_>,
        ) -> Result<()> => user;
        fn vocabulary(user: &UserName) -> Result<Vec<String>> => user;
    }
}
