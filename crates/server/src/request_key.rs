//! The key that a request goes under, from wherever it is: the one place that knows it.
//!
//! 1. A caller's key goes before any other.
//! 2. A write that leaves this node has a key from then on, for the rest of its way: this node
//!    proposes it under the same key if it leads by then (G5, G9).
//! 3. A write of several proposals has a key from the beginning, so that none is made twice when
//!    it leaves this node in the middle.

use std::sync::OnceLock;

use ferry_types::IdempotencyKey;

use crate::between_nodes::Forwarded;

/// The key of one request, if it has any yet.
pub(crate) struct RequestKey(OnceLock<Key>);

enum Key {
    /// The caller's own.
    Caller(IdempotencyKey),
    /// Made by the node that forwarded the request here, before this time or for it.
    Forwarder { key: IdempotencyKey, is_repeat: bool },
    /// Made here, before the request was first forwarded or proposed in parts.
    Own(IdempotencyKey),
}

/// A key as the machine keeps it.
pub(crate) struct KeptKey<'a> {
    /// The key.
    pub(crate) key: &'a IdempotencyKey,
    /// Whether a node made it up: such keys have their own space and a retention of their own.
    pub(crate) by_node: bool,
}

impl RequestKey {
    /// The key that a request came with.
    pub(crate) fn new(caller: Option<IdempotencyKey>, forwarded: Option<&Forwarded>) -> Self {
        let of_forwarder = |forwarded: &Forwarded| {
            let is_repeat = forwarded.is_repeat;
            forwarded.key.clone().map(|key| Key::Forwarder { key, is_repeat })
        };
        let key = caller.map(Key::Caller).or_else(|| forwarded.and_then(of_forwarder));
        Self(key.map(OnceLock::from).unwrap_or_default())
    }

    /// The key, if there is one.
    pub(crate) fn get(&self) -> Option<KeptKey<'_>> {
        self.0.get().map(|key| match key {
            Key::Caller(key) => KeptKey { key, by_node: false },
            Key::Forwarder { key, .. } | Key::Own(key) => KeptKey { key, by_node: true },
        })
    }

    /// Whether the request may be proposed again after an unknown outcome.
    pub(crate) fn is_known(&self) -> bool {
        self.0.get().is_some()
    }

    /// Whether the caller knows it, and may repeat the request under it.
    pub(crate) fn is_callers(&self) -> bool {
        matches!(self.0.get(), Some(Key::Caller(_)))
    }

    /// Whether the machine may hold an answer for this very request already.
    pub(crate) fn may_be_kept(&self) -> bool {
        match self.0.get() {
            Some(Key::Caller(_) | Key::Own(_)) => true,
            Some(Key::Forwarder { is_repeat, .. }) => *is_repeat,
            None => false,
        }
    }

    /// `make`s a key if the request has none yet.
    pub(crate) fn ensure(&self, make: impl FnOnce() -> IdempotencyKey) {
        self.0.get_or_init(|| Key::Own(make()));
    }

    /// The key that the leader has to be told, because no header of the caller's does: `make`s one
    /// if the request has none yet.
    pub(crate) fn to_forward(&self, make: impl FnOnce() -> IdempotencyKey) -> Option<&str> {
        match self.0.get_or_init(|| Key::Own(make())) {
            Key::Caller(_) => None,
            Key::Forwarder { key, .. } | Key::Own(key) => Some(key.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> IdempotencyKey {
        text.parse().expect("valid")
    }

    fn forwarded(is_repeat: bool) -> Forwarded {
        Forwarded { key: Some(key("f1")), wait: None, is_repeat }
    }

    fn kept(request: &RequestKey) -> Option<(&str, bool)> {
        request.get().map(|kept| (kept.key.as_str(), kept.by_node))
    }

    #[test]
    fn a_key_made_for_the_way_stays_the_requests_own() {
        let request = RequestKey::new(None, None);
        assert!(!request.is_known() && !request.may_be_kept());
        assert_eq!(request.to_forward(|| key("n1")), Some("n1"));
        assert_eq!(request.to_forward(|| key("n2")), Some("n1"));
        assert_eq!(kept(&request), Some(("n1", true)));
        assert!(request.is_known() && request.may_be_kept() && !request.is_callers());
    }

    #[test]
    fn a_request_gets_a_key_of_its_own_only_if_it_has_none() {
        let request = RequestKey::new(None, None);
        request.ensure(|| key("n1"));
        assert_eq!(request.to_forward(|| key("n2")), Some("n1"));
        let request = RequestKey::new(Some(key("c1")), None);
        request.ensure(|| key("n1"));
        assert_eq!(kept(&request), Some(("c1", false)));
        assert!(request.is_callers());
    }

    #[test]
    fn a_callers_key_goes_before_a_forwarders() {
        let request = RequestKey::new(Some(key("c1")), Some(&forwarded(true)));
        assert_eq!(kept(&request), Some(("c1", false)));
        assert_eq!(request.to_forward(|| key("n1")), None);
        assert_eq!(kept(&request), Some(("c1", false)));
        assert!(request.may_be_kept());
    }

    #[test]
    fn what_is_forwarded_for_the_first_time_has_no_answer_yet() {
        let first = RequestKey::new(None, Some(&forwarded(false)));
        assert!(first.is_known() && !first.may_be_kept());
        let again = RequestKey::new(None, Some(&forwarded(true)));
        assert!(again.is_known() && again.may_be_kept());
        assert_eq!(kept(&again), Some(("f1", true)));
    }
}
