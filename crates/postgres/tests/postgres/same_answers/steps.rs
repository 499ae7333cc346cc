//! What may happen to a user's memory, and what is asked after it.

use longmem_core::{NewTurn, Role};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use super::made_up::{KEYS, SESSIONS, WORDS, at, name, source_key};

/// One thing that happens to a user's memory. Turns, facts and summaries are chosen among those that
/// there are.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Insert(Vec<NewTurn>),
    /// More turns than stand in the tail at once.
    InsertMany {
        session: &'static str,
        count: usize,
    },
    Import {
        turns: Vec<NewTurn>,
        again: bool,
    },
    InsertUnless {
        turn: NewTurn,
        learns: bool,
    },
    RenameKeys(Vec<(u8, u8)>),
    Index {
        limit: usize,
    },
    ForgetTurns(Vec<Index>),
    Forget {
        sessions: Vec<&'static str>,
        roles: Vec<Role>,
        since: Option<i64>,
        until: Option<i64>,
    },
    ForgetUser,
    Amend {
        turn: Index,
        text: String,
    },
    Move {
        turns: Vec<Index>,
        into: &'static str,
    },
    Rename {
        session: &'static str,
        name: &'static str,
    },
    Retitle {
        session: &'static str,
        title: Option<&'static str>,
    },
    AddFact {
        source: Option<Index>,
        replaces: Option<Index>,
        since: i64,
        name: &'static str,
    },
    EditFact {
        fact: Index,
        name: &'static str,
    },
    DeleteFact(Index),
    GiveFactsVectors,
    LearnFrom(&'static str),
    Learn {
        session: &'static str,
        through: Index,
        replaces: Option<Index>,
    },
    SumUp {
        session: &'static str,
        whole: bool,
    },
    Fold(Vec<Index>),
    Keep {
        name: &'static str,
        value: Option<u8>,
    },
    Reopen,
}

fn texts() -> impl Strategy<Value = String> {
    vec(select(&WORDS[..]), 1..5).prop_map(|words| words.join(" "))
}

fn turns() -> impl Strategy<Value = NewTurn> {
    let key = prop::option::weighted(0.8, 0..KEYS);
    let title = prop::option::weighted(0.2, select(&["Alpha", "Beta"][..]));
    let speaker = prop::option::weighted(0.2, select(&["Ana", "Bob"][..]));
    let who = (select(Role::ALL), prop::bool::weighted(0.2), speaker);
    (select(&SESSIONS[..]), title, texts(), -2..14i64, who, key).prop_map(
        |(session, title, text, second, (role, note, speaker), key)| NewTurn {
            session: name(session),
            session_title: title.map(str::to_owned),
            role,
            speaker: speaker.map(str::to_owned),
            text,
            time: at(second),
            note,
            source_key: key.map(source_key),
        },
    )
}

fn steps() -> impl Strategy<Value = Step> {
    let sessions = || select(&SESSIONS[..]);
    let one = any::<Index>;
    let names = || select(&["Lisbon", "Oslo", "lisbon "][..]);
    let values = || select(&["import/x", "pinned", "amended/pinned"][..]);
    let turns = || vec(turns(), 1..8);
    prop_oneof![
        6 => turns().prop_map(Step::Insert),
        1 => (sessions(), 100..300usize)
            .prop_map(|(session, count)| Step::InsertMany { session, count }),
        4 => (turns(), any::<bool>()).prop_map(|(turns, again)| Step::Import { turns, again }),
        1 => (self::turns(), any::<bool>())
            .prop_map(|(turn, learns)| Step::InsertUnless { turn, learns }),
        1 => vec((0..KEYS, 0..KEYS), 1..4).prop_map(Step::RenameKeys),
        6 => (1..40usize).prop_map(|limit| Step::Index { limit }),
        3 => vec(one(), 1..6).prop_map(Step::ForgetTurns),
        2 => (
            subsequence(&SESSIONS[..], 0..=2),
            subsequence(Role::ALL, 0..=2),
            prop::option::of(0..14i64),
            prop::option::of(0..14i64),
        ).prop_map(|(sessions, roles, since, until)| {
            Step::Forget { sessions, roles, since, until }
        }),
        1 => Just(Step::ForgetUser),
        4 => (one(), texts()).prop_map(|(turn, text)| Step::Amend { turn, text }),
        3 => (vec(one(), 1..6), sessions()).prop_map(|(turns, into)| Step::Move { turns, into }),
        2 => (sessions(), sessions()).prop_map(|(session, name)| Step::Rename { session, name }),
        2 => (sessions(), prop::option::of(Just("Gamma")))
            .prop_map(|(session, title)| Step::Retitle { session, title }),
        4 => (prop::option::of(one()), prop::option::of(one()), 0..14i64, names()).prop_map(
            |(source, replaces, since, name)| Step::AddFact { source, replaces, since, name }
        ),
        1 => (one(), names()).prop_map(|(fact, name)| Step::EditFact { fact, name }),
        1 => one().prop_map(Step::DeleteFact),
        1 => Just(Step::GiveFactsVectors),
        2 => sessions().prop_map(Step::LearnFrom),
        2 => (sessions(), one(), prop::option::of(one())).prop_map(
            |(session, through, replaces)| Step::Learn { session, through, replaces }
        ),
        3 => (sessions(), any::<bool>())
            .prop_map(|(session, whole)| Step::SumUp { session, whole }),
        1 => vec(one(), 1..3).prop_map(Step::Fold),
        1 => (values(), prop::option::of(any::<u8>()))
            .prop_map(|(name, value)| Step::Keep { name, value }),
        1 => Just(Step::Reopen),
    ]
}

/// Steps, of which the first often makes lists of what does not stand in the tail any more.
pub(crate) fn histories() -> impl Strategy<Value = (Option<Step>, Vec<(Step, Question)>)> {
    let folded = (select(&SESSIONS[..]), 257..300usize)
        .prop_map(|(session, count)| Step::InsertMany { session, count });
    (prop::option::of(folded), vec((steps(), questions()), 1..16))
}

/// What is asked after a step: the text, and the scope's sessions and roles.
pub(crate) type Question = (String, Vec<&'static str>, Vec<Role>);

fn questions() -> impl Strategy<Value = Question> {
    (texts(), subsequence(&SESSIONS[..], 0..=1), subsequence(Role::ALL, 0..=1))
}
