use clap::Args;
use ferry_api::ExtendRequest;
use ferry_types::LeaseId;

use crate::arguments::Global;
use crate::failure::Failure;

/// Keep a lease longer
#[derive(Debug, Args)]
pub(crate) struct Extend {
    /// The lease that the dequeue gave
    lease: LeaseId,
    /// How long it is to last from now, in milliseconds [default: as long as the last time]
    #[arg(long, value_name = "MS")]
    lease_ms: Option<u64>,
}

impl Extend {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let request = ExtendRequest { lease_ms: self.lease_ms };
        let extended = global.client()?.extend(self.lease, &request).await?;
        let line = |_: &_| match extended.cancelled {
            true => format!("{} is cancelled", extended.task),
            false => format!("{} is leased until {}", extended.task, extended.expires_at),
        };
        global.output().show(&extended, line)
    }
}
