//! A request as handlers get it: read to its end, its headers parsed, its deadline set.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use ferry_api::{Code, headers as names};
use ferry_types::{IdempotencyKey, NodeId, limits};
use hyper::header::ACCEPT;
use hyper::{HeaderMap, Method, Uri};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::body;
use crate::body_reader;
use crate::door::Door;
use crate::node::Node;
use crate::problem::Failure;
use crate::query::Query;

/// Between nodes: how long a forwarded dequeue may still wait, in milliseconds.
pub(crate) const FORWARD_WAIT_MS: &str = "ferry-forward-wait-ms";
/// Between nodes: that the request was forwarded before, so that its outcome may be there already.
pub(crate) const FORWARD_REPEAT: &str = "ferry-forward-repeat";

/// A request.
pub(crate) struct Call {
    pub(crate) node: Arc<Node>,
    pub(crate) door: Arc<Door>,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) query: Query,
    /// The caller's key.
    pub(crate) key: Option<IdempotencyKey>,
    /// The key that a forwarding node made up.
    pub(crate) forward_key: Option<IdempotencyKey>,
    /// Whether another node forwarded it.
    pub(crate) is_forwarded: bool,
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
        let node = Arc::clone(door.node()?);
        let (parts, body) = request.into_parts();
        check_accept(&parts.headers)?;
        let query = Query::parse(parts.uri.query().unwrap_or(""))?;
        let key = idempotency_key(&parts.headers, names::IDEMPOTENCY_KEY)?;
        let forward_key = idempotency_key(&parts.headers, names::FERRY_FORWARD_KEY)?;
        let is_forwarded = check_hops(&parts.headers, door.id)?;
        let may_forward = query.flag("forward", true)?;
        let patience = patience(&parts.headers)?;
        let body = read_body(&parts.headers, body).await?;
        Ok(Self {
            node,
            door: Arc::clone(door),
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body,
            query,
            key,
            forward_key,
            is_forwarded,
            may_forward,
            arrived,
            patience,
        })
    }
}

impl Call {
    /// The body, which has to be there.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        body::required(&self.headers, &self.body)
    }

    /// The body, or the default if there is none.
    pub(crate) fn json_or_default<T: DeserializeOwned + Default>(&self) -> Result<T, Failure> {
        body::optional(&self.headers, &self.body)
    }

    /// A header of numbers between nodes; whatever else stands there counts as nothing.
    pub(crate) fn millis_header(&self, name: &str) -> Option<Duration> {
        let text = self.headers.get(name)?.to_str().ok()?;
        text.parse().ok().map(Duration::from_millis)
    }

    /// Whether the machine may hold an answer for this very request already.
    pub(crate) fn may_be_repeated(&self) -> bool {
        self.key.is_some() || self.headers.contains_key(FORWARD_REPEAT)
    }

    /// Whether the request may be proposed again after an unknown outcome.
    pub(crate) fn has_key(&self) -> bool {
        self.key.is_some() || self.forward_key.is_some()
    }
}

async fn read_body(headers: &HeaderMap, body: Body) -> Result<Bytes, Failure> {
    body_reader::read(headers, body.into_data_stream(), limits::BODY_BYTES_MAX).await
}

fn check_accept(headers: &HeaderMap) -> Result<(), Failure> {
    let is_fine = |range: &str| {
        let range = range.split(';').next().unwrap_or(range).trim();
        matches!(
            range.to_ascii_lowercase().as_str(),
            "" | "*/*" | "application/*" | "application/json" | "application/problem+json"
        )
    };
    let mut accepts = headers.get_all(ACCEPT).iter().peekable();
    if accepts.peek().is_none()
        || accepts.any(|value| value.to_str().is_ok_and(|text| text.split(',').any(is_fine)))
    {
        return Ok(());
    }
    Err(Failure::new(Code::NotAcceptable, "answers are application/json; accept that"))
}

fn idempotency_key(headers: &HeaderMap, name: &str) -> Result<Option<IdempotencyKey>, Failure> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Failure::invalid(name, "must be given once"));
    }
    let parsed = value.to_str().unwrap_or("").parse();
    parsed.map(Some).map_err(|invalid| Failure::invalid_name(name, &invalid))
}

/// Whether the request was forwarded. Two hops, or one by this node itself, are a circle.
fn check_hops(headers: &HeaderMap, own: NodeId) -> Result<bool, Failure> {
    let values = headers.get_all(names::FERRY_FORWARDED_BY).iter();
    let hops: Vec<&str> =
        values.flat_map(|value| value.to_str().unwrap_or("?").split(',')).map(str::trim).collect();
    if hops.len() > 1 || hops.first().is_some_and(|hop| *hop == own.to_string()) {
        let detail = "the request was forwarded in a circle; check what the nodes advertise";
        return Err(Failure::new(Code::ForwardingLoop, detail).retry_after_ms(1_000));
    }
    Ok(!hops.is_empty())
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
