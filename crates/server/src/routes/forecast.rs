//! How long tasks will wait, and how many workers they need.

use axum::response::Response;
use ferry_api::ForecastQuery;
use ferry_core::rejection::{QueueNotFound, Rejection};
use ferry_types::QueueName;
use hyper::StatusCode;

use crate::answer;
use crate::call::Call;
use crate::named::Named;
use crate::problem::Failure;
use crate::reads::{self, Read};
use crate::{translate, wall_clock};

/// `GET /v1/queues/{queue}/forecast`.
pub(crate) async fn get(Named(queue): Named<QueueName>, call: Call) -> Result<Response, Failure> {
    call.query.allow_read(&["slo_ms", "workers"])?;
    let query = ForecastQuery {
        slo_ms: call.query.parsed("slo_ms", "a number of milliseconds from 1 on")?,
        workers: call.query.parsed("workers", "a number from 1 on")?,
    };
    query.check()?;
    let freshness = match reads::prepare(&call).await? {
        Read::Answered(response) => return Ok(response),
        Read::Here(freshness) => freshness,
    };
    let (index, now, seen) = call.node.replica.view(|index, machine| {
        let now = wall_clock::no_earlier_than(machine.now());
        let view = machine.queue(queue.as_str());
        (index, now, view.zip(machine.traffic(queue.as_str(), now)))
    });
    let Some((view, traffic)) = seen else {
        let queue = queue.as_str().into();
        let rejection = Rejection::QueueNotFound(QueueNotFound { queue });
        return Err(Failure::rejected(&rejection, index));
    };
    let document = translate::forecast(view, &traffic, now, query);
    Ok(freshness.mark(answer::json(StatusCode::OK, index, &document)))
}
