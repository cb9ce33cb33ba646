use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::document;
use crate::*;

/// What every schema of an object is measured by: a value in which all fields are set.
fn samples() -> Vec<(&'static str, Value)> {
    fn value<T: Serialize + serde::de::DeserializeOwned>(json: &str) -> Value {
        let value: T = serde_json::from_str(json).expect("a sample is valid");
        serde_json::to_value(value).expect("a sample has a JSON form")
    }
    let lease =
        r#"{"id":"l7.9","token":9,"worker":"w","attempt":2,"expires_at":"2026-01-02T03:05:00Z"}"#;
    let task = format!(
        r#"{{"id":"t7","queue":"q","state":"leased","priority":9,"attempt":2,"max_attempts":3,
        "enqueued_at":"2026-01-02T03:04:05Z","run_at":"2026-01-02T03:04:05Z",
        "started_at":"2026-01-02T03:04:06Z","finished_at":"2026-01-02T03:04:07Z","last_error":"e",
        "result":1,"payload":1,"payload_base64":"","type":"t","labels":{{"k":"v"}},"lease_ms":5,
        "ttl_ms":6,"retry":{{}},"traceparent":"p","key":"k","locks":["l"],"unique":{{"key":"u"}},"depends_on":["t1"],
        "on_dependency_failure":"run","resources":{{"r":1}},"selector":{{"k":"v"}},"workflow":"w1","ref":"r","lease":{lease},
        "firing":{{"schedule":"s","at":"2026-01-02T03:05:00Z"}},"index":12}}"#
    );
    let history = r#"{"index":1,"at":"2026-01-02T03:05:00Z","change":"leased","state":"leased",
        "attempt":1,"node":1,"worker":"w"}"#;
    let settled = r#"{"lease":"l7.9","status":409,"code":"lease_lost","detail":"d","task":"t7",
        "state":"ready","attempt":1,"expires_at":"2026-01-02T03:05:00Z","cancelled":false}"#;
    let queue = r#"{"queue":"q","settings":{},"paused":true,"counts":{},"bytes":0,"oldest_ready_age_ms":1,
        "rates":{}}"#;
    let forecast = r#"{"queue":"q","slo_ms":1,"workers":1,"arrival_rate_per_second":1.5,
        "arrival_variability":1.0,"window_ms":1}"#;
    let node = r#"{"id":1,"http":"h","peer":"p","role":"leader","reachable":true,
        "last_log_index":1,"applied_index":1,"pid":1}"#;
    let settlement = r#"{"lease":"l1.1","action":"release"}"#;
    let dequeue = format!(
        r#"{{"queues":["q"],"max":1,"wait_ms":0,"lease_ms":1,"worker":"w","settle":[{settlement}]}}"#
    );
    let problem = r#"{"type":"t","title":"t","status":400,"detail":"d","code":"lease_lost",
        "field":"f","position":1,"queue":"q","task":"t7","state":"ready","attempt":1,"counts":{},"operation":0,"path":["a"],"limit":1,
        "oldest_index":1,"retry_after_ms":1}"#;
    let settings = r#"{"max_tasks":1,"max_bytes":1,"ttl_ms":1,"dead_retention_ms":1,
        "max_concurrency":1,"rate":{"per_second":1},"key_concurrency":1}"#;
    let new_task = r#"{"payload":1,"payload_base64":"","priority":1,"delay_ms":1,
        "run_at":"2026-01-02T03:05:00Z","max_attempts":1,"lease_ms":1,"ttl_ms":1,"retry":{},
        "type":"t","labels":{"k":"v"},"key":"k","locks":["l"],"unique":{"key":"u"},"depends_on":["t1"],
        "on_dependency_failure":"run","resources":{"r":1},"selector":{"k":"v"}}"#;
    let worker = r#"{"worker":"w","session":1,"queues":[],"slots":1,"session_ms":1,
        "draining":false,"load":{"slots":0},"leases":[]}"#;
    let with_queue = new_task.replacen('{', r#"{"queue":"q","#, 1);
    let in_workflow = with_queue.replacen('{', r#"{"ref":"a","#, 1);
    let progress = r#"{"total":1,"finished":1,"removed":0,"counts":{}}"#;
    let status = format!(
        r#""id":"w1","state":"running","submitted_at":"2026-01-02T03:05:00Z","progress":{progress}"#
    );
    let schedule = r#"{"cron":"c","timezone":"UTC","every_ms":1000,"queue":"q",
        "task":{"payload":1},"overlap":"skip","catch_up":"all","jitter_ms":1,"paused":true}"#;
    vec![
        ("Problem", value::<Problem>(problem)),
        ("QueueSettings", value::<QueueSettings>(settings)),
        ("RetryPolicy", value::<RetryPolicy>("{}")),
        ("QueueDocument", value::<QueueDocument>(queue)),
        ("StateCounts", value::<StateCounts>("{}")),
        ("QueueRates", value::<QueueRates>("{}")),
        ("ForecastDocument", value::<ForecastDocument>(forecast)),
        ("QueueList", value::<QueueList>(r#"{"queues":[],"next_page_token":"x"}"#)),
        ("Rate", value::<Rate>(r#"{"per_second":1,"burst":1}"#)),
        ("LimitMatch", value::<LimitMatch>(r#"{"queue":"q","key":"k","type":"t"}"#)),
        (
            "LimitSettings",
            value::<LimitSettings>(r#"{"match":{},"max_concurrency":1,"rate":{"per_second":1}}"#),
        ),
        (
            "LimitDocument",
            value::<LimitDocument>(
                r#"{"limit":"l","match":{},"max_concurrency":1,"rate":{"per_second":1},"leased":1}"#,
            ),
        ),
        ("LimitList", value::<LimitList>(r#"{"limits":[],"next_page_token":"x"}"#)),
        ("WorkerSettings", value::<WorkerSettings>(r#"{"resources":{"r":1},"labels":{"k":"v"}}"#)),
        ("WorkerDocument", value::<WorkerDocument>(worker)),
        ("WorkerLoad", value::<WorkerLoad>(r#"{"slots":1}"#)),
        ("WorkerLease", value::<WorkerLease>(r#"{"lease":"l1.1","task":"t1","queue":"q"}"#)),
        ("WorkerList", value::<WorkerList>(r#"{"workers":[],"next_page_token":"x"}"#)),
        (
            "Heartbeat",
            value::<Heartbeat>(r#"{"worker":"w","session":1,"session_ms":1,"draining":false}"#),
        ),
        ("ScheduleSettings", value::<ScheduleSettings>(schedule)),
        (
            "ScheduleDocument",
            value::<ScheduleDocument>(&schedule.replacen(
                '{',
                r#"{"schedule":"s","next_at":"2026-01-02T03:05:00Z","last_at":"2026-01-02T03:05:00Z",
                "last_task":"t7","last_skip":{"at":"2026-01-02T03:05:00Z","reason":"missed"},"#,
                1,
            )),
        ),
        (
            "SkippedFiring",
            value::<SkippedFiring>(r#"{"at":"2026-01-02T03:05:00Z","reason":"missed"}"#),
        ),
        (
            "FiringDocument",
            value::<FiringDocument>(r#"{"schedule":"s","at":"2026-01-02T03:05:00Z"}"#),
        ),
        ("ScheduleList", value::<ScheduleList>(r#"{"schedules":[],"next_page_token":"x"}"#)),
        ("PurgeRequest", value::<PurgeRequest>(r#"{"state":"all"}"#)),
        ("Purged", value::<Purged>(r#"{"purged":1}"#)),
        (
            "DeadFilter",
            value::<DeadFilter>(r#"{"type":"t","key":"k","labels":{"k":"v"},"error":"e"}"#),
        ),
        ("RedriveRequest", value::<RedriveRequest>(r#"{"max":1}"#)),
        ("Redriven", value::<Redriven>(r#"{"redriven":1,"stopped":"queue_full"}"#)),
        ("NewTask", value::<NewTask>(new_task)),
        ("Unique", value::<Unique>(r#"{"key":"u","until":1}"#)),
        ("EnqueueOperation", value::<EnqueueOperation>(&with_queue)),
        ("WorkflowTask", value::<WorkflowTask>(&in_workflow)),
        ("WorkflowRequest", value::<WorkflowRequest>(r#"{"tasks":[]}"#)),
        ("SubmittedWorkflow", value::<SubmittedWorkflow>(r#"{"id":"w1","tasks":[]}"#)),
        ("SubmittedTask", value::<SubmittedTask>(r#"{"ref":"a","id":"t1"}"#)),
        ("WorkflowProgress", value::<WorkflowProgress>(progress)),
        ("WorkflowStatus", value::<WorkflowStatus>(&format!("{{{status}}}"))),
        (
            "WorkflowDocument",
            value::<WorkflowDocument>(&format!(
                r#"{{{status},"graph":{{"tasks":[]}},"next_page_token":"x"}}"#
            )),
        ),
        ("WorkflowGraph", value::<WorkflowGraph>(r#"{"tasks":[]}"#)),
        (
            "GraphTask",
            value::<GraphTask>(
                r#"{"ref":"a","id":"t1","queue":"q","state":"ready","attempt":0,"depends_on":["b"]}"#,
            ),
        ),
        ("AckOperation", value::<AckOperation>(r#"{"lease":"l1.1","result":1}"#)),
        (
            "NackOperation",
            value::<NackOperation>(r#"{"lease":"l1.1","error":"e","delay_ms":1,"dead":true}"#),
        ),
        ("CancelOperation", value::<CancelOperation>(r#"{"task":"t1"}"#)),
        ("RequireOperation", value::<RequireOperation>(r#"{"task":"t1","state":"ready"}"#)),
        ("TransactionRequest", value::<TransactionRequest>(r#"{"operations":[]}"#)),
        ("TransactionResponse", value::<TransactionResponse>(r#"{"results":[]}"#)),
        ("TaskBatch", value::<TaskBatch>(r#"{"tasks":[]}"#)),
        ("EnqueuedTasks", value::<EnqueuedTasks>(r#"{"tasks":[]}"#)),
        ("EnqueuedTask", value::<EnqueuedTask>(r#"{"id":"t7"}"#)),
        ("TaskDocument", value::<TaskDocument>(&task)),
        ("TaskList", value::<TaskList>(r#"{"tasks":[],"next_page_token":"x"}"#)),
        ("TaskHistory", value::<TaskHistory>(r#"{"history":[]}"#)),
        (
            "EventDocument",
            value::<EventDocument>(r#"{"index":1,"at":"2026-01-02T03:05:00Z","changes":[]}"#),
        ),
        (
            "EventChange",
            value::<EventChange>(
                r#"{"task":"t7","queue":"q","change":"due","state":"ready","attempt":1}"#,
            ),
        ),
        ("Digest", value::<Digest>(r#"{"index":1,"digest":"00"}"#)),
        ("HistoryItem", value::<HistoryItem>(history)),
        ("LeaseDocument", value::<LeaseDocument>(lease)),
        ("DequeueFromRequest", value::<DequeueRequest>(&dequeue)),
        (
            "DequeueResponse",
            value::<DequeueResponse>(&format!(r#"{{"tasks":[],"settled":[{settled}]}}"#)),
        ),
        ("AckRequest", value::<AckRequest>(r#"{"result":1}"#)),
        ("NackRequest", value::<NackRequest>(r#"{"error":"e","delay_ms":1,"dead":true}"#)),
        ("ExtendRequest", value::<ExtendRequest>(r#"{"lease_ms":1}"#)),
        ("SettleRequest", value::<SettleRequest>(r#"{"settle":[]}"#)),
        ("SettleResponse", value::<SettleResponse>(r#"{"settled":[]}"#)),
        ("SettledItem", value::<SettledItem>(settled)),
        ("Settled", value::<Settled>(r#"{"task":"t7","state":"ready","attempt":1}"#)),
        (
            "Extended",
            value::<Extended>(
                r#"{"task":"t7","state":"ready","attempt":1,"expires_at":"2026-01-02T03:05:00Z"}"#,
            ),
        ),
        (
            "ClusterStatus",
            value::<ClusterStatus>(r#"{"cluster_id":"c","leader":1,"term":1,"nodes":[]}"#),
        ),
        ("NodeStatus", value::<NodeStatus>(node)),
        ("AddNode", value::<AddNode>(r#"{"id":1,"http":"h","peer":"p"}"#)),
        ("TransferLeader", value::<TransferLeader>(r#"{"to":1}"#)),
    ]
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn the_document_has_every_field_of_every_type_and_no_other() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    for (name, sample) in samples() {
        assert_eq!(keys(&schemas[name]["properties"]), keys(&sample), "fields of {name}");
    }
    let mut fields: BTreeSet<&str> = BTreeSet::new();
    for action in [
        r#"{"lease":"l1.1","action":"ack","result":1}"#,
        r#"{"lease":"l1.1","action":"nack","error":"e","delay_ms":1,"dead":true}"#,
        r#"{"lease":"l1.1","action":"extend","lease_ms":1}"#,
    ] {
        let item: Value = serde_json::from_str(action).expect("valid");
        assert!(serde_json::from_str::<Settlement>(action).is_ok(), "{action}");
        let properties = keys(&schemas["Settlement"]["properties"]);
        fields.extend(properties.into_iter().filter(|name| item.get(*name).is_some()));
    }
    assert_eq!(keys(&schemas["Settlement"]["properties"]), fields);
    let queues = BTreeSet::from(["queues"]);
    let one = keys(&schemas["DequeueRequest"]["properties"]);
    let several = keys(&schemas["DequeueFromRequest"]["properties"]);
    assert_eq!(several.difference(&one).copied().collect::<BTreeSet<_>>(), queues);
}

#[test]
fn every_operation_of_a_transaction_is_there_with_its_fields() {
    let schemas = &document()["components"]["schemas"];
    let operations = [
        r#"{"ack":{"lease":"l1.1","result":1}}"#,
        r#"{"nack":{"lease":"l1.1","error":"e","delay_ms":1,"dead":true}}"#,
        r#"{"cancel":{"task":"t1"}}"#,
        r#"{"require":{"task":"t1","state":"ready"}}"#,
    ];
    let mut names = BTreeSet::from(["enqueue".to_owned()]);
    for json in operations {
        let operation: Operation = serde_json::from_str(json).expect("valid");
        let value = serde_json::to_value(operation).expect("has a JSON form");
        let (name, fields) = value.as_object().expect("an object").iter().next().expect("a field");
        let reference = schemas["Operation"]["properties"][name]["$ref"].as_str();
        let schema =
            reference.and_then(|path| path.rsplit('/').next()).expect("a schema of its own");
        let schema = &schemas[schema];
        assert_eq!(keys(&schema["properties"]), keys(fields), "fields of {name}");
        names.insert(name.clone());
    }
    let properties = schemas["Operation"]["properties"].as_object().expect("an object");
    assert_eq!(properties.keys().cloned().collect::<BTreeSet<_>>(), names);
}

#[test]
fn every_object_schema_is_measured() {
    let document = document();
    let measured: BTreeSet<&str> = samples().iter().map(|(name, _)| *name).collect();
    let schemas = document["components"]["schemas"].as_object().expect("an object");
    for (name, schema) in schemas {
        let beside = ["Settlement", "DequeueRequest", "Operation"].contains(&name.as_str());
        let is_object = schema.get("properties").is_some();
        assert!(!is_object || beside || measured.contains(name.as_str()), "{name} has no sample");
    }
}

#[test]
fn every_route_is_there_with_its_parameters() {
    let document = document();
    let paths = document["paths"].as_object().expect("an object");
    assert_eq!(paths.len(), routes::ALL.len());
    let mut ids = BTreeSet::new();
    for &(path, methods) in routes::ALL {
        assert_eq!(keys(&paths[path]), methods.iter().copied().collect(), "methods of {path}");
        for method in methods {
            let operation = &paths[path][method];
            assert!(ids.insert(operation["operationId"].as_str().expect("an id")), "{path}");
            let parameters = operation["parameters"].to_string();
            for name in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                let is_there = |of: &str| parameters.contains(&format!("parameters/{of}{name}\""));
                // `limit` alone is the size of a page.
                assert!(is_there("") || is_there("of_"), "{path}: {name}");
            }
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| walk(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let document = document();
    let mut references = Vec::new();
    walk(&document, &mut references);
    assert!(references.len() > 100, "only {} references", references.len());
    for reference in references {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn every_query_field_is_a_parameter() {
    let document = document();
    let query = TasksQuery {
        queue: "q".parse().ok(),
        state: Some(TaskState::Ready),
        worker: "w".parse().ok(),
        key: Some("k".to_owned()),
        task_type: Some("t".to_owned()),
        limit: Some(1),
        page_token: Some("p".to_owned()),
    };
    let forecast = ForecastQuery { slo_ms: Some(1), workers: Some(1) };
    let fields = serde_json::to_value(query).expect("has a JSON form");
    let of_forecast = serde_json::to_value(forecast).expect("has a JSON form");
    let parameters = document["components"]["parameters"].as_object().expect("an object");
    for name in keys(&fields).union(&keys(&of_forecast)) {
        let found = parameters.values().any(|at| at["name"] == *name && at["in"] == "query");
        assert!(found, "{name} is no query parameter");
    }
}
