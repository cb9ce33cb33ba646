use ferry_types::limits::{
    LABEL_KEY_BYTES_MAX, PAGE_MAX, RESOURCE_AMOUNT_MAX, RESOURCE_NAME_BYTES_MAX, RESOURCES_MAX,
    SESSION_MAX, SESSION_MIN, WORKER_QUEUES_MAX, WORKER_SLOTS_MAX,
};
use serde_json::{Value, json};

use crate::WorkerSettings;
use crate::invalid_field::millis;
use crate::openapi::schema::{
    answer, count, described, duration, flag, integer, list, of, or, request, text,
};

pub(super) fn all() -> Vec<(&'static str, Value)> {
    vec![
        ("Resources", resources()),
        ("AssignPolicy", policy()),
        ("WorkerSettings", settings()),
        ("WorkerDocument", document()),
        (
            "WorkerLoad",
            answer(
                "What a worker's leases use of it.",
                &["slots", "resources"],
                vec![
                    ("slots", count("Slots: one for each lease.")),
                    ("resources", described("Of each resource that is used at all.", "Resources")),
                ],
            ),
        ),
        (
            "WorkerLease",
            answer(
                "A lease that a worker has.",
                &["lease", "task", "queue"],
                vec![("lease", of("LeaseId")), ("task", of("TaskId")), ("queue", of("QueueName"))],
            ),
        ),
        (
            "WorkerList",
            answer(
                "A page of workers, by name.",
                &["workers"],
                vec![
                    ("workers", list("The workers.", of("WorkerDocument"), 0, PAGE_MAX)),
                    ("next_page_token", text("Where the next page begins; none on the last.")),
                ],
            ),
        ),
        (
            "Heartbeat",
            answer(
                "A worker's sign of life was noted.",
                &["worker", "session", "session_ms", "draining"],
                vec![
                    ("worker", of("WorkerName")),
                    ("session", count("The number of its session.")),
                    ("session_ms", count("How long it lasts from now on. Milliseconds.")),
                    ("draining", flag("Whether it gets nothing new.")),
                ],
            ),
        ),
    ]
}

fn resources() -> Value {
    json!({
        "type": "object",
        "description": "So much of each resource, for example `cpu_millis` or `memory_mb`.",
        "maxProperties": RESOURCES_MAX,
        "propertyNames": { "minLength": 1, "maxLength": RESOURCE_NAME_BYTES_MAX },
        "additionalProperties": { "type": "integer", "minimum": 0, "maximum": RESOURCE_AMOUNT_MAX },
    })
}

fn policy() -> Value {
    json!({
        "description": "How the tasks of a queue come to workers. `pull`: these ask for them, as \
            they may in any queue. `least_loaded`: each is assigned to the worker that is then \
            the least loaded. `best_fit`: to the one that it fills the most, so that large tasks \
            still find room. `spread`: evenly over the values that workers have for this label.",
        "default": "pull",
        "oneOf": [
            { "enum": ["pull", "least_loaded", "best_fit"] },
            {
                "type": "object",
                "required": ["spread"],
                "additionalProperties": false,
                "properties": {
                    "spread": { "type": "string", "minLength": 1, "maxLength": LABEL_KEY_BYTES_MAX },
                },
            },
        ],
    })
}

fn settings() -> Value {
    let standard = WorkerSettings::default();
    let slots = integer("How many tasks it may have at a time.", 1, u64::from(WORKER_SLOTS_MAX));
    let session = "How long its session lasts without a sign of life.";
    let session = duration(session, millis(SESSION_MIN), SESSION_MAX);
    let queues = "The queues that tasks may be assigned to it from, each once; none if left out, so that it \
         gets what it asks for alone. It may ask for tasks of any queue.";
    request(
        "What a worker says about itself.",
        &[],
        vec![
            ("queues", list(queues, of("QueueName"), 0, WORKER_QUEUES_MAX)),
            ("slots", or(slots, standard.slots)),
            ("resources", of("Resources")),
            ("labels", described("What tasks may select it by.", "Labels")),
            ("session_ms", or(session, standard.session_ms)),
        ],
    )
}

fn document() -> Value {
    let session = "The number of its session: a later session of any worker has a larger one.";
    let leases = "Its leases; left out in a list of workers.";
    answer(
        "A registered worker as it stands.",
        &["worker", "session", "queues", "slots", "session_ms", "draining", "load"],
        vec![
            ("worker", of("WorkerName")),
            ("session", count(session)),
            ("queues", list("Its queues.", of("QueueName"), 0, WORKER_QUEUES_MAX)),
            ("slots", count("How many tasks it may have at a time.")),
            ("resources", of("Resources")),
            ("labels", described("What tasks may select it by.", "Labels")),
            ("session_ms", count("How long its session lasts without a sign of life.")),
            ("draining", flag("Whether it gets nothing new.")),
            ("load", of("WorkerLoad")),
            ("leases", list(leases, of("WorkerLease"), 0, WORKER_SLOTS_MAX as usize)),
        ],
    )
}
