//! What operators do to one task: cancel, retry, run now.

use axum::response::Response;
use ferry_core::command::{Cancel, Command, Retry, RunNow};
use ferry_core::reply::TaskChanged;
use ferry_core::{Reply, TaskView};
use ferry_types::TaskId;
use hyper::StatusCode;

use crate::answer;
use crate::call::Call;
use crate::documents::document;
use crate::idempotency::Stage;
use crate::named::Named;
use crate::problem::Failure;
use crate::relay::{Kind, Relay};
use crate::routes::leases::NoFields;
use crate::writes::{Done, Outcome, carry_out};

/// `DELETE /v1/tasks/{task}`: calls a task off.
pub(crate) async fn cancel(Named(id): Named<TaskId>, call: Call) -> Result<Response, Failure> {
    change(&call, Command::Cancel(Cancel { task: id.get() })).await
}

/// `POST /v1/tasks/{task}/retry`: gives a dead task all its attempts again.
pub(crate) async fn retry(Named(id): Named<TaskId>, call: Call) -> Result<Response, Failure> {
    change(&call, Command::Retry(Retry { task: id.get() })).await
}

/// `POST /v1/tasks/{task}/run-now`: has a task wait no longer.
pub(crate) async fn run_now(Named(id): Named<TaskId>, call: Call) -> Result<Response, Failure> {
    change(&call, Command::RunNow(RunNow { task: id.get() })).await
}

/// Answers with the task as the change left it.
async fn change(call: &Call, command: Command) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    call.json_or_default::<NoFields>()?;
    let mut relay = Relay::new(call, Kind::Write);
    let build = |_: &Call| Ok((command.clone(), ()));
    let outcome = carry_out(call, &mut relay, Stage::Whole, build).await?;
    let Done { index, reply, replayed, .. } = match outcome {
        Outcome::Answered(response) => return Ok(response),
        Outcome::Done(done) => done,
    };
    let Reply::TaskChanged(changed) = reply else { return Err(Failure::outcome_unknown()) };
    let TaskChanged { queue, row } = *changed;
    let queue = queue.parse().map_err(|_| Failure::outcome_unknown())?;
    // The change is made, whether it can be shown or not.
    let document = document(call, index, TaskView { queue, row }).await;
    let document = document.map_err(|_| Failure::outcome_unknown())?;
    Ok(answer::replayed(answer::json(StatusCode::OK, index, &document), replayed))
}
