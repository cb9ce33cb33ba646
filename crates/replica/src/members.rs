//! The one way to change the membership: a node listens until it has caught up, then it votes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ferry_types::{NodeAddress, NodeId};
use openraft::ChangeMembers;
use openraft::async_runtime::WatchReceiver;
use openraft::errors::{ChangeMembershipError, ClientWriteError, RaftError};
use tokio::time::{Instant, timeout, timeout_at};

use crate::AdminError;
use crate::leader::LeaderWatch;
use crate::peer::Peers;
use crate::raft::{Config, Raft};

/// How long a node to be added may take to answer, and how long to wait before asking again.
const GREETING_PAUSE: Duration = Duration::from_millis(100);

type Changed<T> = Result<T, RaftError<Config, ClientWriteError<Config>>>;

/// Adds a voter, or makes one of a learner that was left behind. Does nothing if it is one. The
/// node is greeted first, so that a stranger (another cluster, another id, a used one) never
/// stands in the membership.
pub(crate) async fn add(
    raft: &Raft,
    peers: &Peers,
    id: NodeId,
    address: NodeAddress,
    patience: Duration,
) -> Result<(), AdminError> {
    let membership = raft.server_metrics().borrow_watched().membership_config.clone();
    if membership.get_node(&id.get()).is_some_and(|known| *known != address) {
        return Err(AdminError::AlreadyExists { id });
    }
    if membership.voter_ids().any(|voter| voter == id.get()) {
        return Ok(());
    }
    let deadline = Instant::now() + patience;
    let late = |_| AdminError::NotCaughtUp { id };
    timeout_at(deadline, greet(peers, id, &address)).await.map_err(late)?;
    let blocking = true;
    let adding = raft.add_learner(id.get(), address, blocking);
    // The learner is in the log by then: a later call goes on from there.
    let added = timeout_at(deadline, adding).await.map_err(late)?;
    added.map_err(admin_error)?;
    change(raft, ChangeMembers::AddVoterIds(BTreeSet::from([id.get()])), patience).await
}

/// Greets a node until it answers.
async fn greet(peers: &Peers, id: NodeId, address: &NodeAddress) {
    while let Err(error) = peers.status(id, &address.peer, GREETING_PAUSE).await {
        tracing::debug!(node = %id, %error, "a node to be added does not answer yet");
        tokio::time::sleep(GREETING_PAUSE).await;
    }
}

/// Removes a node for good.
pub(crate) async fn remove(raft: &Raft, id: NodeId, patience: Duration) -> Result<(), AdminError> {
    let membership = raft.server_metrics().borrow_watched().membership_config.clone();
    if membership.get_node(&id.get()).is_none() {
        return Err(AdminError::NodeNotFound { id });
    }
    let voters: BTreeSet<u64> = membership.voter_ids().collect();
    let gone = BTreeSet::from([id.get()]);
    if voters == gone {
        return Err(AdminError::LastVoter { id });
    }
    if voters.contains(&id.get()) {
        change(raft, ChangeMembers::RemoveVoters(gone.clone()), patience).await?;
    }
    // Removing a voter leaves a learner unless it was told otherwise.
    let left: BTreeMap<u64, NodeAddress> = {
        let membership = raft.server_metrics().borrow_watched().membership_config.clone();
        membership.nodes().map(|(id, node)| (*id, node.clone())).collect()
    };
    if left.contains_key(&id.get()) {
        change(raft, ChangeMembers::RemoveNodes(gone), patience).await?;
    }
    Ok(())
}

/// Hands leadership to `to` and waits until this node has seen it lead.
pub(crate) async fn transfer(
    raft: &Raft,
    leader: &LeaderWatch,
    to: NodeId,
    patience: Duration,
) -> Result<(), AdminError> {
    let server = raft.server_metrics().borrow_watched().clone();
    if server.current_leader != Some(server.id) {
        return Err(AdminError::NotLeader { leader: server.current_leader.map(NodeId::new) });
    }
    if !server.membership_config.voter_ids().any(|voter| voter == to.get()) {
        return Err(AdminError::NodeNotFound { id: to });
    }
    if to.get() == server.id {
        return Ok(());
    }
    raft.trigger().transfer_leader(to.get()).await.map_err(|_| AdminError::Stopped)?;
    let mut leader = leader.receiver();
    let leads = leader.wait_for(|now| now.as_ref().is_some_and(|(id, _)| *id == to));
    match timeout(patience, leads).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(_)) => Err(AdminError::Stopped),
        Err(_) => Err(AdminError::OutcomeUnknown),
    }
}

async fn change(
    raft: &Raft,
    change: ChangeMembers<u64, NodeAddress>,
    patience: Duration,
) -> Result<(), AdminError> {
    let retain = false;
    let changing = raft.change_membership(change, retain);
    let changed = timeout(patience, changing).await.map_err(|_| AdminError::OutcomeUnknown)?;
    map_changed(changed)
}

fn map_changed<T>(changed: Changed<T>) -> Result<(), AdminError> {
    changed.map(|_| ()).map_err(admin_error)
}

fn admin_error(error: RaftError<Config, ClientWriteError<Config>>) -> AdminError {
    match error {
        RaftError::APIError(ClientWriteError::ForwardToLeader(forward)) => {
            AdminError::NotLeader { leader: forward.leader_id.map(NodeId::new) }
        }
        RaftError::APIError(ClientWriteError::ChangeMembershipError(
            ChangeMembershipError::InProgress(_) | ChangeMembershipError::UncommittedLeaderLog(_),
        )) => AdminError::Busy,
        RaftError::APIError(
            ClientWriteError::ChangeMembershipError(_)
            | ClientWriteError::LogEntryDiscarded(_)
            | ClientWriteError::PreconditionFailed(_),
        ) => AdminError::OutcomeUnknown,
        RaftError::Fatal(_) => AdminError::Stopped,
    }
}
