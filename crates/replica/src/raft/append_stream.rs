//! Pipelined appends to one follower: requests are written as they arise, replies read as they
//! come, on one connection that is kept when all have been answered.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use ferry_types::Timestamp;
use futures::stream::{SplitSink, SplitStream};
use futures::{FutureExt, SinkExt, Stream, StreamExt};
use openraft::alias::EntryOf;
use openraft::errors::{NetworkError, RPCError};
use openraft::raft::{AppendEntriesRequest, StreamAppendError, StreamAppendResult};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::codec::Framed;
use tokio_util::task::AbortOnDropHandle;

use super::convert;
use super::types::Config;
use crate::clock::{SharedClock, tell};
use crate::peer::{Link, frame_of, message_in};
use crate::wire::{AppendReply, AppendRequest, Body, Frame, FrameCodec};

/// How long word of a commit waits for an entry to ride with. Followers only apply it; nobody else
/// waits for that.
const NOTICE_PATIENCE: Duration = Duration::from_millis(1);

type Replied = Result<StreamAppendResult<Config>, RPCError<Config>>;
type Frames = Framed<TcpStream, FrameCodec>;
type Writer = AbortOnDropHandle<io::Result<SplitSink<Frames, Frame>>>;

struct Session<'s> {
    home: &'s mut Option<Link>,
    replies: SplitStream<Frames>,
    writer: Option<Writer>,
    sink: Option<SplitSink<Frames, Frame>>,
    written: Arc<AtomicU64>,
    read: u64,
    patience: Duration,
}

/// Sends `requests` over `link` and yields a result each, in order. Puts `link` into `home` when
/// every request is answered; drops it after an error, or when the stream is dropped before.
/// `patience` bounds the time between two replies while any is due.
pub(crate) fn run<'s, S>(
    home: &'s mut Option<Link>,
    link: Link,
    requests: S,
    patience: Duration,
    clock: SharedClock,
) -> Pin<Box<dyn Stream<Item = Replied> + Send + 's>>
where
    S: Stream<Item = AppendEntriesRequest<Config>> + Send + Unpin + 'static,
{
    let (sink, replies) = link.frames.split();
    let written = Arc::new(AtomicU64::new(0));
    let writer = tokio::spawn(write(requests, sink, written.clone(), clock));
    let writer = Some(AbortOnDropHandle::new(writer));
    let session = Session { home, replies, writer, sink: None, written, read: 0, patience };
    Box::pin(futures::stream::unfold(Some(session), |session| async move {
        let mut session = session?;
        match session.next().await {
            Ok(Some(result)) => {
                let goes_on = result.is_ok();
                Some((Ok(result), goes_on.then_some(session)))
            }
            Ok(None) => {
                session.finish();
                None
            }
            Err(error) => Some((Err(RPCError::Network(NetworkError::new(&error))), None)),
        }
    }))
}

/// Writes requests as they arise, flushing whenever none is ready.
async fn write<S>(
    requests: S,
    mut sink: SplitSink<Frames, Frame>,
    written: Arc<AtomicU64>,
    clock: SharedClock,
) -> io::Result<SplitSink<Frames, Frame>>
where
    S: Stream<Item = AppendEntriesRequest<Config>> + Send + Unpin + 'static,
{
    let mut requests = requests.fuse();
    let mut next = requests.next().await;
    while let Some(mut request) = next {
        if request.entries.is_empty()
            && let Ok(Some(later)) = timeout(NOTICE_PATIENCE, requests.next()).await
        {
            // It tells of a later commit, and its answer stands for both.
            request = later;
        }
        // Counted before it can be answered.
        written.fetch_add(1, Ordering::SeqCst);
        sink.feed(frame_of(Body::Append(append_request(request, tell(&clock))))).await?;
        next = match requests.next().now_or_never() {
            Some(ready) => ready,
            None => {
                sink.flush().await?;
                requests.next().await
            }
        };
    }
    sink.flush().await?;
    Ok(sink)
}

impl Session<'_> {
    /// The next reply, or `None` when all requests are written and answered.
    async fn next(&mut self) -> io::Result<Option<StreamAppendResult<Config>>> {
        loop {
            if self.sink.is_some() && self.read == self.written.load(Ordering::SeqCst) {
                return Ok(None);
            }
            let due_before = self.read < self.written.load(Ordering::SeqCst);
            let writer = async {
                match &mut self.writer {
                    Some(writer) => writer.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                reply = self.replies.next() => {
                    let closed = || io::Error::from(io::ErrorKind::UnexpectedEof);
                    let reply = message_in(reply.ok_or_else(closed)??)?;
                    self.read += 1;
                    return append_result(reply).map(Some);
                }
                sink = writer => {
                    self.writer = None;
                    self.sink = Some(sink.map_err(io::Error::other)??);
                }
                () = tokio::time::sleep(self.patience) => {
                    if due_before {
                        return Err(io::Error::new(io::ErrorKind::TimedOut, "no reply to an append"));
                    }
                }
            }
        }
    }

    /// Keeps the connection for the next session.
    fn finish(self) {
        if let Some(frames) = self.sink.and_then(|sink| sink.reunite(self.replies).ok()) {
            *self.home = Some(Link { frames });
        }
    }
}

fn append_request(request: AppendEntriesRequest<Config>, at: Timestamp) -> AppendRequest {
    let encode = |entry: EntryOf<Config>| {
        let entry = convert::stored_entry(entry);
        let mut out = BytesMut::with_capacity(entry.encoded_len());
        entry.encode(&mut out);
        out.freeze()
    };
    AppendRequest {
        vote: convert::stored_vote(&request.vote).into(),
        previous: request.prev_log_id.map(|id| convert::stored_log_id(&id).into()),
        committed: request.leader_commit.map(|id| convert::stored_log_id(&id).into()),
        entries: request.entries.into_iter().map(encode).collect(),
        at_ms: at.as_millis(),
    }
}

fn append_result(reply: Body) -> io::Result<StreamAppendResult<Config>> {
    let Body::Appended(AppendReply { matching, conflict, higher }) = reply else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not the reply to an append"));
    };
    if let Some(at) = conflict {
        return Ok(Err(StreamAppendError::Conflict(convert::log_id(at.into()))));
    }
    if let Some(vote) = higher {
        return Ok(Err(StreamAppendError::HigherVote(convert::vote(vote.into()))));
    }
    Ok(Ok(matching.map(|id| convert::log_id(id.into()))))
}
