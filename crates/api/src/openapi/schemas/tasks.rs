use ferry_types::limits::{
    ATTEMPTS_MAX, DELAY_MAX, DEPENDENCIES_MAX, LABEL_KEY_BYTES_MAX, LABEL_VALUE_BYTES_MAX,
    LABELS_MAX, LEASE_MAX, LINES_PER_PICK_MAX, LOCKS_MAX, PAGE_MAX, TASKS_PER_REQUEST_MAX,
    UNIQUE_KEY_BYTES_MAX, WORKFLOW_TASKS_MAX,
};
use serde_json::{Value, json};

use super::limits::key;
use crate::TaskState;
use crate::openapi::schema::{
    answer, any, bounded, count, described, duration, integer, list, moment, of, or, pattern,
    request, text, words,
};

/// Needs are what a task takes and what it selects.
fn resources() -> Value {
    let description = format!(
        "What it takes of its worker's resources. Where a queue has tasks of more than \
         {LINES_PER_PICK_MAX} kinds of needs that nobody can meet for now, what stands behind these \
         is not looked at: take few sizes, not one for each task."
    );
    described(&description, "Resources")
}

pub(super) fn all() -> Vec<(&'static str, Value)> {
    let states = TaskState::ALL.map(TaskState::as_str);
    vec![
        ("TaskId", pattern("A task's id; opaque.", "^t(0|[1-9][0-9]{0,19})$")),
        ("TaskState", words("Where a task is in its life.", &states)),
        ("Labels", labels()),
        ("Unique", unique()),
        ("NewTask", new_task()),
        (
            "TaskBatch",
            request(
                "Several tasks for one queue, all or none.",
                &["tasks"],
                vec![(
                    "tasks",
                    list(
                        "The tasks; they get rising ids in this order.",
                        of("NewTask"),
                        1,
                        TASKS_PER_REQUEST_MAX,
                    ),
                )],
            ),
        ),
        (
            "EnqueuedTasks",
            answer(
                "The answer to a batch.",
                &["tasks"],
                vec![(
                    "tasks",
                    list(
                        "The tasks, in the order of the request.",
                        of("EnqueuedTask"),
                        1,
                        TASKS_PER_REQUEST_MAX,
                    ),
                )],
            ),
        ),
        ("EnqueuedTask", answer("A task of a batch.", &["id"], vec![("id", of("TaskId"))])),
        ("TaskDocument", document()),
        (
            "TaskList",
            answer(
                "A page of tasks, in enqueue order.",
                &["tasks"],
                vec![
                    ("tasks", list("The tasks.", of("TaskDocument"), 0, PAGE_MAX)),
                    ("next_page_token", text("Where the next page begins; none on the last.")),
                ],
            ),
        ),
    ]
}

fn ttl(otherwise: &str) -> Value {
    let description = format!("How long it may take to be done, from when it is due{otherwise}.");
    duration(&description, 1, DELAY_MAX)
}

fn labels() -> Value {
    json!({
        "type": "object",
        "description": format!(
            "The producer's labels. Keys of 1 to {LABEL_KEY_BYTES_MAX} bytes of UTF-8, values of \
             up to {LABEL_VALUE_BYTES_MAX}."
        ),
        "maxProperties": LABELS_MAX,
        "propertyNames": { "minLength": 1, "maxLength": LABEL_KEY_BYTES_MAX },
        "additionalProperties": { "type": "string", "maxLength": LABEL_VALUE_BYTES_MAX },
    })
}

fn new_task() -> Value {
    let attempts = integer(
        "Attempts before the task is dead; 0 is no limit; else the queue's.",
        0,
        u64::from(ATTEMPTS_MAX),
    );
    let kind = "The producer's word for what kind of task this is.";
    let kind = bounded(kind, LABEL_VALUE_BYTES_MAX);
    let mut bytes = text("Bytes, up to 1 MiB, in base64 with padding.");
    bytes["contentEncoding"] = json!("base64");
    let delay = duration("Not before this long after the enqueue.", 0, DELAY_MAX);
    let mut schema = request(
        "A task as its producer describes it.",
        &[],
        vec![
            ("payload", any("Any JSON, up to 1 MiB. Either this or `payload_base64`.")),
            ("payload_base64", bytes),
            ("priority", or(integer("0 is the lowest, 9 the highest.", 0, 9), 4)),
            (
                "run_at",
                moment("Not before this time, at most ten years ahead. Not with `delay_ms`."),
            ),
            ("delay_ms", or(delay, 0)),
            ("max_attempts", attempts),
            ("lease_ms", duration("How long a lease lasts; else the queue's.", 1, LEASE_MAX)),
            ("ttl_ms", ttl("; else the queue's")),
            ("retry", described("How it backs off; else the queue's.", "RetryPolicy")),
            ("type", kind),
            ("labels", of("Labels")),
            ("key", key("Tasks with the same key go in order, or take turns with other keys.")),
            (
                "locks",
                list(
                    "Locks that a lease on it takes, all or none. Of the tasks of a queue and type that want one the first has it first; those of others do not wait for it.",
                    key("A name."),
                    0,
                    LOCKS_MAX,
                ),
            ),
            ("unique", of("Unique")),
            (
                "depends_on",
                list("Tasks that must have ended first.", of("TaskId"), 0, DEPENDENCIES_MAX),
            ),
            ("on_dependency_failure", or(on_failure(), "cancel")),
            ("resources", resources()),
            ("selector", described("The labels that its worker must have.", "Labels")),
        ],
    );
    schema["oneOf"] = json!([{ "required": ["payload"] }, { "required": ["payload_base64"] }]);
    schema
}

/// A task with its queue.
/// A new task as it stands in a workflow.
pub(super) fn in_workflow() -> Value {
    let mut schema = with_queue();
    schema["description"] = json!("A task of a workflow.");
    schema["required"] = json!(["ref", "queue"]);
    schema["properties"]["ref"] = of("TaskRef");
    let depends_on = "What must have ended well before it runs: refs of the workflow, and ids of \
        tasks that exist. A ref goes before an id.";
    schema["properties"]["depends_on"] =
        list(depends_on, json!({ "type": "string" }), 0, WORKFLOW_TASKS_MAX);
    schema
}

pub(super) fn with_queue() -> Value {
    let mut schema = new_task();
    schema["description"] = json!("A task with its queue.");
    schema["required"] = json!(["queue"]);
    schema["properties"]["queue"] = of("QueueName");
    schema
}

fn on_failure() -> Value {
    words("What becomes of it if one of them is dead, cancelled or expired.", &["cancel", "run"])
}

fn unique() -> Value {
    let key = bounded("The key.", UNIQUE_KEY_BYTES_MAX);
    let until = json!({
        "description": "`done`: until the task has succeeded, is cancelled or has expired; a dead \
            task has it still. A number: for so many milliseconds from the enqueue.",
        "default": "done",
        "oneOf": [
            { "const": "done" },
            { "type": "integer", "minimum": 1, "maximum": DELAY_MAX.as_millis() as u64 },
        ],
    });
    request(
        "A key that one task of a queue has at a time.",
        &["key"],
        vec![("key", key), ("until", until)],
    )
}

fn document() -> Value {
    let mut bytes = text("Its payload in base64, if that is bytes.");
    bytes["contentEncoding"] = json!("base64");
    answer(
        "A task as it stands. What is not set is left out.",
        &["id", "queue", "state", "priority", "attempt", "enqueued_at", "index"],
        vec![
            ("id", of("TaskId")),
            ("queue", of("QueueName")),
            ("state", of("TaskState")),
            ("priority", integer("0 is the lowest, 9 the highest.", 0, 9)),
            ("attempt", count("Leases that count, so far; 0 before the first.")),
            ("max_attempts", count("The task's own bound on attempts.")),
            ("enqueued_at", moment("When it was enqueued.")),
            ("run_at", moment("When it is or was due.")),
            ("started_at", moment("When its last attempt began.")),
            ("finished_at", moment("When it ended.")),
            ("last_error", text("What its last failure said.")),
            ("result", any("What its winning ack gave.")),
            ("payload", any("Its payload, if that is JSON.")),
            ("payload_base64", bytes),
            ("type", text("The producer's word for what kind of task this is.")),
            ("labels", of("Labels")),
            ("lease_ms", duration("How long a lease on it lasts, if it says so.", 1, LEASE_MAX)),
            ("ttl_ms", ttl("; none if left out")),
            ("retry", of("RetryPolicy")),
            ("traceparent", text("The W3C trace context of its enqueue.")),
            ("key", key("Its ordering key.")),
            ("locks", list("The locks that a lease on it takes.", key("A name."), 0, LOCKS_MAX)),
            ("unique", of("Unique")),
            ("depends_on", list("What it was to come after.", of("TaskId"), 0, WORKFLOW_TASKS_MAX)),
            ("on_dependency_failure", on_failure()),
            ("resources", described("What it takes of its worker's resources.", "Resources")),
            ("selector", described("The labels that its worker must have.", "Labels")),
            ("workflow", of("WorkflowId")),
            ("ref", of("TaskRef")),
            ("firing", of("FiringDocument")),
            ("lease", of("LeaseDocument")),
            ("index", count("The log index of its last change.")),
        ],
    )
}
