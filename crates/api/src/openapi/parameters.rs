//! Path parameters, query parameters and headers.

use ferry_types::limits::{
    DELAY_MAX, FORECAST_SLO, FORECAST_WORKERS_MAX, PAGE_DEFAULT, PAGE_MAX, REQUEST_TIMEOUT,
    REQUEST_TIMEOUT_MAX,
};
use serde_json::{Map, Value, json};

use super::schema::{count, duration, flag, integer, of, or, pattern, text, words};
use crate::invalid_field::millis;

/// What `Prefer` may say.
const PREFER: &str = "`wait=SECONDS`, 0 to 60: answer once the task has ended, or after this long. \
    Other preferences (RFC 7240) are not heeded.";

/// All parameters by the name that operations refer to.
pub(super) fn all() -> Map<String, Value> {
    let page = integer("The most items.", 1, PAGE_MAX as u64);
    let timeout = duration("How long the request may take.", 1, REQUEST_TIMEOUT_MAX);
    let key = pattern(
        "A name for this write: the answer to a repeat is the first answer, as long as it is kept.",
        "^[!-~]{1,255}$",
    );
    let slo = duration("How long a task should wait at most.", 1, DELAY_MAX);
    let workers = integer(
        "How many workers there will be; those seen in the window if it is left out.",
        1,
        FORECAST_WORKERS_MAX.into(),
    );
    let consistency = words(
        "`stale` reads the state of the node that is asked and says how old it may be.",
        &["linearizable", "stale"],
    );
    [
        ("queue", path("queue", of("QueueName"))),
        ("task", path("task", of("TaskId"))),
        ("lease", path("lease", of("LeaseId"))),
        ("id", path("id", integer("The node's id.", 1, u64::MAX))),
        ("of_limit", path("limit", of("LimitName"))),
        ("of_worker", path("worker", of("WorkerName"))),
        ("workflow", path("workflow", of("WorkflowId"))),
        ("schedule", path("schedule", of("ScheduleName"))),
        ("force", query("force", or(flag("Delete the queue's tasks with it."), false))),
        ("limit", query("limit", or(page, PAGE_DEFAULT))),
        ("page_token", query("page_token", text("`next_page_token` of the page before."))),
        ("of_queue", query("queue", of("QueueName"))),
        ("state", query("state", of("TaskState"))),
        ("worker", query("worker", of("WorkerName"))),
        ("type", query("type", text("Only tasks of this type."))),
        ("key", query("key", text("Only tasks with this ordering key."))),
        ("slo_ms", query("slo_ms", or(slo, millis(FORECAST_SLO)))),
        ("workers", query("workers", workers)),
        ("consistency", query("consistency", or(consistency, "linearizable"))),
        ("min_index", query("min_index", count("Wait until this log index is applied."))),
        (
            "forward",
            query("forward", or(flag("With `false` a follower answers 307 to the leader."), true)),
        ),
        ("Ferry-Timeout-Ms", header("Ferry-Timeout-Ms", or(timeout, millis(REQUEST_TIMEOUT)))),
        ("Idempotency-Key", header("Idempotency-Key", key)),
        ("after_index", query("after_index", count("Only what happened after this log index."))),
        ("index", query("index", count("The log index; the present one if it is left out."))),
        (
            "Last-Event-ID",
            header("Last-Event-ID", count("The id of the last event that was seen.")),
        ),
        ("Prefer", header("Prefer", pattern(PREFER, "^wait=([0-9]|[1-5][0-9]|60)$"))),
        ("traceparent", header("traceparent", text("The W3C trace context, kept with the task."))),
    ]
    .into_iter()
    .map(|(name, parameter)| (name.to_owned(), parameter))
    .collect()
}

/// The headers that answers bear.
pub(super) fn response_headers() -> Value {
    json!({
        "Ferry-Index": {
            "description": "The log index that the answer reflects.",
            "schema": { "type": "integer", "minimum": 0 },
        },
        "Ferry-Node": {
            "description": "The id of the node that served the request in the end.",
            "schema": { "type": "integer", "minimum": 1 },
        },
        "Ferry-Replayed": {
            "description": "`true` when the answer was given before under the same key.",
            "schema": { "type": "string", "enum": ["true"] },
        },
        "Preference-Applied": {
            "description": "`wait=SECONDS` where that was asked for with `Prefer`.",
            "schema": { "type": "string" },
        },
        "Ferry-Stale-Ms": {
            "description": "How old the state behind a stale read may be, in milliseconds.",
            "schema": { "type": "integer", "minimum": 0 },
        },
    })
}

fn path(name: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "path", "required": true, "schema": schema })
}

fn query(name: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "required": false, "schema": schema })
}

fn header(name: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "header", "required": false, "schema": schema })
}
