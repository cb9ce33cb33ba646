//! A request that goes through the tasks of a queue or a workflow: many proposals, each a bounded part (I11).
//!
//! Each part has a key of its own, which follows from the request's and from where the part begins.
//! Whoever repeats the request, here or at the next leader, is given the parts that were carried
//! out, one by one, and goes on behind them (G5).

use axum::response::Response;
use ferry_core::command::Sweep;
use ferry_core::reply::Swept;
use ferry_core::{Command, Reply};
use ferry_types::LogIndex;

use crate::answer;
use crate::call::Call;
use crate::idempotency::Stage;
use crate::problem::Failure;
use crate::relay::{Kind, Relay};
use crate::writes::{Done, Outcome, carry_out};

/// Sweeps a queue.
pub(crate) async fn sweep(
    call: &Call,
    command: impl Fn(Option<Sweep>) -> Command,
    render: impl Fn(LogIndex, &Swept) -> Response,
) -> Result<Response, Failure> {
    let read = |reply| {
        let (Reply::Purged(swept) | Reply::Redriven(swept)) = reply else { return None };
        Some((swept, swept.next))
    };
    parts(call, command, read, render).await
}

/// Proposes one part after the other, or has the leader do so. `command` makes the part that goes
/// on from there, `read` tells what came of it and where the next goes on, and `render` makes the
/// answer of what came of the last.
pub(crate) async fn parts<T>(
    call: &Call,
    command: impl Fn(Option<Sweep>) -> Command,
    read: impl Fn(Reply) -> Option<(T, Option<Sweep>)>,
    render: impl Fn(LogIndex, &T) -> Response,
) -> Result<Response, Failure> {
    call.key.ensure(|| call.node.forwarder.make_key());
    let mut relay = Relay::new(call, Kind::Write);
    let (mut from, mut all_replayed) = (None, true);
    loop {
        let stage = from.map_or(Stage::Whole, Stage::From);
        let build = |_: &Call| Ok((command(from), ()));
        let Done { index, reply, replayed, .. } =
            match carry_out(call, &mut relay, stage, build).await? {
                Outcome::Answered(response) => return Ok(response),
                Outcome::Done(done) => done,
            };
        let Some((done, next)) = read(reply) else { return Err(Failure::outcome_unknown()) };
        all_replayed &= replayed;
        if next.is_none() {
            return Ok(answer::replayed(render(index, &done), all_replayed));
        }
        from = next;
        relay.has_written();
    }
}
