use std::time::Duration;

use ferry_api::routes;
use hyper::Method;

use super::connection::{Answer, Connection};
use super::leases::Leases;
use super::paths::queue_path;
use super::settlements::Settlements;
use crate::{RequestError, Worker};

/// Takes tasks by asking: what it took last is settled by the dequeue that takes the next.
pub struct Puller {
    connection: Connection,
    path: String,
    max: usize,
    settlements: Settlements,
}

impl Puller {
    pub(super) fn new(connection: Connection, queue: &str, max: usize) -> Self {
        let path = queue_path(routes::QUEUE_DEQUEUE, queue);
        Self { connection, path, max, settlements: Settlements::default() }
    }
}

impl Worker for Puller {
    async fn take(
        &mut self,
        wait: Duration,
        seen: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<usize, RequestError> {
        let fields = format!("\"max\":{},\"wait_ms\":{},", self.max, wait.as_millis());
        let body = self.settlements.body(&fields);
        let answer = self.connection.call(Method::POST, &self.path, None, body).await;
        let answer = answer.and_then(Answer::success)?;
        self.settlements.clear();
        let leases = Leases::read(&answer.body)?;
        for leased in &leases.tasks {
            seen(leased.payload());
            self.settlements.ack(leased.lease.id);
        }
        Ok(leases.tasks.len())
    }

    async fn finish(mut self) -> Result<(), RequestError> {
        settle(&mut self.connection, &mut self.settlements).await
    }
}

/// Settles what there is, in a request of its own.
pub(super) async fn settle(
    connection: &mut Connection,
    settlements: &mut Settlements,
) -> Result<(), RequestError> {
    if settlements.is_empty() {
        return Ok(());
    }
    let body = settlements.body("");
    let answer = connection.call(Method::POST, routes::SETTLE, None, body).await?;
    settlements.clear();
    Leases::read(&answer.success()?.body).map(drop)
}
