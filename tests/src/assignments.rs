use serde_json::Value;

use crate::Lease;

/// The stream of a worker's assignments, as lines of JSON.
pub struct Assignments {
    response: reqwest::Response,
    text: Vec<u8>,
}

impl Assignments {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        Self { response, text: Vec::new() }
    }

    /// The next task; `None` once the stream has ended or broken.
    ///
    /// # Panics
    /// If what comes is no task.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            while let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.text.drain(..=end).collect();
                if line.len() > 1 {
                    return Some(serde_json::from_slice(&line).expect("a line is JSON"));
                }
            }
            self.text.extend(self.response.chunk().await.ok()??);
        }
    }

    /// The lease of the next task.
    ///
    /// # Panics
    /// If the stream ends before.
    pub async fn lease(&mut self) -> Lease {
        Lease::read(&self.next().await.expect("the stream goes on"))
    }
}
