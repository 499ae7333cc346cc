//! `POST /v1/memory/forget`: shows what would go, and deletes for good what was shown.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use longmem_core::schemars::{self, JsonSchema};
use longmem_memory::ForgetTarget;
use longmem_wire as wire;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::body::Body;
use super::operation::Operation;
use super::registry::Registry;
use super::waiting;
use crate::Permission;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

/// Turns that a preview shows at most.
const SHOWN: usize = 100;

pub(super) fn add(registry: &mut Registry) {
    let operation = Operation::new(
        Method::POST,
        "/v1/memory/forget",
        "forget",
        "Shows what would be forgotten, with a token; with \"dry_run\": false and that token, deletes \
         exactly this for good.",
    );
    let operation = operation
        .needs(Permission::Write)
        .takes::<ForgetOrder>()
        .answers::<ForgetAnswer>(200, "What would be deleted, or what was deleted")
        .fails(404)
        .fails(409);
    registry.add(&operation, forget);
}

/// Asks what would be deleted, or for that to be deleted for good.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("anyOf" = what_can_be_named()))]
struct ForgetOrder {
    /// What is to be forgotten.
    #[serde(flatten)]
    target: wire::ForgetRequest,
    /// Whether it is only shown; true if it is left out.
    #[serde(default = "yes")]
    dry_run: bool,
    /// With `dry_run` false: what the preview of the same was answered with. It holds for five minutes.
    #[serde(default)]
    token: Option<String>,
}

/// Schemas of what an order says at least one of.
fn what_can_be_named() -> Value {
    let one = |name: &str, schema: Value| json!({ "required": [name], "properties": { name: schema }, "additionalProperties": true });
    let some = json!({ "minItems": 1 });
    let time = json!({ "type": "string" });
    json!([
        one("turns", some.clone()),
        one("sessions", some.clone()),
        one("roles", some),
        one("since", time.clone()),
        one("until", time),
        one("everything", json!({ "const": true })),
    ])
}

fn yes() -> bool {
    true
}

/// What would be deleted, or what was deleted.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum ForgetAnswer {
    /// What would be deleted.
    Would(wire::WouldForget),
    /// What was deleted.
    Did(wire::Forgotten),
}

/// What is to be forgotten was not shown before.
fn not_shown() -> Problem {
    let detail = "token is missing: what is to be forgotten is shown first";
    let status = StatusCode::CONFLICT;
    Problem::new(status, "not-shown", "It was not shown", detail)
        .with_hint("Send the same with \"dry_run\": true, and its token here.")
}

async fn forget(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Body(asked): Body<ForgetOrder>,
) -> Result<Json<ForgetAnswer>, Problem> {
    let target = ForgetTarget::from(asked.target);
    if asked.dry_run {
        // It shows what is stored.
        caller.require(Permission::Read)?;
        let preview =
            shared.memory.read(move |memory| memory.preview_forget(&target, SHOWN)).await?;
        return Ok(Json(ForgetAnswer::Would(wire::WouldForget::with_token(preview))));
    }
    let Some(token) = asked.token else {
        return Err(not_shown());
    };
    let work = waiting::stored_first(&shared, &caller.user, move |memory, waiting| {
        let forgotten = memory.forget_previewed(&target, &token)?;
        if matches!(target, ForgetTarget::User(_)) {
            waiting.delete_unreadable()?;
        }
        Ok(ForgetAnswer::Did(forgotten.into()))
    });
    Ok(Json(shared.memory.run(work).await?))
}
