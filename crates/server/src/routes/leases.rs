//! Leases: ack, nack, extend, release, and lists of these.

use axum::response::Response;
use ferry_api::Settlement;
use ferry_api::{AckRequest, Action, ExtendRequest, NackRequest, SettleRequest, SettleResponse};
use ferry_core::Reply;
use ferry_core::command::{Command, Settle};
use ferry_core::reply::Accepted;
use ferry_types::{LeaseId, LogIndex};
use hyper::StatusCode;

use crate::answer;
use crate::call::Call;
use crate::holders::Holders;
use crate::named::Named;
use crate::problem::Failure;
use crate::translate;
use crate::writes::write;

/// `POST /v1/leases/{lease}/ack`: the task is done.
pub(crate) async fn ack(Named(lease): Named<LeaseId>, call: Call) -> Result<Response, Failure> {
    let parse = |call: &Call| Ok(Action::Ack(call.json_or_default::<AckRequest>()?.check()?));
    settle_one(&call, lease, parse, settled).await
}

/// `POST /v1/leases/{lease}/nack`: the attempt failed.
pub(crate) async fn nack(Named(lease): Named<LeaseId>, call: Call) -> Result<Response, Failure> {
    let parse = |call: &Call| Ok(Action::Nack(call.json_or_default::<NackRequest>()?.check()?));
    settle_one(&call, lease, parse, settled).await
}

/// `POST /v1/leases/{lease}/extend`: keep the lease longer.
pub(crate) async fn extend(Named(lease): Named<LeaseId>, call: Call) -> Result<Response, Failure> {
    let parse = |call: &Call| Ok(Action::Extend(call.json_or_default::<ExtendRequest>()?.check()?));
    settle_one(&call, lease, parse, |index, accepted| {
        answer::json(StatusCode::OK, index, &translate::extended(accepted))
    })
    .await
}

/// `POST /v1/leases/{lease}/release`: give the task back.
pub(crate) async fn release(Named(lease): Named<LeaseId>, call: Call) -> Result<Response, Failure> {
    let parse = |call: &Call| {
        call.json_or_default::<NoFields>()?;
        Ok(Action::Release)
    };
    settle_one(&call, lease, parse, settled).await
}

/// `POST /v1/leases/settle`: an outcome per item, in order.
pub(crate) async fn settle(call: Call) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    let build = |call: &Call| {
        let items = call.json::<SettleRequest>()?.check()?;
        let leases: Vec<LeaseId> = items.iter().map(|item| item.lease).collect();
        let holders = Holders::of(call, leases.iter().copied());
        let items = items.into_iter().map(translate::settlement).collect();
        Ok((Command::Settle(Settle { items }), (leases, holders)))
    };
    write(&call, build, |index, reply, (leases, holders)| {
        let Reply::Settled(settled) = reply else { return Err(Failure::outcome_unknown()) };
        holders.sign(&call, &settled.items);
        let settled = translate::settled_items(leases.into_iter(), settled.items);
        Ok(answer::json(StatusCode::OK, index, &SettleResponse { settled }))
    })
    .await
}

/// A body that may be left out or be `{}`.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoFields {}

fn settled(index: LogIndex, accepted: &Accepted) -> Response {
    answer::json(StatusCode::OK, index, &translate::settled(accepted))
}

async fn settle_one(
    call: &Call,
    lease: LeaseId,
    parse: impl Fn(&Call) -> Result<Action, Failure>,
    render: impl Fn(LogIndex, &Accepted) -> Response,
) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    let build = |call: &Call| {
        let settlement = Settlement { lease, action: parse(call)? };
        let holders = Holders::of(call, [lease].into_iter());
        let items = vec![translate::settlement(settlement)];
        Ok((Command::Settle(Settle { items }), holders))
    };
    write(call, build, |index, reply, holders| {
        let Reply::Settled(mut settled) = reply else { return Err(Failure::outcome_unknown()) };
        holders.sign(call, &settled.items);
        let item = settled.items.pop().expect("one settlement has one outcome");
        match translate::outcome(item) {
            Ok(accepted) => Ok(render(index, &accepted)),
            Err(rejection) => Err(Failure::rejected(&rejection, index)),
        }
    })
    .await
}
