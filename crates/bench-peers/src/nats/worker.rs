use std::time::Duration;

use bytes::Bytes;
use ferry_bench::{RequestError, Worker};

use super::client::Client;

/// How long past its end an answer to a pull may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a batch waits for its next task when it has one.
const GRACE: Duration = Duration::from_millis(2);

/// Takes tasks from a stream's consumer.
pub(crate) struct NatsWorker {
    tasks: Client,
    /// Who the answers to awaited settlements come to; none if they are not awaited.
    answers: Option<Client>,
    /// The subject that pulls.
    pull: Bytes,
    max: usize,
    /// Where what was taken last is settled.
    held: Vec<Bytes>,
    /// Tasks of the last pull that may still come.
    due: usize,
}

impl NatsWorker {
    pub(super) fn new(tasks: Client, answers: Option<Client>, pull: String, max: usize) -> Self {
        Self { tasks, answers, pull: pull.into(), max, held: Vec::new(), due: 0 }
    }

    /// Sends what settles the held tasks and pulls the next ones; answers how many settlements
    /// will be answered.
    fn settle_and_pull(&mut self, wait: Duration) -> usize {
        let wanted = self.max - self.due;
        let nanos = wait.as_nanos();
        let request = format!("{{\"batch\":{wanted},\"expires\":{nanos}}}");
        let held = std::mem::take(&mut self.held);
        match (&held[..], &self.answers) {
            // One message settles a task and asks for the next.
            ([held], None) if wanted == 1 => {
                self.tasks.publish(held, format!("+NXT {request}").as_bytes());
            }
            (_, answers) => {
                let client = answers.as_ref().unwrap_or(&self.tasks);
                client.publish_each(&held, answers.is_some());
                if wanted > 0 {
                    self.tasks.publish(&self.pull, request.as_bytes());
                }
            }
        }
        self.due += wanted;
        if self.answers.is_some() { held.len() } else { 0 }
    }

    async fn await_settled(&mut self, count: usize) -> Result<(), RequestError> {
        let Some(answers) = &mut self.answers else { return Ok(()) };
        for _ in 0..count {
            let answer = answers.next(PATIENCE).await?;
            answer.ok_or_else(|| RequestError::new("a settlement was not answered"))?;
        }
        Ok(())
    }
}

impl Worker for NatsWorker {
    async fn take(
        &mut self,
        wait: Duration,
        seen: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<usize, RequestError> {
        let settling = self.settle_and_pull(wait);
        self.await_settled(settling).await?;
        let mut patience = wait + PATIENCE;
        while self.due > 0 {
            let Some(message) = self.tasks.next(patience).await? else { break };
            if let Some(status) = message.status {
                // 404 and 408: nothing came. Other words end a pull as well: 409, a new leader.
                self.due = 0;
                if !matches!(status, 404 | 408 | 409) {
                    return Err(RequestError::new(format!("a pull ended with status {status}")));
                }
            } else {
                self.due -= 1;
                seen(&message.payload);
                self.held.push(message.reply);
                patience = GRACE;
            }
        }
        Ok(self.held.len())
    }

    async fn finish(mut self) -> Result<(), RequestError> {
        let held = std::mem::take(&mut self.held);
        let client = self.answers.as_ref().unwrap_or(&self.tasks);
        // The last settlements are awaited in any case, so that they are not lost with the client.
        client.publish_each(&held, true);
        let client = self.answers.as_mut().unwrap_or(&mut self.tasks);
        let mut due = held.len();
        while due > 0 {
            let answer = client.next(PATIENCE).await?;
            let answer =
                answer.ok_or_else(|| RequestError::new("a settlement was not answered"))?;
            // A task may come late from the last pull; the server gives it to another.
            due -= usize::from(answer.reply.is_empty());
        }
        Ok(())
    }
}
