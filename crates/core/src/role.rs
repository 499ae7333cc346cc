//! Who speaks in a turn.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The part somebody plays in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person whose memory it is, or another person in the conversation.
    User,
    /// The language model.
    Assistant,
    /// Instructions to the language model.
    System,
    /// What a tool printed.
    Tool,
}

impl Role {
    /// Every role, in the order of declaration.
    pub const ALL: [Role; 4] = [Role::User, Role::Assistant, Role::System, Role::Tool];

    /// The name that is stored and shown: lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::System => "system",
            Role::Tool => "tool",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a role; a role is user, assistant, system or tool")]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;

    /// Reads a role, with the names that other programs use for the same thing (`human`, `ai`,
    /// `model`, `bot`, `developer`, `function`).
    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        match name.to_ascii_lowercase().as_str() {
            "user" | "human" => Ok(Role::User),
            "assistant" | "ai" | "model" | "bot" => Ok(Role::Assistant),
            "system" | "developer" => Ok(Role::System),
            "tool" | "function" => Ok(Role::Tool),
            _ => Err(UnknownRole(name.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_reads_back_from_its_name() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert_eq!("Human".parse(), Ok(Role::User));
        assert!("narrator".parse::<Role>().is_err());
    }
}
