//! Who is at the other end of a connection.

#[cfg(target_os = "linux")]
mod socket_owner;

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use tokio::sync::OnceCell;

/// A connection, as far as it matters to who may ask; it is among the extensions of each of its requests.
#[derive(Debug)]
pub(crate) struct Connection {
    peer: Peer,
    /// Whether the peer has the account that runs the server, once somebody asked.
    is_own_account: OnceCell<bool>,
}

/// The other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// The program that holds the server: requests without a socket.
    ThisProcess,
    /// A TCP socket.
    Tcp {
        /// Its address.
        address: SocketAddr,
        /// The address of this end.
        local: SocketAddr,
    },
    /// A unix socket.
    Unix {
        /// The account that opened it, where the system tells.
        account: Option<u32>,
    },
}

/// A peer as far as several connections of it can be told to be of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum PeerName {
    /// The program that holds the server.
    ThisProcess,
    /// A machine, or the network of one.
    Address(IpAddr),
    /// An account of this machine.
    Account(Option<u32>),
}

impl Connection {
    /// A connection with a peer.
    pub(crate) fn new(peer: Peer) -> Self {
        Self { peer, is_own_account: OnceCell::new() }
    }

    /// The other end.
    pub(crate) fn peer(&self) -> Peer {
        self.peer
    }

    /// The other end, as it is counted.
    pub(crate) fn peer_name(&self) -> PeerName {
        match self.peer {
            Peer::ThisProcess => PeerName::ThisProcess,
            Peer::Tcp { address, .. } => PeerName::Address(match address.ip().to_canonical() {
                // Whoever has one address of IPv6 has all that begin with the same 64 bits.
                IpAddr::V6(address) => {
                    Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
                }
                address @ IpAddr::V4(_) => address,
            }),
            Peer::Unix { account } => PeerName::Account(account),
        }
    }

    /// Whether the peer is a program of this machine under the account that runs the server. On Linux the
    /// owner of a TCP socket is looked up, once for each connection; elsewhere every program of this machine
    /// counts as one of that account.
    pub(crate) async fn is_own_account(&self) -> bool {
        match self.peer {
            Peer::ThisProcess => true,
            Peer::Unix { account } => is_own(account),
            Peer::Tcp { address, local } => {
                let is_local = address.ip().to_canonical().is_loopback()
                    && local.ip().to_canonical().is_loopback();
                is_local && *self.is_own_account.get_or_init(|| is_of_own(address, local)).await
            }
        }
    }
}

/// Whether an account is known and the one that runs the server.
#[cfg(unix)]
fn is_own(account: Option<u32>) -> bool {
    account == Some(rustix::process::geteuid().as_raw())
}

/// Whether an account is known and the one that runs the server.
#[cfg(not(unix))]
fn is_own(_: Option<u32>) -> bool {
    false
}

#[cfg(target_os = "linux")]
async fn is_of_own(address: SocketAddr, local: SocketAddr) -> bool {
    // The tables of a busy machine are long.
    let owner = tokio::task::spawn_blocking(move || socket_owner::of(address, local)).await;
    owner.is_ok_and(is_own)
}

#[cfg(not(target_os = "linux"))]
async fn is_of_own(_: SocketAddr, _: SocketAddr) -> bool {
    true
}
