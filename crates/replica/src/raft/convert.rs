//! The way between openraft's nouns and the store's.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use ferry_store::{LogEntry, LogId, Membership, Payload, Snapshot, Vote};
use ferry_types::{LogIndex, NodeAddress, NodeId};
use openraft::alias::{EntryOf, LogIdOf, SnapshotOf, StoredMembershipOf, VoteOf};
use openraft::impls::leader_id_adv::LeaderId;
use openraft::{EntryPayload, StoredMembership};

use super::types::{Commands, Config};

pub(crate) fn log_id(id: LogId) -> LogIdOf<Config> {
    let leader = LeaderId { term: id.term, node_id: id.node.get() };
    openraft::LogId::new(leader, id.index.get())
}

pub(crate) fn stored_log_id(id: &LogIdOf<Config>) -> LogId {
    LogId {
        term: id.leader_id.term,
        node: NodeId::new(id.leader_id.node_id),
        index: LogIndex::new(id.index),
    }
}

pub(crate) fn vote(vote: Vote) -> VoteOf<Config> {
    let leader_id = LeaderId { term: vote.term, node_id: vote.node.get() };
    openraft::Vote { leader_id, committed: vote.committed }
}

pub(crate) fn stored_vote(vote: &VoteOf<Config>) -> Vote {
    Vote {
        term: vote.leader_id.term,
        node: NodeId::new(vote.leader_id.node_id),
        committed: vote.committed,
    }
}

/// # Errors
/// A membership that consensus cannot have made: a voter without an address.
pub(crate) fn membership(
    membership: &Membership,
) -> io::Result<openraft::Membership<u64, NodeAddress>> {
    let ids = |config: &BTreeSet<NodeId>| config.iter().map(|id| id.get()).collect::<BTreeSet<_>>();
    let configs = membership.configs.iter().map(ids).collect();
    let nodes = membership.nodes.iter().map(|(id, address)| (id.get(), address.clone()));
    openraft::Membership::new(configs, nodes.collect::<BTreeMap<_, _>>())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
}

pub(crate) fn stored_membership(membership: &openraft::Membership<u64, NodeAddress>) -> Membership {
    let ids = |config: &BTreeSet<u64>| config.iter().copied().map(NodeId::new).collect();
    Membership {
        configs: membership.get_joint_config().iter().map(ids).collect(),
        nodes: membership.nodes().map(|(id, node)| (NodeId::new(*id), node.clone())).collect(),
    }
}

pub(crate) fn last_membership(
    stored: &(Option<LogId>, Membership),
) -> io::Result<StoredMembershipOf<Config>> {
    Ok(StoredMembership::new(stored.0.map(log_id), membership(&stored.1)?))
}

pub(crate) fn snapshot(snapshot: Snapshot) -> io::Result<SnapshotOf<Config, Snapshot>> {
    let meta = snapshot.meta();
    let meta = openraft::SnapshotMeta {
        last_log_id: meta.last.map(log_id),
        last_membership: last_membership(&meta.membership)?,
    };
    Ok(openraft::Snapshot { meta, snapshot })
}

pub(crate) fn entry(entry: LogEntry) -> io::Result<EntryOf<Config>> {
    let payload = match entry.payload {
        Payload::Blank => EntryPayload::Blank,
        Payload::Commands(bytes) => EntryPayload::Normal(Commands(bytes)),
        Payload::Membership(change) => EntryPayload::Membership(membership(&change)?),
    };
    Ok(openraft::Entry { log_id: log_id(entry.id), payload })
}

pub(crate) fn stored_entry(entry: EntryOf<Config>) -> LogEntry {
    let payload = match entry.payload {
        EntryPayload::Blank => Payload::Blank,
        EntryPayload::Normal(Commands(bytes)) => Payload::Commands(bytes),
        EntryPayload::Membership(change) => Payload::Membership(stored_membership(&change)),
    };
    LogEntry { id: stored_log_id(&entry.log_id), payload }
}
