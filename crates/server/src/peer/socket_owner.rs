//! Which account a TCP socket of this machine belongs to, from the kernel's tables.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The account that has the socket at `address` that is connected to `peer`; none if it is not in the tables.
pub(super) fn of(address: SocketAddr, peer: SocketAddr) -> Option<u32> {
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
            assert_eq!(of(peer, server.local_addr().unwrap()), Some(own), "{address}");
            drop(client);
            assert_eq!(of(peer, server.local_addr().unwrap()), None, "{address}");
        }
    }
}
