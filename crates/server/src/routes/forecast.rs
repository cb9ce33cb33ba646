//! How long tasks will wait, and how many workers they need.

use axum::response::Response;
use ferry_api::ForecastQuery;
use ferry_core::Machine;
use ferry_core::rejection::{QueueNotFound, Rejection};
use ferry_types::QueueName;

use crate::call::Call;
use crate::named::Named;
use crate::problem::Failure;
use crate::{reads, translate};

/// `GET /v1/queues/{queue}/forecast`.
pub(crate) async fn get(Named(queue): Named<QueueName>, call: Call) -> Result<Response, Failure> {
    call.query.allow_read(&["slo_ms", "workers"])?;
    let query = ForecastQuery {
        slo_ms: call.query.parsed("slo_ms", "a number of milliseconds from 1 on")?,
        workers: call.query.parsed("workers", "a number from 1 on")?,
    };
    query.check()?;
    let now = call.node.replica.now();
    let look =
        |machine: &Machine| machine.queue(queue.as_str()).zip(machine.traffic(queue.as_str(), now));
    let not_found = || QueueNotFound { queue: queue.as_str().into() };
    reads::show(&call, look, |seen| {
        let (view, traffic) = seen.ok_or_else(|| Rejection::QueueNotFound(not_found()))?;
        Ok(translate::forecast(view, &traffic, now, query))
    })
    .await
}
