use serde_json::Value;

use crate::Lease;

/// The stream of a worker's assignments, as lines of JSON or as server-sent events.
pub struct Assignments {
    response: reqwest::Response,
    text: Vec<u8>,
    /// The id of the event that is being read.
    id: Option<String>,
}

impl Assignments {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        Self { response, text: Vec::new(), id: None }
    }

    /// Whether these are server-sent events.
    pub fn are_events(&self) -> bool {
        let kind = self.response.headers().get("content-type");
        kind.is_some_and(|kind| kind == "text/event-stream")
    }

    /// The next task; `None` once the stream has ended or broken.
    ///
    /// # Panics
    /// If what comes is no task, or an event under another id than its lease's.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            while let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.text.drain(..=end).collect();
                let line = std::str::from_utf8(&line).expect("a stream is text").trim_end();
                let task = if self.are_events() { self.event(line) } else { object(line) };
                if task.is_some() {
                    return task;
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

    /// Reads a line of an event, and gives the task with that of its data.
    fn event(&mut self, line: &str) -> Option<Value> {
        if let Some(id) = line.strip_prefix("id: ") {
            self.id = Some(id.to_owned());
            return None;
        }
        let Some(data) = line.strip_prefix("data: ") else {
            assert!(line.is_empty() || line.starts_with(':'), "{line} is no line of an event");
            return None;
        };
        let task = object(data);
        let lease = task.as_ref().and_then(|task| task["lease"]["id"].as_str());
        assert_eq!(lease, self.id.take().as_deref(), "an assignment is known by its lease");
        task
    }
}

/// The JSON of a line, unless it is empty.
fn object(line: &str) -> Option<Value> {
    (!line.is_empty()).then(|| serde_json::from_str(line).expect("a line is JSON"))
}
