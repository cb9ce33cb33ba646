//! What a process has from its first moment, before its replica stands: who it is, whether it
//! stops, and the counters of its HTTP side.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ferry_api::Code;
use ferry_types::NodeId;
use hyper::header::HeaderValue;
use tokio::sync::SetOnce;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::metrics::HttpMetrics;
use crate::node::Node;
use crate::problem::Failure;

/// The process as its HTTP side sees it.
pub(crate) struct Door {
    /// Which node this is.
    pub(crate) id: NodeId,
    /// The same, as it stands in every answer.
    pub(crate) id_header: HeaderValue,
    /// When the process began.
    pub(crate) opened: Instant,
    /// Cancelled when the node begins to stop.
    pub(crate) stopping: CancellationToken,
    /// What the HTTP side counts.
    pub(crate) metrics: HttpMetrics,
    node: SetOnce<Arc<Node>>,
}

impl Door {
    /// A door with nothing behind it yet.
    pub(crate) fn new(id: NodeId) -> Arc<Self> {
        Arc::new(Self {
            id,
            id_header: HeaderValue::from(id.get()),
            opened: Instant::now(),
            stopping: CancellationToken::new(),
            metrics: HttpMetrics::default(),
            node: SetOnce::new(),
        })
    }

    /// Opens the door: requests reach the node from here on.
    pub(crate) fn open(&self, node: Arc<Node>) {
        let first = self.node.set(node).is_ok();
        assert!(first, "a process runs one node");
    }

    /// The node, once its replica stands.
    pub(crate) fn try_node(&self) -> Option<&Arc<Node>> {
        self.node.get()
    }

    /// The node, as soon as its replica stands.
    ///
    /// # Errors
    /// What to tell who comes too early, and has no more patience than this, or too late.
    pub(crate) async fn node(&self, patience: Duration) -> Result<&Arc<Node>, Failure> {
        let opened = match self.try_node() {
            Some(node) if !self.stopping.is_cancelled() => return Ok(node),
            _ => timeout(patience, self.node.wait()),
        };
        tokio::select! {
            biased;
            () = self.stopping.cancelled() => Err(Failure::shutting_down()),
            opened = opened => opened.map_err(|_| {
                let detail = "the node is starting; nothing was written, so ask again";
                Failure::new(Code::NoLeader, detail).retry_after_ms(1_000)
            }),
        }
    }
}
