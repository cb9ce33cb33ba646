use std::time::Duration;

use ferry_types::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::Answer;
use crate::request::Request;

/// How long a client waits for an answer, beyond the server's own patience of five seconds.
const PATIENCE: Duration = Duration::from_secs(15);

/// A lease that a dequeue returned.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    /// The lease's id.
    pub id: String,
    /// Its fencing token.
    pub token: u64,
    /// The task's id.
    pub task: String,
    /// The task's payload.
    pub payload: Value,
    /// Which attempt of the task this is.
    pub attempt: u64,
    /// The deadline in replicated time, in milliseconds.
    pub expires_ms: u64,
}

impl Lease {
    /// Reads a task document with its lease.
    ///
    /// # Panics
    /// If the document has none.
    pub fn read(task: &Value) -> Self {
        let lease = &task["lease"];
        let text = |value: &Value| match value.as_str() {
            Some(text) => text.to_owned(),
            None => panic!("a text is missing in {task}"),
        };
        let number = |value: &Value| match value.as_u64() {
            Some(number) => number,
            None => panic!("a number is missing in {task}"),
        };
        Self {
            id: text(&lease["id"]),
            token: number(&lease["token"]),
            task: text(&task["id"]),
            payload: task["payload"].clone(),
            attempt: number(&lease["attempt"]),
            expires_ms: millis(&lease["expires_at"]),
        }
    }
}

/// The milliseconds since the epoch of a time as the API spells it.
///
/// # Panics
/// If it is no such time.
pub fn millis(time: &Value) -> u64 {
    match time.as_str().and_then(Timestamp::parse_rfc3339) {
        Some(time) => time.as_millis(),
        None => panic!("{time} is no time"),
    }
}

/// A raw HTTP client of one server. It repeats nothing and hides nothing.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    /// A client of the server at `base`, for example `http://127.0.0.1:7101`.
    ///
    /// # Panics
    /// If the HTTP library does not start.
    pub fn new(base: &str) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .timeout(PATIENCE)
            .build()
            .expect("a client without TLS has nothing that could fail");
        Self { http, base: base.to_owned() }
    }

    /// The server's URL.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A request with this method.
    ///
    /// # Panics
    /// If it is no method.
    pub fn request(&self, method: &str, path: &str) -> Request {
        let method = Method::from_bytes(method.as_bytes()).expect("a method is a token");
        Request::new(&self.http, method, &format!("{}{path}", self.base))
    }

    /// `GET path`.
    pub async fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send().await
    }

    /// `POST path` with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.request("POST", path).json(&body).send().await
    }

    /// `PUT path` with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.request("PUT", path).json(&body).send().await
    }

    /// `DELETE path`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", path).send().await
    }

    /// Creates or configures a queue.
    pub async fn put_queue(&self, queue: &str, settings: Value) -> Value {
        let answer = self.put(&format!("/v1/queues/{queue}"), settings).await;
        assert!(matches!(answer.status, 200 | 201), "the answer was {}", answer.text);
        answer.body
    }

    /// A queue's document.
    pub async fn queue(&self, queue: &str) -> Value {
        self.get(&format!("/v1/queues/{queue}")).await.expect(200)
    }

    /// How many tasks of a queue are in `state`.
    pub async fn count(&self, queue: &str, state: &str) -> u64 {
        self.queue(queue).await["counts"][state].as_u64().unwrap_or(0)
    }

    /// Enqueues one task, given as the API wants it, and returns its id.
    pub async fn enqueue(&self, queue: &str, task: Value) -> String {
        let answer = self.post(&format!("/v1/queues/{queue}/tasks"), task).await.expect(201);
        answer["id"].as_str().expect("a task has an id").to_owned()
    }

    /// Enqueues `count` tasks whose payloads are the numbers from 0, in requests of 1,000.
    pub async fn enqueue_many(&self, queue: &str, count: usize) -> Vec<String> {
        let mut ids = Vec::with_capacity(count);
        for begin in (0..count).step_by(1_000) {
            let tasks: Vec<_> = (begin..count.min(begin + 1_000))
                .map(|number| json!({"payload": number}))
                .collect();
            let path = format!("/v1/queues/{queue}/tasks");
            let answer = self.post(&path, json!({"tasks": tasks})).await.expect(201);
            let tasks = answer["tasks"].as_array().expect("a batch answers with its tasks");
            let id = |task: &Value| task["id"].as_str().expect("a task has an id").to_owned();
            ids.extend(tasks.iter().map(id));
        }
        ids
    }

    /// A task's document.
    pub async fn task(&self, id: &str) -> Value {
        self.get(&format!("/v1/tasks/{id}")).await.expect(200)
    }

    /// A task's state.
    pub async fn state(&self, id: &str) -> String {
        self.task(id).await["state"].as_str().expect("a task has a state").to_owned()
    }

    /// Takes tasks as `body` says.
    pub async fn dequeue(&self, queue: &str, body: Value) -> Vec<Lease> {
        let answer = self.post(&format!("/v1/queues/{queue}/dequeue"), body).await.expect(200);
        let tasks = answer["tasks"].as_array().expect("a dequeue answers with tasks");
        tasks.iter().map(Lease::read).collect()
    }

    /// Takes one task that must be there or come within some seconds.
    ///
    /// # Panics
    /// If there is none.
    pub async fn take(&self, queue: &str, lease_ms: u64) -> Lease {
        let body = json!({"max": 1, "wait_ms": 10_000, "lease_ms": lease_ms, "worker": "taker"});
        let mut leases = self.dequeue(queue, body).await;
        leases.pop().expect("a task was ready, or became so")
    }

    /// The payloads of all that one dequeue gets.
    pub async fn payloads(&self, queue: &str) -> Vec<Value> {
        let leases = self.dequeue(queue, json!({"max": 1_000})).await;
        leases.into_iter().map(|lease| lease.payload).collect()
    }

    /// Settles a lease: `action` is the last part of the route.
    pub async fn settle(&self, lease: &str, action: &str, body: Value) -> Answer {
        self.post(&format!("/v1/leases/{lease}/{action}"), body).await
    }

    /// The value of the first series of a metric.
    ///
    /// # Panics
    /// If there is none.
    pub async fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").await.text;
        let is_it = |line: &&str| line.split(['{', ' ']).next() == Some(name);
        let value = text.lines().find(is_it).and_then(|line| line.rsplit(' ').next());
        match value.and_then(|value| value.parse().ok()) {
            Some(value) => value,
            None => panic!("{name} is missing in the metrics:\n{text}"),
        }
    }

    /// All pages of a list, `field` naming its items; `query` begins with `&` or is empty.
    pub async fn all_pages(&self, path: &str, field: &str, query: &str) -> Vec<Value> {
        let (mut items, mut token) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}?limit=1000{query}{token}")).await.expect(200);
            items.extend(page[field].as_array().expect("a page holds a list").iter().cloned());
            match page["next_page_token"].as_str() {
                Some(next) => token = format!("&page_token={next}"),
                None => return items,
            }
        }
    }
}
