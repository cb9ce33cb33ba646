use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::Answer;
use crate::assignments::Assignments;
use crate::event_stream::EventStream;

/// How long a stream may be followed.
const STREAM_PATIENCE: Duration = Duration::from_secs(60);

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection: the request was certainly not taken.
    NotSent,
    /// The connection broke, or the client's patience ended, after the request may have been sent.
    Unknown,
}

/// A request that is being put together.
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    builder: reqwest::RequestBuilder,
    what: String,
}

impl Request {
    pub(crate) fn new(http: &reqwest::Client, method: Method, url: &str) -> Self {
        Self { what: format!("{method} {url}"), builder: http.request(method, url) }
    }

    /// Adds a JSON body.
    pub fn json(self, body: &Value) -> Self {
        Self { builder: self.builder.json(body), ..self }
    }

    /// Adds a body as it stands, with its content type.
    pub fn raw(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let builder = self.builder.header("content-type", content_type).body(body.into());
        Self { builder, ..self }
    }

    /// Adds a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        Self { builder: self.builder.header(name, value), ..self }
    }

    /// Adds an `Idempotency-Key`.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Bounds how long the client waits, whatever the server does.
    pub fn patience(self, patience: Duration) -> Self {
        Self { builder: self.builder.timeout(patience), ..self }
    }

    /// Sends the request for a stream of events, which may be followed for a minute.
    ///
    /// # Panics
    /// If there is no such stream.
    pub async fn events(self) -> EventStream {
        let response = self.builder.timeout(STREAM_PATIENCE).send().await;
        let response = response.unwrap_or_else(|error| panic!("{}: {error}", self.what));
        assert_eq!(response.status().as_u16(), 200, "{}", self.what);
        let kind = response.headers().get("content-type");
        assert_eq!(kind.map(|kind| kind.as_bytes()), Some(&b"text/event-stream"[..]));
        EventStream::new(response)
    }

    /// Sends the request for a stream of assignments, which may be followed for a minute; `None` if
    /// the server is gone or refuses.
    pub async fn assignments(self) -> Option<Assignments> {
        let response = self.builder.timeout(STREAM_PATIENCE).send().await.ok()?;
        response.status().is_success().then(|| Assignments::new(response))
    }

    /// Sends the request.
    ///
    /// # Panics
    /// If there is no answer.
    pub async fn send(self) -> Answer {
        let what = self.what.clone();
        match self.attempt().await {
            Ok(answer) => answer,
            Err(failure) => panic!("{what} got no answer: {failure:?}"),
        }
    }

    /// Sends the request to a server that may be gone.
    ///
    /// # Errors
    /// - `NotSent`: there was no connection.
    /// - `Unknown`: anything later.
    pub async fn attempt(self) -> Result<Answer, Failure> {
        let classify = |error: reqwest::Error| {
            if error.is_connect() { Failure::NotSent } else { Failure::Unknown }
        };
        let response = self.builder.send().await.map_err(classify)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.map_err(classify)?;
        Ok(Answer::new(status, headers, text))
    }
}
