//! Which account a TCP socket of this machine belongs to: the kernel is asked for it, or its tables are read.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use netlink_packet_core::{NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};
use netlink_sys::{Socket, SocketAddr as KernelAddress, protocols::NETLINK_SOCK_DIAG};

/// The account that has the socket at `address` that is connected to `peer`; none if there is no such socket.
pub(super) fn of(address: SocketAddr, peer: SocketAddr) -> Option<u32> {
    // A kernel may be built without answers to such questions. Its tables hold every socket of the machine,
    // and reading them takes milliseconds.
    asked(address, peer).unwrap_or_else(|_| in_tables(address, peer))
}

/// What the kernel says of one socket.
fn asked(address: SocketAddr, peer: SocketAddr) -> io::Result<Option<u32>> {
    let canonical = |end: SocketAddr| SocketAddr::new(end.ip().to_canonical(), end.port());
    let (v4_address, v4_peer) = (canonical(address), canonical(peer));
    if let Some(account) = asked_as_it_is(v4_address, v4_peer)? {
        return Ok(Some(account));
    }
    // A socket of IPv6 may hold a connection of IPv4.
    match (mapped(v4_address), mapped(v4_peer)) {
        (Some(address), Some(peer)) => asked_as_it_is(address, peer),
        _ => Ok(None),
    }
}

/// An address of IPv4 as a socket of IPv6 has it; none for others.
fn mapped(end: SocketAddr) -> Option<SocketAddr> {
    match end.ip() {
        IpAddr::V4(ip) => Some(SocketAddr::new(ip.to_ipv6_mapped().into(), end.port())),
        IpAddr::V6(_) => None,
    }
}

fn asked_as_it_is(address: SocketAddr, peer: SocketAddr) -> io::Result<Option<u32>> {
    let request = InetRequest {
        family: if address.is_ipv4() { AF_INET } else { AF_INET6 },
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::empty(),
        states: StateFlags::all(),
        socket_id: SocketId {
            source_port: address.port(),
            source_address: address.ip(),
            destination_port: peer.port(),
            destination_address: peer.ip(),
            interface_id: 0,
            // Any socket between the two.
            cookie: [0xff; 8],
        },
    };
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST;
    let mut question = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
    question.finalize();
    let mut bytes = vec![0; question.header.length as usize];
    question.serialize(&mut bytes);

    let socket = Socket::new(NETLINK_SOCK_DIAG)?;
    socket.connect(&KernelAddress::new(0, 0))?;
    socket.send(&bytes, 0)?;
    let (answer, _) = socket.recv_from_full()?;
    let answer =
        NetlinkMessage::<SockDiagMessage>::deserialize(&answer).map_err(io::Error::other)?;
    match answer.payload {
        NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(found)) => {
            let (found, id) = (&found.header, &found.header.socket_id);
            let from = SocketAddr::new(id.source_address, id.source_port);
            let to = SocketAddr::new(id.destination_address, id.destination_port);
            // Where nobody has such a connection, the kernel names who listens at the address. A socket that
            // its program closed is kept for a while as root's, without an inode.
            Ok((same(from, address) && same(to, peer) && found.inode != 0).then_some(found.uid))
        }
        NetlinkPayload::Error(error) => match error.to_io() {
            gone if gone.kind() == io::ErrorKind::NotFound => Ok(None),
            refused => Err(refused),
        },
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// The same from the tables of all sockets.
fn in_tables(address: SocketAddr, peer: SocketAddr) -> Option<u32> {
    ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().find_map(|table| {
        let table = fs_err::read_to_string(table).ok()?;
        table.lines().skip(1).find_map(|line| owner_in(line, address, peer))
    })
}

/// The owner of the socket in a line of a table, if it is the one between these two.
///
/// The columns are `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …`. The kernel
/// keeps sockets whose program closed them for a while, and names root as their owner: they have no inode,
/// and do not count.
fn owner_in(line: &str, address: SocketAddr, peer: SocketAddr) -> Option<u32> {
    let mut columns = line.split_ascii_whitespace().skip(1);
    let is = |column: Option<&str>, end: SocketAddr| {
        column.and_then(socket_address).is_some_and(|found| same(found, end))
    };
    if !is(columns.next(), address) || !is(columns.next(), peer) {
        return None;
    }
    let account = columns.nth(4)?.parse().ok()?;
    let inode = columns.nth(1)?;
    (inode != "0").then_some(account)
}

/// Whether two addresses are the same, be it IPv4 or IPv4 in IPv6.
fn same(a: SocketAddr, b: SocketAddr) -> bool {
    a.port() == b.port() && a.ip().to_canonical() == b.ip().to_canonical()
}

/// Reads `0100007F:1E25`: words of 32 bits as they lie in memory, and the port.
fn socket_address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::new();
    for word in ip.as_bytes().chunks(8) {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    let ip = match bytes.len() {
        4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        16 => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    const LINE: &str = "   3: 0100007F:C5A2 0100007F:1E25 01 00000000:00000000 00:00000000 00000000  1000        0 70011 2 0000000000000000 20 4 30 10 -1";

    #[test]
    #[cfg(target_endian = "little")]
    fn a_line_is_read_and_a_socket_that_nobody_holds_does_not_count() {
        let (client, server) =
            ("127.0.0.1:50594".parse().unwrap(), "127.0.0.1:7717".parse().unwrap());
        assert_eq!(owner_in(LINE, client, server), Some(1000));
        assert_eq!(owner_in(LINE, server, client), None);
        let mapped = "[::ffff:127.0.0.1]:50594".parse().unwrap();
        assert_eq!(owner_in(LINE, mapped, server), Some(1000));
        let closed =
            LINE.replace("01 0000", "06 0000").replace(" 1000 ", " 0 ").replace("70011", "0");
        assert_eq!(owner_in(&closed, client, server), None);
        for damaged in ["", "3:", "3: x y", "3: 0100007F:C5A2 0100007F:1E25 01"] {
            assert_eq!(owner_in(damaged, client, server), None);
        }
    }

    #[test]
    fn the_owner_of_a_socket_of_this_process_is_this_account() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            // A machine may have no IPv6.
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (server, peer) = listener.accept().unwrap();
            let own = rustix::process::geteuid().as_raw();
            let local = server.local_addr().unwrap();
            assert_eq!(asked(peer, local).unwrap(), Some(own), "{address}");
            assert_eq!(in_tables(peer, local), Some(own), "{address}");
            drop(client);
            assert_eq!(asked(peer, local).unwrap(), None, "{address}");
            assert_eq!(in_tables(peer, local), None, "{address}");
        }
    }

    #[test]
    fn who_listens_owns_no_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let nobody = "127.0.0.1:1".parse().unwrap();
        assert_eq!(asked(listener.local_addr().unwrap(), nobody).unwrap(), None);
    }

    #[test]
    fn a_connection_of_ipv4_is_found_through_a_socket_of_ipv6() {
        // A machine may have no IPv6.
        let Ok(listener) = TcpListener::bind("[::]:0") else { return };
        let port = listener.local_addr().unwrap().port();
        let own = rustix::process::geteuid().as_raw();
        for host in ["127.0.0.1", "::ffff:127.0.0.1"] {
            let _client = TcpStream::connect((host, port)).unwrap();
            let (server, peer) = listener.accept().unwrap();
            assert_eq!(asked(peer, server.local_addr().unwrap()).unwrap(), Some(own), "{host}");
        }
    }
}
