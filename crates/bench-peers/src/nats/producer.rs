use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ferry_bench::{Load, Producer, RequestError};

use super::client::Client;
use super::decoder::Message;

const PATIENCE: Duration = Duration::from_secs(10);
/// How long a keyed publish waits: one that met the death of the leader is never answered, and
/// asking again is safe, so that a long wait would measure the client.
const KEYED_PATIENCE: Duration = Duration::from_millis(250);
/// Publishes of a flood whose answers are still due. JetStream refuses when too many wait.
const WINDOW: usize = 500;
/// Publishes of a flood that are sent in one go.
const PORTION: usize = 100;

/// Publishes to a stream.
pub(crate) struct NatsProducer {
    client: Client,
    queue: String,
}

impl NatsProducer {
    pub(super) fn new(client: Client, queue: &str) -> Self {
        Self { client, queue: queue.to_owned() }
    }

    async fn answer(&mut self) -> Result<Message, RequestError> {
        let answer = self.client.next(PATIENCE).await?;
        answer.ok_or_else(|| RequestError::new("no answer to a publish"))
    }
}

impl Producer for NatsProducer {
    async fn enqueue(&mut self, payload: &Bytes) -> Result<(), RequestError> {
        self.client.publish(self.queue.as_bytes(), payload);
        accepted(&self.answer().await?)
    }

    async fn enqueue_keyed(&mut self, key: &str, payload: &Bytes) -> Result<(), RequestError> {
        let asked = self.client.ask_keyed(self.queue.as_bytes(), key, payload, KEYED_PATIENCE);
        accepted(&asked.await?)
    }

    async fn flood(&mut self, load: &Load) -> Result<(), RequestError> {
        let mut sent = VecDeque::with_capacity(WINDOW);
        loop {
            while sent.len() + PORTION <= WINDOW {
                let tasks = load.take(PORTION);
                if tasks == 0 {
                    break;
                }
                self.client.publish_many(self.queue.as_bytes(), tasks, || load.payload());
                sent.extend(std::iter::repeat_n(Instant::now(), tasks));
            }
            if sent.is_empty() {
                return Ok(());
            }
            let mut answer = Some(self.answer().await?);
            while let Some(message) = answer {
                // A stream answers in the order in which it was asked.
                let began = sent.pop_front();
                let began =
                    began.ok_or_else(|| RequestError::new("more answers than publishes"))?;
                match accepted(&message) {
                    Ok(()) => load.confirmed(began, 1),
                    Err(error) => load.failed(&error),
                }
                answer = self.client.next_here();
            }
        }
    }
}

/// Whether the answer to a publish says that the task is stored.
fn accepted(answer: &Message) -> Result<(), RequestError> {
    let text = &answer.payload;
    if answer.status.is_none() && text.starts_with(b"{\"stream\":") {
        return Ok(());
    }
    let status = answer.status.map(|status| status.to_string()).unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    Err(RequestError::new(format!("a publish was refused: {status}{text}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_stored_task_is_accepted() {
        let answer = |status, payload: &'static str| Message {
            token: None,
            status,
            reply: Bytes::new(),
            payload: payload.into(),
        };
        assert_eq!(accepted(&answer(None, r#"{"stream":"q","seq":7}"#)), Ok(()));
        let refused = accepted(&answer(None, r#"{"error":{"code":503}}"#));
        assert!(refused.expect_err("refused").to_string().contains("503"));
        assert!(accepted(&answer(Some(503), "")).is_err());
    }
}
