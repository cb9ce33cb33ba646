//! The OpenAPI document says the ranges and defaults that the door keeps to: each numeric field of
//! a request takes its least and its most, and refuses what is beyond by its name.

use std::collections::BTreeSet;
use std::fmt::Debug;

use axum::response::IntoResponse;
use ferry_api as api;
use ferry_api::Problem;
use ferry_types::Timestamp;
use futures::FutureExt;
use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::body;
use crate::problem::Failure;

/// What a body is taken for.
type Read = Result<String, Failure>;

/// A request schema: the body in which it stands, with `FIELDS` for its own, its fields that have
/// to be there, the path of its fields, and who reads the body.
struct Case {
    schema: &'static str,
    body: &'static str,
    needed: &'static str,
    path: &'static str,
    read: fn(&str) -> Read,
}

fn cases() -> Vec<Case> {
    let case = |schema, body, needed, path, read| Case { schema, body, needed, path, read };
    let settle = r#"{"settle": [{FIELDS}]}"#;
    let operation = r#"{"operations": [{"OPERATION": {FIELDS}}]}"#;
    let payload = r#""payload": 1"#;
    vec![
        case("QueueSettings", "{FIELDS}", "", "", queue),
        case("RetryPolicy", r#"{"retry": {FIELDS}}"#, RETRY, "retry.", queue),
        case("Rate", r#"{"rate": {FIELDS}}"#, r#""per_second": 1"#, "rate.", queue),
        case("LimitSettings", "{FIELDS}", LIMIT, "", limit),
        case("RedriveRequest", "{FIELDS}", "", "", redrive),
        case("NewTask", r#"{"tasks": [{FIELDS}]}"#, payload, "tasks[0].", batch),
        case("Unique", r#"{"payload": 1, "unique": {FIELDS}}"#, r#""key": "u""#, "unique.", task),
        case("EnqueueOperation", operation, ENQUEUE, "operations[0].enqueue.", transaction),
        case("WorkflowTask", r#"{"tasks": [{FIELDS}]}"#, MEMBER, "tasks[0].", workflow),
        case("WorkerSettings", "{FIELDS}", "", "", worker),
        case("ScheduleSettings", "{FIELDS}", SCHEDULE, "", schedule),
        case("NackOperation", operation, r#""lease": "l1.1""#, "operations[0].nack.", transaction),
        case("DequeueRequest", "{FIELDS}", "", "", dequeue),
        case("DequeueFromRequest", "{FIELDS}", r#""queues": ["q"]"#, "", dequeue_from),
        case("NackRequest", "{FIELDS}", "", "", nack),
        case("ExtendRequest", "{FIELDS}", "", "", extend),
        case("Settlement", settle, SETTLEMENT, "settle[0].", settlements),
        case("AddNode", "{FIELDS}", NODE, "", add_node),
        case("TransferLeader", "{FIELDS}", "", "", transfer),
        case("LimitMatch", r#"{"match": {FIELDS}, "max_concurrency": 1}"#, MATCH, "match.", limit),
        case("DeadFilter", r#"{"filter": {FIELDS}}"#, "", "filter.", redrive),
    ]
}

/// The first backoff is at most the longest.
const RETRY: &str = r#""initial_ms": 0, "max_ms": 315360000000"#;
const LIMIT: &str = r#""match": {"queue": "q"}, "rate": {"per_second": 1}"#;
/// One of its fields has to be there.
const MATCH: &str = r#""OTHER": "o""#;
const ENQUEUE: &str = r#""queue": "q", "payload": 1"#;
const MEMBER: &str = r#""ref": "a", "queue": "q", "payload": 1"#;
const SCHEDULE: &str = r#"WHEN, "queue": "q", "task": {"payload": 1}"#;
const SETTLEMENT: &str = r#""lease": "l1.1", "action": "ACTION""#;
const NODE: &str = r#""http": "http://127.0.0.1:1", "peer": "127.0.0.1:2""#;

#[test]
fn every_number_of_a_request_has_the_range_that_the_document_says() {
    let document = api::openapi::document();
    let schemas = document["components"]["schemas"].as_object().expect("an object");
    let mut measured = BTreeSet::new();
    for case in cases() {
        for (field, property) in properties(&schemas[case.schema]) {
            let Some((least, most)) = range(property) else { continue };
            measured.insert((case.schema, field.as_str()));
            let is_whole = number(property)["type"] != "number";
            for value in [&least, &most] {
                let read = case.read(field, &value.text());
                assert!(read.is_ok(), "{}.{field} is not taken at {}", case.schema, value.text());
            }
            for value in [least.moved(false, is_whole), most.moved(true, is_whole)] {
                let read = case.read(field, &value);
                let Err(failure) = read else { panic!("{}.{field} takes {value}", case.schema) };
                let problem = problem(failure);
                let expected = format!("{}{field}", case.path);
                assert_eq!((problem.status, problem.field), (400, Some(expected)), "at {value}");
            }
        }
    }
    for (name, schema) in schemas.iter().filter(|(_, of)| of["additionalProperties"] == false) {
        for (field, _) in properties(schema).filter(|(_, property)| range(property).is_some()) {
            assert!(measured.contains(&(name.as_str(), field)), "{name}.{field} is not measured");
        }
    }
}

#[test]
fn what_is_left_out_is_the_default_that_the_document_says() {
    let document = api::openapi::document();
    let mut measured = 0;
    for case in cases() {
        for (field, property) in properties(&document["components"]["schemas"][case.schema]) {
            let Some(default) = property.get("default") else { continue };
            let given = case.read(field, &default.to_string());
            let given = given.unwrap_or_else(|failure| panic!("{:?}", problem(failure)));
            let left_out = case.read_without(field);
            let left_out = left_out.unwrap_or_else(|failure| panic!("{:?}", problem(failure)));
            assert_eq!(given, left_out, "{}.{field}", case.schema);
            measured += 1;
        }
    }
    assert!(measured > 20, "only {measured} defaults");
}

#[test]
fn null_is_as_leaving_a_field_out() {
    let document = api::openapi::document();
    let schemas = document["components"]["schemas"].as_object().expect("an object");
    let is_optional = |schema: &Value, field: &str| {
        // A payload and a result are JSON, so null is one of their values.
        let is_needed =
            schema["required"].as_array().is_some_and(|all| all.contains(&field.into()));
        !is_needed && field != "payload" && field != "result"
    };
    let mut measured = BTreeSet::new();
    for case in cases() {
        let schema = &schemas[case.schema];
        for (field, _) in properties(schema).filter(|(field, _)| is_optional(schema, field)) {
            let null = case.read(field, "null").map_err(problem);
            let left_out = case.read_without(field).map_err(problem);
            let left_out = left_out.map_err(|problem| problem.detail);
            assert_eq!(null.map_err(|problem| problem.detail), left_out, "{}.{field}", case.schema);
            measured.insert((case.schema, field.as_str()));
        }
    }
    let requests = schemas.iter().filter(|(_, of)| of["additionalProperties"] == false);
    // An operation is the one field that it has.
    for (name, schema) in requests.filter(|(_, of)| of["maxProperties"] != 1) {
        for (field, _) in properties(schema).filter(|(field, _)| is_optional(schema, field)) {
            assert!(measured.contains(&(name.as_str(), field)), "{name}.{field} is not measured");
        }
    }
}

impl Case {
    fn read(&self, field: &str, value: &str) -> Read {
        self.read_with(field, &format!("\"{field}\": {value}"))
    }

    fn read_without(&self, field: &str) -> Read {
        self.read_with(field, "")
    }

    fn read_with(&self, field: &str, fields: &str) -> Read {
        let stands_there = format!("\"{field}\":");
        let needed = self.needed.split(", ").filter(|part| !part.starts_with(&stands_there));
        let fields: Vec<&str> = needed.chain([fields]).filter(|part| !part.is_empty()).collect();
        let operation = self.path.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
        let action = if field == "lease_ms" { "extend" } else { "nack" };
        let when =
            if ["cron", "every_ms"].contains(&field) { "" } else { r#""cron": "0 9 * * *", "# };
        let other = if field == "key" { "type" } else { "key" };
        let body = self.body.replace("FIELDS", &fields.join(", ")).replace("WHEN, ", when);
        let body = body.replace("OTHER", other);
        (self.read)(&body.replace("OPERATION", operation).replace("ACTION", action))
    }
}

/// An end of a range, as it stands in the document.
struct End(serde_json::Number);

impl End {
    fn text(&self) -> String {
        self.0.to_string()
    }

    /// The nearest number beyond it.
    fn moved(&self, up: bool, is_whole: bool) -> String {
        if is_whole {
            let whole: i128 = self.text().parse().expect("a whole number");
            return (if up { whole + 1 } else { whole - 1 }).to_string();
        }
        let number = self.0.as_f64().expect("a number");
        format!("{:.3}", if up { number + 0.001 } else { number - 0.001 })
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

/// The part of a property that is a number, if it may be something else as well.
fn number(property: &Value) -> &Value {
    let choices = property["oneOf"].as_array().into_iter().flatten();
    choices.into_iter().find(|choice| choice["type"] == "integer").unwrap_or(property)
}

fn range(property: &Value) -> Option<(End, End)> {
    let end = |name| number(property)[name].as_number().cloned().map(End);
    Some((end("minimum")?, end("maximum")?))
}

fn problem(failure: Failure) -> Problem {
    let body = axum::body::to_bytes(failure.into_response().into_body(), usize::MAX);
    let body = body.now_or_never().expect("it is there").expect("it is whole");
    serde_json::from_slice(&body).expect("a problem")
}

fn parse<T: DeserializeOwned>(body: &str) -> Result<T, Failure> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    body::required(&headers, body.as_bytes())
}

fn told<T: Debug, E: Into<Failure>>(checked: Result<T, E>) -> Read {
    checked.map(|checked| format!("{checked:?}")).map_err(Into::into)
}

fn worker(body: &str) -> Read {
    let settings: api::WorkerSettings = parse(body)?;
    told(settings.check().map(|()| settings))
}

fn workflow(body: &str) -> Read {
    told(parse::<api::WorkflowRequest>(body)?.check(Timestamp::from_millis(0)))
}

fn schedule(body: &str) -> Read {
    told(parse::<api::ScheduleSettings>(body)?.check())
}

fn queue(body: &str) -> Read {
    let settings: api::QueueSettings = parse(body)?;
    told(settings.check().map(|()| settings))
}

fn limit(body: &str) -> Read {
    let settings: api::LimitSettings = parse(body)?;
    told(settings.check().map(|()| settings))
}

fn redrive(body: &str) -> Read {
    told(parse::<api::RedriveRequest>(body)?.check())
}

fn task(body: &str) -> Read {
    told(parse::<api::NewTask>(body)?.check(Timestamp::from_millis(0)))
}

fn batch(body: &str) -> Read {
    told(parse::<api::TaskBatch>(body)?.check(Timestamp::from_millis(0)))
}

fn transaction(body: &str) -> Read {
    told(parse::<api::TransactionRequest>(body)?.check(Timestamp::from_millis(0)))
}

fn dequeue(body: &str) -> Read {
    let queue = "q".parse().expect("a queue's name");
    told(parse::<api::DequeueRequest>(body)?.check(Some(queue)))
}

fn dequeue_from(body: &str) -> Read {
    told(parse::<api::DequeueRequest>(body)?.check(None))
}

fn nack(body: &str) -> Read {
    told(parse::<api::NackRequest>(body)?.check())
}

fn extend(body: &str) -> Read {
    told(parse::<api::ExtendRequest>(body)?.check())
}

fn settlements(body: &str) -> Read {
    told(parse::<api::SettleRequest>(body)?.check())
}

fn add_node(body: &str) -> Read {
    told(parse::<api::AddNode>(body)?.check())
}

fn transfer(body: &str) -> Read {
    told(parse::<api::TransferLeader>(body)?.check())
}
