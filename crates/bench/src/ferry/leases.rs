use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::RequestError;

/// What the bench needs of the answer to a dequeue or to a settle list, borrowed from its bytes.
#[derive(Deserialize)]
pub(super) struct Leases<'a> {
    #[serde(borrow, default)]
    pub(super) tasks: Vec<Leased<'a>>,
    #[serde(borrow, default)]
    settled: Vec<Settled<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Leased<'a> {
    #[serde(borrow)]
    pub(super) lease: Lease<'a>,
    #[serde(borrow)]
    payload: &'a RawValue,
}

#[derive(Deserialize)]
pub(super) struct Lease<'a> {
    pub(super) id: &'a str,
}

/// An outcome; a refused one bears a code.
#[derive(Deserialize)]
struct Settled<'a> {
    #[serde(borrow, default)]
    code: Option<Cow<'a, str>>,
}

impl<'a> Leases<'a> {
    /// Reads an answer, in which no settlement may be refused.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, RequestError> {
        let leases: Self = serde_json::from_slice(body)
            .map_err(|error| RequestError::new(format!("the answer cannot be read: {error}")))?;
        match leases.settled.iter().find_map(|settled| settled.code.as_ref()) {
            Some(code) => Err(RequestError::new(format!("a settlement was refused: {code}"))),
            None => Ok(leases),
        }
    }
}

impl Leased<'_> {
    /// The payload's text without its quotes.
    pub(super) fn payload(&self) -> &[u8] {
        self.payload.get().trim_matches('"').as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_and_payloads_are_found_in_an_answer() {
        let body = br#"{"tasks":[{"id":"t7","payload":"abc","lease":{"id":"l7.1","token":1}}],
            "settled":[{"lease":"l6.1","state":"succeeded"}]}"#;
        let leases = Leases::read(body).expect("well-formed");
        assert_eq!(leases.tasks[0].lease.id, "l7.1");
        assert_eq!(leases.tasks[0].payload(), b"abc");
    }

    #[test]
    fn a_refused_settlement_is_an_error() {
        let body = br#"{"tasks":[],"settled":[{"lease":"l6.1","code":"lease_lost"}]}"#;
        let error = Leases::read(body).err().expect("refused");
        assert_eq!(error.to_string(), "a settlement was refused: lease_lost");
    }
}
