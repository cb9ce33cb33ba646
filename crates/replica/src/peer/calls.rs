use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;
use std::time::Duration;

use ferry_types::NodeId;

use super::{Greeter, Link};
use crate::wire::{Body, Nothing, Purpose, StatusReply};

/// Calls to the other nodes: votes, reads, status. Keeps one idle connection a node.
pub(crate) struct Peers {
    pub(crate) greeter: Greeter,
    idle: Mutex<BTreeMap<NodeId, Link>>,
}

impl Peers {
    pub(crate) fn new(greeter: Greeter) -> Self {
        Self { greeter, idle: Mutex::default() }
    }

    /// Calls `node`. All calls may be repeated, so a connection that went stale is replaced.
    pub(crate) async fn call(
        &self,
        node: NodeId,
        address: &str,
        request: Body,
        patience: Duration,
    ) -> io::Result<Body> {
        if let Some(mut link) = self.take_idle(node)
            && let Ok(reply) = link.call(request.clone(), patience).await
        {
            self.put_idle(node, link);
            return Ok(reply);
        }
        self.call_afresh(node, address, request, patience).await
    }

    /// Calls `node` over a new connection, which tells whether a process listens there.
    async fn call_afresh(
        &self,
        node: NodeId,
        address: &str,
        request: Body,
        patience: Duration,
    ) -> io::Result<Body> {
        let mut link = Link::connect(&self.greeter, node, address, Purpose::Calls).await?;
        let reply = link.call(request, patience).await?;
        self.put_idle(node, link);
        Ok(reply)
    }

    /// How `node` sees itself.
    pub(crate) async fn status(
        &self,
        node: NodeId,
        address: &str,
        patience: Duration,
    ) -> io::Result<StatusReply> {
        let reply = self.call(node, address, Body::Status(Nothing {}), patience).await?;
        let Body::StatusIs(status) = reply else { return Err(unexpected(&reply)) };
        Ok(status)
    }

    fn take_idle(&self, node: NodeId) -> Option<Link> {
        self.idle.lock().expect("no holder panics").remove(&node)
    }

    fn put_idle(&self, node: NodeId, link: Link) {
        self.idle.lock().expect("no holder panics").insert(node, link);
    }
}

/// A reply that does not fit its request.
pub(crate) fn unexpected(body: &Body) -> io::Error {
    super::link::invalid(format!("an unexpected reply: {body:?}"))
}
