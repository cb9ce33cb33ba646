use ferry_types::limits::{ATTEMPTS_MAX, DELAY_MAX, LEASE_MAX, PAGE_MAX};
use serde_json::{Value, json};

use crate::openapi::schema::{
    answer, count, duration, integer, list, number, of, or, or_none, pattern, request, text,
};
use crate::{QueueSettings, RetryPolicy};

pub(super) fn all() -> Vec<(&'static str, Value)> {
    vec![
        (
            "QueueName",
            pattern(
                "A queue's name: 1 to 80 of `A-Z a-z 0-9 . _ -`, at least one not a dot.",
                r"^(?=.*[^.])[A-Za-z0-9._-]{1,80}$",
            ),
        ),
        ("QueueSettings", settings()),
        ("RetryPolicy", retry()),
        ("QueueDocument", document()),
        ("StateCounts", counts()),
        ("QueueRates", rates()),
        (
            "QueueList",
            answer(
                "A page of queues, by name.",
                &["queues"],
                vec![
                    ("queues", list("The queues.", of("QueueDocument"), 0, PAGE_MAX)),
                    ("next_page_token", text("Where the next page begins; none on the last.")),
                ],
            ),
        ),
    ]
}

fn settings() -> Value {
    let standard = QueueSettings::default();
    let attempts =
        integer("Attempts before a task is dead; 0 is no limit.", 0, u64::from(ATTEMPTS_MAX));
    let bound = |description| or_none(integer(description, 1, u64::MAX));
    let kept = duration("How long a succeeded task is kept for its result.", 0, DELAY_MAX);
    let dead = duration("How long a dead task is kept; null is forever.", 0, DELAY_MAX);
    request(
        "What a queue may be told. A setting that is left out is its default.",
        &[],
        vec![
            ("lease_ms", or(duration("How long a lease lasts.", 1, LEASE_MAX), standard.lease_ms)),
            ("max_attempts", or(attempts, standard.max_attempts)),
            ("retry", of("RetryPolicy")),
            ("max_tasks", bound("The most unfinished tasks; null is no bound.")),
            ("max_bytes", bound("The most payload bytes of unfinished tasks; null is no bound.")),
            ("result_retention_ms", or(kept, standard.result_retention_ms)),
            ("dead_retention_ms", or_none(dead)),
        ],
    )
}

fn retry() -> Value {
    let standard = RetryPolicy::default();
    let initial = duration("The first backoff; at most `max_ms`.", 0, DELAY_MAX);
    let most = duration("The longest backoff before jitter.", 0, DELAY_MAX);
    let growth = number("The growth per attempt, to the thousandth.", 1.0, 100.0);
    let share = number("The share moved by chance, to the thousandth.", 0.0, 1.0);
    request(
        "How long a failed task backs off: `initial_ms * multiplier^(attempt - 1)`, at most \
         `max_ms`, then moved by up to `jitter` of itself in either direction.",
        &[],
        vec![
            ("initial_ms", or(initial, standard.initial_ms)),
            ("multiplier", or(growth, standard.multiplier)),
            ("max_ms", or(most, standard.max_ms)),
            ("jitter", or(share, standard.jitter)),
        ],
    )
}

fn document() -> Value {
    let age = "How long the oldest ready task has been in the queue. Milliseconds; left out if \
               no task is ready.";
    answer(
        "A queue as it stands.",
        &["queue", "settings", "counts", "bytes", "rates"],
        vec![
            ("queue", of("QueueName")),
            ("settings", of("QueueSettings")),
            ("counts", of("StateCounts")),
            ("bytes", count("Payload bytes of unfinished tasks.")),
            ("oldest_ready_age_ms", count(age)),
            ("rates", of("QueueRates")),
        ],
    )
}

fn counts() -> Value {
    answer(
        "How many tasks of a queue are in which state.",
        &[],
        vec![
            ("scheduled", count("Not due yet.")),
            ("ready", count("Any worker may take them.")),
            ("leased", count("Held by a worker.")),
            ("retrying", count("Backing off after a failure.")),
            ("succeeded", count("Done, kept for their result.")),
            ("dead", count("Out of attempts.")),
        ],
    )
}

fn rates() -> Value {
    let rate = |description| json!({ "type": "number", "description": description, "minimum": 0 });
    answer(
        "How fast a queue moves, over the last minute as the answering node saw it.",
        &[],
        vec![
            ("enqueue_per_second", rate("Tasks enqueued per second.")),
            ("ack_per_second", rate("Tasks acked per second.")),
        ],
    )
}
