use std::io;

use ferry_store::{Incoming, Snapshot, State, StoreError};
use openraft::alias::VoteOf;

use super::link::invalid;
use super::{Link, Served};
use crate::raft::{Config, convert};
use crate::wire::{Body, SnapshotReply};

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

async fn receive(state: &State, link: &mut Link) -> io::Result<Snapshot> {
    let state = state.clone();
    let mut incoming = off_runtime(move || state.receive()).await?;
    loop {
        let body = link.receive().await?;
        if let Body::SnapshotEnd(_) = body {
            return off_runtime(move || incoming.finish()).await;
        }
        incoming = off_runtime(move || write(incoming, body)).await?;
    }
}

fn write(mut incoming: Incoming, body: Body) -> Result<Incoming, StoreError> {
    match body {
        Body::SnapshotFile(file) => incoming.start_file(&file.name, file.bytes, file.crc32)?,
        Body::SnapshotChunk(chunk) => incoming.write(&chunk.data)?,
        // Anything else ends in a file that is too short, which `finish` refuses.
        _ => tracing::warn!("a message that is no part of a snapshot"),
    }
    Ok(incoming)
}

async fn off_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?.map_err(io::Error::other)
}
