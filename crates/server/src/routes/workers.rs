//! Registered workers: `PUT`, `GET`, `DELETE`, the list, heartbeats and drains.

use axum::response::Response;
use ferry_api::{Heartbeat, WorkerDocument, WorkerList, WorkerSettings};
use ferry_core::command::{Command, DeleteWorker, DrainWorker, PutWorker};
use ferry_core::rejection::{Rejection, WorkerNotFound};
use ferry_core::reply::{WorkerDrained, WorkerPut};
use ferry_core::{Machine, Reply, WorkerView};
use ferry_types::{LogIndex, WorkerName};
use hyper::StatusCode;

use crate::answer;
use crate::call::Call;
use crate::named::Named;
use crate::problem::Failure;
use crate::reads;
use crate::relay::{Kind, Relay, Turn};
use crate::routes::leases::NoFields;
use crate::translate;
use crate::writes::write;

/// `PUT /v1/workers/{worker}`: registers a worker, or replaces what it says about itself.
pub(crate) async fn put(Named(worker): Named<WorkerName>, call: Call) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    let build = |call: &Call| {
        let settings: WorkerSettings = call.json_or_default()?;
        let settings = translate::worker_settings(settings)?;
        let put = PutWorker { worker: worker.as_str().into(), settings };
        Ok((Command::PutWorker(Box::new(put)), ()))
    };
    write(&call, build, |index, reply, ()| {
        let Reply::WorkerPut(WorkerPut { created, status: Some(status), .. }) = reply else {
            return Err(Failure::outcome_unknown());
        };
        call.node.workers.sessions.sign(worker.as_str());
        let code = if created { StatusCode::CREATED } else { StatusCode::OK };
        Ok(answer::json(code, index, &translate::worker_left(worker.clone(), *status)))
    })
    .await
}

/// `GET /v1/workers/{worker}`: with its leases.
pub(crate) async fn get(Named(worker): Named<WorkerName>, call: Call) -> Result<Response, Failure> {
    call.query.allow_read(&[])?;
    let look = |machine: &Machine| {
        machine.worker(worker.as_str()).and_then(|view| with_leases(machine, view))
    };
    reads::show(&call, look, |document| document.ok_or_else(|| unknown(&worker))).await
}

/// `DELETE /v1/workers/{worker}`: its leases go back at once.
pub(crate) async fn delete(
    Named(worker): Named<WorkerName>,
    call: Call,
) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    let build = |_: &Call| {
        let delete = DeleteWorker { worker: worker.as_str().into() };
        Ok((Command::DeleteWorker(delete), ()))
    };
    write(&call, build, |index, _, ()| {
        call.node.workers.streams.close(worker.as_str());
        Ok(answer::no_content(index))
    })
    .await
}

/// `POST /v1/workers/{worker}/drain`: it gets nothing new.
pub(crate) async fn drain(
    Named(worker): Named<WorkerName>,
    call: Call,
) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    call.json_or_default::<NoFields>()?;
    let build = |_: &Call| {
        let drain = DrainWorker { worker: worker.as_str().into() };
        Ok((Command::DrainWorker(drain), ()))
    };
    write(&call, build, |index, reply, ()| {
        let Reply::WorkerDrained(WorkerDrained { status: Some(status), .. }) = reply else {
            return Err(Failure::outcome_unknown());
        };
        let document = translate::worker_left(worker.clone(), *status);
        Ok(answer::json(StatusCode::OK, index, &document))
    })
    .await
}

/// `POST /v1/workers/{worker}/heartbeat`: noted in the memory of the leader alone.
pub(crate) async fn heartbeat(
    Named(worker): Named<WorkerName>,
    call: Call,
) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    call.json_or_default::<NoFields>()?;
    let mut relay = Relay::new(&call, Kind::Write);
    loop {
        match relay.next().await? {
            Turn::Answered(response) => return Ok(response),
            Turn::Here => {}
        }
        if let Some((index, heartbeat)) = beat(&call, &worker) {
            call.node.workers.sessions.sign(worker.as_str());
            return Ok(answer::json(StatusCode::OK, index, &heartbeat));
        }
        // A new leader may not have applied the registration yet.
        match call.node.replica.linearize(relay.remaining()).await {
            Ok(index) if beat(&call, &worker).is_none() => return Err(not_found(&worker, index)),
            Ok(_) => {}
            Err(error) => relay.read_failed(error).await?,
        }
    }
}

/// `GET /v1/workers`.
pub(crate) async fn list(call: Call) -> Result<Response, Failure> {
    let look = |machine: &Machine, after: Option<&str>, most| {
        machine.workers(after).take(most).filter_map(translate::worker_document).collect()
    };
    let list = |workers, next_page_token| WorkerList { workers, next_page_token };
    reads::list(&call, look, |document: &WorkerDocument| document.worker.as_str(), list).await
}

/// There is no such worker in the state at `index`.
pub(crate) fn not_found(worker: &WorkerName, index: LogIndex) -> Failure {
    Failure::rejected(&unknown(worker), index)
}

fn unknown(worker: &WorkerName) -> Rejection {
    Rejection::WorkerNotFound(WorkerNotFound { worker: worker.as_str().into() })
}

fn with_leases(machine: &Machine, view: WorkerView<'_>) -> Option<WorkerDocument> {
    let tasks = view.held.iter().filter_map(|task| machine.task(*task));
    let leases = tasks.filter_map(|task| translate::worker_lease(&task)).collect();
    let document = translate::worker_document(view)?;
    Some(WorkerDocument { leases: Some(leases), ..document })
}

fn beat(call: &Call, worker: &WorkerName) -> Option<(LogIndex, Heartbeat)> {
    call.node.replica.view(|index, machine| {
        let view = machine.worker(worker.as_str())?;
        let heartbeat = Heartbeat {
            worker: worker.clone(),
            session: view.session,
            session_ms: view.settings.session_ms,
            draining: view.draining,
        };
        Some((index, heartbeat))
    })
}
