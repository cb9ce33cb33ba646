use ferry_types::limits::{CYCLE_PATH_MAX, PAGE_MAX, WORKFLOW_TASKS_MAX};
use serde_json::{Value, json};

use crate::WorkflowState;
use crate::openapi::schema::{answer, count, list, moment, of, pattern, request, text, words};
use crate::openapi::schemas::tasks;

pub(super) fn all() -> Vec<(&'static str, Value)> {
    let tasks = |description: &str, name: &str, least: usize, most: usize| {
        ("tasks", list(description, of(name), least, most))
    };
    vec![
        ("WorkflowId", pattern("A workflow's id; opaque.", "^w(0|[1-9][0-9]{0,19})$")),
        (
            "TaskRef",
            pattern(
                "A task's name within its workflow: 1 to 80 of `A-Z a-z 0-9 . _ -`, at least one not a dot.",
                r"^(?=.*[^.])[A-Za-z0-9._-]{1,80}$",
            ),
        ),
        ("WorkflowTask", tasks::in_workflow()),
        (
            "WorkflowRequest",
            request(
                "Tasks that come after one another, with up to 100,000 dependencies in all; all or none.",
                &["tasks"],
                vec![tasks(
                    "They get rising ids in this order.",
                    "WorkflowTask",
                    1,
                    WORKFLOW_TASKS_MAX,
                )],
            ),
        ),
        (
            "SubmittedWorkflow",
            answer(
                "The workflow is submitted.",
                &["id", "tasks"],
                vec![
                    ("id", of("WorkflowId")),
                    tasks("In the order of the request.", "SubmittedTask", 1, WORKFLOW_TASKS_MAX),
                ],
            ),
        ),
        (
            "SubmittedTask",
            answer(
                "A task of a workflow that was submitted.",
                &["ref", "id"],
                vec![("ref", of("TaskRef")), ("id", of("TaskId"))],
            ),
        ),
        ("WorkflowState", state()),
        ("WorkflowProgress", progress()),
        ("WorkflowStatus", answer("How a workflow stands.", &STATUS, status())),
        ("WorkflowDocument", document()),
        (
            "WorkflowGraph",
            answer(
                "Tasks of a workflow that are kept, and what each comes after.",
                &["tasks"],
                vec![tasks("In the order of the submission.", "GraphTask", 0, PAGE_MAX)],
            ),
        ),
        ("GraphTask", graph_task()),
    ]
}

const STATUS: [&str; 4] = ["id", "state", "submitted_at", "progress"];

/// The path of a cycle, as a problem tells it.
pub(super) fn cycle() -> Value {
    let description = "Tasks of a workflow, by their refs, each of which depends on the next. The \
        last is the first once more, unless there are too many to tell all.";
    list(description, of("TaskRef"), 1, CYCLE_PATH_MAX + 1)
}

fn state() -> Value {
    words(
        "What has become of it. `running`: some of its tasks have not ended; `succeeded`: all have \
            succeeded; `failed`: all have ended, not all well; `cancelled`: likewise, after what was \
            left was called off.",
        &WorkflowState::ALL.map(WorkflowState::as_str),
    )
}

fn progress() -> Value {
    answer(
        "How far a workflow has come. Tasks that are no longer kept count as well.",
        &["total", "finished", "removed", "counts"],
        vec![
            ("total", count("How many tasks it has.")),
            ("finished", count("How many have ended, however they did, or were removed.")),
            (
                "removed",
                count("How many were purged, or deleted with their queue, before they had ended."),
            ),
            ("counts", of("StateCounts")),
        ],
    )
}

fn status() -> Vec<(&'static str, Value)> {
    vec![
        ("id", of("WorkflowId")),
        ("state", of("WorkflowState")),
        ("submitted_at", moment("When it was submitted.")),
        ("progress", of("WorkflowProgress")),
    ]
}

fn document() -> Value {
    let mut properties = status();
    properties.push(("graph", of("WorkflowGraph")));
    let next = "Where the next page of the graph begins; none on the last.";
    properties.push(("next_page_token", text(next)));
    let required = [&STATUS[..], &["graph"]].concat();
    answer("A workflow as it stands, with a page of its graph.", &required, properties)
}

fn graph_task() -> Value {
    let depends_on = "What it comes after: refs, and ids of tasks that are not of the workflow or no \
        longer kept.";
    answer(
        "A task in the graph of its workflow.",
        &["ref", "id", "queue", "state", "attempt"],
        vec![
            ("ref", of("TaskRef")),
            ("id", of("TaskId")),
            ("queue", of("QueueName")),
            ("state", of("TaskState")),
            ("attempt", count("Leases that count, so far.")),
            ("depends_on", list(depends_on, json!({ "type": "string" }), 0, WORKFLOW_TASKS_MAX)),
        ],
    )
}
