use std::io;

use openraft::ReadPolicy;
use openraft::raft::{TransferLeaderError, TransferLeaderRequest};

use super::calls::unexpected;
use super::{Link, Served};
use crate::raft::convert;
use crate::wire::{
    Body, ReadIndexReply, StatusReply, TransferReply, TransferRequest, VoteReply, VoteRequest,
};

/// Answers one call after the other until the caller goes away.
#[expect(clippy::wildcard_enum_match_arm, reason = "whatever else a peer sends is refused alike")]
pub(crate) async fn run(served: &Served, mut link: Link) -> io::Result<()> {
    loop {
        let reply = match link.receive().await? {
            Body::Vote(request) => {
                let reply = served.raft.vote(vote_request(request)).await;
                Body::Voted(vote_reply(reply.map_err(io::Error::other)?))
            }
            Body::PreVote(request) => {
                let reply = served.raft.pre_vote(vote_request(request)).await;
                Body::Voted(vote_reply(reply.map_err(io::Error::other)?))
            }
            Body::Transfer(request) => Body::Transferred(transfer(served, request).await?),
            Body::ReadIndex(_) => {
                let read = served.raft.get_read_log_id(ReadPolicy::ReadIndex).await;
                let index = read.ok().map(|(read, _)| read.index());
                Body::ReadIndexed(ReadIndexReply { index })
            }
            Body::Status(_) => Body::StatusIs(status(served)),
            other => return Err(unexpected(&other)),
        };
        link.send(reply).await?;
    }
}

fn vote_request(request: VoteRequest) -> openraft::raft::VoteRequest<crate::raft::Config> {
    openraft::raft::VoteRequest {
        vote: convert::vote(request.vote.into()),
        last_log_id: request.last.map(|id| convert::log_id(id.into())),
        leadership_transfer: request.handed_over,
    }
}

fn vote_reply(reply: openraft::raft::VoteResponse<crate::raft::Config>) -> VoteReply {
    VoteReply {
        vote: convert::stored_vote(&reply.vote).into(),
        granted: reply.vote_granted,
        last: reply.last_log_id.map(|id| convert::stored_log_id(&id).into()),
    }
}

async fn transfer(served: &Served, request: TransferRequest) -> io::Result<TransferReply> {
    let last = request.last.map(|id| convert::log_id(id.into()));
    let request = TransferLeaderRequest::new(convert::vote(request.from.into()), request.to, last);
    let outcome = served.raft.handle_transfer_leader(request).await.map_err(io::Error::other)?;
    Ok(match outcome {
        Ok(()) => TransferReply::default(),
        Err(TransferLeaderError::VoteChanged { actual, .. }) => TransferReply {
            vote_changed: Some(convert::stored_vote(&actual).into()),
            log_not_flushed: false,
        },
        Err(TransferLeaderError::LogNotFlushed { .. }) => {
            TransferReply { vote_changed: None, log_not_flushed: true }
        }
    })
}

fn status(served: &Served) -> StatusReply {
    use openraft::async_runtime::WatchReceiver;
    let server = served.raft.server_metrics().borrow_watched().clone();
    let data = served.raft.data_metrics().borrow_watched().clone();
    StatusReply {
        pid: std::process::id(),
        term: server.vote.leader_id.term,
        leads: server.state == openraft::ServerState::Leader,
        last: data.last_log.map(|id| convert::stored_log_id(&id).into()),
        applied: Some(served.progress.borrow().index.get()),
    }
}
