//! `GET /v1/memory/stats`: how much is stored.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use longmem_chat::{ChatError, TalkSettings};
use longmem_core::UserName;
use longmem_core::schemars::{self, JsonSchema};
use longmem_memory::Memory;
use longmem_wire as wire;
use serde::{Deserialize, Serialize};

use super::operation::Operation;
use super::page::nothing_of_nobody;
use super::query::Query;
use super::registry::Registry;
use crate::Permission;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

pub(super) fn add(registry: &mut Registry) {
    let operation =
        Operation::new(Method::GET, "/v1/memory/stats", "get_stats", "Says how much is stored.");
    let operation = operation
        .needs(Permission::Read)
        .query::<StatsQuery>()
        .answers::<AnyStats>(200, "What is stored of this user, or of all");
    registry.add(&operation, stats);
}

/// Whose memory is counted.
#[derive(Debug, Deserialize, JsonSchema)]
struct StatsQuery {
    /// Whether the whole store is counted, which needs the permission `admin`.
    #[serde(default)]
    all_users: bool,
}

/// What is stored of one user, or of all.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum AnyStats {
    /// Of the user who asks.
    Own(OwnStats),
    /// Of all users.
    All(wire::Stats),
}

/// What is stored of the user who asks.
#[derive(Debug, Serialize, JsonSchema)]
struct OwnStats {
    /// Whose memory it is.
    user: UserName,
    /// Messages.
    turns: u64,
    /// Conversations.
    sessions: u64,
    /// Facts that hold now.
    facts: u64,
    /// Turns that are found by words only, because they have no vectors yet.
    turns_without_vectors: u64,
    /// The model whose vectors serve searches; none before the first were written.
    model: Option<wire::EmbeddingModel>,
    /// Turns that were said in talks and wait to be stored.
    turns_kept_aside: u64,
    /// What was redacted before it was stored, by kind.
    redacted: Vec<wire::Redacted>,
}

async fn stats(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Query(asked): Query<StatsQuery>,
) -> Result<Json<AnyStats>, Problem> {
    if asked.all_users {
        caller.require(Permission::Admin)?;
    }
    let talk = shared.settings.talk.clone();
    let work = move |memory: &Memory| {
        if asked.all_users {
            stats_of_all(memory, &talk).map(AnyStats::All)
        } else {
            stats_of_one(memory, &talk, caller.user).map(AnyStats::Own)
        }
    };
    Ok(Json(shared.memory.read(work).await?))
}

fn stats_of_one(
    memory: &Memory,
    talk: &TalkSettings,
    user: UserName,
) -> Result<OwnStats, ChatError> {
    let sessions = nothing_of_nobody(memory.sessions(&user))?;
    let facts = memory.facts(&user, longmem_memory::FactsAt::Now)?;
    Ok(OwnStats {
        turns: sessions.iter().map(|session| session.turns).sum(),
        sessions: sessions.len() as u64,
        facts: facts.len() as u64,
        turns_without_vectors: memory.waiting(Some(&user))?,
        model: memory.serving_model()?.map(wire::EmbeddingModel::from),
        turns_kept_aside: kept_aside(talk, &user)?,
        redacted: redacted(memory, &user)?,
        user,
    })
}

fn stats_of_all(memory: &Memory, talk: &TalkSettings) -> Result<wire::Stats, ChatError> {
    let users = memory.users()?;
    let (mut turns_kept_aside, mut all_redacted) = (0, Vec::new());
    for stats in &users {
        turns_kept_aside += kept_aside(talk, &stats.user)?;
        all_redacted.extend(redacted(memory, &stats.user)?);
    }
    let model = memory.serving_model()?;
    let mut stats = wire::Stats::new(memory.stats()?, memory.place(), model, users, Vec::new());
    (stats.turns_kept_aside, stats.redacted) = (turns_kept_aside, all_redacted);
    Ok(stats)
}

/// Number of turns of a user that wait to be stored.
fn kept_aside(talk: &TalkSettings, user: &UserName) -> Result<u64, ChatError> {
    talk.spool.as_ref().map_or(Ok(0), |spool| Ok(spool.of(user).count()? as u64))
}

fn redacted(memory: &Memory, user: &UserName) -> Result<Vec<wire::Redacted>, ChatError> {
    let counted = memory.redactions(user)?.into_iter();
    let redacted = counted.map(|counted| wire::Redacted {
        user: user.clone(),
        kind: counted.label,
        count: counted.count,
    });
    Ok(redacted.collect())
}
