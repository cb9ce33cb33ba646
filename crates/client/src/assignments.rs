use std::time::Duration;

use ferry_api::{TaskDocument, routes};
use ferry_types::WorkerName;
use reqwest::Method;

use crate::{Cause, Client, Error};

/// How long a stream may be silent before it counts as broken: nodes give a sign of life every 3 s.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// What is assigned to a registered worker, as it comes: its live leases first. It ends whenever
/// the cluster's leader does, or the worker opens another; then connect again, and know assignments
/// by their leases.
#[derive(Debug)]
pub struct Assignments {
    response: reqwest::Response,
    text: Vec<u8>,
    /// How much of the text has no line end in it.
    searched: usize,
}

impl Client {
    /// Opens the stream of a worker's assignments, which ends its earlier one.
    ///
    /// # Errors
    /// As [`Request::send`](crate::Request::send): refused if the worker is not registered.
    pub async fn assignments(&self, worker: &WorkerName) -> Result<Assignments, Error> {
        let call = self.call(Method::GET, routes::ASSIGNMENTS, &[worker.as_str()]);
        let response = call.open(&self.shared).await?;
        Ok(Assignments { response, text: Vec::new(), searched: 0 })
    }
}

impl Assignments {
    /// The next task with its lease; `None` at the end. Cancel-safe.
    ///
    /// # Errors
    /// The connection broke, or what came is no task.
    pub async fn next(&mut self) -> Result<Option<TaskDocument>, Error> {
        loop {
            while let Some(line) = self.line() {
                if !line.trim_ascii().is_empty() {
                    let task = serde_json::from_slice(&line);
                    return task.map(Some).map_err(|error| self.broken(error.to_string()));
                }
            }
            match tokio::time::timeout(SILENCE_MAX, self.response.chunk()).await {
                Ok(Ok(Some(chunk))) => self.text.extend_from_slice(&chunk),
                Ok(Ok(None)) => return Ok(None),
                Ok(Err(error)) => return Err(self.broken(error.to_string())),
                Err(_elapsed) => return Err(self.broken("silence".to_owned())),
            }
        }
    }

    fn line(&mut self) -> Option<Vec<u8>> {
        let end = self.text[self.searched..].iter().position(|byte| *byte == b'\n');
        let Some(end) = end else {
            self.searched = self.text.len();
            return None;
        };
        let line = self.text.drain(..=self.searched + end).collect();
        self.searched = 0;
        Some(line)
    }

    fn broken(&self, message: String) -> Error {
        let url = self.response.url().to_string();
        Error::NotWritten { cause: Cause::Connection { url, message } }
    }
}
