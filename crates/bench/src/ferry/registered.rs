use std::time::Duration;

use bytes::Bytes;
use ferry_api::{WorkerSettings, routes};
use hyper::Method;

use super::connection::{Answer, Connection};
use super::leases::Leased;
use super::lines::Lines;
use super::paths::worker_path;
use super::puller::settle;
use super::settlements::Settlements;
use crate::{RequestError, Worker};

/// How long a worker counts as alive without a sign; its stream is one.
const SESSION: Duration = Duration::from_secs(60);

/// Takes tasks as they are assigned to it: they come over a stream, and what came is settled in
/// one request while more comes.
pub struct Registered {
    name: String,
    connection: Connection,
    lines: Lines,
    max: usize,
    settlements: Settlements,
}

impl Registered {
    /// Registers a worker with so many slots, and opens its stream over the second connection.
    pub(super) async fn open(
        name: String,
        [mut connection, streaming]: [Connection; 2],
        queue: &str,
        slots: usize,
    ) -> Result<Self, RequestError> {
        let settings = WorkerSettings {
            queues: vec![queue.parse().map_err(RequestError::new)?],
            slots: u32::try_from(slots).expect("a step has few tasks"),
            session_ms: u64::try_from(SESSION.as_millis()).expect("a minute is a small number"),
            ..WorkerSettings::default()
        };
        let body = serde_json::to_vec(&settings).expect("settings have a JSON form");
        let path = worker_path(routes::WORKER, &name);
        let put = connection.call(Method::PUT, &path, None, body.into()).await;
        put.and_then(Answer::success)?;
        let lines = streaming.lines(&worker_path(routes::ASSIGNMENTS, &name)).await?;
        Ok(Self { name, connection, lines, max: slots, settlements: Settlements::default() })
    }
}

impl Worker for Registered {
    async fn take(
        &mut self,
        wait: Duration,
        seen: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<usize, RequestError> {
        settle(&mut self.connection, &mut self.settlements).await?;
        let Ok(first) = tokio::time::timeout(wait, self.lines.next()).await else { return Ok(0) };
        let (mut line, mut taken) = (Some(first?), 0);
        while let Some(text) = line {
            let leased: Leased<'_> = serde_json::from_slice(&text)
                .map_err(|error| RequestError::new(format!("an assignment: {error}")))?;
            seen(leased.payload());
            self.settlements.ack(leased.lease.id);
            taken += 1;
            line = if taken < self.max { self.lines.already_here() } else { None };
        }
        Ok(taken)
    }

    async fn finish(mut self) -> Result<(), RequestError> {
        settle(&mut self.connection, &mut self.settlements).await?;
        let path = worker_path(routes::WORKER, &self.name);
        let deleted = self.connection.call(Method::DELETE, &path, None, Bytes::new()).await;
        deleted.and_then(Answer::success).map(drop)
    }
}
