use std::io;
use std::time::Instant;

use bytes::Bytes;
use ferry_store::LogEntry;
use ferry_types::Timestamp;
use futures::{SinkExt, StreamExt};
use openraft::raft::{AppendEntriesRequest, StreamAppendError};

use super::link::{frame, invalid, message_in};
use super::{Link, Served};
use crate::raft::{Config, convert};
use crate::wire::{AppendReply, AppendRequest, Body, Frame};

/// Replies that may wait to be written together.
const REPLIES_MAX: usize = 64;

/// Hands appends to consensus as they come and answers in order, each once its entries are
/// fsynced. Ends with the first that is refused.
pub(crate) async fn run(served: &Served, link: Link) -> io::Result<()> {
    let (mut replies, frames) = link.frames.split();
    let (clock, freshness) = (served.clock.clone(), served.freshness.clone());
    let progress = served.progress.clone();
    let requests = frames
        .map(move |frame| {
            let (at, request) = append_request(frame?)?;
            clock.lock().expect("no holder panics").follow(at, Instant::now());
            let committed = request.leader_commit.map_or(0, |id| id.index);
            freshness.heard(committed, progress.borrow().index.get());
            Ok(request)
        })
        .inspect(|request: &io::Result<_>| {
            if let Err(error) = request {
                tracing::debug!(%error, "no further append");
            }
        })
        .take_while(|request| std::future::ready(request.is_ok()))
        .filter_map(|request| std::future::ready(request.ok()))
        .take_until(served.stop.clone().cancelled_owned());
    let results = served.raft.stream_append(requests).ready_chunks(REPLIES_MAX);
    let mut results = std::pin::pin!(results);
    while let Some(ready) = results.next().await {
        for result in ready {
            let reply = match result.map_err(io::Error::other)? {
                Ok(matching) => AppendReply {
                    matching: matching.map(|id| convert::stored_log_id(&id).into()),
                    ..AppendReply::default()
                },
                Err(StreamAppendError::Conflict(at)) => AppendReply {
                    conflict: Some(convert::stored_log_id(&at).into()),
                    ..AppendReply::default()
                },
                Err(StreamAppendError::HigherVote(vote)) => AppendReply {
                    higher: Some(convert::stored_vote(&vote).into()),
                    ..AppendReply::default()
                },
            };
            replies.feed(frame(Body::Appended(reply))).await?;
        }
        replies.flush().await?;
    }
    Ok(())
}

/// The request, and the leader's time.
fn append_request(frame: Frame) -> io::Result<(Timestamp, AppendEntriesRequest<Config>)> {
    let Body::Append(request) = message_in(frame)? else {
        return Err(invalid("something else than an append"));
    };
    let AppendRequest { vote, previous, committed, entries, at_ms } = request;
    let decode = |entry: Bytes| convert::entry(LogEntry::decode(entry).map_err(invalid)?);
    let request = AppendEntriesRequest {
        vote: convert::vote(vote.into()),
        prev_log_id: previous.map(|id| convert::log_id(id.into())),
        leader_commit: committed.map(|id| convert::log_id(id.into())),
        entries: entries.into_iter().map(decode).collect::<io::Result<_>>()?,
    };
    Ok((Timestamp::from_millis(at_ms), request))
}
