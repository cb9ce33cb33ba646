//! Dequeues, from one queue or from several.

use axum::response::Response;
use ferry_api::DequeueRequest;
use ferry_types::QueueName;

use crate::call::Call;
use crate::named::Named;
use crate::poll::Poll;
use crate::problem::Failure;

/// `POST /v1/queues/{queue}/dequeue`: leases ready tasks, or waits for some.
pub(crate) async fn one(Named(queue): Named<QueueName>, call: Call) -> Result<Response, Failure> {
    dequeue(&call, Some(queue)).await
}

/// `POST /v1/dequeue`: the same from several queues, in order.
pub(crate) async fn several(call: Call) -> Result<Response, Failure> {
    dequeue(&call, None).await
}

async fn dequeue(call: &Call, queue: Option<QueueName>) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    let request: DequeueRequest = call.json_or_default()?;
    Poll::new(call, request.check(queue)?).run().await
}
