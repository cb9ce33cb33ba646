//! Queues: `PUT`, `GET`, `DELETE`, the list, pause and resume.

use axum::response::Response;
use ferry_api::{QueueList, QueueSettings};
use ferry_core::command::{Command, DeleteQueue, PauseQueue, PutQueue};
use ferry_core::rejection::{QueueNotFound, Rejection};
use ferry_core::reply::{QueuePaused, QueuePut};
use ferry_core::{Machine, QueueView, Reply};
use ferry_types::QueueName;
use hyper::StatusCode;

use crate::answer;
use crate::call::Call;
use crate::named::Named;
use crate::problem::Failure;
use crate::reads;
use crate::routes::leases::NoFields;
use crate::translate;
use crate::writes::write;

/// `PUT /v1/queues/{queue}`: creates a queue or replaces its settings.
pub(crate) async fn put(Named(queue): Named<QueueName>, call: Call) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    let build = |call: &Call| {
        let settings: QueueSettings = call.json()?;
        let settings = translate::queue_settings(&settings)?;
        let put = PutQueue { queue: queue.as_str().into(), settings };
        Ok((Command::PutQueue(Box::new(put)), ()))
    };
    write(&call, build, |index, reply, ()| {
        let Reply::QueuePut(QueuePut { created, status: Some(status) }) = reply else {
            return Err(Failure::outcome_unknown());
        };
        let code = if created { StatusCode::CREATED } else { StatusCode::OK };
        let document = translate::queue_left(queue.clone(), &status, created);
        Ok(answer::json(code, index, &document))
    })
    .await
}

/// `GET /v1/queues/{queue}`.
pub(crate) async fn get(Named(queue): Named<QueueName>, call: Call) -> Result<Response, Failure> {
    call.query.allow_read(&[])?;
    let look = |machine: &Machine| machine.queue(queue.as_str());
    let not_found = || QueueNotFound { queue: queue.as_str().into() };
    reads::show(&call, look, |view| {
        let view = view.ok_or_else(|| Rejection::QueueNotFound(not_found()))?;
        Ok(translate::queue_document(view, call.node.replica.now()))
    })
    .await
}

/// `POST /v1/queues/{queue}/pause`: the queue gives no tasks.
pub(crate) async fn pause(Named(queue): Named<QueueName>, call: Call) -> Result<Response, Failure> {
    set_paused(queue, call, true).await
}

/// `POST /v1/queues/{queue}/resume`: the queue gives tasks again.
pub(crate) async fn resume(
    Named(queue): Named<QueueName>,
    call: Call,
) -> Result<Response, Failure> {
    set_paused(queue, call, false).await
}

async fn set_paused(queue: QueueName, call: Call, paused: bool) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    call.json_or_default::<NoFields>()?;
    let build = |_: &Call| {
        let pause = PauseQueue { queue: queue.as_str().into(), paused };
        Ok((Command::PauseQueue(pause), ()))
    };
    write(&call, build, |index, reply, ()| {
        let Reply::QueuePaused(QueuePaused { status: Some(status) }) = reply else {
            return Err(Failure::outcome_unknown());
        };
        let document = translate::queue_left(queue.clone(), &status, false);
        Ok(answer::json(StatusCode::OK, index, &document))
    })
    .await
}

/// `DELETE /v1/queues/{queue}`.
pub(crate) async fn delete(
    Named(queue): Named<QueueName>,
    call: Call,
) -> Result<Response, Failure> {
    call.query.allow_write(&["force"])?;
    let force = call.query.flag("force", false)?;
    let build = |_: &Call| {
        let delete = DeleteQueue { queue: queue.as_str().into(), force };
        Ok((Command::DeleteQueue(delete), ()))
    };
    write(&call, build, |index, _, ()| Ok(answer::no_content(index))).await
}

/// `GET /v1/queues`.
pub(crate) async fn list(call: Call) -> Result<Response, Failure> {
    let look = |machine: &Machine, after: Option<&str>, most| machine.queues(after, most);
    let list = |views: Vec<QueueView>, next_page_token| {
        let now = call.node.replica.now();
        let document = |view| translate::queue_document(view, now);
        QueueList { queues: views.into_iter().map(document).collect(), next_page_token }
    };
    reads::list(&call, look, |view| view.name.as_str(), list).await
}
