use ferry_types::{ClusterId, LogIndex, NodeId};
use serde::{Deserialize, Serialize};

use crate::InvalidField;

/// The cluster as the answering node sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterStatus {
    /// The cluster's id.
    pub cluster_id: ClusterId,
    /// The leader; null while none is known.
    pub leader: Option<NodeId>,
    /// The Raft term, which rises with every election.
    pub term: u64,
    /// All members, by id.
    pub nodes: Vec<NodeStatus>,
}

/// A member of the cluster as the answering node sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Its id.
    pub id: NodeId,
    /// The base URL of its HTTP API.
    pub http: String,
    /// `host:port` where it listens for the other nodes.
    pub peer: String,
    /// What it does.
    pub role: NodeRole,
    /// Whether it answered lately; the answering node itself always does.
    pub reachable: bool,
    /// The last entry of its log, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_log_index: Option<LogIndex>,
    /// The last entry it has applied, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_index: Option<LogIndex>,
    /// Its process id, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
}

/// What a member of the cluster does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeRole {
    /// Takes writes.
    Leader,
    /// Votes.
    Follower,
    /// Only listens.
    Learner,
}

impl NodeRole {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leader => "leader",
            Self::Follower => "follower",
            Self::Learner => "learner",
        }
    }
}

/// The body of `POST /v1/cluster/nodes`: a node that runs and is to join. Answered with 201 and
/// the cluster's status once the node votes, or with 200 if it did before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddNode {
    /// Its id, from 1, never used before.
    pub id: NodeId,
    /// The base URL of its HTTP API.
    pub http: String,
    /// `host:port` where it listens for the other nodes.
    pub peer: String,
}

/// The body of `POST /v1/cluster/transfer-leader`. Answered with 200 and the cluster's status once
/// the node leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferLeader {
    /// The voter that is to lead.
    pub to: NodeId,
}

impl AddNode {
    /// Refuses an id that no node has.
    ///
    /// # Errors
    /// Names `id`.
    pub fn check(self) -> Result<Self, InvalidField> {
        check_id("id", self.id).map(|()| self)
    }
}

impl TransferLeader {
    /// Refuses an id that no node has.
    ///
    /// # Errors
    /// Names `to`.
    pub fn check(self) -> Result<Self, InvalidField> {
        check_id("to", self.to).map(|()| self)
    }
}

fn check_id(field: &str, id: NodeId) -> Result<(), InvalidField> {
    match id.get() {
        0 => Err(InvalidField::new(field, "must be a number from 1")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_written_as_it_is_read() {
        let json = r#"{"cluster_id":"dev","leader":null,"term":3,"nodes":[{"id":1,"http":"http://127.0.0.1:7101","peer":"127.0.0.1:7201","role":"follower","reachable":true,"last_log_index":9,"applied_index":8,"pid":77},{"id":2,"http":"http://127.0.0.1:7102","peer":"127.0.0.1:7202","role":"learner","reachable":false}]}"#;
        let status: ClusterStatus = serde_json::from_str(json).expect("valid");
        assert_eq!(serde_json::to_string(&status).expect("has a JSON form"), json);
        assert_eq!(status.nodes[1].role.as_str(), "learner");
    }
}
