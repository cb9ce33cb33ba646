use std::sync::Arc;
use std::time::Instant;

use bytes::{BufMut, Bytes, BytesMut};
use ferry_api::routes;
use hyper::Method;

use super::connection::{Answer, Connection};
use super::paths::queue_path;
use super::shape::Shape;
use crate::{Load, Producer, RequestError};

/// Enqueues over HTTP: the answer's status is read, and its body only drained.
pub struct FerryProducer {
    connection: Connection,
    path: String,
    shape: Arc<Shape>,
}

impl FerryProducer {
    pub(super) fn new(connection: Connection, queue: &str, shape: Arc<Shape>) -> Self {
        Self { connection, path: queue_path(routes::QUEUE_TASKS, queue), shape }
    }

    async fn post(&mut self, key: Option<&str>, body: Bytes) -> Result<(), RequestError> {
        let answer = self.connection.call(Method::POST, &self.path, key, body).await;
        answer.and_then(Answer::success).map(drop)
    }
}

impl Producer for FerryProducer {
    async fn enqueue(&mut self, payload: &Bytes) -> Result<(), RequestError> {
        let mut body = BytesMut::with_capacity(TASK_BYTES + payload.len());
        put_task(&mut body, payload, &self.shape);
        self.post(None, body.freeze()).await
    }

    async fn enqueue_keyed(&mut self, key: &str, payload: &Bytes) -> Result<(), RequestError> {
        let mut body = BytesMut::with_capacity(TASK_BYTES + payload.len());
        put_task(&mut body, payload, &self.shape);
        self.post(Some(key), body.freeze()).await
    }

    async fn flood(&mut self, load: &Load) -> Result<(), RequestError> {
        loop {
            let tasks = load.take(load.batch());
            if tasks == 0 {
                return Ok(());
            }
            let begin = Instant::now();
            let body = batch(tasks, || load.payload(), &self.shape);
            self.post(None, body).await?;
            load.confirmed(begin, tasks);
        }
    }
}

/// Bytes of a task's JSON without its payload.
const TASK_BYTES: usize = 16;

fn put_task(body: &mut BytesMut, payload: &Bytes, shape: &Shape) {
    body.put_slice(b"{\"payload\":\"");
    body.put_slice(payload);
    body.put_u8(b'"');
    shape.put_fields(body);
    body.put_u8(b'}');
}

fn batch(tasks: usize, payload: impl Fn() -> Bytes, shape: &Shape) -> Bytes {
    let first = payload();
    let mut body = BytesMut::with_capacity(TASK_BYTES + tasks * (first.len() + TASK_BYTES));
    body.put_slice(b"{\"tasks\":[");
    put_task(&mut body, &first, shape);
    for _ in 1..tasks {
        body.put_u8(b',');
        put_task(&mut body, &payload(), shape);
    }
    body.put_slice(b"]}");
    body.freeze()
}

#[cfg(test)]
mod tests {
    use ferry_api::EnqueueRequest;

    use super::*;

    #[test]
    fn a_batch_is_a_request_that_the_contract_knows() {
        let body = batch(3, || Bytes::from_static(b"abc"), &Shape::default());
        let request = serde_json::from_slice(&body).expect("well-formed");
        let EnqueueRequest::Many(batch) = request else { panic!("{request:?} is no batch") };
        assert_eq!(batch.tasks.len(), 3);
        let payload = batch.tasks[2].payload.as_ref().map(|payload| payload.get());
        assert_eq!(payload, Some("\"abc\""));
    }

    #[test]
    fn a_task_is_a_request_that_the_contract_knows() {
        let mut body = BytesMut::new();
        put_task(&mut body, &Bytes::from_static(b"abc"), &Shape::default());
        let request = serde_json::from_slice(&body).expect("well-formed");
        assert!(matches!(request, EnqueueRequest::One(_)), "{request:?}");
        assert!(body.len() <= TASK_BYTES + 3);
    }
}
