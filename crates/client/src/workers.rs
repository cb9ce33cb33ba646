//! Calls about registered workers.

use ferry_api::{Heartbeat, PageQuery, WorkerDocument, WorkerList, WorkerSettings, routes};
use ferry_types::WorkerName;
use reqwest::Method;

use crate::{Client, Request};

impl Client {
    /// Registers a worker, or replaces what it says about itself in the session that it has.
    pub fn put_worker(
        &self,
        worker: &WorkerName,
        settings: &WorkerSettings,
    ) -> Request<WorkerDocument> {
        self.write(Method::PUT, routes::WORKER, &[worker.as_str()], settings)
    }

    /// Shows a worker with its leases.
    pub fn worker(&self, worker: &WorkerName) -> Request<WorkerDocument> {
        self.read(routes::WORKER, &[worker.as_str()], &())
    }

    /// Lists the workers by name.
    pub fn workers(&self, page: &PageQuery) -> Request<WorkerList> {
        self.read(routes::WORKERS, &[], page)
    }

    /// Tells that a worker lives.
    pub fn heartbeat(&self, worker: &WorkerName) -> Request<Heartbeat> {
        self.act(Method::POST, routes::HEARTBEAT, worker.as_str())
    }

    /// Has a worker get nothing new. Its leases stand.
    pub fn drain_worker(&self, worker: &WorkerName) -> Request<WorkerDocument> {
        self.act(Method::POST, routes::DRAIN, worker.as_str())
    }

    /// Removes a worker; its leases go back at once.
    pub fn delete_worker(&self, worker: &WorkerName) -> Request<()> {
        self.act(Method::DELETE, routes::WORKER, worker.as_str())
    }
}
