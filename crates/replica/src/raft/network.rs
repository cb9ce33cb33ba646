//! Calls from consensus to the other nodes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use ferry_store::{Snapshot, SnapshotFile};
use ferry_types::{NodeAddress, NodeId};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use openraft::alias::{SnapshotOf, VoteOf};
use openraft::errors::{NetworkError, RPCError, ReplicationClosed, StreamingError, Unreachable};
use openraft::network::RPCOption;
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, StreamAppendResult,
    TransferLeaderError, TransferLeaderRequest, TransferLeaderResponse, VoteRequest, VoteResponse,
};
use openraft::{OptionalSend, RaftNetworkFactory, RaftNetworkV2};
use tokio::io::AsyncReadExt;

use super::types::Config;
use super::{append_stream, convert};
use crate::clock::SharedClock;
use crate::peer::{Link, Peers};
use crate::wire::{self, Body, Purpose, SnapshotBegin, SnapshotChunk, SnapshotEnd};

/// Bytes of a snapshot in one frame.
const CHUNK_BYTES: usize = 256 << 10;

/// How long the other node may take to install a whole snapshot.
const INSTALL_PATIENCE: Duration = Duration::from_secs(120);

/// Makes a connection for each purpose: openraft asks for one for appends, one for heartbeats and
/// one for snapshots a follower.
pub(crate) struct NetworkFactory {
    peers: Arc<Peers>,
    append_patience: Duration,
    clock: SharedClock,
}

impl NetworkFactory {
    /// `append_patience` bounds the time between two replies of a follower; `clock` is what
    /// followers are told.
    pub(crate) fn new(peers: Arc<Peers>, append_patience: Duration, clock: SharedClock) -> Self {
        Self { peers, append_patience, clock }
    }
}

impl RaftNetworkFactory<Config> for NetworkFactory {
    type Network = Network;

    async fn new_client(&mut self, target: u64, node: &NodeAddress) -> Network {
        Network {
            peers: self.peers.clone(),
            target: NodeId::new(target),
            address: node.peer.clone(),
            append_patience: self.append_patience,
            clock: self.clock.clone(),
            link: None,
        }
    }
}

/// The way to one node for one purpose.
pub(crate) struct Network {
    peers: Arc<Peers>,
    target: NodeId,
    address: String,
    append_patience: Duration,
    clock: SharedClock,
    /// A connection for appends on which every request is answered.
    link: Option<Link>,
}

impl Network {
    async fn connect(&self, purpose: Purpose) -> io::Result<Link> {
        Link::connect(&self.peers.greeter, self.target, &self.address, purpose).await
    }

    async fn call(&self, request: Body, option: &RPCOption) -> Result<Body, RPCError<Config>> {
        let reply = self.peers.call(self.target, &self.address, request, option.hard_ttl()).await;
        reply.map_err(unreachable)
    }

    async fn ask_vote(
        &self,
        ask: impl FnOnce(wire::VoteRequest) -> Body,
        request: VoteRequest<Config>,
        option: &RPCOption,
    ) -> Result<VoteResponse<Config>, RPCError<Config>> {
        let request = wire::VoteRequest {
            vote: convert::stored_vote(&request.vote).into(),
            last: request.last_log_id.map(|id| convert::stored_log_id(&id).into()),
            handed_over: request.leadership_transfer,
        };
        let Body::Voted(reply) = self.call(ask(request), option).await? else {
            return Err(garbled());
        };
        let last = reply.last.map(|id| convert::log_id(id.into()));
        Ok(VoteResponse::new(convert::vote(reply.vote.into()), last, reply.granted))
    }

    async fn send_snapshot(
        &self,
        vote: VoteOf<Config>,
        snapshot: Snapshot,
    ) -> io::Result<SnapshotResponse<Config>> {
        let mut link = self.connect(Purpose::Snapshot).await?;
        let vote = convert::stored_vote(&vote).into();
        link.send(Body::SnapshotBegin(SnapshotBegin { vote })).await?;
        for file in snapshot.files() {
            send_file(&mut link, &snapshot, file).await?;
        }
        let reply = link.call(Body::SnapshotEnd(SnapshotEnd {}), INSTALL_PATIENCE).await?;
        let Body::SnapshotInstalled(reply) = reply else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not the reply to a snapshot"));
        };
        Ok(SnapshotResponse::new(convert::vote(reply.vote.into())))
    }
}

async fn send_file(link: &mut Link, snapshot: &Snapshot, file: &SnapshotFile) -> io::Result<()> {
    let SnapshotFile { name, bytes, crc32 } = file.clone();
    let opened = snapshot.open(&name).map_err(io::Error::other)?;
    link.send(Body::SnapshotFile(wire::SnapshotFile { name, bytes, crc32 })).await?;
    let mut source = tokio::fs::File::from_std(opened);
    loop {
        let mut chunk = BytesMut::with_capacity(CHUNK_BYTES);
        if source.read_buf(&mut chunk).await? == 0 {
            return Ok(());
        }
        link.send(Body::SnapshotChunk(SnapshotChunk { data: chunk.freeze() })).await?;
    }
}

impl RaftNetworkV2<Config> for Network {
    type SnapshotData = Snapshot;

    async fn append_entries(
        &mut self,
        request: AppendEntriesRequest<Config>,
        option: RPCOption,
    ) -> Result<AppendEntriesResponse<Config>, RPCError<Config>> {
        let requests = futures::stream::iter([request]);
        let mut replies = RaftNetworkV2::stream_append(self, requests, option).await?;
        let reply = replies.next().await.ok_or_else(garbled)??;
        // Lets the stream end, which keeps the connection.
        let _ = replies.next().await;
        Ok(AppendEntriesResponse::from(reply))
    }

    fn stream_append<'s, S>(
        &'s mut self,
        requests: S,
        _option: RPCOption,
    ) -> BoxFuture<
        's,
        Result<
            BoxStream<'s, Result<StreamAppendResult<Config>, RPCError<Config>>>,
            RPCError<Config>,
        >,
    >
    where
        S: Stream<Item = AppendEntriesRequest<Config>> + OptionalSend + Unpin + 'static,
    {
        Box::pin(async move {
            // The pause after an error is the time that the first request takes to come.
            let mut requests = requests.peekable();
            if Pin::new(&mut requests).peek().await.is_none() {
                return Ok(futures::stream::empty().boxed());
            }
            let link = match self.link.take() {
                Some(link) => link,
                None => self.connect(Purpose::Appends).await.map_err(unreachable)?,
            };
            let clock = self.clock.clone();
            Ok(append_stream::run(&mut self.link, link, requests, self.append_patience, clock))
        })
    }

    async fn vote(
        &mut self,
        request: VoteRequest<Config>,
        option: RPCOption,
    ) -> Result<VoteResponse<Config>, RPCError<Config>> {
        self.ask_vote(Body::Vote, request, &option).await
    }

    async fn pre_vote(
        &mut self,
        request: VoteRequest<Config>,
        option: RPCOption,
    ) -> Result<VoteResponse<Config>, RPCError<Config>> {
        self.ask_vote(Body::PreVote, request, &option).await
    }

    async fn full_snapshot(
        &mut self,
        vote: VoteOf<Config>,
        snapshot: SnapshotOf<Config, Snapshot>,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<Config>, StreamingError<Config>> {
        tokio::select! {
            closed = cancel => Err(StreamingError::Closed(closed)),
            sent = self.send_snapshot(vote, snapshot.snapshot) => {
                sent.map_err(|error| StreamingError::Unreachable(Unreachable::new(&error)))
            }
        }
    }

    async fn transfer_leader(
        &mut self,
        request: TransferLeaderRequest<Config>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<Config>, RPCError<Config>> {
        let from = *request.from_leader();
        let expected = request.last_log_id().copied();
        let request = wire::TransferRequest {
            from: convert::stored_vote(&from).into(),
            to: *request.to_node_id(),
            last: expected.map(|id| convert::stored_log_id(&id).into()),
        };
        let Body::Transferred(reply) = self.call(Body::Transfer(request), &option).await? else {
            return Err(garbled());
        };
        if let Some(vote) = reply.vote_changed {
            let actual = convert::vote(vote.into());
            return Ok(Err(TransferLeaderError::VoteChanged { expected: from, actual }));
        }
        if reply.log_not_flushed {
            return Ok(Err(TransferLeaderError::LogNotFlushed { expected, actual: None }));
        }
        Ok(Ok(()))
    }
}

fn unreachable(error: io::Error) -> RPCError<Config> {
    RPCError::Unreachable(Unreachable::new(&error))
}

fn garbled() -> RPCError<Config> {
    RPCError::Network(NetworkError::from_string("a reply that does not fit its request"))
}
