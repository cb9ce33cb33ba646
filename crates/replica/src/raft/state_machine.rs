//! The applier as openraft wants it.

use std::io;

use ferry_store::{Snapshot, State};
use futures::{Stream, TryStreamExt};
use openraft::alias::{LogIdOf, SnapshotMetaOf, SnapshotOf, StoredMembershipOf};
use openraft::storage::{EntryResponder, RaftStateMachine};
use openraft::{OptionalSend, RaftSnapshotBuilder};

use super::convert;
use super::types::Config;
use crate::applier::{Applier, Applying};
use crate::off_runtime::off_runtime;

/// Hands committed entries to the applier, and snapshots to the store.
#[derive(Clone)]
pub(crate) struct StateMachine {
    applier: Applier,
    state: State,
}

impl StateMachine {
    pub(crate) fn new(applier: Applier, state: State) -> Self {
        Self { applier, state }
    }
}

impl RaftSnapshotBuilder<Config> for StateMachine {
    type SnapshotData = Snapshot;

    async fn build_snapshot(&mut self) -> io::Result<SnapshotOf<Config, Snapshot>> {
        let state = self.state.clone();
        convert::snapshot(off_runtime(move || state.snapshot()).await?)
    }
}

impl RaftStateMachine<Config> for StateMachine {
    type SnapshotData = Snapshot;
    type SnapshotBuilder = Self;

    async fn applied_state(
        &mut self,
    ) -> io::Result<(Option<LogIdOf<Config>>, StoredMembershipOf<Config>)> {
        let (applied, membership) = self.applier.applied_state();
        Ok((applied.map(convert::log_id), convert::last_membership(&membership)?))
    }

    async fn apply<Strm>(&mut self, entries: Strm) -> io::Result<()>
    where
        Strm: Stream<Item = Result<EntryResponder<Config>, io::Error>> + Unpin + OptionalSend,
    {
        let applying = |(entry, responder): EntryResponder<Config>| Applying {
            entry: convert::stored_entry(entry),
            answer: responder.map(|responder| {
                Box::new(|answers| responder.send(answers)) as crate::applier::AnswerWith
            }),
        };
        let entries: Vec<Applying> = entries.map_ok(applying).try_collect().await?;
        self.applier.apply(entries).await
    }

    async fn get_snapshot_builder(&mut self) -> Self {
        self.clone()
    }

    async fn install_snapshot(
        &mut self,
        _meta: &SnapshotMetaOf<Config>,
        snapshot: Snapshot,
    ) -> io::Result<()> {
        self.applier.install(snapshot).await
    }

    async fn get_current_snapshot(&mut self) -> io::Result<Option<SnapshotOf<Config, Snapshot>>> {
        let state = self.state.clone();
        off_runtime(move || state.current_snapshot()).await?.map(convert::snapshot).transpose()
    }
}
