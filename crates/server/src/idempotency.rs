//! The key that a write is asked under, and what tells its request from another (G5).

use bytes::Bytes;
use ferry_core::command::{self, Sweep};
use ferry_types::{IdempotencyKey, limits};
use hyper::Method;
use sha2::{Digest, Sha256};

use crate::call::Call;
use crate::request_key::KeptKey;

/// Which of the proposals of one request a key is for. A dequeue that settles first and takes
/// later makes two, a sweep as many as it needs, and a repeat has to find all answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The whole request, or the first part of a sweep.
    Whole,
    /// A dequeue's later taking, without its settlements.
    Taking,
    /// A later part of a sweep.
    From(Sweep),
}

/// The text of a key for one of the proposals of its request.
fn text(key: &IdempotencyKey, stage: Stage) -> String {
    match stage {
        Stage::Whole => key.as_str().to_owned(),
        // No caller can write a space into a key.
        Stage::Taking => format!("{key} taking"),
        Stage::From(Sweep { after, before, done }) => format!("{key} from {after} {before} {done}"),
    }
}

/// The key of one of the proposals of a request, if it has any, with what tells the request from
/// another.
pub(crate) fn of(call: &Call, stage: Stage) -> Option<command::Idempotency> {
    let KeptKey { key, by_node } = call.key.get()?;
    let retention = match by_node {
        true => limits::FORWARDED_RETENTION,
        false => call.node.config.idempotency_retention,
    };
    Some(command::Idempotency {
        key: text(key, stage),
        fingerprint: fingerprint(&call.method, call.uri.path(), call.uri.query(), &call.body),
        retention_ms: u64::try_from(retention.as_millis()).unwrap_or(u64::MAX),
        forwarded: by_node,
    })
}

/// Whether the machine, as it is applied here, keeps the answer to an earlier asking.
pub(crate) fn keeps_answer(call: &Call, stage: Stage) -> bool {
    call.key.get().is_some_and(|KeptKey { key, by_node }| {
        let text = text(key, stage);
        call.node.replica.view(|_, machine| machine.keeps_answer(&text, by_node))
    })
}

fn fingerprint(method: &Method, path: &str, query: Option<&str>, body: &[u8]) -> Bytes {
    let mut hash = Sha256::new();
    let parts = [method.as_str().as_bytes(), path.as_bytes(), query.unwrap_or("").as_bytes(), body];
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    Bytes::copy_from_slice(&hash.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_proposal_of_a_request_has_a_key_of_its_own() {
        let key: IdempotencyKey = "k".parse().expect("valid");
        let sweep = Sweep { after: 1, before: 9, done: 1 };
        let later = Sweep { after: 2, ..sweep };
        let stages = [Stage::Whole, Stage::Taking, Stage::From(sweep), Stage::From(later)];
        let texts = stages.map(|stage| text(&key, stage));
        for (number, one) in texts.iter().enumerate() {
            assert!(!texts[..number].contains(one), "{one} stands for two proposals");
            let is_callers = one.parse::<IdempotencyKey>().is_ok();
            assert_eq!(is_callers, number == 0, "{one}");
        }
    }

    #[test]
    fn every_part_of_a_request_tells() {
        let base = fingerprint(&Method::POST, "/a", Some("b"), b"c");
        assert_eq!(base.len(), 16);
        assert_eq!(base, fingerprint(&Method::POST, "/a", Some("b"), b"c"));
        assert_ne!(base, fingerprint(&Method::PUT, "/a", Some("b"), b"c"));
        assert_ne!(base, fingerprint(&Method::POST, "/ab", Some(""), b"c"));
        assert_ne!(base, fingerprint(&Method::POST, "/a", Some("bc"), b""));
        assert_ne!(base, fingerprint(&Method::POST, "/a", None, b"c"));
    }
}
