//! What each route does, a file per resource.

mod feed;
mod forecast;
mod leases;
mod limits;
mod nodes;
mod queues;
mod schedules;
mod tasks;
mod transactions;
mod workers;
mod workflows;

use serde_json::{Map, Value, json};

use super::refusals;

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

    fn stream(
        id: &'static str,
        tag: &'static str,
        summary: &'static str,
        parameters: &'static [&'static str],
        answers: Answers,
    ) -> Self {
        Self { id, tag, summary, parameters, kind: Kind::Stream, body: None, answers }
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
pub(super) enum Kind {
    /// Takes consistency parameters.
    Read,
    /// Takes an idempotency key.
    Write,
    /// What the leader sends on and on, relayed by whoever is asked.
    Stream,
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
        Kind::Admin | Kind::Stream => parameters.extend(["forward", "Ferry-Timeout-Ms"]),
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
    for (status, codes) in refusals::of(path, method, operation.kind) {
        let codes: Vec<String> = codes.iter().map(|code| format!("`{}`", code.as_str())).collect();
        let mut response = json!({ "description": codes.join(", ") });
        let problem = json!({ "$ref": "#/components/schemas/Problem" });
        response["content"]["application/problem+json"]["schema"] = problem;
        value["responses"][status.to_string()] = response;
    }
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
        Kind::Local | Kind::Admin | Kind::Stream => {}
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
            Some("events") => {
                response["content"]["text/event-stream"]["schema"] =
                    json!({ "type": "string", "description": "Server-sent events." });
            }
            Some("assignments") => {
                let lines = json!({ "$ref": "#/components/schemas/TaskDocument" });
                response["content"]["application/x-ndjson"]["schema"] = lines;
                response["content"]["text/event-stream"]["schema"] =
                    json!({ "type": "string", "description": "Server-sent events." });
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
    if matches!(operation.kind, Kind::Write | Kind::Admin | Kind::Stream) {
        let description = "With `forward=false`: the leader is at `Location`.";
        responses.insert("307".to_owned(), json!({ "description": description }));
    }
    let problem = json!({ "$ref": "#/components/responses/Problem" });
    responses.insert("default".to_owned(), problem);
    Value::Object(responses)
}

fn find(path: &str, method: &str) -> Option<Operation> {
    queues::operation(path, method)
        .or_else(|| forecast::operation(path, method))
        .or_else(|| limits::operation(path, method))
        .or_else(|| schedules::operation(path, method))
        .or_else(|| tasks::operation(path, method))
        .or_else(|| leases::operation(path, method))
        .or_else(|| transactions::operation(path, method))
        .or_else(|| workers::operation(path, method))
        .or_else(|| workflows::operation(path, method))
        .or_else(|| nodes::operation(path, method))
        .or_else(|| feed::operation(path, method))
}
