use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ferry_bench::RequestError;
use tokio::sync::Mutex;

use crate::link::Link;

/// Connections by node and by place.
type Links<M> = HashMap<(usize, usize), Arc<Link<M>>>;

/// The connections to a cluster's nodes: clients share a few, which is the best case of the peers,
/// since what several clients send leaves in one write and arrives in one read.
pub(crate) struct Pool<M> {
    /// Connections to a node.
    links_max: usize,
    /// Clients that a connection may have in its life; then another takes its place.
    clients_max: u64,
    links: Mutex<Links<M>>,
    turn: AtomicUsize,
}

impl<M: Send + 'static> Pool<M> {
    /// A pool of up to `links_max` connections to each node.
    pub(crate) fn new(links_max: usize, clients_max: u64) -> Self {
        let (links, turn) = (Mutex::default(), AtomicUsize::new(0));
        Self { links_max, clients_max, links, turn }
    }

    /// A connection to `node`, or else to the next node that lives. `connect` makes a new one.
    pub(crate) async fn link<F>(
        &self,
        node: usize,
        nodes: usize,
        connect: impl Fn(usize) -> F,
    ) -> Result<Arc<Link<M>>, RequestError>
    where
        F: Future<Output = Result<Arc<Link<M>>, RequestError>>,
    {
        let slot = self.turn.fetch_add(1, Ordering::Relaxed) % self.links_max;
        let mut links = self.links.lock().await;
        let mut refusal = RequestError::new("there is no node to connect to");
        for node in (0..nodes).map(|step| (node + step) % nodes) {
            if let Some(link) = links.get(&(node, slot))
                && !link.is_lost()
                && link.inboxes_ever() < self.clients_max
            {
                return Ok(link.clone());
            }
            match connect(node).await {
                Ok(link) => {
                    links.insert((node, slot), link.clone());
                    return Ok(link);
                }
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }
}
