//! What went wrong in the engine, as a problem for a client.

use axum::http::StatusCode;
use longmem_chat::ChatError;
use longmem_core::{Diagnose, ErrorCode, Fault, Remedy};
use longmem_memory::MemoryError;

use crate::problem::Problem;

/// Seconds after which a store that was busy may be free.
const BUSY_SECONDS: u32 = 1;

impl From<MemoryError> for Problem {
    fn from(error: MemoryError) -> Self {
        problem_of(&error)
    }
}

impl From<ChatError> for Problem {
    fn from(error: ChatError) -> Self {
        problem_of(&error)
    }
}

/// The problem that an error is for a client. What the caller did wrong is said as it is; of the
/// surroundings only what kind it is, since messages name files of this machine: those are for the log.
pub(crate) fn problem_of(error: &dyn Diagnose) -> Problem {
    let message = longmem_wire::full_message(error);
    let code = error.code();
    let problem = match error.fault() {
        Fault::Caller => callers_fault(code, message),
        Fault::Environment => {
            let mut problem = fault_of_surroundings(code);
            problem.log = Some(message);
            problem
        }
        Fault::Bug => Problem::bug(message),
    };
    match error.remedies().iter().find_map(hint) {
        Some(hint) if problem.hint.is_none() => problem.with_hint(hint),
        _ => problem,
    }
}

fn callers_fault(code: ErrorCode, message: String) -> Problem {
    let word = code.as_str().replace('_', "-");
    let (status, title) = match code {
        ErrorCode::UnknownUser
        | ErrorCode::UnknownSession
        | ErrorCode::UnknownTurn
        | ErrorCode::UnknownFact => return Problem::not_found(message),
        ErrorCode::SessionExists => (StatusCode::CONFLICT, "The name is taken"),
        ErrorCode::UserExists => (StatusCode::CONFLICT, "The user is there already"),
        ErrorCode::AmbiguousSession => (StatusCode::CONFLICT, "It is not clear which is meant"),
        ErrorCode::ChangedMeanwhile => (StatusCode::CONFLICT, "It has changed meanwhile"),
        ErrorCode::RefusedByModeration => {
            (StatusCode::UNPROCESSABLE_ENTITY, "Refused by moderation")
        }
        ErrorCode::Unsupported => (StatusCode::NOT_IMPLEMENTED, "This store cannot do it"),
        _ => return Problem::out_of_range(message),
    };
    Problem::new(status, &word, title, message)
}

fn fault_of_surroundings(code: ErrorCode) -> Problem {
    let unavailable = StatusCode::SERVICE_UNAVAILABLE;
    match code {
        ErrorCode::Locked => {
            let detail = "another process holds the store; nothing was changed";
            let busy = Problem::new(unavailable, "store-busy", "The store is busy", detail);
            Problem { retry_after: Some(BUSY_SECONDS), ..busy }
        }
        ErrorCode::ModelMissing
        | ErrorCode::DamagedModel
        | ErrorCode::UnsupportedModel
        | ErrorCode::DeviceUnavailable
        | ErrorCode::ModelFailed => {
            let detail = "the embedding model cannot be used, and this needs vectors";
            Problem::new(unavailable, "model-missing", "The embedding model is missing", detail)
        }
        ErrorCode::DiskFull => {
            let detail = "the disk is full; nothing was changed";
            Problem::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", "The disk is full", detail)
        }
        code => {
            let word = code.as_str().replace('_', "-");
            let detail = "memory cannot be used now; the server's log says why";
            Problem::new(unavailable, &word, "Memory cannot be used now", detail)
        }
    }
}

/// What would help, in the words of HTTP; none for what only somebody at the server's own machine can
/// do, which its log says.
fn hint(remedy: &Remedy) -> Option<String> {
    let hint = match remedy {
        Remedy::RememberFirst => "Store something first: POST /v1/memory/turns.",
        Remedy::ListSessions => "GET /v1/memory/sessions lists the sessions.",
        Remedy::NameSession { session, .. } => return Some(format!("Is it {session}?")),
        Remedy::FindTurn => {
            "POST /v1/memory/recall and GET /v1/memory/turns say the numbers of turns."
        }
        Remedy::ListFacts => "GET /v1/memory/facts?history=true lists all facts.",
        Remedy::ChooseAnotherName => "Choose a name that is not in use.",
        Remedy::ForgetThereFirst => "Forget the user in the store that is copied to.",
        Remedy::AskQuestion => "Ask a question, as one would ask a person.",
        Remedy::WriteShortLine => {
            "Write one short line; a longer text is stored by POST /v1/memory/turns."
        }
        Remedy::SayWhatToForget => {
            "Say which turns, sessions, roles or times; \"everything\": true is all of this user."
        }
        Remedy::LookAgain => "Look once more with \"dry_run\": true, and send the new token.",
        Remedy::LowerBudget => "Lower the budget.",
        Remedy::RaiseBudget { to } => {
            return Some(format!(
                "Shorten the message, or raise the budget to {to} tokens or more."
            ));
        }
        Remedy::WaitForOtherProcess | Remedy::AskAgain | Remedy::Wait { .. } => {
            "Send the request again after a while."
        }
        Remedy::NameFormat => "Name the format of the file, or leave format out.",
        Remedy::ConvertToJsonLines => {
            "Convert the file to JSON Lines: one object with role, text and time a line."
        }
        Remedy::ExportOtherwise { how } => how,
        Remedy::FetchModel | Remedy::AllowNetwork => {
            "Whoever runs the server can fetch the embedding model: longmem model fetch."
        }
        Remedy::FreeSpace => "Free some space on the disk, and send the request again.",
        _ => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use longmem_core::{TurnId, UserName};
    use longmem_memory::StoreError;

    use super::*;

    #[test]
    fn what_is_somebody_elses_and_what_is_not_there_look_alike() {
        let user = UserName::new("ana").unwrap();
        let problem =
            Problem::from(MemoryError::from(StoreError::UnknownTurn { user, turn: TurnId(7) }));
        assert_eq!(problem.status, StatusCode::NOT_FOUND);
        assert_eq!(problem.detail, "user \"ana\" has no turn 7");
        assert_eq!(&*problem.kind, "/errors/not-found");
    }

    #[test]
    fn a_busy_store_says_when_to_ask_again_and_names_no_file() {
        let place = "/home/ana/memory.db".to_owned();
        let error = MemoryError::from(StoreError::Locked { place, seconds: 5 });
        let problem = Problem::from(error);
        assert_eq!(problem.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(problem.retry_after, Some(BUSY_SECONDS));
        assert!(!problem.detail.contains("memory.db"));
        assert!(problem.log.unwrap().contains("/home/ana/memory.db"));
    }

    #[test]
    fn a_bug_says_nothing_to_the_client() {
        let error = MemoryError::WrongCount { expected: 2, actual: 1 };
        let problem = Problem::from(error);
        assert_eq!(problem.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!problem.detail.contains("vectors"));
        assert!(problem.log.unwrap().contains("gave 1 vectors for 2 passages"));
    }
}
