//! Taking the addresses at which clients connect.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use longmem_core::{Diagnose, ErrorCode, Fault, Remedy};
use thiserror::Error;
use tokio::net::TcpListener;

use crate::keys::KeysError;
#[cfg(unix)]
use crate::unix_socket::UnixSocket;
use crate::who_listens::is_longmem;

/// Why a server cannot listen.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Something else listens there.
    #[error("{} listens at {at} already", who(*.is_longmem))]
    InUse {
        /// The address or the socket's file.
        at: String,
        /// Whether it is another server of longmem.
        is_longmem: bool,
    },
    /// The system refuses the address.
    #[error("a server cannot listen at {at}: {source}")]
    Refused {
        /// The address or the socket's file.
        at: String,
        /// What the system says.
        source: io::Error,
    },
    /// Other machines would reach the memory without a key.
    #[error(
        "other machines reach {0}, where everybody needs a key, and there must be one that is valid"
    )]
    Unprotected(SocketAddr),
    /// The file of a unix socket would stand in a folder that others may enter.
    #[error(
        "the folder {} is open to others than its owner (mode {mode:04o}); 0700 is expected",
        folder.display()
    )]
    OpenFolder {
        /// The folder.
        folder: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A file that is no socket stands in the way.
    #[error("{} is no socket, and is not replaced", .0.display())]
    NoSocket(PathBuf),
    /// The system has no unix sockets.
    #[error("this system has no unix sockets")]
    NoUnixSockets,
    /// A name in the settings is none.
    #[error("\"{0}\" is no name of a host, with or without a port")]
    InvalidName(String),
    /// The keys cannot be read.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

fn who(is_longmem: bool) -> &'static str {
    if is_longmem { "another server of longmem" } else { "another program" }
}

impl Diagnose for ServeError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::InUse { .. } => ErrorCode::AddressInUse,
            Self::Keys(error) => error.code(),
            Self::InvalidName(_) => ErrorCode::WrongSettings,
            _ => ErrorCode::CannotListen,
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::InUse { .. } | Self::Refused { .. } => Fault::Environment,
            Self::Keys(error) => error.fault(),
            _ => Fault::Caller,
        }
    }

    fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::InUse { .. } | Self::Refused { .. } => vec![Remedy::ListenElsewhere],
            Self::Unprotected(_) => vec![Remedy::AskEverybodyForKeys],
            Self::OpenFolder { .. } => vec![Remedy::UsePrivateFolder],
            Self::NoSocket(_) => vec![Remedy::NameNewFile],
            Self::Keys(error) => error.remedies(),
            Self::NoUnixSockets | Self::InvalidName(_) => Vec::new(),
        }
    }
}

/// The addresses that were taken.
#[derive(Debug)]
pub struct Listeners {
    pub(crate) tcp: Vec<TcpListener>,
    #[cfg(unix)]
    pub(crate) unix: Option<UnixSocket>,
}

impl Listeners {
    /// Takes them.
    pub(crate) async fn bind(
        addresses: &[SocketAddr],
        unix: Option<&Path>,
    ) -> Result<Self, ServeError> {
        let mut tcp = Vec::new();
        for address in addresses {
            tcp.push(tcp_listener(*address).await?);
        }
        #[cfg(unix)]
        return Ok(match unix {
            Some(path) => Self { tcp, unix: Some(UnixSocket::bind(path).await?) },
            None => Self { tcp, unix: None },
        });
        #[cfg(not(unix))]
        match unix {
            Some(_) => Err(ServeError::NoUnixSockets),
            None => Ok(Self { tcp }),
        }
    }

    /// The TCP addresses, with the port that the system chose where it was asked to.
    ///
    /// # Errors
    /// Those of the system.
    pub fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.tcp.iter().map(TcpListener::local_addr).collect()
    }
}

async fn tcp_listener(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let at = address.to_string();
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let asked = tokio::net::TcpStream::connect(address);
            let is_longmem = is_longmem(asked, &at).await;
            Err(ServeError::InUse { at, is_longmem })
        }
        Err(source) => Err(ServeError::Refused { at, source }),
    }
}
