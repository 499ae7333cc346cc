//! The `Host` and `Origin` of a request, against pages of other sites that call this server by a name of
//! theirs (DNS rebinding) or by ours.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};

use crate::peer::Peer;

/// A host with a port, as it stands in `Host` and at the end of an `Origin`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Authority {
    /// In lower case, an IPv6 address without its brackets.
    host: String,
    port: Option<u16>,
}

impl Authority {
    /// Reads `name`, `name:7717`, `127.0.0.1:7717` or `[::1]:7717`; none for anything else, such as a user's
    /// name before it, an empty name, or an empty port.
    fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, rest) = rest.split_once(']')?;
                address.parse::<std::net::Ipv6Addr>().ok()?;
                let port = if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) };
                (address, port)
            }
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
        if host.is_empty() || !host.bytes().all(is_plain) {
            return None;
        }
        let number = |port: &str| {
            let digits = port.bytes().all(|byte| byte.is_ascii_digit());
            port.parse().ok().filter(|_| digits)
        };
        let port = match port {
            Some(port) => Some(number(port)?),
            None => None,
        };
        Some(Self { host: host.to_ascii_lowercase(), port })
    }
}

/// By which of its names a server was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CalledAs {
    /// A name of this machine, or the address of the connection.
    ThisMachine,
    /// A name that was set: most likely by a client of another server before this one.
    SetName,
}

/// The names by which clients may call the server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names(Vec<Authority>);

impl Names {
    /// Takes the names besides those of this machine, each with or without a port.
    ///
    /// # Errors
    /// The first that is no name of a host.
    pub(crate) fn new(names: &[String]) -> Result<Self, String> {
        let read = |name: &String| Authority::parse(name).ok_or_else(|| name.clone());
        Ok(Self(names.iter().map(read).collect::<Result<_, _>>()?))
    }

    /// By which of its names a request calls the server; none if by another. A name of this machine needs
    /// the port at which the connection is. A name that was set may come without one, since there is another
    /// server before this one then.
    fn allow(&self, called: &Authority, peer: Peer) -> Option<CalledAs> {
        let local = match peer {
            Peer::Tcp { local, .. } => Some(local),
            // No name leads a browser there.
            Peer::ThisProcess | Peer::Unix { .. } => None,
        };
        let has_port = local.is_none_or(|local| called.port.unwrap_or(80) == local.port());
        let is_set = |name: &Authority| {
            name.host == called.host
                && match name.port {
                    Some(port) => called.port == Some(port),
                    None => called.port.is_none() || has_port,
                }
        };
        if has_port && is_of_this_machine(&called.host, local) {
            return Some(CalledAs::ThisMachine);
        }
        self.0.iter().any(is_set).then_some(CalledAs::SetName)
    }
}

/// Whether a host is a name of this machine, or the very address at which the connection is.
fn is_of_this_machine(host: &str, local: Option<SocketAddr>) -> bool {
    if host == "localhost" {
        return true;
    }
    let Ok(address) = host.parse::<IpAddr>() else { return false };
    let is_usual = ["127.0.0.1", "::1"].contains(&host);
    is_usual || local.is_some_and(|local| local.ip().to_canonical() == address)
}

/// Checks that a request calls this server by a name of it, and comes from no page of another site, unless it
/// follows a link that may stand there; returns which name.
///
/// # Errors
/// What is wrong, in words that quote nothing of the request.
pub(crate) fn check(
    names: &Names,
    peer: Peer,
    uri: &Uri,
    headers: &HeaderMap,
    follows_link: bool,
) -> Result<CalledAs, &'static str> {
    let host = only(headers, header::HOST).ok_or("exactly one header Host is expected")?;
    let called = host.to_str().ok().and_then(Authority::parse);
    let called = called.ok_or("the header Host names no host")?;
    let called_as = names.allow(&called, peer);
    let called_as = called_as.ok_or("the header Host names another server, or another port")?;
    if let Some(authority) = uri.authority()
        && Authority::parse(authority.as_str()).as_ref() != Some(&called)
    {
        return Err("the address and the header Host name different servers");
    }
    if headers.contains_key(header::ORIGIN) {
        let origin = only(headers, header::ORIGIN).and_then(|origin| origin.to_str().ok());
        let origin = origin.and_then(origin_authority);
        if origin.as_ref() != Some(&called) {
            return Err("the request comes from a page of another site");
        }
    }
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let is_foreign = site.is_some_and(|site| site != b"same-origin" && site != b"none");
    if is_foreign && !follows_link {
        return Err("the request comes from a page of another site");
    }
    Ok(called_as)
}

/// The value of a header that stands there once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// The host and port of an origin; none for `null`.
fn origin_authority(origin: &str) -> Option<Authority> {
    let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))?;
    Authority::parse(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(local: &str) -> Peer {
        Peer::Tcp { address: "127.0.0.1:50000".parse().unwrap(), local: local.parse().unwrap() }
    }

    fn passes(names: &Names, peer: Peer, headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        check(names, peer, &Uri::from_static("/healthz"), &map, false).is_ok()
    }

    #[test]
    fn only_names_of_this_machine_with_our_port_pass() {
        let peer = tcp("127.0.0.1:7717");
        let passes = |host: &str| passes(&Names::default(), peer, &[("host", host)]);
        for host in ["127.0.0.1:7717", "localhost:7717", "LocalHost:7717", "[::1]:7717"] {
            assert!(passes(host), "{host}");
        }
        for host in [
            "",
            ":7717",
            "evil.example",
            "evil.example:7717",
            "localhost",
            "localhost:80",
            "localhost:",
            "localhost:07717x",
            "localhost:+7717",
            "localhost.:7717",
            "user@localhost:7717",
            "localhost:7717@evil.example",
            "localhost:7717:7717",
            "[::1]",
            "[::1",
            "[::1]7717",
            "::1:7717",
            "[evil.example]:7717",
            "127.1:7717",
            "127.0.0.1.evil.example:7717",
            "0.0.0.0:7717",
            "192.168.0.9:7717",
            "local host:7717",
            "localhost:7717/",
            "localhost:7717, evil.example",
            "http://localhost:7717",
        ] {
            assert!(!passes(host), "{host}");
        }
    }

    #[test]
    fn the_header_must_stand_there_once_and_agree_with_the_address() {
        let (names, peer) = (Names::default(), tcp("127.0.0.1:7717"));
        assert!(!passes(&names, peer, &[]));
        let twice = [("host", "localhost:7717"), ("host", "localhost:7717")];
        assert!(!passes(&names, peer, &twice));
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("localhost:7717"));
        for (address, is_ours) in
            [("http://localhost:7717/healthz", true), ("http://evil.example:7717/healthz", false)]
        {
            assert_eq!(
                check(&names, peer, &address.parse().unwrap(), &headers, false).is_ok(),
                is_ours
            );
        }
        headers.insert("host", HeaderValue::from_bytes(b"localh\xf6st:7717").unwrap());
        assert!(check(&names, peer, &Uri::from_static("/"), &headers, false).is_err());
    }

    #[test]
    fn an_origin_must_be_the_same_as_the_host() {
        let (names, peer) = (Names::default(), tcp("127.0.0.1:7717"));
        let passes =
            |origin: &str| passes(&names, peer, &[("host", "localhost:7717"), ("origin", origin)]);
        assert!(passes("http://localhost:7717"));
        assert!(passes("http://LOCALHOST:7717"));
        for origin in [
            "",
            "null",
            "http://evil.example",
            "http://localhost",
            "http://localhost:3000",
            "http://127.0.0.1:7717",
            "file://",
            "localhost:7717",
            "http://localhost:7717/",
            "http://localhost:7717.evil.example",
            "http://evil.example#localhost:7717",
            "chrome-extension://abcdef",
            "http://user@localhost:7717",
        ] {
            assert!(!passes(origin), "{origin}");
        }
    }

    #[test]
    fn a_page_of_another_port_is_another_site() {
        let (names, peer) = (Names::default(), tcp("127.0.0.1:7717"));
        for (site, is_ours) in
            [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false)]
        {
            let headers = [("host", "localhost:7717"), ("sec-fetch-site", site)];
            assert_eq!(passes(&names, peer, &headers), is_ours, "{site}");
        }
    }

    #[test]
    fn names_that_were_set_pass_beside_those_of_the_machine() {
        let names = ["memory.example".to_owned(), "other.example:8443".to_owned()];
        let names = Names::new(&names).unwrap();
        let peer = tcp("10.0.0.5:7717");
        let passes = |host: &str| passes(&names, peer, &[("host", host)]);
        for host in ["memory.example", "Memory.Example:7717", "other.example:8443", "10.0.0.5:7717"]
        {
            assert!(passes(host), "{host}");
        }
        for host in ["memory.example:80", "other.example", "other.example:7717", "10.0.0.6:7717"] {
            assert!(!passes(host), "{host}");
        }
        assert_eq!(Names::new(&["http://a".to_owned()]).unwrap_err(), "http://a");
    }

    #[test]
    fn on_a_unix_socket_the_port_does_not_matter() {
        let peer = Peer::Unix { account: Some(1000) };
        for (host, is_ours) in
            [("localhost", true), ("localhost:7717", true), ("evil.example", false)]
        {
            assert_eq!(passes(&Names::default(), peer, &[("host", host)]), is_ours, "{host}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let parsed = Authority::parse(&text);
            if let Some(authority) = parsed {
                proptest::prop_assert!(!authority.host.is_empty());
                proptest::prop_assert!(!text.contains(['@', '/', ' ']));
            }
        }
    }
}
