use std::io;
use std::sync::Arc;

use ferry_store::Identity;
use ferry_types::{ClusterId, NodeId};
use tokio::sync::watch;

use crate::StartError;
use crate::wire::{Greeting, GreetingReply, Purpose, Refusal};

/// Who this node is, and whom it lets in: only nodes of its own cluster, each with the disk it
/// first came with. A node that lost its disk has forgotten its votes and entries, so it must not
/// come back under its old id.
#[derive(Clone)]
pub(crate) struct Greeter {
    pub(crate) cluster: ClusterId,
    pub(crate) node: NodeId,
    pub(crate) identity: Arc<Identity>,
    /// Set when this node must stop.
    pub(crate) fatal: watch::Sender<Option<String>>,
}

impl Greeter {
    /// What to say to `callee` first.
    pub(crate) fn greeting(&self, callee: NodeId, purpose: Purpose) -> Greeting {
        Greeting {
            version: Greeting::VERSION,
            cluster: self.cluster.as_str().to_owned(),
            node: self.node.get(),
            disk: self.identity.disk(),
            callee: callee.get(),
            purpose: purpose.into(),
            callee_disk: self.identity.disk_of(callee),
        }
    }

    /// What to answer to `greeting`.
    pub(crate) async fn answer(&self, greeting: &Greeting) -> io::Result<GreetingReply> {
        let refusal = if greeting.version != Greeting::VERSION {
            Refusal::Version
        } else if greeting.cluster != self.cluster.as_str() {
            Refusal::Cluster
        } else if greeting.callee != self.node.get() || self.comes_without_its_disk(greeting) {
            Refusal::Callee
        } else if !self.learn(NodeId::new(greeting.node), greeting.disk).await? {
            Refusal::UsedId
        } else {
            Refusal::None
        };
        let (node, disk) = (self.node.get(), self.identity.disk());
        Ok(GreetingReply { node, disk, refusal: refusal.into() })
    }

    /// Takes in what `callee` answered.
    pub(crate) async fn accept(&self, callee: NodeId, reply: &GreetingReply) -> io::Result<()> {
        let refused = |what: &str| Err(io::Error::other(format!("node {callee} {what}")));
        match reply.refusal() {
            Refusal::None => {}
            Refusal::Version => return refused("speaks another version of the protocol"),
            Refusal::Cluster => return refused("belongs to another cluster"),
            Refusal::Callee => return refused("is not who listens there"),
            Refusal::UsedId => {
                return Err(io::Error::other(self.stop_for_used_id(callee)));
            }
        }
        if !self.learn(callee, reply.disk).await? {
            return refused("answers with another disk than it had; it is not trusted");
        }
        Ok(())
    }

    /// Whether this node is new, and the caller knows its id with another disk: then it must stop.
    fn comes_without_its_disk(&self, greeting: &Greeting) -> bool {
        let differs = greeting.callee_disk.is_some_and(|disk| disk != self.identity.disk());
        let comes_without = differs && self.identity.is_new();
        if comes_without {
            self.stop_for_used_id(NodeId::new(greeting.node));
        }
        comes_without
    }

    fn stop_for_used_id(&self, by: NodeId) -> StartError {
        let error = StartError::UsedId { id: self.node, by };
        self.fatal.send_replace(Some(error.to_string()));
        error
    }

    /// Remembers the disk of a node on first contact; false if it is known with another.
    async fn learn(&self, node: NodeId, disk: u64) -> io::Result<bool> {
        let identity = self.identity.clone();
        let learn = move || identity.learn(node, disk);
        tokio::task::spawn_blocking(learn)
            .await
            .map_err(io::Error::other)?
            .map_err(io::Error::other)
    }
}
