use std::io;
use std::sync::Arc;
use std::time::Duration;

use ferry_types::NodeId;
use prost::Message as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use tokio_util::codec::Framed;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::link::invalid;
use super::strangers::Strangers;
use super::{Greeter, Link, serve_appends, serve_calls, serve_snapshot};
use crate::raft::Raft;
use crate::wire::{FrameCodec, Greeting, Purpose, Refusal};

/// How long a caller may take to greet.
const GREETING_PATIENCE: Duration = Duration::from_secs(2);

/// Connections from other nodes at a time; further ones wait to be accepted.
const CONNECTIONS_MAX: usize = 1_000;

/// What the other nodes are served from.
#[derive(Clone)]
pub(crate) struct Served {
    pub(crate) greeter: Greeter,
    pub(crate) refused: Arc<Strangers>,
    pub(crate) raft: Raft,
    pub(crate) state: ferry_store::State,
    pub(crate) freshness: crate::freshness::Freshness,
    pub(crate) clock: crate::clock::SharedClock,
    pub(crate) progress: tokio::sync::watch::Receiver<crate::applier::Progress>,
    /// Told of every connection from a node that has ended. Full: the news is dropped, as other
    /// connections of the same node end at the same time.
    pub(crate) departures: mpsc::Sender<NodeId>,
    pub(crate) stop: CancellationToken,
}

/// The port for the other nodes.
pub(crate) struct Listener {
    tcp: TcpListener,
}

impl Listener {
    pub(crate) async fn bind(address: &str) -> io::Result<Self> {
        Ok(Self { tcp: TcpListener::bind(address).await? })
    }

    /// Serves until `served.stop`, then until every connection is closed.
    pub(crate) async fn run(self, served: Served) {
        let connections = TaskTracker::new();
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let place = places.clone().acquire_owned().await.expect("never closed");
            let accepted = tokio::select! {
                () = served.stop.cancelled() => break,
                accepted = self.tcp.accept() => accepted,
            };
            let Ok((stream, from)) = accepted else { continue };
            let served = served.clone();
            connections.spawn(async move {
                let stop = served.stop.clone();
                let serving = serve(served, stream);
                if let Some(Err(error)) = stop.run_until_cancelled(serving).await {
                    tracing::debug!(%from, %error, "a peer connection ended");
                }
                drop(place);
            });
        }
        connections.close();
        connections.wait().await;
    }
}

async fn serve(served: Served, stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut link = Link { frames: Framed::new(stream, FrameCodec::for_greeting()) };
    let greet = async {
        let greeting = Greeting::decode(link.receive_bytes().await?).map_err(invalid)?;
        let reply = served.greeter.answer(&greeting).await?;
        link.send_bytes(reply.encode_to_vec().into()).await?;
        if reply.refusal() == Refusal::None {
            return Ok(greeting);
        }
        served.refused.tell(&greeting, reply.refusal());
        Err(invalid("the greeting was refused"))
    };
    let late = |_| Err(invalid("no greeting in time"));
    let greeting = timeout(GREETING_PATIENCE, greet).await.unwrap_or_else(late)?;
    *link.frames.codec_mut() = FrameCodec::default();
    let node = NodeId::new(greeting.node);
    let departures = served.departures.clone();
    let served = match greeting.purpose() {
        Purpose::Calls => serve_calls::run(&served, link).await,
        Purpose::Appends => serve_appends::run(&served, link).await,
        Purpose::Snapshot => serve_snapshot::run(&served, link).await,
    };
    let _ = departures.try_send(node);
    served
}
