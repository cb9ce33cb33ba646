use std::time::Duration;

use bytes::{BufMut, BytesMut};
use ferry_api::routes;
use hyper::Method;

use super::connection::{Answer, Connection};
use super::leases::Leases;
use super::system::queue_path;
use crate::{RequestError, Worker};

/// Takes tasks over HTTP: what it took last is settled by the dequeue that takes the next.
pub struct FerryWorker {
    connection: Connection,
    path: String,
    max: usize,
    /// The items of the next settle list, as JSON.
    settle: BytesMut,
}

impl FerryWorker {
    pub(super) fn new(connection: Connection, queue: &str, max: usize) -> Self {
        let path = queue_path(routes::QUEUE_DEQUEUE, queue);
        Self { connection, path, max, settle: BytesMut::new() }
    }

    fn remember(&mut self, lease: &str) {
        if !self.settle.is_empty() {
            self.settle.put_u8(b',');
        }
        self.settle.put_slice(b"{\"lease\":\"");
        self.settle.put_slice(lease.as_bytes());
        self.settle.put_slice(b"\",\"action\":\"ack\"}");
    }
}

impl Worker for FerryWorker {
    async fn take(
        &mut self,
        wait: Duration,
        seen: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<usize, RequestError> {
        let mut body = BytesMut::with_capacity(64 + self.settle.len());
        let head = format!("{{\"max\":{},\"wait_ms\":{},\"settle\":[", self.max, wait.as_millis());
        body.put_slice(head.as_bytes());
        body.put_slice(&self.settle);
        body.put_slice(b"]}");
        let answer = self.connection.call(Method::POST, &self.path, None, body.freeze()).await;
        let answer = answer.and_then(Answer::success)?;
        self.settle.clear();
        let leases = Leases::read(&answer.body)?;
        for leased in &leases.tasks {
            seen(leased.payload());
            self.remember(leased.lease.id);
        }
        Ok(leases.tasks.len())
    }

    async fn finish(mut self) -> Result<(), RequestError> {
        if self.settle.is_empty() {
            return Ok(());
        }
        let mut body = BytesMut::with_capacity(16 + self.settle.len());
        body.put_slice(b"{\"settle\":[");
        body.put_slice(&self.settle);
        body.put_slice(b"]}");
        let path = routes::SETTLE;
        let answer = self.connection.call(Method::POST, path, None, body.freeze()).await?;
        Leases::read(&answer.success()?.body).map(drop)
    }
}
