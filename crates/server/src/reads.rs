//! How fresh a read is, and where it is served (G7).

use std::time::Duration;

use axum::response::Response;
use ferry_core::{Machine, Rejection};
use ferry_types::LogIndex;
use hyper::StatusCode;
use hyper::header::HeaderValue;
use serde::Serialize;
use tokio::time::Instant;

use crate::answer;
use crate::call::Call;
use crate::pages::Page;
use crate::problem::Failure;
use crate::relay::{Kind, Relay, Turn};

/// Where a read is answered.
pub(crate) enum Read {
    /// Here, from a state that is as fresh as it was asked for.
    Here(Freshness),
    /// By the leader.
    Answered(Response),
}

/// How fresh the state is.
pub(crate) struct Freshness {
    /// How old it may be, if that was accepted.
    stale: Option<Duration>,
}

impl Freshness {
    /// The answer, with its age if it may have one.
    pub(crate) fn mark(&self, mut response: Response) -> Response {
        if let Some(stale) = self.stale {
            let millis = u64::try_from(stale.as_millis()).unwrap_or(u64::MAX);
            response.headers_mut().insert(answer::STALE_MS, HeaderValue::from(millis));
        }
        response
    }
}

/// Waits until the state here is as fresh as the request wants it, on whichever node this is.
pub(crate) async fn prepare_here(call: &Call, deadline: Instant) -> Result<Freshness, Failure> {
    let replica = &call.node.replica;
    let (is_stale, min_index) = wanted(call)?;
    let remaining = || deadline.saturating_duration_since(Instant::now());
    if !is_stale {
        replica.linearize(remaining()).await?;
    }
    if let Some(index) = min_index {
        replica.applied(index, remaining()).await?;
    }
    Ok(Freshness { stale: is_stale.then(|| age_max(call)) })
}

/// Answers with what `look` sees in a state that is as fresh as the request wants it, or has the
/// leader answer. The machine is free again while `document` writes it down.
pub(crate) async fn show<V, T: Serialize>(
    call: &Call,
    look: impl FnOnce(&Machine) -> V,
    document: impl FnOnce(V) -> Result<T, Rejection>,
) -> Result<Response, Failure> {
    let freshness = match prepare(call).await? {
        Read::Answered(response) => return Ok(response),
        Read::Here(freshness) => freshness,
    };
    let (index, seen) = call.node.replica.view(|index, machine| (index, look(machine)));
    let document = document(seen).map_err(|rejection| Failure::rejected(&rejection, index))?;
    Ok(freshness.mark(answer::json(StatusCode::OK, index, &document)))
}

/// The same for a page of things with names: `look` sees as many as it is told behind a name, and
/// `list` gets them with the token of the next page.
pub(crate) async fn list<V, T: Serialize>(
    call: &Call,
    look: impl FnOnce(&Machine, Option<&str>, usize) -> Vec<V>,
    name: impl Fn(&V) -> &str,
    list: impl FnOnce(Vec<V>, Option<String>) -> T,
) -> Result<Response, Failure> {
    call.query.allow_read(&["limit", "page_token"])?;
    let page = Page::of(call)?;
    let look = |machine: &Machine| look(machine, page.after.as_deref(), page.limit + 1);
    let write = |mut seen: Vec<V>| {
        let next_page_token = page.close(&mut seen, name);
        Ok(list(seen, next_page_token))
    };
    show(call, look, write).await
}

/// Waits until the state here is as fresh as the request wants it, or has the leader answer.
pub(crate) async fn prepare(call: &Call) -> Result<Read, Failure> {
    let replica = &call.node.replica;
    let (is_stale, min_index) = wanted(call)?;
    if is_stale {
        if let Some(index) = min_index {
            replica.applied(index, call.patience).await?;
        }
        return Ok(Read::Here(Freshness { stale: Some(age_max(call)) }));
    }
    let mut relay = Relay::new(call, Kind::Read);
    loop {
        match relay.next().await? {
            Turn::Answered(response) => return Ok(Read::Answered(response)),
            Turn::Here => match replica.linearize(relay.remaining()).await {
                Ok(_) => break,
                Err(error) => relay.read_failed(error).await?,
            },
        }
    }
    if let Some(index) = min_index {
        replica.applied(index, relay.remaining()).await?;
    }
    Ok(Read::Here(Freshness { stale: None }))
}

/// Whether an old state will do, and of which index it has to be at least.
fn wanted(call: &Call) -> Result<(bool, Option<LogIndex>), Failure> {
    let min_index = call.query.parsed::<u64>("min_index", "a log index")?.map(LogIndex::new);
    match call.query.get("consistency") {
        None | Some("linearizable") => Ok((false, min_index)),
        Some("stale") => Ok((true, min_index)),
        Some(_) => Err(Failure::invalid("consistency", "must be linearizable or stale")),
    }
}

/// How old the state here may be. A node that has not caught up with a leader since it began may
/// have missed everything meanwhile.
fn age_max(call: &Call) -> Duration {
    call.node.replica.staleness().unwrap_or_else(|| call.door.opened.elapsed())
}
