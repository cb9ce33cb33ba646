//! The change feed: what each log entry did to tasks, as server-sent events, from the node that is
//! asked. A node that is behind tells the same later.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use ferry_api::headers::LAST_EVENT_ID;
use ferry_types::{LogIndex, QueueName};
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};

use crate::answer;
use crate::call::Call;
use crate::event_stream::{EVENT_STREAM, EventStream};
use crate::front::Streams;
use crate::problem::Failure;

/// `GET /v1/events`: until the client goes away or the node stops.
pub(crate) async fn get(call: Call) -> Result<Response, Failure> {
    call.query.allow_alone(&["after_index", "queue"])?;
    let name = "a name of 1 to 80 of A-Z a-z 0-9 . _ -";
    let queue: Option<QueueName> = call.query.parsed("queue", name)?;
    let after = match after(&call)? {
        Some((field, after)) => {
            require_past(&call, field, after).await?;
            after
        }
        // Whatever was acknowledged before this request came is not told.
        None => call.node.replica.linearize(call.remaining()).await?,
    };
    let replica = call.node.replica.clone();
    let oldest = replica.view(|_, machine| machine.events_from());
    if after.get().saturating_add(1) < oldest.get() {
        return Err(Failure::events_expired(after, oldest));
    }
    let stream = EventStream::new(replica, call.door.stopping.clone(), after, queue);
    let body = Body::from_stream(stream.into_chunks());
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (answer::INDEX, after.get().into()),
    ];
    let mut response = (StatusCode::OK, headers, body).into_response();
    response.extensions_mut().insert(Streams);
    Ok(response)
}

/// Refuses an index that nobody can have seen.
async fn require_past(call: &Call, field: &str, after: LogIndex) -> Result<(), Failure> {
    let replica = &call.node.replica;
    if after > replica.applied_index() {
        // The caller may have heard of it at a node that is ahead of this one.
        replica.linearize(call.remaining()).await?;
    }
    let newest = replica.applied_index();
    if after <= newest {
        return Ok(());
    }
    Err(Failure::invalid(field, format!("must be at most {newest}, the newest index, not {after}")))
}

/// The event that the caller has seen last, and where it says so. A browser that comes back repeats the URL that it began
/// with, so what it says in `Last-Event-ID` is newer.
fn after(call: &Call) -> Result<Option<(&'static str, LogIndex)>, Failure> {
    let allowed = "a log index";
    let after = call.query.parsed::<u64>("after_index", allowed)?;
    let last = match call.headers.get(LAST_EVENT_ID) {
        None => None,
        Some(value) if value.is_empty() => None,
        Some(value) => {
            let index = value.to_str().ok().and_then(|text| text.parse::<u64>().ok());
            let invalid = || Failure::invalid(LAST_EVENT_ID, format!("must be {allowed}"));
            Some(index.ok_or_else(invalid)?)
        }
    };
    let last = last.map(|index| (LAST_EVENT_ID, LogIndex::new(index)));
    Ok(last.or(after.map(|index| ("after_index", LogIndex::new(index)))))
}
