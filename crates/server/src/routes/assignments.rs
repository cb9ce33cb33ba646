//! What is assigned to a worker, as a stream from the leader, which the other nodes relay.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use ferry_types::WorkerName;
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};

use crate::accept;
use crate::answer;
use crate::call::Call;
use crate::event_stream::EVENT_STREAM;
use crate::front::Streams;
use crate::named::Named;
use crate::problem::Failure;
use crate::relay::{Kind, Relay, Turn};
use crate::routes::workers::not_found;
use crate::workers::{Assignments, Form};

/// `GET /v1/workers/{worker}/assignments`: until the worker goes away, opens a newer one, or another
/// node leads.
pub(crate) async fn get(Named(worker): Named<WorkerName>, call: Call) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    let form = match accept::prefers(&call.headers, EVENT_STREAM, Form::Lines.media_type()) {
        true => Form::Events,
        false => Form::Lines,
    };
    let replica = &call.node.replica;
    let mut relay = Relay::new(&call, Kind::Stream);
    let index = loop {
        match relay.next().await? {
            Turn::Answered(mut response) => {
                response.extensions_mut().insert(Streams);
                return Ok(response);
            }
            Turn::Here => {}
        }
        // Live leases are to be those of all that was acknowledged.
        match replica.linearize(relay.remaining()).await {
            Ok(index) => break index,
            Err(error) => relay.read_failed(error).await?,
        }
    };
    if !replica.view(|_, machine| machine.worker(worker.as_str()).is_some()) {
        return Err(not_found(&worker, index));
    }
    let stopping = call.door.stopping.clone();
    let stream = Assignments::open(replica, &call.node.workers, worker.as_str(), form, stopping);
    let body = Body::from_stream(stream.into_chunks());
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(form.media_type())),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (answer::INDEX, index.get().into()),
    ];
    let mut response = (StatusCode::OK, headers, body).into_response();
    response.extensions_mut().insert(Streams);
    Ok(response)
}
