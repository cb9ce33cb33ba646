use ferry_types::limits::OPERATIONS_MAX;
use serde_json::{Value, json};

use crate::openapi::schema::{answer, any, list, of, request};
use crate::openapi::schemas::{leases, tasks};

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
        ("AckOperation", ack()),
        ("NackOperation", nack()),
        ("CancelOperation", cancel()),
        ("RequireOperation", requirement()),
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
    let kinds = ["enqueue", "ack", "nack", "cancel", "require"];
    let schemas = ["Enqueue", "Ack", "Nack", "Cancel", "Require"];
    let schemas = schemas.map(|kind| of(&format!("{kind}Operation")));
    let description = "A thing that a transaction does: one field, which names it.";
    let mut schema = request(description, &[], kinds.into_iter().zip(schemas).collect());
    schema["minProperties"] = json!(1);
    schema["maxProperties"] = json!(1);
    schema
}

fn ack() -> Value {
    let result = any("What came of it, up to 1 MiB.");
    let properties = vec![("lease", of("LeaseId")), ("result", result)];
    request("Ends a task well.", &["lease"], properties)
}

fn nack() -> Value {
    let properties = [("lease", of("LeaseId"))].into_iter().chain(leases::nack());
    request("Gives a failed task back.", &["lease"], properties.collect())
}

fn cancel() -> Value {
    request("Calls a task off.", &["task"], vec![("task", of("TaskId"))])
}

fn requirement() -> Value {
    let properties = vec![("task", of("TaskId")), ("state", of("TaskState"))];
    request("Goes on only if a task is in a state.", &["task", "state"], properties)
}
