//! The words of workflows.
//!
//! ```text
//! at 0s   submit mail:a mail:b<a post:c!<a,b,t1
//! ```
//!
//! A task is its queue, its ref, and after `<` what it comes after; `!` has it run even if one of
//! these fails. `f*3` stands for `f0,f1,f2`.

use bytes::Bytes;
use ferry_core::Machine;
use ferry_core::command::{NewTask, SubmitWorkflow, Sweep, Unique, WorkflowTask};
use ferry_core::reply::{WorkflowCancelled, WorkflowSubmitted, WorkflowView};
use ferry_types::{TaskId, WorkflowId};

use super::print::{counts, span, time};
use super::words::Words;

/// The submission that words make.
pub(crate) fn submit(words: &mut Words) -> SubmitWorkflow {
    let create_queues = !words.flag("existing");
    let unique = words.option("unique").map(|key| Unique { key, until_ms: None });
    let rest = words.rest();
    let mut tasks: Vec<(WorkflowTask, Vec<String>)> = Vec::new();
    for word in rest.split_whitespace() {
        let (task, after) = word.split_once('<').unwrap_or((word, ""));
        let (queue, name) = task.split_once(':').unwrap_or_else(|| panic!("{word} has no queue"));
        let after: Vec<String> = after.split(',').flat_map(expanded).collect();
        let run_on_dependency_failure = name.ends_with('!');
        for task_ref in expanded(name.trim_end_matches('!')) {
            let payload = Bytes::from_static(b"{}");
            let task = NewTask {
                payload,
                run_on_dependency_failure,
                priority: 4,
                unique: unique.clone(),
                ..NewTask::default()
            };
            let task = WorkflowTask { task_ref, queue: queue.into(), task, after: Vec::new() };
            tasks.push((task, after.clone()));
        }
    }
    let refs: Vec<String> = tasks.iter().map(|(task, _)| task.task_ref.clone()).collect();
    for (task, after) in &mut tasks {
        for name in after {
            match refs.iter().position(|other| other == name) {
                Some(place) => task.after.push(place as u32),
                None => {
                    let id: TaskId = name.parse().unwrap_or_else(|_| panic!("{name} is no task"));
                    task.task.depends_on.push(id.get());
                }
            }
        }
    }
    SubmitWorkflow { tasks: tasks.into_iter().map(|(task, _)| task).collect(), create_queues }
}

fn expanded(name: &str) -> Vec<String> {
    match name.split_once('*') {
        _ if name.is_empty() => Vec::new(),
        None => vec![name.into()],
        Some((stem, count)) => {
            let count: u32 = count.parse().unwrap_or_else(|_| panic!("{count} is no number"));
            (0..count).map(|number| format!("{stem}{number}")).collect()
        }
    }
}

pub(crate) fn submitted(submitted: &WorkflowSubmitted) -> String {
    let first = submitted.first_task;
    format!("w{first} {}", span(first, first + u64::from(submitted.tasks) - 1))
}

pub(crate) fn cancelled(cancelled: &WorkflowCancelled) -> String {
    let next = |Sweep { after, before, done }: Sweep| format!(" from={after},{before},{done}");
    progress(&cancelled.workflow) + &cancelled.next.map(next).unwrap_or_default()
}

/// How far a workflow has come.
pub(crate) fn shown(machine: &Machine, id: WorkflowId) -> String {
    machine.workflow(id).map_or("no workflow".into(), |view| progress(&view))
}

fn progress(view: &WorkflowView) -> String {
    let WorkflowView { tasks, submitted_at_ms, cancelled, removed, .. } = *view;
    let removed = if removed > 0 { format!(", {removed} removed") } else { String::new() };
    let cancelled = if cancelled { "; cancelled" } else { "" };
    let at = time(submitted_at_ms);
    format!("{tasks} tasks at={at}: {}{removed}{cancelled}", counts(&view.counts))
}

/// The tasks of a workflow that are there.
pub(crate) fn graph(machine: &Machine, id: WorkflowId) -> String {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = machine.workflow_tasks(id, after, 2);
        let Some(last) = page.last() else { return all.join(" ") };
        after = Some(TaskId::new(last.task.row.id));
        for view in page {
            let (row, queue) = (view.task.row, view.task.queue);
            let depends_on = match view.depends_on.is_empty() {
                true => String::new(),
                false => format!("<{}", view.depends_on.join(",")),
            };
            all.push(format!("{queue}:{}{depends_on}=t{},{}", row.task_ref, row.id, row.state()));
        }
    }
}

/// Rows of what tasks wait for, stored and removed.
pub(crate) fn waits([stored, removed]: [u32; 2]) -> impl Iterator<Item = String> {
    let text = |sign: &str, count: u32| (count > 0).then(|| format!("{sign}{count} waits"));
    [text("", stored), text("-", removed)].into_iter().flatten()
}
