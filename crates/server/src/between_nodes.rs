//! What a node says to the leader about a request that it forwards, in headers that callers do not
//! have. They count only beside `Ferry-Forwarded-By`. Whoever forges that one is taken for a node:
//! nodes and callers share a port, and the network around it is trusted.

use std::time::Duration;

use ferry_api::{Code, headers as names};
use ferry_types::{IdempotencyKey, NodeId};
use hyper::HeaderMap;

use crate::problem::Failure;

/// What another node said about the request that it forwarded here.
pub(crate) struct Forwarded {
    /// The key that it made up.
    pub(crate) key: Option<IdempotencyKey>,
    /// How long a dequeue may still wait.
    pub(crate) wait: Option<Duration>,
    /// Whether it sent the request before, so that its outcome may be there already.
    pub(crate) is_repeat: bool,
}

impl Forwarded {
    /// Reads the headers of a request that node `own` got; `None` if a caller sent it.
    ///
    /// # Errors
    /// Two hops, or one by this node itself, are a circle.
    pub(crate) fn read(headers: &HeaderMap, own: NodeId) -> Result<Option<Self>, Failure> {
        if !is_forwarded(headers, own)? {
            return Ok(None);
        }
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let wait = text(names::FERRY_FORWARD_WAIT_MS).and_then(|text| text.parse().ok());
        Ok(Some(Self {
            key: text(names::FERRY_FORWARD_KEY).and_then(|text| text.parse().ok()),
            wait: wait.map(Duration::from_millis),
            is_repeat: headers.contains_key(names::FERRY_FORWARD_REPEAT),
        }))
    }
}

fn is_forwarded(headers: &HeaderMap, own: NodeId) -> Result<bool, Failure> {
    let values = headers.get_all(names::FERRY_FORWARDED_BY).iter();
    let hops: Vec<&str> =
        values.flat_map(|value| value.to_str().unwrap_or("?").split(',')).map(str::trim).collect();
    if hops.len() > 1 || hops.first().is_some_and(|hop| *hop == own.to_string()) {
        let detail = "the request was forwarded in a circle; check what the nodes advertise";
        return Err(Failure::new(Code::ForwardingLoop, detail).retry_after_ms(1_000));
    }
    Ok(!hops.is_empty())
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair =
            |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        pairs.iter().map(pair).collect()
    }

    const INTERNAL: [(&str, &str); 3] = [
        (names::FERRY_FORWARD_KEY, "k"),
        (names::FERRY_FORWARD_WAIT_MS, "70"),
        (names::FERRY_FORWARD_REPEAT, "true"),
    ];

    #[test]
    fn what_a_caller_says_about_forwarding_is_ignored() {
        let read = Forwarded::read(&headers(&INTERNAL), NodeId::new(1));
        assert!(read.expect("it is no circle").is_none());
    }

    #[test]
    fn what_a_node_says_counts() {
        let by_node = [INTERNAL.as_slice(), &[(names::FERRY_FORWARDED_BY, "2")]].concat();
        let read = Forwarded::read(&headers(&by_node), NodeId::new(1));
        let read = read.expect("it is no circle").expect("a node forwarded it");
        assert_eq!(read.key.map(|key| key.to_string()).as_deref(), Some("k"));
        assert_eq!((read.wait, read.is_repeat), (Some(Duration::from_millis(70)), true));
    }

    #[test]
    fn circles_are_refused() {
        for hops in ["1", "2, 3", "2,1"] {
            let read =
                Forwarded::read(&headers(&[(names::FERRY_FORWARDED_BY, hops)]), NodeId::new(1));
            assert!(read.is_err(), "{hops} passed");
        }
    }
}
