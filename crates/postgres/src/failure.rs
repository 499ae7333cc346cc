//! What can go wrong with a statement, and what to do about it.

use std::error::Error as _;

use deadpool_postgres::{PoolError, TimeoutType};
use longmem_search::DamagedVector;
use longmem_store::StoreError;
use thiserror::Error;
use tokio_postgres::error::SqlState;

use crate::location::Location;

/// Why a transaction did not come to its end.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Database(#[from] tokio_postgres::Error),
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A user who was not there a moment ago is: it is all done again.
    #[error("the user was made meanwhile")]
    MadeMeanwhile,
    /// The store does not keep this user, as one of several among which users are divided.
    #[error("the user is not here")]
    NotHere,
    /// A user is made on a server of a ring by somebody who did not look at the other servers.
    #[error("the server belongs to a ring")]
    InRing,
    /// The list of the servers of a ring is another one by now.
    #[error("the ring has another generation")]
    RingChanged {
        /// The generation that this server knows, 0 if it belongs to no ring.
        stored: i64,
        /// The one that this process knows.
        given: i64,
    },
    /// Others are using a table that is to be changed: it is all done again.
    #[error("the table is in use")]
    TableInUse,
    /// The connection lives, but nothing comes over it.
    #[error("the server stopped answering")]
    Silent,
    /// The database holds what nobody wrote there.
    #[error("{0}")]
    Unexpected(&'static str),
}

/// What a failure comes from, as far as it says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Another transaction was in the way: the same again.
    Conflict,
    /// The server is gone, starts, or takes no writes any more: the same again on a new connection.
    Lost,
    /// It would fail again.
    Lasting,
}

impl Failure {
    pub(crate) fn cause(&self) -> Cause {
        match self {
            Self::Database(error) | Self::Pool(PoolError::Backend(error)) => cause(error),
            Self::Silent | Self::Pool(PoolError::Timeout(TimeoutType::Create)) => Cause::Lost,
            Self::MadeMeanwhile | Self::TableInUse => Cause::Conflict,
            Self::Pool(_)
            | Self::Store(_)
            | Self::NotHere
            | Self::InRing
            | Self::RingChanged { .. }
            | Self::Unexpected(_) => Cause::Lasting,
        }
    }

    /// Whether the connection cannot be used any more: it is gone, or nobody knows what is still to come.
    pub(crate) fn ends_connection(&self) -> bool {
        self.cause() == Cause::Lost || matches!(self, Self::Store(StoreError::Stopped))
    }

    /// Whether a statement named a table that there is not.
    pub(crate) fn is_missing_table(&self) -> bool {
        matches!(self, Self::Database(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE))
    }

    /// The same, to be tried again if a table could not be locked in time.
    pub(crate) fn again_if_locked(self) -> Self {
        match self {
            Self::Database(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
                Self::TableInUse
            }
            other => other,
        }
    }

    /// The error for whoever asked.
    pub(crate) fn into_store_error(self, location: &Location) -> StoreError {
        let place = location.place().to_owned();
        let seconds = location.patience().as_secs();
        match self {
            Self::Store(error) => error,
            Self::NotHere => StoreError::NotHere(place),
            Self::InRing => StoreError::RingMismatch {
                place,
                reason:
                    "it is one server of a ring, and who opens it alone cannot tell whether a new \
                         user is on another one; open the whole ring"
                        .to_owned(),
            },
            Self::RingChanged { stored, given } => StoreError::RingChanged { place, stored, given },
            Self::Unexpected(reason) => StoreError::Damaged { place, reason: reason.to_owned() },
            Self::Silent | Self::Pool(PoolError::Timeout(TimeoutType::Create)) => {
                StoreError::Unreachable { place, reason: "the server does not answer".to_owned() }
            }
            Self::MadeMeanwhile | Self::TableInUse | Self::Pool(PoolError::Timeout(_)) => {
                StoreError::Locked { place, seconds }
            }
            Self::Database(error) | Self::Pool(PoolError::Backend(error)) => {
                database_error(place, seconds, error)
            }
            Self::Pool(error) => StoreError::Backend { place, source: Box::new(error) },
        }
    }
}

impl From<DamagedVector> for Failure {
    fn from(damaged: DamagedVector) -> Self {
        Self::Store(damaged.into())
    }
}

fn cause(error: &tokio_postgres::Error) -> Cause {
    let Some(code) = error.code() else {
        // Without a code it did not come from the server: the connection broke, or was never made.
        let is_lost = error.is_closed() || is_connection_error(error);
        return if is_lost { Cause::Lost } else { Cause::Lasting };
    };
    match *code {
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => Cause::Conflict,
        SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::READ_ONLY_SQL_TRANSACTION
        | SqlState::TOO_MANY_CONNECTIONS => Cause::Lost,
        _ if code.code().starts_with("08") => Cause::Lost,
        _ => Cause::Lasting,
    }
}

/// Whether an error came from the network below a connection.
fn is_connection_error(error: &tokio_postgres::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            // A certificate that is refused now is refused the next time.
            return !error
                .get_ref()
                .is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>);
        }
        source = error.source();
    }
    // A host list of which no host is what was asked for, as long as a standby is not promoted.
    error.to_string().contains("error connecting to server")
}

/// Whether an error that did not come from the server is one of making a connection, and lasts: the
/// settings, the account, or the encryption. The driver tells its kinds by their words alone.
fn is_of_connecting(error: &tokio_postgres::Error) -> bool {
    let said = error.to_string();
    ["error performing TLS handshake", "authentication error", "invalid configuration"]
        .iter()
        .any(|kind| said.starts_with(kind))
}

fn database_error(place: String, seconds: u64, error: tokio_postgres::Error) -> StoreError {
    let reason = reason(&error);
    let Some(code) = error.code() else {
        return if cause(&error) == Cause::Lost || is_of_connecting(&error) {
            StoreError::Unreachable { place, reason }
        } else {
            StoreError::Backend { place, source: Box::new(error) }
        };
    };
    // Row security has the code of a missing privilege, and is passed by nobody but by mistake.
    let said = error.as_db_error().and_then(tokio_postgres::error::DbError::routine);
    if said == Some("ExecWithCheckOptions") {
        return StoreError::Backend { place, source: Box::new(error) };
    }
    match *code {
        SqlState::LOCK_NOT_AVAILABLE
        | SqlState::QUERY_CANCELED
        | SqlState::T_R_SERIALIZATION_FAILURE
        | SqlState::T_R_DEADLOCK_DETECTED => StoreError::Locked { place, seconds },
        SqlState::DISK_FULL => StoreError::DiskFull(place),
        SqlState::IO_ERROR => StoreError::InputOutput { place, reason },
        SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED => {
            StoreError::Damaged { place, reason }
        }
        SqlState::READ_ONLY_SQL_TRANSACTION => StoreError::ReadOnly { place, reason },
        SqlState::INVALID_PASSWORD
        | SqlState::INVALID_AUTHORIZATION_SPECIFICATION
        | SqlState::INVALID_CATALOG_NAME
        | SqlState::INSUFFICIENT_PRIVILEGE
        | SqlState::OUT_OF_MEMORY => StoreError::Unreachable { place, reason },
        _ if cause(&error) == Cause::Lost => StoreError::Unreachable { place, reason },
        _ => StoreError::Backend { place, source: Box::new(error) },
    }
}

/// What the server or the system says, in one line.
fn reason(error: &tokio_postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        return said.message().to_owned();
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let tls = innermost
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref)
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidCertificate(wrong)) => certificate_reason(wrong),
        _ => match innermost.to_string().as_str() {
            "password missing" => "it asks for a password, and none was given".to_owned(),
            "server does not support TLS" => {
                "the server does not encrypt connections, and sslmode asks for that".to_owned()
            }
            said => said.to_owned(),
        },
    }
}

/// What is wrong with a server's certificate, and which setting decides about it.
fn certificate_reason(wrong: &rustls::CertificateError) -> String {
    use rustls::CertificateError as Wrong;
    match wrong {
        Wrong::UnknownIssuer => "the server's certificate was issued by nobody who is trusted \
             here; sslrootcert names a file with its issuer's certificate"
            .to_owned(),
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
            "the server's certificate is for another host".to_owned()
        }
        Wrong::Expired | Wrong::ExpiredContext { .. } => {
            "the server's certificate has expired".to_owned()
        }
        other => format!("the server's certificate cannot be trusted: {other}"),
    }
}
