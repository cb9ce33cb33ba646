use clap::{Args, ValueEnum};
use ferry_api::PurgedState;
use ferry_types::QueueName;

use crate::arguments::Global;
use crate::failure::Failure;

#[derive(Debug, Args)]
pub(super) struct Purge {
    /// The queue's name
    queue: QueueName,
    /// Which tasks
    state: Which,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Which {
    /// Those that a worker could take
    Ready,
    /// Those out of attempts
    Dead,
    /// All that no worker holds, finished ones too
    All,
}

impl Purge {
    pub(super) async fn run(self, global: &Global) -> Result<(), Failure> {
        let state = match self.state {
            Which::Ready => PurgedState::Ready,
            Which::Dead => PurgedState::Dead,
            Which::All => PurgedState::All,
        };
        // There may be millions of them.
        let client = global.patient_client().await?;
        let purged = client.purge(&self.queue, state).await?;
        let line = |_: &_| format!("{} tasks of {} are removed", purged.purged, self.queue);
        global.output().show(&purged, line)
    }
}
