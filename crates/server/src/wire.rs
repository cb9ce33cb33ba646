//! A client's HTTP/1 connection as hyper sees it, with what hyper leaves out: a time limit on
//! heads that is told to the client, an end for idle connections, a refusal of requests whose end
//! is not certain, and a body for the answers that hyper makes itself.
//!
//! A refusal takes its turn behind the answers to earlier requests: hyper is given bytes that are
//! no request, so that it refuses them at the right place, and our refusal goes out in place of
//! its own.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use ferry_api::Code;
use ferry_types::NodeId;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use crate::problem::Failure;
use crate::request_scan::{Ambiguous, RequestScan};

/// How long a request's head may take from its first byte.
pub(crate) const HEAD_TIME: Duration = Duration::from_secs(5);
/// How long a connection may be without a request.
pub(crate) const IDLE_TIME: Duration = Duration::from_secs(90);

/// Bytes that no parser takes for a part of a request, whatever stands before them.
const NO_REQUEST: &[u8] = b"\0\r\n\r\n";

/// What the service tells the wire: whether a request is in its hands.
#[derive(Default)]
pub(crate) struct Phase {
    answers: AtomicU64,
    is_busy: AtomicBool,
}

impl Phase {
    /// A request's head was read, and the service has it.
    pub(crate) fn enter(&self) {
        self.is_busy.store(true, Ordering::Release);
    }

    /// The service has answered.
    pub(crate) fn leave(&self) {
        self.answers.fetch_add(1, Ordering::AcqRel);
        self.is_busy.store(false, Ordering::Release);
    }
}

/// The connection.
pub(crate) struct Wire {
    stream: TcpStream,
    node: NodeId,
    phase: Arc<Phase>,
    answers_seen: u64,
    scan: RequestScan,
    heads_seen: u64,
    deadline: Pin<Box<Sleep>>,
    /// Why no more requests are taken, and what hyper is still to be given in their place.
    refusal: Option<(Failure, &'static [u8])>,
    /// What goes out in place of an answer that hyper made.
    replacement: Option<Bytes>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, node: NodeId, phase: Arc<Phase>) -> Self {
        Self {
            stream,
            node,
            phase,
            answers_seen: 0,
            scan: RequestScan::default(),
            heads_seen: 0,
            deadline: Box::pin(sleep(IDLE_TIME)),
            refusal: None,
            replacement: None,
        }
    }

    /// Sets the time limit for what comes next: behind an answer, and when a head begins.
    fn set_deadline(&mut self) {
        let (answers, heads) =
            (self.phase.answers.load(Ordering::Acquire), self.scan.heads_begun());
        if (answers, heads) != (self.answers_seen, self.heads_seen) {
            (self.answers_seen, self.heads_seen) = (answers, heads);
            let time = if self.scan.is_in_head() { HEAD_TIME } else { IDLE_TIME };
            self.deadline.as_mut().reset(Instant::now() + time);
        }
    }

    /// Gives hyper what it will refuse; after that, the end.
    fn refuse(&mut self, buffer: &mut ReadBuf<'_>) {
        if let Some((_, bytes)) = &mut self.refusal {
            let (given, left) = bytes.split_at(bytes.len().min(buffer.remaining()));
            buffer.put_slice(given);
            *bytes = left;
        }
    }

    /// Scans what was read behind `before`.
    fn check(&mut self, buffer: &mut ReadBuf<'_>, before: usize) {
        let Err(Ambiguous { fine_bytes }) = self.scan.feed(&buffer.filled()[before..]) else {
            return;
        };
        buffer.set_filled(before + fine_bytes);
        let detail = "the request gives its length twice or in a form that is not taken; send one \
                      Content-Length, or Transfer-Encoding: chunked alone";
        self.refusal = Some((Failure::new(Code::InvalidArgument, detail), NO_REQUEST));
        if fine_bytes == 0 {
            self.refuse(buffer);
        }
    }

    fn poll_overdue(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.deadline.as_mut().poll(cx));
        // Where nothing was asked for long, the end is all that hyper is given.
        if self.scan.is_in_head() {
            let detail = "the request's head took longer than 5 s; send it at once";
            self.refusal = Some((Failure::new(Code::RequestTimeout, detail), NO_REQUEST));
            self.refuse(buffer);
        }
        Poll::Ready(Ok(()))
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
            wire.refuse(buffer);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut wire.stream).poll_read(cx, buffer);
        wire.check(buffer, before);
        wire.set_deadline();
        if read.is_pending() && !wire.phase.is_busy.load(Ordering::Acquire) {
            return wire.poll_overdue(cx, buffer);
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
            self.replacement = self.answer_in_place_of(first).map(|ours| ours.to_raw(self.node));
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

    /// What to say in place of an answer that hyper made: those alone are 4xx without our header.
    fn answer_in_place_of(&mut self, bytes: &[u8]) -> Option<Failure> {
        let status = bytes.strip_prefix(b"HTTP/1.")?.get(2..5)?;
        if status[0] != b'4' || contains(bytes, b"ferry-node: ") {
            return None;
        }
        if let Some((failure, _)) = self.refusal.take() {
            return Some(failure);
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
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
