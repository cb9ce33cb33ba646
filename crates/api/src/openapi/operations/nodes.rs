//! The cluster, and a node by itself.

use super::{Body, Operation};
use crate::routes;

pub(super) fn operation(path: &str, method: &str) -> Option<Operation> {
    Some(match (path, method) {
        (routes::CLUSTER, "get") => Operation::local(
            "getCluster",
            "cluster",
            "Shows the cluster as this node sees it.",
            &[(200, Some("ClusterStatus"))],
        ),
        (routes::NODES, "post") => Operation::admin(
            "addNode",
            "Adds a running node and answers once it votes; 200 if it does already.",
            &[],
            Some(Body::Needed("AddNode")),
            &[(200, Some("ClusterStatus")), (201, Some("ClusterStatus"))],
        ),
        (routes::NODE, "delete") => Operation::admin(
            "removeNode",
            "Removes a node for good.",
            &["id"],
            None,
            &[(204, None)],
        ),
        (routes::TRANSFER_LEADER, "post") => Operation::admin(
            "transferLeader",
            "Hands leadership to a voter and answers once it leads.",
            &[],
            Some(Body::Needed("TransferLeader")),
            &[(200, Some("ClusterStatus"))],
        ),
        (routes::SNAPSHOT, "post") => Operation::local(
            "takeSnapshot",
            "cluster",
            "Takes a snapshot on this node, so that its log can be purged.",
            &[(200, Some("ClusterStatus"))],
        ),
        (routes::LIVEZ, "get") => Operation::local(
            "livez",
            "health",
            "Answers while the process runs.",
            &[(200, Some("object"))],
        ),
        (routes::READYZ, "get") => Operation::local(
            "readyz",
            "health",
            "Answers 200 only while this node can serve: recovered, and it knows a leader.",
            &[(200, Some("object"))],
        ),
        (routes::METRICS, "get") => Operation::local(
            "metrics",
            "health",
            "Prometheus metrics of this node.",
            &[(200, Some("text"))],
        ),
        (routes::OPENAPI, "get") => {
            Operation::local("openapi", "health", "This document.", &[(200, Some("object"))])
        }
        _ => return None,
    })
}
