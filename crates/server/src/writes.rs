//! One command from a request to its answer, here or at the leader.

use axum::response::Response;
use ferry_core::{Command, Proposal, Reply};
use ferry_types::LogIndex;

use crate::answer;
use crate::call::Call;
use crate::idempotency::{self, Stage};
use crate::problem::Failure;
use crate::relay::{Kind, Relay, Turn};

/// Proposes what `build` makes of the request, or has the leader do so; `render` makes the answer
/// of the reply. `build` runs once more for every leader that this node becomes meanwhile.
pub(crate) async fn write<E>(
    call: &Call,
    build: impl Fn(&Call) -> Result<(Command, E), Failure>,
    render: impl Fn(LogIndex, Reply, E) -> Result<Response, Failure>,
) -> Result<Response, Failure> {
    let mut relay = Relay::new(call, Kind::Write);
    loop {
        match relay.next().await? {
            Turn::Answered(response) => return Ok(response),
            Turn::Here => {}
        }
        let (command, echo) = build(call)?;
        let idempotency = idempotency::of(call, Stage::Whole);
        let proposal = Proposal { command: Some(command), idempotency };
        match call.node.replica.propose(proposal, relay.remaining()).await {
            Ok(reply) => {
                let (index, replayed) = (reply.index, reply.outcome.replayed);
                return match reply.outcome.result {
                    Ok(reply) => render(index, reply, echo)
                        .map(|response| answer::replayed(response, replayed)),
                    Err(rejection) => Err(Failure::rejected(&rejection, index)),
                };
            }
            Err(error) => relay.proposal_failed(&error).await?,
        }
    }
}
