//! One call: its tries, and what each says about the outcome (G12).

use std::time::Duration;

use bytes::Bytes;
use ferry_api::{Code, Problem, headers};
use ferry_types::{IdempotencyKey, limits};
use reqwest::{Method, RequestBuilder, Url};
use tokio::time::Instant;

use crate::client::Shared;
use crate::{Cause, Error};

/// The pause after all servers failed once; doubled with each round up to the longest.
const PAUSE_FIRST: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_millis(500);
/// What a node's answer may take on the way, beyond the time that the node was given.
const TRAVEL: Duration = Duration::from_millis(500);

/// A request, ready to be sent as often as it takes.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Path segments, not yet escaped.
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Bytes>,
    pub(crate) repeat: Repeat,
    pub(crate) traceparent: Option<String>,
    /// How long the node is asked to wait before it answers.
    pub(crate) wait: Duration,
    /// How long all tries together may take, besides the wait.
    pub(crate) timeout: Duration,
}

/// When a call may be sent again.
#[derive(Clone, Debug)]
pub(crate) enum Repeat {
    /// Always: it changes nothing.
    Freely,
    /// Always, under this key.
    UnderKey(IdempotencyKey),
    /// Only while it is certain that it was not done.
    UnlessDone,
}

/// What one try says.
enum Outcome {
    Answered(Bytes),
    Refused(Box<Problem>),
    NotWritten(Cause),
    Unknown(Cause),
}

impl Call {
    /// Sends the call until a node decides it or time is up. A try that has begun is not cut by
    /// the deadline, so that a repeated dequeue gets its whole wait.
    pub(crate) async fn run(&self, shared: &Shared) -> Result<Bytes, Error> {
        let deadline = Instant::now() + self.timeout;
        let mut place = shared.servers.good();
        let mut pause = PAUSE_FIRST;
        let mut maybe_done = false;
        let mut tries_in_round = 0;
        loop {
            let cause = match self.attempt(shared, &shared.servers.at(place), deadline).await {
                Outcome::Answered(body) => {
                    shared.servers.remember(place);
                    return Ok(body);
                }
                Outcome::Refused(problem) => {
                    shared.servers.remember(place);
                    return Err(Error::Refused(problem));
                }
                Outcome::NotWritten(cause) => cause,
                Outcome::Unknown(cause) => {
                    maybe_done = true;
                    cause
                }
            };
            place += 1;
            tries_in_round += 1;
            let mut rest = Duration::ZERO;
            if tries_in_round >= shared.servers.count() {
                tries_in_round = 0;
                rest = pause;
                pause = PAUSE_MAX.min(pause * 2);
            }
            let over = Instant::now() + rest >= deadline;
            match &self.repeat {
                Repeat::Freely if over => return Err(Error::NotWritten { cause }),
                Repeat::UnderKey(key) if over && maybe_done => {
                    return Err(Error::Unknown { key: Some(key.clone()), cause });
                }
                Repeat::UnlessDone if maybe_done => {
                    return Err(Error::Unknown { key: None, cause });
                }
                Repeat::UnderKey(_) | Repeat::UnlessDone if over => {
                    return Err(Error::NotWritten { cause });
                }
                Repeat::Freely | Repeat::UnderKey(_) | Repeat::UnlessDone => {}
            }
            tokio::time::sleep(rest).await;
        }
    }

    /// Opens a stream: the first server that does, in turn, until time is up.
    pub(crate) async fn open(&self, shared: &Shared) -> Result<reqwest::Response, Error> {
        let deadline = Instant::now() + self.timeout;
        let mut place = shared.servers.good();
        loop {
            let server = shared.servers.at(place);
            let patience = patience(shared, deadline);
            let sent = self.request(shared, &server, patience).send();
            let url = || server.as_str().trim_end_matches('/').to_owned();
            let cause = match tokio::time::timeout(patience + TRAVEL, sent).await {
                Err(_elapsed) => Cause::Timeout { url: url() },
                Ok(Err(error)) => broken(url(), &error),
                Ok(Ok(answer)) if answer.status().is_success() => {
                    shared.servers.remember(place);
                    return Ok(answer);
                }
                Ok(Ok(answer)) => match outcome(url(), answer).await {
                    Outcome::Refused(problem) => return Err(Error::Refused(problem)),
                    Outcome::NotWritten(cause) | Outcome::Unknown(cause) => cause,
                    Outcome::Answered(_) => Cause::Malformed { url: url(), message: "body".into() },
                },
            };
            if Instant::now() + PAUSE_FIRST >= deadline {
                return Err(Error::NotWritten { cause });
            }
            place += 1;
            tokio::time::sleep(PAUSE_FIRST).await;
        }
    }

    /// One try, whose time is set by who sends it.
    fn request(&self, shared: &Shared, server: &Url, patience: Duration) -> RequestBuilder {
        let mut request = shared
            .http
            .request(self.method.clone(), self.url(server))
            .header(headers::FERRY_TIMEOUT_MS, patience.as_millis().to_string());
        if let Repeat::UnderKey(key) = &self.repeat {
            request = request.header(headers::IDEMPOTENCY_KEY, key.as_str());
        }
        if let Some(parent) = &self.traceparent {
            request = request.header(headers::TRACEPARENT, parent);
        }
        if let Some(body) = &self.body {
            request = request.header("content-type", "application/json").body(body.clone());
        }
        request
    }

    async fn attempt(&self, shared: &Shared, server: &Url, deadline: Instant) -> Outcome {
        let patience = patience(shared, deadline);
        let request = self.request(shared, server, patience).timeout(patience + self.wait + TRAVEL);
        let url = || server.as_str().trim_end_matches('/').to_owned();
        let answer = match request.send().await {
            Ok(answer) => answer,
            // The connection was never there, so nothing was sent over it.
            Err(error) if error.is_connect() => {
                return Outcome::NotWritten(Cause::Connection {
                    url: url(),
                    message: told(&error),
                });
            }
            Err(error) => return Outcome::Unknown(broken(url(), &error)),
        };
        outcome(url(), answer).await
    }

    fn url(&self, server: &Url) -> Url {
        let mut url = server.clone();
        url.path_segments_mut().expect("an http URL has a path").pop_if_empty().extend(&self.path);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }
}

/// How long a try may take that begins now.
fn patience(shared: &Shared, deadline: Instant) -> Duration {
    let left = deadline.saturating_duration_since(Instant::now());
    let patience = left.min(shared.try_timeout).min(limits::REQUEST_TIMEOUT_MAX);
    patience.max(Duration::from_millis(1))
}

/// What an answer says about the outcome.
async fn outcome(url: String, answer: reqwest::Response) -> Outcome {
    let status = answer.status();
    let body = match answer.bytes().await {
        Ok(body) => body,
        Err(error) => return Outcome::Unknown(broken(url, &error)),
    };
    if status.is_success() {
        return Outcome::Answered(body);
    }
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => classify(url, problem),
        Err(_) => {
            let message = format!("status {status} without a problem document");
            Outcome::Unknown(Cause::Malformed { url, message })
        }
    }
}

/// What a problem says about the outcome.
fn classify(url: String, problem: Problem) -> Outcome {
    let cause = |problem| Cause::Problem { url, problem: Box::new(problem) };
    match problem.code {
        Code::NoLeader | Code::ShuttingDown | Code::TooManyConnections | Code::RequestTimeout => {
            Outcome::NotWritten(cause(problem))
        }
        // An earlier try of this call may be the one that is in flight.
        Code::OutcomeUnknown => Outcome::Unknown(cause(problem)),
        Code::MalformedJson
        | Code::InvalidArgument
        | Code::UnknownField
        | Code::NotFound
        | Code::QueueNotFound
        | Code::TaskNotFound
        | Code::LeaseNotFound
        | Code::NodeNotFound
        | Code::LimitNotFound
        | Code::WorkerNotFound
        | Code::ScheduleNotFound
        | Code::MethodNotAllowed
        | Code::NotAcceptable
        | Code::BodyTooLarge
        | Code::UriTooLong
        | Code::UnsupportedMediaType
        | Code::HeadersTooLarge
        | Code::LeaseLost
        | Code::WrongState
        | Code::AlreadyExists
        | Code::NotEmpty
        | Code::PreconditionFailed
        | Code::IdempotencyMismatch
        | Code::QueueFull
        | Code::QuotaExceeded
        | Code::TooManyWaiters
        | Code::IndexNotReached
        | Code::ForwardingLoop
        | Code::DiskFull
        | Code::EventsExpired
        | Code::WorkflowNotFound
        | Code::DependencyCycle
        | Code::Unrecognized => Outcome::Refused(Box::new(problem)),
    }
}

fn broken(url: String, error: &reqwest::Error) -> Cause {
    if error.is_timeout() {
        return Cause::Timeout { url };
    }
    Cause::Connection { url, message: told(error) }
}

/// The innermost cause: the outer ones repeat the URL.
fn told(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
