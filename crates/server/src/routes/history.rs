//! What has happened to a task.

use axum::response::Response;
use ferry_types::TaskId;
use hyper::StatusCode;

use crate::answer;
use crate::call::Call;
use crate::named::Named;
use crate::problem::Failure;
use crate::reads::{self, Read};
use crate::translate;

/// `GET /v1/tasks/{task}/history`.
pub(crate) async fn get(Named(id): Named<TaskId>, call: Call) -> Result<Response, Failure> {
    call.query.allow_read(&[])?;
    let freshness = match reads::prepare(&call).await? {
        Read::Answered(response) => return Ok(response),
        Read::Here(freshness) => freshness,
    };
    let (index, events) = call.node.replica.view(|index, machine| (index, machine.history(id)));
    let events = events.ok_or_else(|| Failure::task_not_found(id).at(index))?;
    Ok(freshness.mark(answer::json(StatusCode::OK, index, &translate::history(events))))
}
