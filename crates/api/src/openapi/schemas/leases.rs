use ferry_types::limits::{
    DELAY_MAX, DEQUEUE_MAX, DEQUEUE_QUEUES_MAX, DEQUEUE_WAIT_MAX, LEASE_MAX, SETTLE_MAX,
};
use serde_json::{Value, json};

use crate::Code;
use crate::openapi::schema::{
    answer, any, count, duration, flag, integer, list, moment, of, or, pattern, request, text,
    words,
};

pub(super) fn all() -> Vec<(&'static str, Value)> {
    vec![
        ("LeaseId", pattern("A lease's id; opaque.", r"^l(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$")),
        (
            "WorkerName",
            pattern(
                "A worker's name: 1 to 128 of `A-Z a-z 0-9 . _ -`, at least one not a dot.",
                r"^(?=.*[^.])[A-Za-z0-9._-]{1,128}$",
            ),
        ),
        ("LeaseDocument", document()),
        ("DequeueRequest", dequeue(false)),
        ("DequeueFromRequest", dequeue(true)),
        (
            "DequeueResponse",
            answer(
                "What was leased, and what came of the settlements.",
                &["tasks"],
                vec![
                    (
                        "tasks",
                        list(
                            "The leased tasks, with payload and lease; empty if none came in time.",
                            of("TaskDocument"),
                            0,
                            DEQUEUE_MAX as usize,
                        ),
                    ),
                    ("settled", settled_list()),
                ],
            ),
        ),
        (
            "AckRequest",
            request("The task is done.", &[], vec![("result", any("Any JSON, up to 1 MiB."))]),
        ),
        ("NackRequest", request("The attempt failed.", &[], nack())),
        ("ExtendRequest", request("Keep the lease.", &[], vec![("lease_ms", extend())])),
        ("Settlement", settlement()),
        (
            "SettleRequest",
            request(
                "A list of settlements, each on its own.",
                &["settle"],
                vec![("settle", list("The settlements.", of("Settlement"), 1, SETTLE_MAX))],
            ),
        ),
        (
            "SettleResponse",
            answer("What came of them.", &["settled"], vec![("settled", settled_list())]),
        ),
        ("SettledItem", settled_item()),
        ("Settled", answer("A settled task.", &["task", "state", "attempt"], settled())),
        (
            "Extended",
            answer(
                "An extended lease.",
                &["task", "state", "attempt", "expires_at", "cancelled"],
                settled().into_iter().chain(extended()).collect(),
            ),
        ),
    ]
}

fn document() -> Value {
    answer(
        "A lease as it stands.",
        &["id", "token", "attempt", "expires_at"],
        vec![
            ("id", of("LeaseId")),
            ("token", count("The fencing token: a later lease always has a larger one.")),
            ("worker", of("WorkerName")),
            ("attempt", count("Which attempt it is, from 1.")),
            ("expires_at", moment("When it runs out.")),
        ],
    )
}

/// With `queues` where the path names no queue.
fn dequeue(with_queues: bool) -> Value {
    let most = integer("The most tasks.", 1, u64::from(DEQUEUE_MAX));
    let wait = duration("How long to wait for the first task.", 0, DEQUEUE_WAIT_MAX);
    let lease = duration("How long the leases last; else the task's or the queue's.", 1, LEASE_MAX);
    let settle = "Earlier leases, settled before anything is taken.";
    let mut properties = vec![
        ("max", or(most, 1)),
        ("wait_ms", or(wait, 0)),
        ("lease_ms", lease),
        ("worker", of("WorkerName")),
        ("settle", list(settle, of("Settlement"), 0, SETTLE_MAX)),
    ];
    if !with_queues {
        return request("Lease ready tasks of the queue.", &[], properties);
    }
    let queues = "Tried in order; one answer may take from several.";
    properties.insert(0, ("queues", list(queues, of("QueueName"), 1, DEQUEUE_QUEUES_MAX)));
    request("Lease ready tasks of several queues.", &["queues"], properties)
}

/// What a nack says.
pub(super) fn nack() -> Vec<(&'static str, Value)> {
    let delay = "Back off this long instead of by the retry policy; 0 is at once.";
    vec![
        ("error", text("What went wrong; beyond 4,096 bytes it is cut.")),
        ("delay_ms", duration(delay, 0, DELAY_MAX)),
        ("dead", or(flag("No further attempt: the task is dead."), false)),
    ]
}

fn extend() -> Value {
    duration("How long the lease is to last from now; else as long as the last time.", 1, LEASE_MAX)
}

fn settlement() -> Value {
    let actions = words(
        "`ack` may have `result`; `nack` may have `error`, `delay_ms`, `dead`; `extend` may have \
         `lease_ms`; `release` has nothing.",
        &["ack", "nack", "extend", "release"],
    );
    let mut properties = vec![
        ("lease", of("LeaseId")),
        ("action", actions),
        ("result", any("What came of the task: any JSON, up to 1 MiB.")),
        ("lease_ms", extend()),
    ];
    properties.extend(nack());
    request("What the holder of a lease does with it.", &["lease", "action"], properties)
}

fn settled_list() -> Value {
    list("An outcome per settlement, in order.", of("SettledItem"), 0, SETTLE_MAX)
}

fn settled_item() -> Value {
    let codes = json!({
        "type": "string",
        "description": "Why it was refused; left out if it was not.",
        "enum": Code::ALL.map(Code::as_str).as_slice(),
    });
    let mut properties = vec![
        ("lease", of("LeaseId")),
        ("status", integer("The HTTP status that it would have had alone.", 200, 599)),
        ("code", codes),
        ("detail", text("Why it was refused, in words.")),
    ];
    properties.extend(settled());
    properties.extend(extended());
    answer("The outcome of one settlement.", &["lease", "status"], properties)
}

fn settled() -> Vec<(&'static str, Value)> {
    vec![
        ("task", of("TaskId")),
        ("state", of("TaskState")),
        ("attempt", count("The task's attempts so far.")),
    ]
}

fn extended() -> Vec<(&'static str, Value)> {
    vec![
        ("expires_at", moment("When the lease runs out, after an extend.")),
        ("cancelled", flag("Whether the task was cancelled, so that its holder may stop.")),
    ]
}
