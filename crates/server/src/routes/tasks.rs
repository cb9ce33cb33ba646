//! Tasks: enqueue, read, browse.

use std::collections::BTreeSet;

use axum::response::Response;
use ferry_api::headers::TRACEPARENT;
use ferry_api::{EnqueueRequest, EnqueuedTask, EnqueuedTasks, TaskList, TaskState};
use ferry_core::command::{Command, Enqueue, NewTask};
use ferry_core::reply::Enqueued;
use ferry_core::row::TaskRow;
use ferry_core::{Reply, StateName, TaskFilter, TaskView};
use ferry_types::{QueueName, TaskId, WorkerName};
use hyper::StatusCode;

use crate::answer;
use crate::call::Call;
use crate::documents::{document, documents};
use crate::named::Named;
use crate::pages::Page;
use crate::problem::Failure;
use crate::reads::{self, Read};
use crate::translate;
use crate::writes::write;

/// `POST /v1/queues/{queue}/tasks`: answers 201 once a majority has the tasks on disk.
pub(crate) async fn enqueue(
    Named(queue): Named<QueueName>,
    call: Call,
) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    let build = |call: &Call| {
        let traceparent = traceparent(call);
        let (tasks, single) = match call.json()? {
            EnqueueRequest::One(task) => {
                let task = translate::new_task(task.check(call.node.replica.now())?, traceparent);
                (vec![task.clone()], Some(task))
            }
            EnqueueRequest::Many(batch) => {
                let checked = batch.check(call.node.replica.now())?;
                let new = |task| translate::new_task(task, traceparent.clone());
                (checked.into_iter().map(new).collect(), None)
            }
        };
        let create_queue = call.node.config.auto_create_queues;
        let enqueue = Enqueue { queue: queue.as_str().into(), tasks, create_queue };
        Ok((Command::Enqueue(enqueue), single))
    };
    write(&call, build, |index, reply, single| {
        let Reply::Enqueued(enqueued) = reply else { return Err(Failure::outcome_unknown()) };
        Ok(match single {
            Some(task) => answer::json(
                StatusCode::CREATED,
                index,
                &translate::document(fresh(&queue, &task, &enqueued), Some(task.payload), None),
            ),
            None => {
                let ids = enqueued.first_task..enqueued.first_task + u64::from(enqueued.tasks);
                let tasks = ids.map(|id| EnqueuedTask { id: TaskId::new(id) }).collect();
                answer::json(StatusCode::CREATED, index, &EnqueuedTasks { tasks })
            }
        })
    })
    .await
}

/// `GET /v1/tasks/{task}`.
pub(crate) async fn get(Named(id): Named<TaskId>, call: Call) -> Result<Response, Failure> {
    call.query.allow_read(&[])?;
    let freshness = match reads::prepare(&call).await? {
        Read::Answered(response) => return Ok(response),
        Read::Here(freshness) => freshness,
    };
    let (index, view) = call.node.replica.view(|index, machine| (index, machine.task(id)));
    let view = view.ok_or_else(|| Failure::task_not_found(id).at(index))?;
    let document = document(&call, index, view).await?;
    Ok(freshness.mark(answer::json(StatusCode::OK, index, &document)))
}

/// `GET /v1/tasks`: browses without taking. A page ends early where its tasks fill a body.
pub(crate) async fn list(call: Call) -> Result<Response, Failure> {
    call.query.allow_read(&["queue", "state", "key", "worker", "type", "limit", "page_token"])?;
    let page = Page::of(&call)?;
    let filter = filter(&call)?;
    let after = page.after.as_deref().map(str::parse::<TaskId>).transpose();
    let after = after.map_err(|invalid| Failure::invalid_name("page_token", &invalid))?;
    let freshness = match reads::prepare(&call).await? {
        Read::Answered(response) => return Ok(response),
        Read::Here(freshness) => freshness,
    };
    let replica = &call.node.replica;
    let (index, (views, mut next)) =
        replica.view(|index, machine| (index, machine.tasks(&filter, after, page.limit)));
    let found = views.len();
    let tasks = documents(&call, index, views).await?;
    if tasks.len() < found {
        next = tasks.last().map(|task| task.id);
    }
    let next_page_token = next.map(|last| page.token(&last.to_string()));
    let list = TaskList { tasks, next_page_token };
    Ok(freshness.mark(answer::json(StatusCode::OK, index, &list)))
}

fn filter(call: &Call) -> Result<TaskFilter, Failure> {
    let query = &call.query;
    let name = "a name of 1 to 80 of A-Z a-z 0-9 . _ -";
    let worker = query.parsed::<WorkerName>("worker", "a worker's name")?;
    Ok(TaskFilter {
        queue: query.parsed("queue", name)?,
        state: query.parsed::<TaskState>("state", TaskState::GRAMMAR)?.map(translate::state_name),
        worker: worker.map(|worker| worker.as_str().to_owned()),
        task_type: query.get("type").map(str::to_owned),
        key: query.get("key").map(str::to_owned),
    })
}

/// The trace context of a request, if it is well-formed; a broken one is ignored, as W3C Trace
/// Context wants it.
pub(super) fn traceparent(call: &Call) -> Option<String> {
    let text = call.headers.get(TRACEPARENT)?.to_str().ok()?;
    let is_fine =
        (55..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_fine.then(|| text.to_owned())
}

/// A task as it was when its enqueue was applied.
fn fresh(queue: &QueueName, task: &NewTask, enqueued: &Enqueued) -> TaskView {
    let due = match task.run_at_ms {
        Some(at) => Some(at),
        None => (task.delay_ms > 0).then(|| enqueued.at_ms.saturating_add(task.delay_ms)),
    };
    let is_due = due.is_none_or(|due| due <= enqueued.at_ms);
    let as_asked = if is_due { StateName::Ready } else { StateName::Scheduled };
    let is_told = enqueued.state() != StateName::Unknown;
    let state = if is_told { enqueued.state() } else { as_asked };
    TaskView {
        queue: queue.clone(),
        row: TaskRow {
            id: enqueued.first_task,
            state: state.into(),
            priority: task.priority,
            payload_bytes: task.payload.len() as u64,
            payload_is_bytes: task.payload_is_bytes,
            enqueued_at_ms: enqueued.at_ms,
            index: enqueued.index,
            run_at_ms: due,
            max_attempts: task.max_attempts,
            lease_ms: task.lease_ms,
            ttl_ms: task.ttl_ms.or(enqueued.ttl_ms),
            retry: task.retry,
            task_type: task.task_type.clone(),
            labels: task.labels.clone(),
            traceparent: task.traceparent.clone(),
            key: task.key.clone(),
            // In order and each once, as the machine keeps them.
            locks: BTreeSet::from_iter(task.locks.iter().cloned()).into_iter().collect(),
            unique: task.unique.clone(),
            depends_on: task.depends_on.clone(),
            run_on_dependency_failure: task.run_on_dependency_failure,
            ..TaskRow::default()
        },
    }
}
