use ferry_types::limits::{DELAY_MAX, OPERATIONS_MAX};
use serde_json::{Value, json};

use crate::openapi::schema::{answer, any, duration, flag, list, of, or, request, text};
use crate::openapi::schemas::tasks;

pub(super) fn all() -> Vec<(&'static str, Value)> {
    let operations =
        list("The operations, which see one another in order.", of("Operation"), 1, OPERATIONS_MAX);
    let results =
        list("What each operation gave, in order.", of("OperationResult"), 1, OPERATIONS_MAX);
    vec![
        (
            "TransactionRequest",
            request(
                "Several things in order; all or none.",
                &["operations"],
                vec![("operations", operations)],
            ),
        ),
        ("Operation", operation()),
        ("EnqueueOperation", tasks::with_queue()),
        (
            "TransactionResponse",
            answer("The transaction was done.", &["results"], vec![("results", results)]),
        ),
        (
            "OperationResult",
            json!({
                "description": "The id of an enqueued task, or how the task stands that it names.",
                "oneOf": [
                    { "$ref": "#/components/schemas/EnqueuedTask" },
                    { "$ref": "#/components/schemas/Settled" },
                ],
            }),
        ),
    ]
}

fn operation() -> Value {
    let lease = || ("lease", of("LeaseId"));
    let mut schema = request(
        "A thing that a transaction does: one field, which names it.",
        &[],
        vec![
            ("enqueue", of("EnqueueOperation")),
            (
                "ack",
                request(
                    "Ends a task well.",
                    &["lease"],
                    vec![lease(), ("result", any("What came of it, up to 1 MiB."))],
                ),
            ),
            (
                "nack",
                request(
                    "Gives a failed task back.",
                    &["lease"],
                    vec![
                        lease(),
                        ("error", text("What went wrong; beyond 4,096 bytes it is cut.")),
                        ("delay_ms", duration("Back off this long.", 0, DELAY_MAX)),
                        ("dead", or(flag("No further attempt."), false)),
                    ],
                ),
            ),
            ("cancel", request("Calls a task off.", &["task"], vec![("task", of("TaskId"))])),
            (
                "require",
                request(
                    "Goes on only if a task is in a state.",
                    &["task", "state"],
                    vec![("task", of("TaskId")), ("state", of("TaskState"))],
                ),
            ),
        ],
    );
    schema["minProperties"] = json!(1);
    schema["maxProperties"] = json!(1);
    schema
}
