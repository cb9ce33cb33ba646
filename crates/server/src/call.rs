//! A request as handlers get it: read to its end, its headers parsed, its deadline set.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use ferry_api::{headers as names, routes};
use ferry_types::{IdempotencyKey, limits};
use hyper::{HeaderMap, Method, Uri};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::accept;
use crate::answer::JSON;
use crate::between_nodes::Forwarded;
use crate::body;
use crate::body_reader;
use crate::door::Door;
use crate::event_stream::EVENT_STREAM;
use crate::node::Node;
use crate::problem::Failure;
use crate::query::Query;
use crate::request_key::RequestKey;
use crate::workers::LINES;

/// A request.
pub(crate) struct Call {
    pub(crate) node: Arc<Node>,
    pub(crate) door: Arc<Door>,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) query: Query,
    /// The key that it goes under.
    pub(crate) key: RequestKey,
    /// What the node said that forwarded it, if one did.
    pub(crate) forwarded: Option<Forwarded>,
    /// Whether this node may forward it.
    pub(crate) may_forward: bool,
    /// When it came.
    pub(crate) arrived: Instant,
    /// How long it may take, besides what a dequeue waits.
    pub(crate) patience: Duration,
}

impl FromRequest<Arc<Door>> for Call {
    type Rejection = Failure;

    async fn from_request(request: Request, door: &Arc<Door>) -> Result<Self, Failure> {
        let arrived = Instant::now();
        let (parts, body) = request.into_parts();
        accept::check(&parts.headers, media_types(&parts.uri))?;
        let query = Query::parse(parts.uri.query().unwrap_or(""))?;
        let forwarded = Forwarded::read(&parts.headers, door.id)?;
        let key = RequestKey::new(callers_key(&parts.headers)?, forwarded.as_ref());
        let may_forward = query.flag("forward", true)?;
        let patience = patience(&parts.headers)?;
        let node = Arc::clone(door.node(patience).await?);
        let body = read_body(&parts.headers, body).await?;
        body::check_form(&parts.headers, &body)?;
        Ok(Self {
            node,
            door: Arc::clone(door),
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body,
            query,
            key,
            forwarded,
            may_forward,
            arrived,
            patience,
        })
    }
}

impl Call {
    /// How long the request may still take, besides what a dequeue waits.
    pub(crate) fn remaining(&self) -> Duration {
        (self.arrived + self.patience).saturating_duration_since(Instant::now())
    }

    /// Refuses a key where it would mean nothing.
    pub(crate) fn refuse_key(&self) -> Result<(), Failure> {
        if self.headers.contains_key(names::IDEMPOTENCY_KEY) {
            let detail = "must be left out: answers to changes of the cluster are not kept; \
                          /v1/cluster tells whether one was made, and it may be repeated";
            return Err(Failure::invalid(names::IDEMPOTENCY_KEY, detail));
        }
        Ok(())
    }

    /// The body, which has to be there.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        body::required(&self.headers, &self.body)
    }

    /// The body, or the default if there is none.
    pub(crate) fn json_or_default<T: DeserializeOwned + Default>(&self) -> Result<T, Failure> {
        body::optional(&self.headers, &self.body)
    }
}

/// What good answers of a route are made of.
fn media_types(uri: &Uri) -> &'static [&'static str] {
    let path = uri.path();
    let is_stream = |rest: &str| rest.ends_with("/assignments");
    match path.strip_prefix("/v1/workers/") {
        Some(rest) if is_stream(rest) => &[LINES, EVENT_STREAM],
        _ if path == routes::EVENTS => &[EVENT_STREAM],
        _ => &[JSON],
    }
}

async fn read_body(headers: &HeaderMap, body: Body) -> Result<Bytes, Failure> {
    body_reader::read(headers, body.into_data_stream(), limits::BODY_BYTES_MAX).await
}

fn callers_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Failure> {
    let name = names::IDEMPOTENCY_KEY;
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Failure::invalid(name, "must be given once"));
    }
    let parsed = value.to_str().unwrap_or("").parse();
    parsed.map(Some).map_err(|invalid| Failure::invalid_name(name, &invalid))
}

fn patience(headers: &HeaderMap) -> Result<Duration, Failure> {
    let Some(value) = headers.get(names::FERRY_TIMEOUT_MS) else {
        return Ok(limits::REQUEST_TIMEOUT);
    };
    let most = limits::REQUEST_TIMEOUT_MAX.as_millis();
    let millis = value.to_str().ok().and_then(|text| text.parse::<u64>().ok());
    match millis.filter(|&millis| millis >= 1 && u128::from(millis) <= most) {
        Some(millis) => Ok(Duration::from_millis(millis)),
        None => {
            let detail = format!("must be a number of milliseconds from 1 to {most}");
            Err(Failure::invalid(names::FERRY_TIMEOUT_MS, detail))
        }
    }
}
