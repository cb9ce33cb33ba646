//! Which handler takes which request.

use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, delete, get, post};
use ferry_api::{Code, routes as paths};
use ferry_types::QueueName;
use hyper::{Method, Uri};

use crate::door::Door;
use crate::problem::Failure;
use crate::routes::{
    assignments, cluster, dequeue, events, forecast, health, history, leases, limits, metrics,
    openapi, queues, results, schedules, sweeps, task_changes, tasks, transactions, workers,
    workflows,
};

/// Every route of a node.
pub(crate) fn router(door: Arc<Door>) -> Router {
    let queue: MethodRouter<Arc<Door>> = get(queues::get).put(queues::put).delete(queues::delete);
    Router::new()
        .route(paths::QUEUES, get(queues::list))
        .route(paths::QUEUE, queue)
        .route(paths::QUEUE_TASKS, post(tasks::enqueue))
        .route(paths::PAUSE, post(queues::pause))
        .route(paths::RESUME, post(queues::resume))
        .route(paths::PURGE, post(sweeps::purge))
        .route(paths::REDRIVE, post(sweeps::redrive))
        .route(paths::FORECAST, get(forecast::get))
        .route(paths::QUEUE_DEQUEUE, post(dequeue::one))
        .route(paths::DEQUEUE, post(dequeue::several))
        .route(paths::TASKS, get(tasks::list))
        .route(paths::TASK, get(tasks::get).delete(task_changes::cancel))
        .route(paths::RETRY, post(task_changes::retry))
        .route(paths::RUN_NOW, post(task_changes::run_now))
        .route(paths::HISTORY, get(history::get))
        .route(paths::RESULT, get(results::get))
        .route(paths::SETTLE, post(leases::settle))
        .route(paths::ACK, post(leases::ack))
        .route(paths::NACK, post(leases::nack))
        .route(paths::EXTEND, post(leases::extend))
        .route(paths::RELEASE, post(leases::release))
        .route(paths::EVENTS, get(events::get))
        .route(paths::TRANSACTIONS, post(transactions::post))
        .route(paths::WORKFLOWS, post(workflows::submit))
        .route(paths::WORKFLOW, get(workflows::get).delete(workflows::cancel))
        .route(paths::SCHEDULES, get(schedules::list))
        .route(paths::SCHEDULE, get(schedules::get).put(schedules::put).delete(schedules::delete))
        .route(paths::LIMITS, get(limits::list))
        .route(paths::LIMIT, get(limits::get).put(limits::put).delete(limits::delete))
        .route(paths::WORKERS, get(workers::list))
        .route(paths::WORKER, get(workers::get).put(workers::put).delete(workers::delete))
        .route(paths::HEARTBEAT, post(workers::heartbeat))
        .route(paths::DRAIN, post(workers::drain))
        .route(paths::ASSIGNMENTS, get(assignments::get))
        .route(paths::CLUSTER, get(cluster::status))
        .route(paths::NODES, post(cluster::add))
        .route(paths::NODE, delete(cluster::remove))
        .route(paths::TRANSFER_LEADER, post(cluster::transfer))
        .route(paths::SNAPSHOT, post(cluster::snapshot))
        .route(paths::DIGEST, get(cluster::digest))
        .route(paths::LIVEZ, get(health::live))
        .route(paths::READYZ, get(health::ready))
        .route(paths::METRICS, get(metrics::text))
        .route(paths::OPENAPI, get(openapi::document))
        .method_not_allowed_fallback(wrong_method)
        .fallback(wrong_path)
        .with_state(door)
}

/// The router has put the methods that there are into `Allow`.
async fn wrong_method(method: Method) -> Failure {
    let detail = format!("the route does not have the method {method}; Allow names those it has");
    Failure::new(Code::MethodNotAllowed, detail)
}

async fn wrong_path(uri: Uri) -> Failure {
    let path = uri.path();
    if path.starts_with("/v1/") && path.split('/').skip(1).any(str::is_empty) {
        return Failure::invalid("path", "must not have an empty name in it");
    }
    // What a client is to fold before it sends it is not folded here, where it would be a name.
    let is_dots = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        matches!(plain.as_str(), "." | "..")
    };
    if path.split('/').any(is_dots) {
        let invalid = QueueName::from_str("..").err();
        let grammar = invalid.map_or("a name", |invalid| invalid.grammar);
        return Failure::invalid(
            "path",
            format!("must not have dots for a name, which is {grammar}"),
        );
    }
    Failure::new(Code::NotFound, "there is no such route; see /openapi.json")
}
