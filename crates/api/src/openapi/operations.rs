//! What each route does.

use serde_json::{Map, Value, json};

use crate::routes;

/// What tells one operation from another.
struct Operation {
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    /// Names of path and query parameters besides those that its kind has.
    parameters: &'static [&'static str],
    kind: Kind,
    /// The schema of its body, if it takes one.
    body: Option<Body>,
    /// Status and schema of each good answer.
    answers: Answers,
}

type Answers = &'static [(u16, Option<&'static str>)];

impl Operation {
    fn read(
        id: &'static str,
        tag: &'static str,
        summary: &'static str,
        parameters: &'static [&'static str],
        answers: Answers,
    ) -> Self {
        Self { id, tag, summary, parameters, kind: Kind::Read, body: None, answers }
    }

    fn write(
        id: &'static str,
        tag: &'static str,
        summary: &'static str,
        parameters: &'static [&'static str],
        body: Option<Body>,
        answers: Answers,
    ) -> Self {
        Self { id, tag, summary, parameters, kind: Kind::Write, body, answers }
    }

    fn local(id: &'static str, tag: &'static str, summary: &'static str, answers: Answers) -> Self {
        Self { id, tag, summary, parameters: &[], kind: Kind::Local, body: None, answers }
    }

    fn admin(
        id: &'static str,
        summary: &'static str,
        parameters: &'static [&'static str],
        body: Option<Body>,
        answers: Answers,
    ) -> Self {
        Self { id, tag: "cluster", summary, parameters, kind: Kind::Admin, body, answers }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Takes consistency parameters.
    Read,
    /// Takes an idempotency key.
    Write,
    /// Of the node that is asked, and never forwarded.
    Local,
    /// A change of the cluster, made by the leader.
    Admin,
}

#[derive(Clone, Copy)]
enum Body {
    Needed(&'static str),
    Optional(&'static str),
    /// One task or a batch.
    Enqueue,
}

/// The operation of a route and a method that `routes::ALL` has.
pub(super) fn operation(path: &str, method: &str) -> Value {
    let operation = find(path, method).expect("each route of `routes::ALL` is described");
    let mut parameters: Vec<&str> = operation.parameters.to_vec();
    match operation.kind {
        Kind::Read => {
            parameters.extend(["consistency", "min_index", "forward", "Ferry-Timeout-Ms"])
        }
        Kind::Write => parameters.extend(["forward", "Ferry-Timeout-Ms", "Idempotency-Key"]),
        Kind::Admin => parameters.extend(["forward", "Ferry-Timeout-Ms"]),
        Kind::Local => {}
    }
    let refer = |name: &&str| json!({ "$ref": format!("#/components/parameters/{name}") });
    let mut value = json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": parameters.iter().map(refer).collect::<Vec<_>>(),
        "responses": responses(&operation),
    });
    if operation.tag == "cluster" && method != "get" {
        value["description"] =
            json!("Takes no `Idempotency-Key` (400): it may be repeated without one.");
    }
    if let Some(body) = operation.body {
        value["requestBody"] = request_body(body);
    }
    value
}

fn request_body(body: Body) -> Value {
    let refer = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let (required, schema) = match body {
        Body::Needed(name) => (true, refer(name)),
        Body::Optional(name) => (false, refer(name)),
        Body::Enqueue => (true, json!({ "oneOf": [refer("NewTask"), refer("TaskBatch")] })),
    };
    json!({ "required": required, "content": { "application/json": { "schema": schema } } })
}

fn responses(operation: &Operation) -> Value {
    let mut headers = vec!["Ferry-Index", "Ferry-Node"];
    match operation.kind {
        Kind::Read => headers.push("Ferry-Stale-Ms"),
        Kind::Write => headers.push("Ferry-Replayed"),
        Kind::Local | Kind::Admin => {}
    }
    let headers: Map<String, Value> = headers
        .into_iter()
        .map(|name| (name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") })))
        .collect();
    let mut responses = Map::new();
    for (status, schema) in operation.answers {
        let mut response = json!({ "description": operation.summary, "headers": headers });
        match *schema {
            None => {}
            Some("EnqueueResponse") => {
                response["content"]["application/json"]["schema"]["oneOf"] = json!([
                    { "$ref": "#/components/schemas/TaskDocument" },
                    { "$ref": "#/components/schemas/EnqueuedTasks" },
                ]);
            }
            Some("text") => {
                response["content"]["text/plain"]["schema"] = json!({ "type": "string" });
            }
            Some("object") => {
                response["content"]["application/json"]["schema"] = json!({ "type": "object" });
            }
            Some(name) => {
                response["content"]["application/json"]["schema"] =
                    json!({ "$ref": format!("#/components/schemas/{name}") });
            }
        }
        responses.insert(status.to_string(), response);
    }
    if operation.kind == Kind::Write || operation.kind == Kind::Admin {
        let description = "With `forward=false`: the leader is at `Location`.";
        responses.insert("307".to_owned(), json!({ "description": description }));
    }
    let problem = json!({ "$ref": "#/components/responses/Problem" });
    responses.insert("default".to_owned(), problem);
    Value::Object(responses)
}

fn find(path: &str, method: &str) -> Option<Operation> {
    queue_operation(path, method)
        .or_else(|| lease_operation(path, method))
        .or_else(|| node_operation(path, method))
}

fn queue_operation(path: &str, method: &str) -> Option<Operation> {
    Some(match (path, method) {
        (routes::QUEUES, "get") => Operation::read(
            "listQueues",
            "queues",
            "Lists the queues by name.",
            &["limit", "page_token"],
            &[(200, Some("QueueList"))],
        ),
        (routes::QUEUE, "get") => Operation::read(
            "getQueue",
            "queues",
            "Shows a queue.",
            &["queue"],
            &[(200, Some("QueueDocument"))],
        ),
        (routes::QUEUE, "put") => Operation::write(
            "putQueue",
            "queues",
            "Creates a queue (201) or replaces its settings (200).",
            &["queue"],
            Some(Body::Needed("QueueSettings")),
            &[(200, Some("QueueDocument")), (201, Some("QueueDocument"))],
        ),
        (routes::QUEUE, "delete") => Operation::write(
            "deleteQueue",
            "queues",
            "Deletes a queue without unfinished or dead tasks, or any with `force`.",
            &["queue", "force"],
            None,
            &[(204, None)],
        ),
        (routes::QUEUE_TASKS, "post") => Operation::write(
            "enqueue",
            "tasks",
            "Enqueues one task, or several with `tasks`: all or none.",
            &["queue", "traceparent"],
            Some(Body::Enqueue),
            &[(201, Some("EnqueueResponse"))],
        ),
        (routes::TASKS, "get") => Operation::read(
            "listTasks",
            "tasks",
            "Browses tasks without taking them.",
            &["of_queue", "state", "worker", "type", "limit", "page_token"],
            &[(200, Some("TaskList"))],
        ),
        (routes::TASK, "get") => Operation::read(
            "getTask",
            "tasks",
            "Shows a task.",
            &["task"],
            &[(200, Some("TaskDocument"))],
        ),
        _ => return None,
    })
}

fn lease_operation(path: &str, method: &str) -> Option<Operation> {
    Some(match (path, method) {
        (routes::QUEUE_DEQUEUE, "post") => Operation::write(
            "dequeueFromQueue",
            "leases",
            "Leases ready tasks of a queue, and waits for one if asked to.",
            &["queue"],
            Some(Body::Needed("DequeueRequest")),
            &[(200, Some("DequeueResponse"))],
        ),
        (routes::DEQUEUE, "post") => Operation::write(
            "dequeue",
            "leases",
            "Leases ready tasks of several queues, tried in order.",
            &[],
            Some(Body::Needed("DequeueFromRequest")),
            &[(200, Some("DequeueResponse"))],
        ),
        (routes::SETTLE, "post") => Operation::write(
            "settle",
            "leases",
            "Settles leases, each on its own.",
            &[],
            Some(Body::Needed("SettleRequest")),
            &[(200, Some("SettleResponse"))],
        ),
        (routes::ACK, "post") => Operation::write(
            "ack",
            "leases",
            "The task is done. Repeating an ack that won gives the same answer.",
            &["lease"],
            Some(Body::Optional("AckRequest")),
            &[(200, Some("Settled"))],
        ),
        (routes::NACK, "post") => Operation::write(
            "nack",
            "leases",
            "The attempt failed: the task backs off, or is dead after its last attempt.",
            &["lease"],
            Some(Body::Optional("NackRequest")),
            &[(200, Some("Settled"))],
        ),
        (routes::EXTEND, "post") => Operation::write(
            "extend",
            "leases",
            "Keeps a lease longer.",
            &["lease"],
            Some(Body::Optional("ExtendRequest")),
            &[(200, Some("Extended"))],
        ),
        (routes::RELEASE, "post") => Operation::write(
            "release",
            "leases",
            "Gives a task back, to its place; counts as nothing.",
            &["lease"],
            None,
            &[(200, Some("Settled"))],
        ),
        _ => return None,
    })
}

fn node_operation(path: &str, method: &str) -> Option<Operation> {
    Some(match (path, method) {
        (routes::CLUSTER, "get") => Operation::local(
            "getCluster",
            "cluster",
            "Shows the cluster as this node sees it.",
            &[(200, Some("ClusterStatus"))],
        ),
        (routes::NODES, "post") => Operation::admin(
            "addNode",
            "Adds a running node and answers once it votes; 200 if it does already.",
            &[],
            Some(Body::Needed("AddNode")),
            &[(200, Some("ClusterStatus")), (201, Some("ClusterStatus"))],
        ),
        (routes::NODE, "delete") => Operation::admin(
            "removeNode",
            "Removes a node for good.",
            &["id"],
            None,
            &[(204, None)],
        ),
        (routes::TRANSFER_LEADER, "post") => Operation::admin(
            "transferLeader",
            "Hands leadership to a voter and answers once it leads.",
            &[],
            Some(Body::Needed("TransferLeader")),
            &[(200, Some("ClusterStatus"))],
        ),
        (routes::SNAPSHOT, "post") => Operation::local(
            "takeSnapshot",
            "cluster",
            "Takes a snapshot on this node, so that its log can be purged.",
            &[(204, None)],
        ),
        (routes::LIVEZ, "get") => Operation::local(
            "livez",
            "health",
            "Answers while the process runs.",
            &[(200, Some("object"))],
        ),
        (routes::READYZ, "get") => Operation::local(
            "readyz",
            "health",
            "Answers 200 only while this node can serve: recovered, and it knows a leader.",
            &[(200, Some("object"))],
        ),
        (routes::METRICS, "get") => Operation::local(
            "metrics",
            "health",
            "Prometheus metrics of this node.",
            &[(200, Some("text"))],
        ),
        (routes::OPENAPI, "get") => {
            Operation::local("openapi", "health", "This document.", &[(200, Some("object"))])
        }
        _ => return None,
    })
}
