//! What this crate writes itself, beside the rows of `ferry_core::row`. Tags never change their
//! meaning, and a retired one is never given out again.

use bytes::Bytes;
use ferry_types::{LogIndex, NodeAddress, NodeId};

use crate::{LogEntry, LogId, Membership, Payload, Vote};

/// A [`LogId`].
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct LogIdRow {
    #[prost(uint64, tag = "1")]
    pub(crate) term: u64,
    #[prost(uint64, tag = "2")]
    pub(crate) node: u64,
    #[prost(uint64, tag = "3")]
    pub(crate) index: u64,
}

/// A [`Vote`].
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct VoteRow {
    #[prost(uint64, tag = "1")]
    pub(crate) term: u64,
    #[prost(uint64, tag = "2")]
    pub(crate) node: u64,
    #[prost(bool, tag = "3")]
    pub(crate) committed: bool,
}

/// A [`Membership`].
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct MembershipRow {
    #[prost(message, repeated, tag = "1")]
    pub(crate) configs: Vec<VotersRow>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) nodes: Vec<NodeRow>,
}

/// The voters of a membership.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct VotersRow {
    #[prost(uint64, repeated, tag = "1")]
    pub(crate) nodes: Vec<u64>,
}

/// A member and where it is reached.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct NodeRow {
    #[prost(uint64, tag = "1")]
    pub(crate) id: u64,
    #[prost(string, tag = "2")]
    pub(crate) http: String,
    #[prost(string, tag = "3")]
    pub(crate) peer: String,
}

/// A membership and the entry that brought it; the first one of all has no entry.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct StoredMembershipRow {
    #[prost(message, optional, tag = "1")]
    pub(crate) at: Option<LogIdRow>,
    #[prost(message, required, tag = "2")]
    pub(crate) membership: MembershipRow,
}

/// A [`LogEntry`].
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct LogEntryRow {
    #[prost(message, required, tag = "1")]
    pub(crate) id: LogIdRow,
    #[prost(oneof = "PayloadRow", tags = "2, 3, 4")]
    pub(crate) payload: Option<PayloadRow>,
}

/// A [`Payload`].
#[derive(Clone, PartialEq, Eq, prost::Oneof)]
pub(crate) enum PayloadRow {
    #[prost(message, tag = "2")]
    Blank(BlankRow),
    #[prost(bytes = "bytes", tag = "3")]
    Commands(Bytes),
    #[prost(message, tag = "4")]
    Membership(MembershipRow),
}

/// A [`Payload::Blank`].
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct BlankRow {}

impl From<LogId> for LogIdRow {
    fn from(LogId { term, node, index }: LogId) -> Self {
        Self { term, node: node.get(), index: index.get() }
    }
}

impl From<LogIdRow> for LogId {
    fn from(LogIdRow { term, node, index }: LogIdRow) -> Self {
        Self { term, node: NodeId::new(node), index: LogIndex::new(index) }
    }
}

impl From<Vote> for VoteRow {
    fn from(Vote { term, node, committed }: Vote) -> Self {
        Self { term, node: node.get(), committed }
    }
}

impl From<VoteRow> for Vote {
    fn from(VoteRow { term, node, committed }: VoteRow) -> Self {
        Self { term, node: NodeId::new(node), committed }
    }
}

impl From<&Membership> for MembershipRow {
    fn from(Membership { configs, nodes }: &Membership) -> Self {
        let voters = |config: &std::collections::BTreeSet<NodeId>| VotersRow {
            nodes: config.iter().map(|id| id.get()).collect(),
        };
        let member = |(id, NodeAddress { http, peer }): (&NodeId, &NodeAddress)| NodeRow {
            id: id.get(),
            http: http.clone(),
            peer: peer.clone(),
        };
        Self {
            configs: configs.iter().map(voters).collect(),
            nodes: nodes.iter().map(member).collect(),
        }
    }
}

impl From<MembershipRow> for Membership {
    fn from(MembershipRow { configs, nodes }: MembershipRow) -> Self {
        let voters = |row: VotersRow| row.nodes.into_iter().map(NodeId::new).collect();
        let member = |NodeRow { id, http, peer }| (NodeId::new(id), NodeAddress { http, peer });
        Self {
            configs: configs.into_iter().map(voters).collect(),
            nodes: nodes.into_iter().map(member).collect(),
        }
    }
}

impl From<&(Option<LogId>, Membership)> for StoredMembershipRow {
    fn from((at, membership): &(Option<LogId>, Membership)) -> Self {
        Self { at: at.map(LogIdRow::from), membership: membership.into() }
    }
}

impl From<StoredMembershipRow> for (Option<LogId>, Membership) {
    fn from(StoredMembershipRow { at, membership }: StoredMembershipRow) -> Self {
        (at.map(LogId::from), membership.into())
    }
}

impl From<&LogEntry> for LogEntryRow {
    fn from(LogEntry { id, payload }: &LogEntry) -> Self {
        let payload = match payload {
            Payload::Blank => PayloadRow::Blank(BlankRow {}),
            Payload::Commands(encoded) => PayloadRow::Commands(encoded.clone()),
            Payload::Membership(membership) => PayloadRow::Membership(membership.into()),
        };
        Self { id: (*id).into(), payload: Some(payload) }
    }
}

impl TryFrom<LogEntryRow> for LogEntry {
    type Error = String;

    fn try_from(LogEntryRow { id, payload }: LogEntryRow) -> Result<Self, String> {
        let payload = match payload {
            Some(PayloadRow::Blank(BlankRow {})) => Payload::Blank,
            Some(PayloadRow::Commands(encoded)) => Payload::Commands(encoded),
            Some(PayloadRow::Membership(membership)) => Payload::Membership(membership.into()),
            None => return Err("a log entry without a payload of a known kind".into()),
        };
        Ok(Self { id: id.into(), payload })
    }
}
