//! Tasks: enqueue, read, browse.

use axum::response::Response;
use bytes::Bytes;
use ferry_api::headers::TRACEPARENT;
use ferry_api::{EnqueueRequest, EnqueuedTask, EnqueuedTasks, TaskDocument, TaskList, TaskState};
use ferry_core::command::{Command, Enqueue, NewTask};
use ferry_core::reply::Enqueued;
use ferry_core::row::TaskRow;
use ferry_core::{Reply, StateName, TaskFilter, TaskView};
use ferry_types::{LogIndex, QueueName, TaskId, WorkerName, limits};
use hyper::StatusCode;

use crate::answer;
use crate::call::Call;
use crate::named::Named;
use crate::pages::Page;
use crate::problem::Failure;
use crate::reads::{self, Read};
use crate::writes::write;
use crate::{translate, wall_clock};

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
                let task = translate::new_task(task.check(wall_clock::now())?, traceparent);
                (vec![task.clone()], Some(task))
            }
            EnqueueRequest::Many(batch) => {
                let checked = batch.check(wall_clock::now())?;
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
    let document = documents(&call, index, vec![view]).await?.pop();
    let document = document.expect("a page shows its first task");
    Ok(freshness.mark(answer::json(StatusCode::OK, index, &document)))
}

/// `GET /v1/tasks`: browses without taking. A page ends early where its tasks fill a body.
pub(crate) async fn list(call: Call) -> Result<Response, Failure> {
    call.query.allow_read(&["queue", "state", "worker", "type", "limit", "page_token"])?;
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

/// The tasks as they stood at `index` with their payloads and results, as many as fit into a body,
/// and one at least.
async fn documents(
    call: &Call,
    index: LogIndex,
    views: Vec<TaskView>,
) -> Result<Vec<TaskDocument>, Failure> {
    let reader = call.node.replica.clone();
    // What the machine shows may be a moment ahead of the disk.
    reader.applied(index, call.remaining()).await?;
    // The disk is read where that holds nobody up. If it fails, the node stops anyway.
    let read = move || {
        let ids: Vec<TaskId> =
            views[..fitting(&views)].iter().map(|view| TaskId::new(view.row.id)).collect();
        let payloads = reader.payloads(&ids).ok()?;
        let mut documents = Vec::with_capacity(ids.len());
        let mut bytes = 0;
        for ((view, id), payload) in views.into_iter().zip(ids).zip(payloads) {
            let is_done = view.row.state == StateName::Succeeded as i32;
            let result = if is_done { reader.result(id).ok()? } else { None };
            bytes += payload.as_ref().map_or(0, Bytes::len) + result.as_ref().map_or(0, Bytes::len);
            if bytes > limits::BODY_BYTES_MAX && !documents.is_empty() {
                break;
            }
            documents.push(translate::document(view, payload, result));
        }
        Some(documents)
    };
    let documents = tokio::task::spawn_blocking(read).await;
    documents.ok().flatten().ok_or_else(Failure::shutting_down)
}

/// How many of the tasks fit into a body by their payloads; one always does.
fn fitting(views: &[TaskView]) -> usize {
    let mut bytes = 0;
    let too_many = views.iter().position(|view| {
        bytes += view.row.payload_bytes;
        bytes > limits::BODY_BYTES_MAX as u64
    });
    too_many.map_or(views.len(), |fitting| fitting.max(1))
}

fn filter(call: &Call) -> Result<TaskFilter, Failure> {
    let query = &call.query;
    let name = "a name of 1 to 80 of A-Z a-z 0-9 . _ -";
    let worker = query.parsed::<WorkerName>("worker", "a worker's name")?;
    let states = "scheduled, ready, leased, retrying, succeeded or dead";
    Ok(TaskFilter {
        queue: query.parsed("queue", name)?,
        state: query.parsed::<TaskState>("state", states)?.map(translate::state_name),
        worker: worker.map(|worker| worker.as_str().to_owned()),
        task_type: query.get("type").map(str::to_owned),
    })
}

/// The trace context of a request, if it is well-formed; a broken one is ignored, as W3C Trace
/// Context wants it.
fn traceparent(call: &Call) -> Option<String> {
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
    let state = if is_due { StateName::Ready } else { StateName::Scheduled };
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
            retry: task.retry,
            task_type: task.task_type.clone(),
            labels: task.labels.clone(),
            traceparent: task.traceparent.clone(),
            ..TaskRow::default()
        },
    }
}
