//! Every request and answer as a schema. Split by resource, as the types are.

mod cluster;
mod forecast;
mod history;
mod leases;
mod limits;
mod queues;
mod schedules;
mod tasks;
mod transactions;
mod workers;
mod workflows;

use serde_json::{Map, Value};

use super::schema::{answer, count, duration, integer, of, text, words};
use crate::Code;
use ferry_types::limits::DELAY_MAX;

/// All schemas by name.
pub(super) fn all() -> Map<String, Value> {
    [("Problem", problem())]
        .into_iter()
        .chain(queues::all())
        .chain(forecast::all())
        .chain(tasks::all())
        .chain(history::all())
        .chain(leases::all())
        .chain(limits::all())
        .chain(workers::all())
        .chain(schedules::all())
        .chain(transactions::all())
        .chain(workflows::all())
        .chain(cluster::all())
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}

fn problem() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    answer(
        "Why a request was refused (RFC 9457).",
        &["type", "title", "status", "detail", "code"],
        vec![
            ("type", text("A URI for the kind of problem, one per code.")),
            ("title", text("What went wrong, the same for every problem of this kind.")),
            ("status", integer("The HTTP status.", 400, 599)),
            ("detail", text("What went wrong here, and what to do about it.")),
            ("code", words("The kind of problem, for programs.", &codes)),
            ("field", text("The field or parameter at fault.")),
            ("position", count("Which character of the field's text is at fault, from 1.")),
            ("queue", of("QueueName")),
            ("task", of("TaskId")),
            ("state", of("TaskState")),
            ("attempt", count("The task's present attempt.")),
            ("counts", of("StateCounts")),
            ("operation", count("Which operation of a transaction was refused, from 0.")),
            ("path", workflows::cycle()),
            ("limit", count("The limit that would be passed.")),
            ("oldest_index", count("The oldest log index whose events are kept.")),
            ("retry_after_ms", duration("Ask again after this long.", 0, DELAY_MAX)),
        ],
    )
}
