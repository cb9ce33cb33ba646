use ferry_types::limits::{
    ATTEMPTS_MAX, DELAY_MAX, ERROR_BYTES_MAX, LABEL_VALUE_BYTES_MAX, LEASE_MAX, PAGE_MAX,
};
use serde_json::{Value, json};

use super::limits::{concurrency, key};
use crate::openapi::schema::{
    answer, bounded, count, described, duration, flag, integer, list, number, of, or, or_none,
    pattern, request, text, words,
};
use crate::{Code, PurgedState, QueueSettings, RetryPolicy};

pub(super) fn all() -> Vec<(&'static str, Value)> {
    let stopped = "Why it ended before the last of them; left out if it did not.";
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
        ("PurgeRequest", purge()),
        (
            "Purged",
            answer("Tasks were removed.", &["purged"], vec![("purged", count("How many."))]),
        ),
        ("DeadFilter", dead_filter()),
        ("RedriveRequest", redrive()),
        (
            "Redriven",
            answer(
                "Dead tasks were redriven, or would be.",
                &["redriven"],
                vec![
                    ("redriven", count("How many.")),
                    ("stopped", words(stopped, &[Code::QueueFull.as_str()])),
                ],
            ),
        ),
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
    let kept = "How long a succeeded, cancelled or expired task is kept; 0 is not at all: who \
                repeats an ack, or asks or waits for the result, then finds nothing (404).";
    let kept = duration(kept, 0, DELAY_MAX);
    let ttl = "How long a task may take to be done, from when it is due; null is without end.";
    let most = "The most of its tasks that may be leased at a time; null is no bound.";
    let per_key = "The most tasks with the same key that may be leased at a time; null is one, in \
                   order, and in a fair queue no bound.";
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
            ("ttl_ms", or_none(duration(ttl, 1, DELAY_MAX))),
            ("result_retention_ms", or(kept, standard.result_retention_ms)),
            ("dead_retention_ms", or_none(dead)),
            ("max_concurrency", concurrency(most)),
            ("rate", of("Rate")),
            ("key_concurrency", concurrency(per_key)),
            ("fair", or(flag("Whether keys take turns, whatever the priority and age."), false)),
            ("assign", of("AssignPolicy")),
        ],
    )
}

fn purge() -> Value {
    let states = "`ready`, `dead`, or `all`, finished ones too. Leased tasks stay.";
    let states = words(states, &PurgedState::ALL.map(PurgedState::as_str));
    request("Which tasks to remove.", &["state"], vec![("state", states)])
}

fn dead_filter() -> Value {
    let kind = bounded("Only of this type.", LABEL_VALUE_BYTES_MAX);
    let error = bounded("Only those whose last error contains this text.", ERROR_BYTES_MAX);
    request(
        "Which dead tasks: those that everything fits which is given.",
        &[],
        vec![
            ("type", kind),
            ("key", key("Only with this ordering key.")),
            ("labels", described("Only with all of these labels.", "Labels")),
            ("error", error),
        ],
    )
}

fn redrive() -> Value {
    let most = "At most so many, in enqueue order; null is all.";
    request(
        "Which dead tasks get all their attempts again. It ends early where the queue is full: \
         the answer says `stopped`, or is 429 `queue_full` if there was no room for any.",
        &[],
        vec![
            ("filter", described("Which of them; all if left out.", "DeadFilter")),
            ("max", or_none(integer(most, 1, u64::MAX))),
            ("dry_run", or(flag("Count them and change nothing."), false)),
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
    let rates = "How fast it moves. Left out in the answer to a write, which is the same whenever \
                 it is repeated, unless the queue is new.";
    answer(
        "A queue as it stands.",
        &["queue", "settings", "paused", "counts", "bytes"],
        vec![
            ("queue", of("QueueName")),
            ("settings", of("QueueSettings")),
            ("paused", flag("Whether it gives no tasks for now.")),
            ("counts", of("StateCounts")),
            ("bytes", count("Payload bytes of unfinished tasks.")),
            ("oldest_ready_age_ms", count(age)),
            ("rates", described(rates, "QueueRates")),
        ],
    )
}

fn counts() -> Value {
    answer(
        "How many tasks of a queue are in which state.",
        &[],
        vec![
            ("scheduled", count("Not due yet.")),
            ("blocked", count("Waiting for the tasks that they depend on.")),
            ("ready", count("Any worker may take them.")),
            ("leased", count("Held by a worker.")),
            ("retrying", count("Backing off after a failure.")),
            ("succeeded", count("Done, kept for their result.")),
            ("dead", count("Out of attempts.")),
            ("cancelled", count("Called off, kept for those who ask.")),
            ("expired", count("Not done in time, kept for those who ask.")),
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
