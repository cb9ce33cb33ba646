//! A client's HTTP/1 connection as hyper sees it, with what hyper leaves out: a time limit on
//! heads that is told to the client, an end for idle connections, a refusal of requests that give
//! their length twice, and a body for the answers that hyper makes itself.
//!
//! Left out on purpose: a head that arrives in one read behind an earlier request (pipelined) is
//! not scanned for a second length; hyper then closes the connection after it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use ferry_api::Code;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use crate::head_scan::HeadScan;
use crate::problem::Failure;

/// How long a request's head may take from its first byte.
pub(crate) const HEAD_TIME: Duration = Duration::from_secs(5);
/// How long a connection may be without a request.
pub(crate) const IDLE_TIME: Duration = Duration::from_secs(90);

/// What the service tells the wire: whether a request is in its hands.
#[derive(Default)]
pub(crate) struct Phase {
    calls: AtomicU64,
    is_busy: AtomicBool,
}

impl Phase {
    /// A request's head was read, and the service has it.
    pub(crate) fn enter(&self) {
        self.is_busy.store(true, Ordering::Release);
        self.calls.fetch_add(1, Ordering::AcqRel);
    }

    /// The service has answered.
    pub(crate) fn leave(&self) {
        self.is_busy.store(false, Ordering::Release);
    }
}

/// The connection.
pub(crate) struct Wire {
    stream: TcpStream,
    phase: Arc<Phase>,
    calls_seen: u64,
    head: Option<HeadScan>,
    deadline: Pin<Box<Sleep>>,
    /// What goes out in place of all else before the connection closes.
    refusal: Option<Bytes>,
    /// What goes out in place of an answer that hyper made.
    replacement: Option<Bytes>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, phase: Arc<Phase>) -> Self {
        let deadline = Box::pin(sleep(IDLE_TIME));
        let (refusal, replacement) = (None, None);
        Self { stream, phase, calls_seen: 0, head: None, deadline, refusal, replacement }
    }

    /// Notes what the service did meanwhile; true if a request is in its hands.
    fn is_busy(&mut self) -> bool {
        let calls = self.phase.calls.load(Ordering::Acquire);
        if calls != self.calls_seen {
            self.calls_seen = calls;
            self.head = None;
            self.deadline.as_mut().reset(Instant::now() + IDLE_TIME);
        }
        self.phase.is_busy.load(Ordering::Acquire)
    }

    /// Looks at bytes that belong to a head; false if the request has to be refused.
    fn is_acceptable(&mut self, bytes: &[u8]) -> bool {
        if self.head.is_none() {
            self.deadline.as_mut().reset(Instant::now() + HEAD_TIME);
        }
        self.head.get_or_insert_default().feed(bytes)
    }

    fn refuse(&mut self, failure: &Failure) {
        self.refusal = Some(failure.to_raw());
    }

    /// Sends the refusal, then fails, so that hyper lets go of the connection.
    fn poll_refusal(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(refusal) = &mut self.refusal {
            while refusal.has_remaining() {
                let sent = ready!(Pin::new(&mut self.stream).poll_write(cx, refusal))?;
                refusal.advance(sent);
            }
        }
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
    }

    fn poll_overdue(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.deadline.as_mut().poll(cx));
        if self.head.is_none() {
            return Poll::Ready(Ok(())); // Nothing asked for long: the end, for hyper.
        }
        let detail = "the request's head took longer than 5 s; send it at once";
        self.refuse(&Failure::new(Code::RequestTimeout, detail));
        self.poll_refusal(cx)
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = &mut *self;
        if wire.refusal.is_some() {
            return wire.poll_refusal(cx);
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut wire.stream).poll_read(cx, buffer);
        if wire.is_busy() {
            return read;
        }
        if read.is_pending() {
            return wire.poll_overdue(cx);
        }
        if buffer.filled().len() > before && !wire.is_acceptable(&buffer.filled()[before..]) {
            buffer.set_filled(before);
            let detail = "the request gives its length twice; send one Content-Length, \
                          or Transfer-Encoding alone";
            wire.refuse(&Failure::new(Code::InvalidArgument, detail));
            return wire.poll_refusal(cx);
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_ours_or(cx, bytes, |stream, cx| stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices.iter().find(|slice| !slice.is_empty()).map_or(&[][..], |slice| slice);
        self.poll_write_ours_or(cx, first, |stream, cx| stream.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Wire {
    /// Writes by `write`, unless `first` is an answer that hyper made itself: then ours goes out.
    fn poll_write_ours_or(
        &mut self,
        cx: &mut Context<'_>,
        first: &[u8],
        write: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if self.replacement.is_none() {
            self.replacement = bare_answer(first).map(|failure| failure.to_raw());
        }
        let Some(ours) = &mut self.replacement else {
            return write(Pin::new(&mut self.stream), cx);
        };
        while ours.has_remaining() {
            let sent = ready!(Pin::new(&mut self.stream).poll_write(cx, ours))?;
            ours.advance(sent);
        }
        self.replacement = None;
        Poll::Ready(Ok(first.len()))
    }
}

/// What to say in place of an answer that hyper made: those alone are 4xx without our header.
fn bare_answer(bytes: &[u8]) -> Option<Failure> {
    let status = bytes.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    if status[0] != b'4' || contains(bytes, b"ferry-node: ") {
        return None;
    }
    Some(match status {
        b"414" => Failure::new(Code::UriTooLong, "the URI is too long; 8 KiB are allowed"),
        b"431" => Failure::new(
            Code::HeadersTooLarge,
            "the headers are too large; 64 are allowed, each up to 16 KiB",
        ),
        _ => Failure::new(Code::InvalidArgument, "the request is not well-formed HTTP/1.1"),
    })
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
