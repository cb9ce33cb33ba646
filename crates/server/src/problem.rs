//! How a request fails: every failure becomes an `application/problem+json` answer here.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use ferry_api::{Code, InvalidField, Problem};
use ferry_core::Rejection;
use ferry_replica::{AdminError, DigestError, ReadError};
use ferry_types::{Invalid, LogIndex, NodeId, TaskId};
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, StatusCode};

use crate::answer::NODE;
use crate::disk_room::Shortage;
use crate::translate;

/// Why a request has no good answer.
#[derive(Debug)]
pub(crate) struct Failure {
    problem: Box<Problem>,
    headers: HeaderMap,
}

impl Failure {
    /// A failure of this kind; `detail` is a sentence that says what to do.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self::from(Problem::new(code, detail))
    }

    /// A value that is not valid.
    pub(crate) fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        InvalidField::new(field, detail).into()
    }

    /// A name or id in the path that is not well-formed.
    pub(crate) fn invalid_name(field: &str, invalid: &Invalid) -> Self {
        Self::invalid(field, format!("must be {}", invalid.grammar))
    }

    /// Nothing was written, and no leader was found in time.
    pub(crate) fn no_leader() -> Self {
        let detail = "no leader was found in time; nothing was written, so ask again";
        Self::new(Code::NoLeader, detail).retry_after_ms(1_000)
    }

    /// This node takes no request any more.
    pub(crate) fn shutting_down() -> Self {
        let detail = "the node is shutting down; nothing was written, so ask another node";
        Self::new(Code::ShuttingDown, detail).retry_after_ms(1_000)
    }

    /// The leader's disk has no room for tasks.
    pub(crate) fn disk_full(node: NodeId, shortage: &Shortage) -> Self {
        let Shortage { free_bytes, free_min_bytes } = *shortage;
        let detail = format!(
            "the disk of node {node}, which leads, has {free_bytes} bytes left, and \
             disk_free_min_bytes is {free_min_bytes}; this request wrote nothing; free space there \
             or hand leadership to a node that has some, then ask again; settling goes on"
        );
        let problem = Problem::new(Code::DiskFull, detail);
        Problem { limit: Some(free_min_bytes), ..problem }.into()
    }

    /// Something may have been written.
    pub(crate) fn outcome_unknown() -> Self {
        let detail = "the request may have been carried out or may yet be; \
                      ask again with the same Idempotency-Key to learn its outcome";
        Self::new(Code::OutcomeUnknown, detail)
    }

    /// What happened that long ago is not kept.
    pub(crate) fn events_expired(after: LogIndex, oldest: LogIndex) -> Self {
        let detail = format!(
            "events are kept from index {oldest} on, and those after {after} are asked for; read \
             the present state, then ask for what comes after its Ferry-Index"
        );
        let problem = Problem::new(Code::EventsExpired, detail);
        Problem { oldest_index: Some(oldest), ..problem }.into()
    }

    /// There is no such task.
    pub(crate) fn task_not_found(task: TaskId) -> Self {
        let detail = format!("the task {task} does not exist or is no longer kept; check its id");
        let problem = Problem { task: Some(task), ..Problem::new(Code::TaskNotFound, detail) };
        problem.into()
    }

    /// A refusal of the machine; `index` is the entry that stands for it.
    pub(crate) fn rejected(rejection: &Rejection, index: LogIndex) -> Self {
        Self::from(translate::problem(rejection)).at(index)
    }

    /// The same failure, reflecting the state at `index`.
    pub(crate) fn at(self, index: LogIndex) -> Self {
        self.header(crate::answer::INDEX, index.get().into())
    }

    /// The same failure with a header.
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The same failure, to be tried again after this long.
    pub(crate) fn retry_after_ms(mut self, millis: u64) -> Self {
        self.problem.retry_after_ms = Some(millis);
        self
    }

    /// The answer of `node` as it goes over a wire that no HTTP library stands before; it closes.
    pub(crate) fn to_raw(&self, node: NodeId) -> Bytes {
        let status = self.status();
        let body = self.body();
        let mut head = format!(
            "HTTP/1.1 {} {}\r\ncontent-type: {}\r\ncontent-length: {}\r\n{NODE}: {node}\r\n",
            status.as_u16(),
            status.canonical_reason().unwrap_or("Refused"),
            Problem::CONTENT_TYPE,
            body.len(),
        );
        if let Some(seconds) = self.retry_after_seconds() {
            head += &format!("{RETRY_AFTER}: {seconds}\r\n");
        }
        head += "connection: close\r\n\r\n";
        [head.into_bytes(), body].concat().into()
    }

    fn retry_after_seconds(&self) -> Option<u64> {
        self.problem.retry_after_ms.map(|millis| millis.div_ceil(1_000).max(1))
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn body(&self) -> Vec<u8> {
        serde_json::to_vec(&self.problem).expect("a problem has a JSON form")
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let content_type = HeaderValue::from_static(Problem::CONTENT_TYPE);
        let (status, body) = (self.status(), self.body());
        let retry_after = self.retry_after_seconds();
        let mut headers = self.headers;
        headers.insert(CONTENT_TYPE, content_type);
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if self.problem.code == Code::RequestTimeout {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        (status, headers, body).into_response()
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), headers: HeaderMap::new() }
    }
}

impl From<InvalidField> for Failure {
    fn from(invalid: InvalidField) -> Self {
        Problem::from(invalid).into()
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NoLeader => Self::no_leader(),
            ReadError::NotReached { index } => {
                let detail = format!("the node has not applied index {index} in time; ask again");
                Self::new(Code::IndexNotReached, detail).retry_after_ms(1_000)
            }
            ReadError::Stopped => Self::shutting_down(),
        }
    }
}

impl From<DigestError> for Failure {
    fn from(error: DigestError) -> Self {
        match error {
            DigestError::Past { applied } => {
                let detail = format!("must be at least {applied}: the state has gone on to there");
                Self::invalid("index", detail).at(applied)
            }
            DigestError::NotReached => {
                let detail = "the node has not come to the index, or not hashed its state, in time; \
                              ask again with a larger Ferry-Timeout-Ms";
                Self::new(Code::IndexNotReached, detail).retry_after_ms(1_000)
            }
            DigestError::TooMany => {
                let detail = "as many digests are waited for as the node makes; ask again later";
                Self::new(Code::TooManyWaiters, detail).retry_after_ms(1_000)
            }
            DigestError::Stopped => Self::shutting_down(),
        }
    }
}

/// What an operator is told. `NotLeader` is the relay's to handle; here nobody was found.
impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        let (code, advice) = match error {
            AdminError::NotLeader { .. } => return Self::no_leader(),
            AdminError::OutcomeUnknown => {
                let detail = "the change may have been made or may yet be; look at /v1/cluster";
                return Self::new(Code::OutcomeUnknown, detail);
            }
            AdminError::Stopped => return Self::shutting_down(),
            AdminError::NodeNotFound { .. } => (Code::NodeNotFound, "look at /v1/cluster"),
            AdminError::AlreadyExists { .. } => {
                (Code::AlreadyExists, "a node's id is never used again; choose another")
            }
            AdminError::LastVoter { .. } => (Code::WrongState, "add another node first"),
            AdminError::NotCaughtUp { .. } => (
                Code::WrongState,
                "see that it runs and is reached at its peer address, then repeat",
            ),
            AdminError::Busy => (Code::WrongState, "repeat when it is done"),
        };
        Self::new(code, format!("{error}; {advice}"))
    }
}
