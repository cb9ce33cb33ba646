use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use hyper::Uri;
use hyper::http::uri::Authority;

use crate::RequestError;

/// Where a node serves HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server(Authority);

impl Server {
    /// Host and port, for the `Host` header and for links.
    pub(super) fn authority(&self) -> &str {
        self.0.as_str()
    }

    /// What a socket connects to.
    pub(super) fn address(&self) -> (&str, u16) {
        let host = self.0.host().trim_start_matches('[').trim_end_matches(']');
        (host, self.0.port_u16().unwrap_or(80))
    }

    /// Whether it is on this machine.
    pub(super) fn is_loopback(&self) -> bool {
        let (host, _) = self.address();
        host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }
}

impl FromStr for Server {
    type Err = RequestError;

    fn from_str(url: &str) -> Result<Self, RequestError> {
        let refuse = || RequestError::new(format!("{url} is not a URL like http://host:port"));
        let uri: Uri = url.parse().map_err(|_| refuse())?;
        if uri.scheme_str() != Some("http") || !matches!(uri.path(), "" | "/") {
            return Err(refuse());
        }
        uri.authority().cloned().map(Self).ok_or_else(refuse)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "http://{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let server: Server = "http://127.0.0.1:7101/".parse().expect("valid");
        assert_eq!((server.address(), server.is_loopback()), (("127.0.0.1", 7101), true));
        let six: Server = "http://[::1]:7101".parse().expect("valid");
        assert_eq!((six.address(), six.is_loopback()), (("::1", 7101), true));
        let far: Server = "http://ferry.example".parse().expect("valid");
        assert_eq!((far.address(), far.is_loopback()), (("ferry.example", 80), false));
    }

    #[test]
    fn what_is_no_plain_http_is_refused() {
        for url in ["https://127.0.0.1:7101", "127.0.0.1:7101", "http://a:1/v1", ""] {
            assert!(url.parse::<Server>().is_err(), "{url}");
        }
    }
}
