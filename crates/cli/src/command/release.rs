use clap::Args;
use ferry_types::LeaseId;

use super::ack;
use crate::arguments::Global;
use crate::failure::Failure;

/// Give a leased task back, to its place; counts as no attempt
#[derive(Debug, Args)]
pub(crate) struct Release {
    /// The lease that the dequeue gave
    lease: LeaseId,
}

impl Release {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let settled = global.client()?.release(self.lease).await?;
        global.output().show(&settled, ack::line)
    }
}
