//! Serves HTTP/1.1 and HTTP/2 on one port.
//!
//! Left out on purpose: TLS, which a proxy in front adds, and upgrades.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use ferry_api::Code;
use ferry_types::NodeId;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::door::Door;
use crate::front::{Front, HEADERS_MAX};
use crate::problem::Failure;
use crate::wire::{HEAD_TIME, IDLE_TIME, Phase, Wire};

/// What a connection's buffer may hold: a head is told to be too large before it is full.
const BUFFER_BYTES_MAX: usize = 256 << 10;
/// Requests that one HTTP/2 connection may have under way.
const STREAMS_MAX: u32 = 256;
/// Resets that one HTTP/2 connection may have pending before it is told to go (rapid reset).
const RESETS_MAX: usize = 50;
/// How often an HTTP/2 connection is asked whether it lives.
const PING_TIME: Duration = Duration::from_secs(20);
/// The line that an HTTP/2 connection begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The HTTP side of a node.
pub(crate) struct HttpServer {
    door: Arc<Door>,
    router: Router,
    connections: Arc<Semaphore>,
    loops: TaskTracker,
}

impl HttpServer {
    /// A server that takes so many connections at a time.
    pub(crate) fn new(door: Arc<Door>, router: Router, connections_max: usize) -> Self {
        let permits = connections_max.min(Semaphore::MAX_PERMITS);
        let connections = Arc::new(Semaphore::new(permits));
        Self { door, router, connections, loops: TaskTracker::new() }
    }

    /// Accepts connections until `closing` is cancelled, then waits for the requests under way,
    /// `patience` at most.
    pub(crate) async fn serve(
        self,
        listener: TcpListener,
        closing: CancellationToken,
        patience: Duration,
    ) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = closing.cancelled() => break,
            };
            match accepted {
                Ok((stream, _)) => self.take(stream, &closing),
                Err(error) => pause_if_exhausted(&error).await,
            }
        }
        drop(listener);
        self.loops.close();
        let _ = tokio::time::timeout(patience, self.loops.wait()).await;
    }

    fn take(&self, stream: TcpStream, closing: &CancellationToken) {
        let Ok(permit) = Arc::clone(&self.connections).try_acquire_owned() else {
            refuse(&stream, self.door.id);
            return;
        };
        // Answers are written in one go; waiting for more to send would only delay them.
        let _ = stream.set_nodelay(true);
        let phase = Arc::new(Phase::default());
        let (door, router) = (Arc::clone(&self.door), self.router.clone());
        let front = Front { door, router, phase };
        let closing = closing.clone();
        self.loops.spawn(async move {
            let metrics = Arc::clone(&front.door);
            metrics.metrics.connections.fetch_add(1, Ordering::Relaxed);
            serve_connection(stream, front, closing).await;
            metrics.metrics.connections.fetch_sub(1, Ordering::Relaxed);
            drop(permit);
        });
    }
}

async fn serve_connection(stream: TcpStream, front: Front, closing: CancellationToken) {
    let is_http2 = tokio::select! {
        is_http2 = begins_with_preface(&stream) => is_http2,
        () = closing.cancelled() => return,
    };
    // What a connection dies of is the client's, and it has been told if it could be.
    match is_http2 {
        Err(_) => {}
        Ok(true) => {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder
                .timer(TokioTimer::new())
                .max_concurrent_streams(STREAMS_MAX)
                .max_pending_accept_reset_streams(RESETS_MAX)
                .max_local_error_reset_streams(RESETS_MAX)
                .max_header_list_size(u32::try_from(BUFFER_BYTES_MAX).unwrap_or(u32::MAX))
                .keep_alive_interval(PING_TIME)
                .keep_alive_timeout(PING_TIME);
            let mut connection =
                std::pin::pin!(builder.serve_connection(TokioIo::new(stream), front));
            tokio::select! {
                _ = connection.as_mut() => return,
                () = closing.cancelled() => connection.as_mut().graceful_shutdown(),
            }
            let _ = connection.await;
        }
        Ok(false) => {
            let wire = Wire::new(stream, front.door.id, Arc::clone(&front.phase));
            let mut builder = http1::Builder::new();
            // The wire sets the time limits: hyper's closes idle connections too, without a word.
            builder
                .header_read_timeout(None)
                .max_headers(HEADERS_MAX)
                .max_buf_size(BUFFER_BYTES_MAX);
            let mut connection =
                std::pin::pin!(builder.serve_connection(TokioIo::new(wire), front));
            tokio::select! {
                _ = connection.as_mut() => return,
                () = closing.cancelled() => connection.as_mut().graceful_shutdown(),
            }
            let _ = connection.await;
        }
    }
}

/// Whether the client speaks HTTP/2 from the first byte. Takes nothing from the stream.
async fn begins_with_preface(stream: &TcpStream) -> io::Result<bool> {
    let mut start = [0; PREFACE.len()];
    let mut deadline = Instant::now() + IDLE_TIME;
    let mut has_begun = false;
    loop {
        let Ok(peeked) = timeout_at(deadline, stream.peek(&mut start)).await else {
            return Err(io::ErrorKind::TimedOut.into());
        };
        let bytes = peeked?;
        if bytes == 0 || !PREFACE.starts_with(&start[..bytes]) {
            return Ok(false);
        }
        if bytes == PREFACE.len() {
            return Ok(true);
        }
        // The beginning of the preface is also that of POST and PUT. The rest is on its way, and
        // a socket does not tell when there is more to peek at.
        if !has_begun {
            has_begun = true;
            deadline = Instant::now() + HEAD_TIME;
        } else if Instant::now() >= deadline {
            return Ok(false);
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// Tells a client that there is no room for it.
fn refuse(stream: &TcpStream, node: NodeId) {
    let detail = "the node has as many connections as it takes; ask again later, or another node";
    let failure = Failure::new(Code::TooManyConnections, detail).retry_after_ms(1_000);
    // A fresh connection has room for a few hundred bytes; nobody waits if it has not.
    let _ = stream.try_write(&failure.to_raw(node));
}

/// Waits where accepting again at once would fail again, for lack of file descriptors or memory.
async fn pause_if_exhausted(error: &io::Error) {
    let is_of_the_client = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    );
    if !is_of_the_client {
        tracing::warn!(%error, "cannot accept connections");
        sleep(Duration::from_millis(100)).await;
    }
}
