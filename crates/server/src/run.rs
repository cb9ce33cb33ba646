//! A node from its first moment to its last.

use std::sync::Arc;
use std::time::Duration;

use ferry_core::Effect;
use ferry_replica::{Replica, StartError};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::disk_room::DiskRoom;
use crate::door::Door;
use crate::forwarder::Forwarder;
use crate::http::HttpServer;
use crate::listener;
use crate::node::Node;
use crate::router::router;
use crate::schedules::{self, Firings};
use crate::telemetry;
use crate::waiters::Waiters;
use crate::workers::{self, Workers};

/// How long a node that stops waits for the requests under way.
const DRAIN_TIME: Duration = Duration::from_secs(10);
/// How long a node that stops waits for its replica.
const CLOSE_TIME: Duration = Duration::from_secs(10);

/// Why a node did not start, or did not go on. Each message is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Correct the filter.
    #[error("{0}")]
    Telemetry(String),
    /// Free the port or choose another.
    #[error("cannot listen for clients on {address}: {source}")]
    Listen {
        /// The address.
        address: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The replica says what to do.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The HTTP client cannot be built, or signals cannot be received.
    #[error("cannot set up the process: {0}")]
    Setup(String),
    /// The disk failed or is corrupt. The process must exit at once: nothing that this node says
    /// can be trusted.
    #[error("{0}")]
    Fatal(String),
}

/// Runs a node until SIGTERM or SIGINT.
///
/// # Errors
/// A [`ServeError`]; after `Fatal` the caller must end the process without waiting for anything.
pub async fn run(config: Config) -> Result<(), ServeError> {
    telemetry::start(&config).map_err(ServeError::Telemetry)?;
    let stopped = stop_signal()?;
    let door = Door::new(config.node);
    let closing = CancellationToken::new();
    let http = listen(&config, &door, &closing).await?;
    let forwarder =
        Forwarder::new(config.node).map_err(|error| ServeError::Setup(error.to_string()))?;
    let (replica, effects) = Replica::start(config.replica_options()).await?;
    let waiters = Waiters::new(config.waiters_max);
    let next_firing = Arc::new(Notify::new());
    let workers = Arc::new(Workers::default());
    let bell = tokio::spawn(ring(
        effects,
        Arc::clone(&waiters),
        Arc::clone(&workers),
        Arc::clone(&next_firing),
    ));
    let stop_workers = CancellationToken::new();
    let scheduling =
        tokio::spawn(workers::run(replica.clone(), Arc::clone(&workers), stop_workers.clone()));
    let firings = Arc::new(Firings::default());
    let firing = tokio::spawn(schedules::run(replica.clone(), Arc::clone(&firings), next_firing));
    let (disk_room, disk_watch) = DiskRoom::watch(&config).await;
    tracing::info!(node = %config.node, http = config.address.http, "node started");
    let replica_to_close = replica.clone();
    door.open(Arc::new(Node {
        config,
        replica: replica.clone(),
        disk_room,
        waiters,
        workers,
        firings,
        forwarder,
    }));
    tokio::select! {
        () = stopped.cancelled() => {}
        message = fatal(replica.fatal()) => return Err(ServeError::Fatal(message)),
    }
    tracing::info!("node stops");
    let stop = async {
        door.stopping.cancel();
        replica.hand_over().await;
        closing.cancel();
        let _ = http.await;
        let _ = tokio::time::timeout(CLOSE_TIME, replica_to_close.shutdown()).await;
        stop_workers.cancel();
        let _ = scheduling.await;
        disk_watch.abort();
        bell.abort();
        firing.abort();
    };
    tokio::select! {
        () = stop => Ok(()),
        message = fatal(replica.fatal()) => Err(ServeError::Fatal(message)),
    }
}

/// Opens the HTTP port before anything slow, so that a second process on it ends at once and
/// whoever asks early is told to ask again.
async fn listen(
    config: &Config,
    door: &Arc<Door>,
    closing: &CancellationToken,
) -> Result<tokio::task::JoinHandle<()>, ServeError> {
    let listener = listener::bind(&config.http_listen)
        .await
        .map_err(|source| ServeError::Listen { address: config.http_listen.clone(), source })?;
    let router = router(Arc::clone(door));
    let server = HttpServer::new(Arc::clone(door), router, config.connections_max);
    Ok(tokio::spawn(server.serve(listener, closing.clone(), DRAIN_TIME)))
}

/// A token that SIGTERM or SIGINT cancels.
fn stop_signal() -> Result<CancellationToken, ServeError> {
    let setup = |error: std::io::Error| ServeError::Setup(error.to_string());
    let mut terminate = signal(SignalKind::terminate()).map_err(setup)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(setup)?;
    let stopped = CancellationToken::new();
    let token = stopped.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        token.cancel();
    });
    Ok(stopped)
}

/// The bell: wakes dequeues and the scheduler as their tasks come, as a worker has room, and the
/// schedules as their next firing moves.
async fn ring(
    mut effects: mpsc::UnboundedReceiver<Vec<Effect>>,
    waiters: Arc<Waiters>,
    workers: Arc<Workers>,
    next_firing: Arc<Notify>,
) {
    while let Some(batch) = effects.recv().await {
        for effect in batch {
            match effect {
                Effect::Wake { queue, tasks } => {
                    waiters.wake(&queue, tasks);
                    workers.wake();
                }
                Effect::Room { worker } => {
                    workers.sessions.told_of(&worker);
                    waiters.wake_worker(&worker);
                    workers.wake();
                }
                Effect::Left { worker } => {
                    workers.forget(&worker);
                    waiters.wake_worker(&worker);
                    workers.wake();
                }
                // Who lives comes back at once; who hangs gets nothing more, and its session ends.
                Effect::Lapsed { worker } => workers.streams.close(&worker),
                Effect::Served { worker, task_type, took } => {
                    workers.served(&worker, &task_type, took);
                }
                // All of them look, and find that it is gone.
                Effect::Gone { queue } => waiters.wake(&queue, u64::MAX),
                // The replica proposes in time by itself.
                Effect::Alarm { .. } => {}
                Effect::Fire { .. } => next_firing.notify_one(),
            }
        }
    }
}

/// Returns the message of a replica that cannot go on.
async fn fatal(mut fatal: watch::Receiver<Option<String>>) -> String {
    match fatal.wait_for(Option::is_some).await {
        Ok(message) => message.clone().unwrap_or_default(),
        // The replica closed in good order.
        Err(_) => std::future::pending().await,
    }
}
