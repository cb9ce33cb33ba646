use serde_json::Value;

/// An event of the change feed.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its id: a log index.
    pub id: u64,
    /// What its entry did.
    pub data: Value,
}

/// Server-sent events as they come.
pub struct EventStream {
    response: reqwest::Response,
    text: String,
}

impl EventStream {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        Self { response, text: String::new() }
    }

    /// The next event; `None` once the stream has ended or broken.
    ///
    /// # Panics
    /// If what comes is no event.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let event = read(block);
                self.text = rest.to_owned();
                if event.is_some() {
                    return event;
                }
            }
            let chunk = self.response.chunk().await.ok()??;
            self.text.push_str(std::str::from_utf8(&chunk).expect("events are text"));
        }
    }

    /// The next events, as many as these.
    ///
    /// # Panics
    /// If the stream ends before.
    pub async fn take(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < count {
            events.push(self.next().await.expect("the stream goes on"));
        }
        events
    }
}

impl Event {
    /// Task, change and state of each of its changes.
    pub fn changes(&self) -> Vec<(String, String, String)> {
        let text = |value: &Value| value.as_str().expect("a change has its words").to_owned();
        let changes = self.data["changes"].as_array().expect("an event has changes");
        let change = |one: &Value| (text(&one["task"]), text(&one["change"]), text(&one["state"]));
        changes.iter().map(change).collect()
    }
}

/// The event of a block of lines, unless it is a comment.
fn read(block: &str) -> Option<Event> {
    let field = |name| block.lines().find_map(|line| line.strip_prefix(name));
    let data = serde_json::from_str(field("data: ")?).expect("the data is JSON");
    let id = field("id: ").and_then(|id| id.parse().ok()).expect("an event has an index for id");
    Some(Event { id, data })
}
