//! What came of a task, now or once it has ended. Served by the node that is asked, whichever it
//! is: each sees the end as it applies it.

use axum::response::Response;
use ferry_api::headers::PREFERENCE_APPLIED;
use ferry_api::{Code, TaskDocument};
use ferry_types::{LogIndex, TaskId};
use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue};
use tokio::time::{Instant, timeout_at};

use crate::answer;
use crate::call::Call;
use crate::documents::document;
use crate::named::Named;
use crate::prefer;
use crate::problem::Failure;
use crate::reads;

const APPLIED: HeaderName = HeaderName::from_static(PREFERENCE_APPLIED);

/// `GET /v1/tasks/{task}/result`: 200 once the task has ended, 202 while it has not.
pub(crate) async fn get(Named(id): Named<TaskId>, call: Call) -> Result<Response, Failure> {
    call.query.allow_read(&[])?;
    let wait = prefer::wait(&call.headers)?;
    // From before the first look, so that no end comes between.
    let follow = match wait {
        Some(_) => Some(call.node.replica.follow(id).ok_or_else(too_many)?),
        None => None,
    };
    let mut freshness = reads::prepare_here(&call, call.arrived + call.patience).await?;
    let (mut index, mut task) = look(&call, id).await?;
    if let (Some(mut follow), Some(wait)) = (follow, wait) {
        let until = call.arrived + wait;
        while !task.state.is_finished() && Instant::now() < until {
            tokio::select! {
                ended = timeout_at(until, follow.ended()) => if ended.is_err() {
                    // What this node has seen may be old by now.
                    freshness = reads::prepare_here(&call, until + call.patience).await?;
                },
                () = call.door.stopping.cancelled() => return Err(Failure::shutting_down()),
            }
            (index, task) = look(&call, id).await?;
        }
    }
    let status = if task.state.is_finished() { StatusCode::OK } else { StatusCode::ACCEPTED };
    let mut response = freshness.mark(answer::json(status, index, &task));
    if let Some(wait) = wait {
        let applied = HeaderValue::from_str(&format!("wait={}", wait.as_secs()));
        let applied = applied.expect("a number is a header's value");
        response.headers_mut().insert(APPLIED, applied);
    }
    Ok(response)
}

async fn look(call: &Call, id: TaskId) -> Result<(LogIndex, TaskDocument), Failure> {
    let (index, view) = call.node.replica.view(|index, machine| (index, machine.task(id)));
    let view = view.ok_or_else(|| Failure::task_not_found(id).at(index))?;
    Ok((index, document(call, index, view).await?))
}

fn too_many() -> Failure {
    let detail = "as many requests wait for results at this node as it takes; ask again later, or \
                  another node";
    Failure::new(Code::TooManyWaiters, detail).retry_after_ms(1_000)
}
