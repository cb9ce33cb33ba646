use clap::Args;
use ferry_api::NackRequest;
use ferry_types::LeaseId;

use super::ack;
use crate::arguments::Global;
use crate::failure::Failure;

/// Say that a leased task failed
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ferry nack l42.7 --error 'no route to host'
  ferry nack l42.7 --delay-ms 0       try again at once
  ferry nack l42.7 --dead             never try again")]
pub(crate) struct Nack {
    /// The lease that the dequeue gave
    lease: LeaseId,
    /// What went wrong
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
    /// Back off this long instead of by the retry policy, in milliseconds
    #[arg(long, value_name = "MS")]
    delay_ms: Option<u64>,
    /// No further attempt
    #[arg(long)]
    dead: bool,
}

impl Nack {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let Self { lease, error, delay_ms, dead } = self;
        let request = NackRequest { error, delay_ms, dead };
        let settled = global.client()?.nack(lease, &request).await?;
        global.output().show(&settled, ack::line)
    }
}
