use std::io;

use bytes::Bytes;
use ferry_store::LogEntry;
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
    let (freshness, progress) = (served.freshness.clone(), served.progress.clone());
    let requests = frames
        .map(|frame| frame.and_then(append_request))
        .inspect(move |request| match request {
            Ok(request) => {
                let committed = request.leader_commit.map_or(0, |id| id.index);
                freshness.heard(committed, progress.borrow().index.get());
            }
            Err(error) => tracing::warn!(%error, "an append could not be read"),
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

fn append_request(frame: Frame) -> io::Result<AppendEntriesRequest<Config>> {
    let Body::Append(request) = message_in(frame)? else {
        return Err(invalid("something else than an append"));
    };
    let AppendRequest { vote, previous, committed, entries } = request;
    let decode = |entry: Bytes| convert::entry(LogEntry::decode(entry).map_err(invalid)?);
    Ok(AppendEntriesRequest {
        vote: convert::vote(vote.into()),
        prev_log_id: previous.map(|id| convert::log_id(id.into())),
        leader_commit: committed.map(|id| convert::log_id(id.into())),
        entries: entries.into_iter().map(decode).collect::<io::Result<_>>()?,
    })
}
