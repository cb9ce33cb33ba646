use std::io;

use ferry_store::{Incoming, Snapshot, State, StoreError};
use openraft::alias::VoteOf;

use super::calls::unexpected;
use super::link::invalid;
use super::{Link, Served};
use crate::off_runtime::off_runtime;
use crate::raft::{Config, convert};
use crate::wire::{Body, SnapshotChunk, SnapshotFile, SnapshotReply};

/// Receives one snapshot into a directory of its own and has it installed.
pub(crate) async fn run(served: &Served, mut link: Link) -> io::Result<()> {
    let Body::SnapshotBegin(begin) = link.receive().await? else {
        return Err(invalid("something else than a snapshot"));
    };
    let vote: VoteOf<Config> = convert::vote(begin.vote.into());
    let snapshot = convert::snapshot(receive(&served.state, &mut link).await?)?;
    let reply =
        served.raft.install_full_snapshot(vote, snapshot).await.map_err(io::Error::other)?;
    let vote = convert::stored_vote(&reply.vote).into();
    link.send(Body::SnapshotInstalled(SnapshotReply { vote })).await
}

#[expect(clippy::wildcard_enum_match_arm, reason = "whatever else a peer sends is refused alike")]
async fn receive(state: &State, link: &mut Link) -> io::Result<Snapshot> {
    let state = state.clone();
    let mut incoming = off_runtime(move || state.receive()).await?;
    loop {
        let write = match link.receive().await? {
            Body::SnapshotFile(file) => Write::File(file),
            Body::SnapshotChunk(chunk) => Write::Chunk(chunk),
            Body::SnapshotEnd(_) => return off_runtime(move || incoming.finish()).await,
            other => return Err(unexpected(&other)),
        };
        incoming = off_runtime(move || write.to(incoming)).await?;
    }
}

enum Write {
    File(SnapshotFile),
    Chunk(SnapshotChunk),
}

impl Write {
    fn to(self, mut incoming: Incoming) -> Result<Incoming, StoreError> {
        match self {
            Self::File(file) => incoming.start_file(&file.name, file.bytes, file.crc32)?,
            Self::Chunk(chunk) => incoming.write(&chunk.data)?,
        }
        Ok(incoming)
    }
}
