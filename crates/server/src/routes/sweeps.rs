//! What goes through the tasks of a queue: purge and redrive.

use axum::response::Response;
use ferry_api::{Code, PurgeRequest, Purged, RedriveRequest, Redriven};
use ferry_core::command::{Command, DeadFilter, Purge, Redrive};
use ferry_core::reply::Swept;
use ferry_types::QueueName;
use hyper::StatusCode;

use crate::answer;
use crate::call::Call;
use crate::named::Named;
use crate::problem::Failure;
use crate::reads::{self, Read};
use crate::sweeps::sweep;
use crate::translate;

/// `POST /v1/queues/{queue}/purge`: removes tasks that no worker holds.
pub(crate) async fn purge(Named(queue): Named<QueueName>, call: Call) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    let PurgeRequest { state } = call.json()?;
    let state = translate::purged_state(state);
    let command = |from| {
        let queue = queue.as_str().into();
        Command::Purge(Purge { queue, state: state.into(), from })
    };
    sweep(&call, command, |index, swept| {
        answer::json(StatusCode::OK, index, &Purged { purged: swept.tasks })
    })
    .await
}

/// `POST /v1/queues/{queue}/redrive`: gives dead tasks all their attempts again.
pub(crate) async fn redrive(
    Named(queue): Named<QueueName>,
    call: Call,
) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    let request: RedriveRequest = call.json_or_default()?;
    let RedriveRequest { filter, max, dry_run } = request.check()?;
    let filter = translate::dead_filter(filter);
    if dry_run {
        return count(&call, &queue, &filter, max).await;
    }
    let command = |from| {
        let (queue, filter) = (queue.as_str().into(), filter.clone());
        Command::Redrive(Box::new(Redrive { queue, filter, max, from }))
    };
    sweep(&call, command, |index, swept| answer::json(StatusCode::OK, index, &redriven(swept)))
        .await
}

fn redriven(swept: &Swept) -> Redriven {
    Redriven { redriven: swept.tasks, stopped: swept.full.then_some(Code::QueueFull) }
}

/// How many tasks a redrive would find now, if nothing else changed meanwhile. Writes nothing.
async fn count(
    call: &Call,
    queue: &QueueName,
    filter: &DeadFilter,
    max: Option<u64>,
) -> Result<Response, Failure> {
    let freshness = match reads::prepare(call).await? {
        Read::Answered(response) => return Ok(response),
        Read::Here(freshness) => freshness,
    };
    let max = max.unwrap_or(u64::MAX);
    let mut from = None;
    loop {
        let (index, swept) = call
            .node
            .replica
            .view(|index, machine| (index, machine.count_dead(queue.as_str(), filter, from, max)));
        let swept = swept.map_err(|rejection| Failure::rejected(&rejection, index))?;
        if swept.next.is_none() {
            return Ok(freshness.mark(answer::json(StatusCode::OK, index, &redriven(&swept))));
        }
        from = swept.next;
        // Between two looks others have their turn.
        tokio::task::yield_now().await;
    }
}
