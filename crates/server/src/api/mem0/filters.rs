//! Whose memories are meant, and of which run.

use longmem_core::{Scope, SessionName, UserName};
use serde_json::{Map, Value};

use super::memory::not_done_here;
use crate::problem::Problem;

/// The part of a user's memory that the filters of a request mean: the user's own, or one run of it.
///
/// # Errors
/// 400 without a user; 403 for another user; 501 for conditions that are not understood here.
pub(super) fn scope_of(filters: &Map<String, Value>, user: &UserName) -> Result<Scope, Problem> {
    let mut found = Found::default();
    found.add(filters, user)?;
    if !found.user {
        let detail = "the request does not say whose memories are meant";
        let hint = format!("Send \"user_id\": \"{user}\", in \"filters\" where there are some.");
        return Err(Problem::invalid(detail).with_hint(hint));
    }
    let mut scope = Scope::of(user.clone());
    scope.sessions.extend(found.run);
    Ok(scope)
}

/// What filters name.
#[derive(Default)]
struct Found {
    user: bool,
    run: Option<SessionName>,
}

impl Found {
    fn add(&mut self, filters: &Map<String, Value>, user: &UserName) -> Result<(), Problem> {
        for (name, value) in filters {
            match (name.as_str(), value) {
                ("user_id", Value::String(named)) if named == user.as_str() => self.user = true,
                ("user_id", Value::String(_)) => {
                    let detail = format!("this key is for the memories of \"{user}\" only");
                    return Err(Problem::forbidden(detail));
                }
                ("run_id", Value::String(run)) if self.run.is_none() => {
                    self.run = Some(session(run)?);
                }
                ("AND", Value::Array(all)) => {
                    for one in all {
                        let one = one.as_object();
                        self.add(one.ok_or_else(|| not_done_here("this filter"))?, user)?;
                    }
                }
                _ => return Err(not_done_here(&format!("what the filter {name} asks for"))),
            }
        }
        Ok(())
    }
}

/// The session of a run.
///
/// # Errors
/// 422 for what cannot name one.
pub(super) fn session(run: &str) -> Result<SessionName, Problem> {
    SessionName::new(run).map_err(|error| Problem::out_of_range(error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_user_and_a_run_are_understood_and_nothing_else_is() {
        let ana = UserName::new("ana").unwrap();
        let of = |filters: Value| {
            let scope = scope_of(filters.as_object().unwrap(), &ana);
            scope.map(|scope| scope.sessions.len()).map_err(|problem| problem.status.as_u16())
        };
        assert_eq!(of(json!({ "user_id": "ana" })), Ok(0));
        assert_eq!(of(json!({ "AND": [{ "user_id": "ana" }, { "run_id": "r1" }] })), Ok(1));
        assert_eq!(of(json!({})), Err(400));
        assert_eq!(of(json!({ "run_id": "r1" })), Err(400));
        assert_eq!(of(json!({ "user_id": "bo" })), Err(403));
        assert_eq!(of(json!({ "AND": [{ "user_id": "bo" }] })), Err(403));
        for other in [
            json!({ "OR": [{ "user_id": "ana" }] }),
            json!({ "user_id": "ana", "agent_id": "a" }),
            json!({ "user_id": { "in": ["ana"] } }),
            json!({ "user_id": "ana", "AND": [[]] }),
            json!({ "user_id": "ana", "metadata": { "a": 1 } }),
        ] {
            assert_eq!(of(other.clone()), Err(501), "{other}");
        }
    }
}
