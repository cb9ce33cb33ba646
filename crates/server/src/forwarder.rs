//! The way to the leader: one request sent once, over pooled connections.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use ferry_api::{Code, Problem, headers as names};
use ferry_client::Keys;
use ferry_types::{IdempotencyKey, NodeId};
use futures::StreamExt;
use futures::future::ready;
use hyper::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, RETRY_AFTER,
};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, StatusCode};

use crate::answer;
use crate::call::Call;

/// Sends requests on to the leader.
pub(crate) struct Forwarder {
    node: NodeId,
    client: reqwest::Client,
    keys: Keys,
}

/// What is sent along with a request.
pub(crate) struct Hop<'a> {
    /// The leader's URL.
    pub(crate) to: &'a str,
    /// How long it may take there, besides waiting.
    pub(crate) patience: Duration,
    /// How long it may wait there.
    pub(crate) wait: Option<Duration>,
    /// The key that a node made up for it, if the caller did not.
    pub(crate) key: Option<&'a str>,
    /// Whether it was sent before.
    pub(crate) is_repeat: bool,
}

/// An answer of the leader.
pub(crate) struct Answer {
    /// To be passed on.
    pub(crate) response: Response,
    /// Whether it is a refusal that was made before looking into the log, so that it says nothing
    /// of what earlier tries did.
    pub(crate) is_before_log: bool,
}

/// Why there is no answer to pass on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HopError {
    /// Certainly nothing was written.
    NotWritten,
    /// Something may have been written.
    Unknown,
}

/// Headers that mean something to the leader.
const REQUEST_HEADERS: [HeaderName; 5] = [
    ACCEPT,
    CONTENT_TYPE,
    CONTENT_ENCODING,
    HeaderName::from_static(names::IDEMPOTENCY_KEY),
    HeaderName::from_static(names::TRACEPARENT),
];

/// Headers that mean something to the caller.
const RESPONSE_HEADERS: [HeaderName; 8] = [
    CONTENT_TYPE,
    ALLOW,
    LOCATION,
    RETRY_AFTER,
    answer::INDEX,
    answer::NODE,
    answer::REPLAYED,
    answer::STALE_MS,
];

impl Forwarder {
    /// A forwarder with no connection yet.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub(crate) fn new(node: NodeId) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .http1_only()
            .no_proxy()
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(1))
            .pool_idle_timeout(Duration::from_secs(60))
            .build()?;
        Ok(Self { node, client, keys: Keys::default() })
    }

    /// A key that no other write has.
    pub(crate) fn make_key(&self) -> IdempotencyKey {
        self.keys.fresh()
    }

    /// Sends the request once. Dropping the future may leave it running at the leader.
    pub(crate) async fn send(&self, call: &Call, hop: &Hop<'_>) -> Result<Answer, HopError> {
        read(self.request(call, hop).timeout(limit(hop)).send().await.map_err(failed)?).await
    }

    /// Asks for a stream, and passes on what comes of it until the end, or until `over`.
    pub(crate) async fn open(
        &self,
        call: &Call,
        hop: &Hop<'_>,
        over: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Answer, HopError> {
        let sent = tokio::time::timeout(limit(hop), self.request(call, hop).send()).await;
        let response = sent.map_err(|_elapsed| HopError::Unknown)?.map_err(failed)?;
        if !response.status().is_success() {
            return read(response).await;
        }
        let (status, mut headers) = (response.status(), headers_of(&response));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // A connection that breaks is the end of the stream, as the end of leadership is.
        let pieces = response.bytes_stream().take_until(Box::pin(over));
        let body = Body::from_stream(pieces.take_while(|piece| ready(piece.is_ok())));
        Ok(Answer { response: (status, headers, body).into_response(), is_before_log: false })
    }

    fn request(&self, call: &Call, hop: &Hop<'_>) -> reqwest::RequestBuilder {
        let path = call.uri.path_and_query().map_or("/", |path| path.as_str());
        self.client
            .request(call.method.clone(), format!("{}{path}", hop.to))
            .headers(self.headers(call, hop))
            .body(call.body.clone())
    }

    fn headers(&self, call: &Call, hop: &Hop<'_>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for name in REQUEST_HEADERS {
            if let Some(value) = call.headers.get(&name) {
                headers.insert(name, value.clone());
            }
        }
        let millis = |duration: Duration| {
            HeaderValue::from(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1))
        };
        headers.insert(names::FERRY_FORWARDED_BY, self.node.get().into());
        headers.insert(names::FERRY_TIMEOUT_MS, millis(hop.patience));
        if let Some(wait) = hop.wait {
            let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            headers.insert(names::FERRY_FORWARD_WAIT_MS, wait.into());
        }
        if let Some(key) = hop.key.and_then(|key| HeaderValue::from_str(key).ok()) {
            headers.insert(names::FERRY_FORWARD_KEY, key);
        }
        if hop.is_repeat {
            headers.insert(names::FERRY_FORWARD_REPEAT, HeaderValue::from_static("true"));
        }
        headers
    }
}

/// What the leader may take, and a little for the way, so that its own answer comes first.
fn limit(hop: &Hop<'_>) -> Duration {
    hop.patience + hop.wait.unwrap_or_default() + Duration::from_millis(250)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn failed(error: reqwest::Error) -> HopError {
    if error.is_connect() { HopError::NotWritten } else { HopError::Unknown }
}

fn headers_of(response: &reqwest::Response) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in RESPONSE_HEADERS {
        if let Some(value) = response.headers().get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers
}

/// An answer as a whole.
async fn read(response: reqwest::Response) -> Result<Answer, HopError> {
    let (status, headers) = (response.status(), headers_of(&response));
    let body = response.bytes().await.map_err(|_| HopError::Unknown)?;
    match status {
        StatusCode::SERVICE_UNAVAILABLE if !is_final(&body) => Err(HopError::NotWritten),
        StatusCode::GATEWAY_TIMEOUT => Err(HopError::Unknown),
        _ => {
            let is_before_log = is_before_log(status, &body);
            Ok(Answer { response: (status, headers, body).into_response(), is_before_log })
        }
    }
}

/// Whether a 503 of the leader is the answer, and not a reason to ask again.
fn is_final(body: &[u8]) -> bool {
    matches!(code(body), Some(Code::ForwardingLoop | Code::IndexNotReached))
}

fn is_before_log(status: StatusCode, body: &[u8]) -> bool {
    match status {
        StatusCode::INSUFFICIENT_STORAGE => true,
        StatusCode::TOO_MANY_REQUESTS => code(body) == Some(Code::TooManyWaiters),
        _ => false,
    }
}

fn code(body: &[u8]) -> Option<Code> {
    serde_json::from_slice::<Problem>(body).ok().map(|problem| problem.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_before_the_log_is_told_from_one_by_the_machine() {
        let body = |code| serde_json::to_vec(&Problem::new(code, "d")).expect("has a JSON form");
        for (status, code, expected) in [
            (StatusCode::INSUFFICIENT_STORAGE, Code::DiskFull, true),
            (StatusCode::TOO_MANY_REQUESTS, Code::TooManyWaiters, true),
            (StatusCode::TOO_MANY_REQUESTS, Code::QueueFull, false),
            (StatusCode::CONFLICT, Code::LeaseLost, false),
        ] {
            assert_eq!(is_before_log(status, &body(code)), expected, "{code}");
        }
    }
}
