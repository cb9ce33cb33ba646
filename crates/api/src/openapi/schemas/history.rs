use ferry_types::limits::HISTORY_MAX;
use serde_json::{Value, json};

use crate::TaskChange;
use crate::openapi::schema::{answer, count, described, integer, list, moment, of, pattern, words};

pub(super) fn all() -> Vec<(&'static str, Value)> {
    let changes = TaskChange::ALL.map(TaskChange::as_str);
    let node = integer("The node that led, if that is still known.", 1, u64::MAX);
    vec![
        (
            "TaskChange",
            words(
                "What happened to a task. `due`: its delay or backoff ended. `lease_expired`: its lease \
                 ran out, or ended with its worker's session. `expired`: it was not done within its \
                 time to live. `removed`: purged, past its retention, or with its \
                 queue.",
                &changes,
            ),
        ),
        (
            "TaskHistory",
            answer(
                "What has happened to a task.",
                &["history"],
                vec![("history", list("In order.", of("HistoryItem"), 1, HISTORY_MAX))],
            ),
        ),
        (
            "EventDocument",
            answer(
                "What a log entry did to tasks.",
                &["index", "at", "changes"],
                vec![
                    ("index", count("The index of the entry, which is the event's id.")),
                    ("at", moment("When it was, in replicated time.")),
                    (
                        "changes",
                        json!({
                            "type": "array",
                            "description": "What happened, in order.",
                            "items": of("EventChange"),
                            "minItems": 1,
                        }),
                    ),
                ],
            ),
        ),
        (
            "EventChange",
            answer(
                "What a log entry did to one task.",
                &["task", "queue", "change", "state", "attempt"],
                vec![
                    ("task", of("TaskId")),
                    ("queue", of("QueueName")),
                    ("change", of("TaskChange")),
                    (
                        "state",
                        described("Afterwards; of a task that is gone, its last.", "TaskState"),
                    ),
                    ("attempt", count("Leases that counted afterwards.")),
                ],
            ),
        ),
        (
            "Digest",
            answer(
                "The state of a node as one number.",
                &["index", "digest"],
                vec![
                    ("index", count("The log index of the state.")),
                    ("digest", pattern("The SHA-256 of the replicated state.", "^[0-9a-f]{64}$")),
                ],
            ),
        ),
        (
            "HistoryItem",
            answer(
                "What happened to a task once.",
                &["index", "at", "change", "state", "attempt"],
                vec![
                    ("index", count("The log index of the change.")),
                    ("at", moment("When it was, in replicated time.")),
                    ("change", of("TaskChange")),
                    ("state", of("TaskState")),
                    ("attempt", count("Leases that counted afterwards.")),
                    ("node", node),
                    ("worker", of("WorkerName")),
                ],
            ),
        ),
    ]
}
