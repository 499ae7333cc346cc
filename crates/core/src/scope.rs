//! What a read may see.

use std::ops::Range;

use jiff::Timestamp;

use crate::{Role, SessionName, UserName};

/// What a read may see: one user's turns, and optionally fewer of them.
///
/// Filters apply before ranking, never after, so a narrow scope still fills its result.
///
/// # Examples
/// ```
/// use longmem_core::{Role, Scope, UserName};
///
/// let mut scope = Scope::of(UserName::new("ana")?);
/// scope.roles = vec![Role::User];
/// assert!(scope.admits_role(Role::User) && !scope.admits_role(Role::Assistant));
/// # Ok::<(), longmem_core::InvalidName>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Whose memory is read.
    pub user: UserName,
    /// Only these sessions; empty means all.
    pub sessions: Vec<SessionName>,
    /// Only these roles; empty means all.
    pub roles: Vec<Role>,
    /// Only turns at or after this time.
    pub since: Option<Timestamp>,
    /// Only turns before this time.
    pub until: Option<Timestamp>,
}

impl Scope {
    /// Everything of one user.
    pub fn of(user: UserName) -> Self {
        Self { user, sessions: Vec::new(), roles: Vec::new(), since: None, until: None }
    }

    /// Says whether turns of this role are seen.
    pub fn admits_role(&self, role: Role) -> bool {
        self.roles.is_empty() || self.roles.contains(&role)
    }

    /// Says whether turns of this time are seen.
    pub fn admits_time(&self, time: Timestamp) -> bool {
        self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time < until)
    }

    /// The times that are seen in whole milliseconds since 1970, as turns have them: at or after the
    /// start, before the end.
    pub fn milliseconds(&self) -> Range<i64> {
        self.since.map_or(i64::MIN, first_millisecond)
            ..self.until.map_or(i64::MAX, first_millisecond)
    }

    /// Says whether nothing but the user is asked for.
    pub fn is_whole_user(&self) -> bool {
        self.sessions.is_empty()
            && self.roles.is_empty()
            && self.since.is_none()
            && self.until.is_none()
    }
}

/// The first whole millisecond at or after a time.
fn first_millisecond(time: Timestamp) -> i64 {
    let before = time.as_millisecond();
    before + i64::from(time.as_nanosecond() > i128::from(before) * 1_000_000)
}
