//! Transactions: several things, all or none.

use axum::response::Response;
use ferry_api::{
    CheckedOperation, EnqueuedTask, OperationResult, TransactionRequest, TransactionResponse,
};
use ferry_core::Reply;
use ferry_core::command::{
    Cancel, Command, Enqueue, LeaseAck, LeaseNack, Operation, Require, Step, Transact,
};
use ferry_core::reply::{self, Done};
use ferry_types::{LeaseId, TaskId};
use hyper::StatusCode;

use crate::answer;
use crate::call::Call;
use crate::holders::Holders;
use crate::problem::Failure;
use crate::routes::tasks::traceparent;
use crate::translate;
use crate::writes::write;

/// `POST /v1/transactions`: one log entry, all or none.
pub(crate) async fn post(call: Call) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    let build = |call: &Call| {
        let checked = call.json::<TransactionRequest>()?.check(call.node.replica.now())?;
        let traceparent = traceparent(call);
        let create_queue = call.node.config.auto_create_queues;
        let holders = Holders::of(call, checked.iter().filter_map(settled_lease));
        let step = |operation| step(operation, traceparent.as_deref(), create_queue);
        let operations = checked.into_iter().map(step);
        let operations = operations.map(|step| Operation { step: Some(step) }).collect();
        Ok((Command::Transact(Transact { operations }), holders))
    };
    write(&call, build, |index, reply, holders| {
        let Reply::Transacted(transacted) = reply else { return Err(Failure::outcome_unknown()) };
        holders.sign_all(&call);
        let results = transacted.results.iter().filter_map(result).collect();
        Ok(answer::json(StatusCode::OK, index, &TransactionResponse { results }))
    })
    .await
}

/// The lease that an operation settles, if it does.
fn settled_lease(operation: &CheckedOperation) -> Option<LeaseId> {
    match operation {
        CheckedOperation::Ack(lease, _) | CheckedOperation::Nack(lease, _) => Some(*lease),
        CheckedOperation::Enqueue(..)
        | CheckedOperation::Cancel(_)
        | CheckedOperation::Require(..) => None,
    }
}

fn step(operation: CheckedOperation, traceparent: Option<&str>, create_queue: bool) -> Step {
    match operation {
        CheckedOperation::Enqueue(queue, task) => {
            let task = translate::new_task(*task, traceparent.map(Into::into));
            Step::Enqueue(Enqueue { queue: queue.as_str().into(), tasks: vec![task], create_queue })
        }
        CheckedOperation::Ack(lease, ack) => Step::Ack(LeaseAck {
            task: lease.task.get(),
            token: lease.token.get(),
            ack: translate::ack(ack),
        }),
        CheckedOperation::Nack(lease, nack) => Step::Nack(LeaseNack {
            task: lease.task.get(),
            token: lease.token.get(),
            nack: translate::nack(nack),
        }),
        CheckedOperation::Cancel(task) => Step::Cancel(Cancel { task: task.get() }),
        CheckedOperation::Require(task, state) => {
            Step::Require(Require { task: task.get(), state: translate::state_name(state).into() })
        }
    }
}

fn result(result: &reply::OperationResult) -> Option<OperationResult> {
    Some(match result.done.as_ref()? {
        Done::Enqueued(enqueued) => {
            OperationResult::Enqueued(EnqueuedTask { id: TaskId::new(enqueued.first_task) })
        }
        Done::Settled(accepted) | Done::Met(accepted) => {
            OperationResult::Task(translate::settled(accepted))
        }
        Done::Cancelled(changed) => OperationResult::Task(translate::settled_row(&changed.row)),
    })
}
