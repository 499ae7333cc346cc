//! Which part of memory is meant: the filters of forms.

use longmem_core::{Role, Scope, SessionName, UserName};
use longmem_memory::{Memory, MemoryError, WrittenTime};
use maud::{Markup, html};

use super::fields::Fields;
use super::visitor::Visitor;
use crate::problem::Problem;

/// The names of the fields that narrow a search or a deletion.
pub(super) const FILTERS: [&str; 4] = ["session", "role", "since", "until"];

/// The part of memory that a form names; the session is looked for when the memory is read.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    session: Option<String>,
    scope: Scope,
}

impl Filter {
    /// Reads the fields of a form.
    ///
    /// # Errors
    /// 422 for a role or a date that is none, and for an end that is not after the beginning.
    pub(super) fn read(fields: &Fields, visitor: &Visitor) -> Result<Self, Problem> {
        let mut scope = Scope::of(visitor.user().clone());
        scope.roles.extend(fields.value::<Role>("role")?);
        let time = |name: &str| -> Result<Option<WrittenTime>, Problem> { fields.value(name) };
        scope.since = time("since")?.map(|time| time.resolve(&visitor.now));
        scope.until = time("until")?.map(|time| time.resolve_end(&visitor.now));
        if let (Some(since), Some(until)) = (scope.since, scope.until)
            && since >= until
        {
            return Err(Problem::out_of_range("the last day is before the first day"));
        }
        Ok(Self { session: fields.text("session").map(str::to_owned), scope })
    }

    /// The scope, with the session that is meant.
    ///
    /// # Errors
    /// For a session that is not there, and where it is not clear which is meant.
    pub(super) fn scope(&self, memory: &Memory, user: &UserName) -> Result<Scope, MemoryError> {
        let mut scope = self.scope.clone();
        if let Some(words) = &self.session {
            scope.sessions.push(named(memory, user, words)?);
        }
        Ok(scope)
    }
}

/// The session of this name, or else the one that these words most likely mean.
pub(super) fn named(
    memory: &Memory,
    user: &UserName,
    words: &str,
) -> Result<SessionName, MemoryError> {
    if let Ok(name) = SessionName::new(words) {
        let mut scope = Scope::of(user.clone());
        scope.sessions.push(name.clone());
        if memory.check_names(&scope).is_ok() {
            return Ok(name);
        }
    }
    memory.find_session(user, words)
}

/// Whether a form names any of the filters.
pub(super) fn is_filtered(fields: &Fields) -> bool {
    FILTERS.iter().any(|name| fields.text(name).is_some())
}

/// The fields by which a part of memory is named.
pub(super) fn filter_fields(fields: &Fields) -> Markup {
    let role = fields.text("role");
    html! {
        div.filters {
            div {
                label for="session" { "Session" }
                input #session type="text" name="session" value=[fields.text("session")]
                    placeholder="any" autocomplete="off";
            }
            div {
                label for="role" { "Said by" }
                select #role name="role" {
                    option value="" { "anybody" }
                    @for known in Role::ALL {
                        option value=(known) selected[role == Some(known.as_str())] { (known) }
                    }
                }
            }
            div {
                label for="since" { "From" }
                input #since type="date" name="since" value=[fields.text("since")];
            }
            div {
                label for="until" { "To" }
                input #until type="date" name="until" value=[fields.text("until")];
            }
        }
    }
}
