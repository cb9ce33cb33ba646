//! Who leads, as this node knows it.

use ferry_types::{NodeAddress, NodeId};
use openraft::ServerState;
use openraft::async_runtime::WatchReceiver;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::raft::Raft;

/// The leader and its address.
pub(crate) type Leader = Option<(NodeId, NodeAddress)>;

/// A view of who leads that can be waited on.
#[derive(Clone)]
pub(crate) struct LeaderWatch {
    me: NodeId,
    leader: watch::Receiver<Leader>,
}

impl LeaderWatch {
    /// A watch, and the loop that keeps it.
    pub(crate) fn new(raft: Raft, stop: CancellationToken) -> (Self, impl Future<Output = ()>) {
        let (publish, leader) = watch::channel(None);
        let me = NodeId::new(*raft.node_id());
        (Self { me, leader }, run(raft, publish, stop))
    }

    pub(crate) fn receiver(&self) -> watch::Receiver<Leader> {
        self.leader.clone()
    }

    /// Whether this node leads.
    pub(crate) fn is_me(&self) -> bool {
        self.leader.borrow().as_ref().is_some_and(|(id, _)| *id == self.me)
    }

    pub(crate) async fn changed(&mut self) -> Result<(), watch::error::RecvError> {
        self.leader.changed().await
    }
}

async fn run(raft: Raft, publish: watch::Sender<Leader>, stop: CancellationToken) {
    let (mut metrics, mut data) = (raft.server_metrics(), raft.data_metrics());
    loop {
        let server = metrics.borrow_watched().clone();
        let me = server.current_leader == Some(server.id);
        // A leader's vote outlives a restart of its process; the role does not. And a leader
        // takes writes only once a majority has answered it.
        let leads = server.state == ServerState::Leader;
        let confirmed = data.borrow_watched().last_quorum_acked.is_some();
        let leader = server.current_leader.filter(|_| !me || (leads && confirmed)).and_then(|id| {
            let address = server.membership_config.get_node(&id)?.clone();
            Some((NodeId::new(id), address))
        });
        tell(&publish, leader, server.vote.leader_id.term);
        let confirmation = async {
            if leads && !confirmed { data.changed().await } else { std::future::pending().await }
        };
        let changed = tokio::select! {
            () = stop.cancelled() => return,
            changed = metrics.changed() => changed,
            changed = confirmation => changed,
        };
        if changed.is_err() {
            return;
        }
    }
}

fn tell(publish: &watch::Sender<Leader>, leader: Leader, term: u64) {
    publish.send_if_modified(|current| {
        let changed = *current != leader;
        if changed {
            match &leader {
                Some((id, _)) => tracing::info!(leader = %id, term, "leader changed"),
                None => tracing::info!(term, "no leader"),
            }
            *current = leader;
        }
        changed
    });
}
