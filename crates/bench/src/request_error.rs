use std::fmt;

/// Why a request of the load generator failed: what was tried and what came back, for a person.
///
/// Failures are counted and the first ones are shown; what to do about one is not decided by kind,
/// so there are no kinds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RequestError(Box<str>);

impl RequestError {
    /// A failure with the words that describe it.
    pub fn new(what: impl fmt::Display) -> Self {
        Self(what.to_string().into())
    }
}
