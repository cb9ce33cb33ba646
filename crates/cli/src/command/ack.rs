use clap::Args;
use ferry_api::{AckRequest, Settled};
use ferry_types::LeaseId;

use crate::arguments::Global;
use crate::failure::Failure;
use crate::payload;

/// Say that a leased task is done
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ferry ack l42.7 --result '{\"sent\": true}'")]
pub(crate) struct Ack {
    /// The lease that the dequeue gave
    lease: LeaseId,
    /// What came of the task: JSON, or text that becomes a JSON string
    #[arg(long, value_name = "JSON")]
    result: Option<String>,
}

impl Ack {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let request = AckRequest { result: self.result.as_deref().map(payload::json) };
        let settled = global.client()?.ack(self.lease, &request).await?;
        global.output().show(&settled, line)
    }
}

/// What people read about a settled task.
pub(super) fn line(settled: &Settled) -> String {
    format!("{} is {}, attempt {}", settled.task, settled.state, settled.attempt)
}
