use ferry_api::Problem;
use ferry_types::IdempotencyKey;

/// Why a call has no good answer, by what the caller should do.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Correct the request, or accept the answer: a node decided it, and nothing was changed.
    #[error("{}", .0.detail)]
    Refused(Box<Problem>),
    /// Ask again at any time: certainly nothing was written.
    #[error("no node could take the request; nothing was written")]
    NotWritten {
        /// What the last try met.
        #[source]
        cause: Cause,
    },
    /// Ask again under the same key: it may have been done, and under the key it is done once.
    #[error("whether it was written is not known{}", hint(.key.as_ref()))]
    Unknown {
        /// The key to ask again with; none for changes of the cluster, which tell by its status.
        key: Option<IdempotencyKey>,
        /// What the last try met.
        #[source]
        cause: Cause,
    },
    /// Correct the program: this was never sent.
    #[error("{0}")]
    Invalid(String),
}

/// What a try met.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Cause {
    /// The node could not be reached, or the connection broke.
    #[error("{url}: {message}")]
    Connection {
        /// The server that was tried.
        url: String,
        /// What the connection said.
        message: String,
    },
    /// The node did not answer in time.
    #[error("{url} did not answer in time")]
    Timeout {
        /// The server that was tried.
        url: String,
    },
    /// The node said that it could not take the request or could not tell its outcome.
    #[error("{url}: {}", .problem.detail)]
    Problem {
        /// The server that was tried.
        url: String,
        /// What it said.
        problem: Box<Problem>,
    },
    /// What answered does not speak as a Ferry node does.
    #[error("{url} gave an answer that is not Ferry's: {message}")]
    Malformed {
        /// The server that was tried.
        url: String,
        /// What is wrong with the answer.
        message: String,
    },
}

fn hint(key: Option<&IdempotencyKey>) -> String {
    key.map(|key| format!("; ask again with the idempotency key {key}")).unwrap_or_default()
}
