//! Workflows: submit, read, cancel.

use axum::response::Response;
use ferry_api::{
    CheckedWorkflowTask, SubmittedTask, SubmittedWorkflow, WorkflowDocument, WorkflowGraph,
    WorkflowRequest,
};
use ferry_core::command::{CancelWorkflow, Command, SubmitWorkflow, WorkflowTask};
use ferry_core::rejection::{Rejection, WorkflowNotFound};
use ferry_core::{Machine, Reply};
use ferry_types::{TaskId, TaskRef, WorkflowId};
use hyper::StatusCode;

use crate::answer;
use crate::call::Call;
use crate::named::Named;
use crate::pages::Page;
use crate::problem::Failure;
use crate::reads;
use crate::routes::tasks::traceparent;
use crate::sweeps::parts;
use crate::translate;
use crate::writes::write;

/// `POST /v1/workflows`: one log entry, all or none.
pub(crate) async fn submit(call: Call) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    let build = |call: &Call| {
        let checked = call.json::<WorkflowRequest>()?.check(call.node.replica.now())?;
        let refs: Vec<TaskRef> = checked.iter().map(|task| task.task_ref.clone()).collect();
        let traceparent = traceparent(call);
        let task = |task| workflow_task(task, traceparent.clone());
        let tasks = checked.into_iter().map(task).collect();
        let create_queues = call.node.config.auto_create_queues;
        Ok((Command::SubmitWorkflow(SubmitWorkflow { tasks, create_queues }), refs))
    };
    write(&call, build, |index, reply, refs| {
        let Reply::WorkflowSubmitted(submitted) = reply else {
            return Err(Failure::outcome_unknown());
        };
        let task = |(number, task_ref)| SubmittedTask { task_ref, id: TaskId::new(number) };
        let id = WorkflowId::new(TaskId::new(submitted.first_task));
        let tasks = (submitted.first_task..).zip(refs).map(task).collect();
        Ok(answer::json(StatusCode::CREATED, index, &SubmittedWorkflow { id, tasks }))
    })
    .await
}

fn workflow_task(task: CheckedWorkflowTask, traceparent: Option<String>) -> WorkflowTask {
    WorkflowTask {
        task_ref: task.task_ref.as_str().into(),
        queue: task.queue.as_str().into(),
        task: translate::new_task(task.task, traceparent),
        after: task.after,
    }
}

/// `GET /v1/workflows/{workflow}`: how far it has come, and a page of its graph.
pub(crate) async fn get(Named(id): Named<WorkflowId>, call: Call) -> Result<Response, Failure> {
    call.query.allow_read(&["limit", "page_token"])?;
    let page = Page::of(&call)?;
    let after = page.after.as_deref().map(str::parse::<TaskId>).transpose();
    let after = after.map_err(|invalid| Failure::invalid_name("page_token", &invalid))?;
    let look = |machine: &Machine| {
        (machine.workflow(id), machine.workflow_tasks(id, after, page.limit + 1))
    };
    let not_found = || WorkflowNotFound { workflow: id.first_task().get() };
    reads::show(&call, look, |(view, mut tasks)| {
        let view = view.ok_or_else(|| Rejection::WorkflowNotFound(not_found()))?;
        let has_more = tasks.len() > page.limit;
        tasks.truncate(page.limit);
        let last = tasks.last().filter(|_| has_more).map(|last| TaskId::new(last.task.row.id));
        let tasks = tasks.into_iter().filter_map(translate::graph_task).collect();
        Ok(WorkflowDocument {
            status: translate::workflow_status(&view),
            graph: WorkflowGraph { tasks },
            next_page_token: last.map(|last| page.token(&last.to_string())),
        })
    })
    .await
}

/// `DELETE /v1/workflows/{workflow}`: calls off what is left, one part after the other.
pub(crate) async fn cancel(Named(id): Named<WorkflowId>, call: Call) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    let workflow = id.first_task().get();
    let command = |from| Command::CancelWorkflow(CancelWorkflow { workflow, from });
    let read = |reply| {
        let Reply::WorkflowCancelled(cancelled) = reply else { return None };
        Some((cancelled.workflow, cancelled.next))
    };
    parts(&call, command, read, |index, view| {
        answer::json(StatusCode::OK, index, &translate::workflow_status(view))
    })
    .await
}
