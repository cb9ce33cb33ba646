use serde_json::{Value, json};

use crate::openapi::schema::{answer, count, flag, integer, of, pattern, request, text, words};

pub(super) fn all() -> Vec<(&'static str, Value)> {
    let node = || integer("A node's id, given by the operator and never reused.", 1, u64::MAX);
    let leader = json!({
        "type": ["integer", "null"],
        "description": "The leader's id; null while none is known.",
        "minimum": 1,
    });
    let nodes = json!({
        "type": "array",
        "description": "All members, by id.",
        "items": of("NodeStatus"),
    });
    vec![
        (
            "ClusterStatus",
            answer(
                "The cluster as the answering node sees it.",
                &["cluster_id", "leader", "term", "nodes"],
                vec![
                    (
                        "cluster_id",
                        pattern("The cluster's id.", r"^(?=.*[^.])[A-Za-z0-9._-]{1,64}$"),
                    ),
                    ("leader", leader),
                    ("term", count("The Raft term, which rises with every election.")),
                    ("nodes", nodes),
                ],
            ),
        ),
        ("NodeStatus", node_status(node())),
        (
            "AddNode",
            request(
                "A node that runs and is to join.",
                &["id", "http", "peer"],
                vec![("id", node()), ("http", http()), ("peer", peer())],
            ),
        ),
        ("TransferLeader", request("Hand leadership over.", &["to"], vec![("to", node())])),
    ]
}

fn node_status(id: Value) -> Value {
    answer(
        "A member of the cluster as the answering node sees it.",
        &["id", "http", "peer", "role", "reachable"],
        vec![
            ("id", id),
            ("http", http()),
            ("peer", peer()),
            ("role", words("What it does.", &["leader", "follower", "learner"])),
            ("reachable", flag("Whether it answered lately.")),
            ("last_log_index", count("The last entry of its log, if known.")),
            ("applied_index", count("The last entry it has applied, if known.")),
            ("pid", count("Its process id, if known.")),
        ],
    )
}

fn http() -> Value {
    text("The base URL of its HTTP API, for example `http://127.0.0.1:7101`.")
}

fn peer() -> Value {
    text("`host:port` where it listens for the other nodes.")
}
