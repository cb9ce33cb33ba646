use std::collections::BTreeMap;

use ferry_scheduler::Worker;
use serde_json::Value;
use tokio::task::JoinSet;

use super::{Job, workers};
use crate::{Client, EventStream, millis};

/// Tasks whose histories are asked for at the same time.
const ASKED_AT_ONCE: usize = 16;

/// A lease as the log tells it.
#[derive(Clone, Debug)]
pub struct Span {
    /// Which job.
    pub job: usize,
    /// The place of the worker.
    pub worker: usize,
    /// When it began, in replicated time.
    pub from_ms: u64,
    /// When it ended and how; none while it lasts.
    pub ended: Option<(u64, String)>,
}

/// What the cluster's log tells of the fleet's tasks: every lease in the order of the beginnings,
/// read from the change feed, with the workers from the histories of the tasks.
pub struct Record {
    /// The leases.
    pub spans: Vec<Span>,
    /// Where a worker had more than it can carry.
    pub beyond: Vec<String>,
}

impl Record {
    /// Reads what a node has to tell, until all these tasks have succeeded. `ids` are the tasks of
    /// the jobs, in order.
    ///
    /// # Panics
    /// If the node's feed ends before that, or tells what cannot be.
    pub async fn read(client: &Client, jobs: &[Job], ids: &[String]) -> Self {
        let names = worker_names(client, ids).await;
        let jobs_by_id: BTreeMap<_, _> =
            ids.iter().enumerate().map(|(job, id)| (&**id, job)).collect();
        let mut feed = client.request("GET", "/v1/events?after_index=0").events().await;
        let mut reader = Reader { jobs, free: workers(), open: BTreeMap::new(), done: 0 };
        let mut record = Self { spans: Vec::new(), beyond: Vec::new() };
        while reader.done < ids.len() {
            reader.entry(&mut feed, &jobs_by_id, &names, &mut record).await;
        }
        assert!(reader.open.is_empty(), "all leases have ended");
        record
    }
}

/// What has been read so far.
struct Reader<'a> {
    jobs: &'a [Job],
    /// What the leases leave free of the workers.
    free: Vec<Worker>,
    /// The open lease of each job that has one.
    open: BTreeMap<usize, usize>,
    done: usize,
}

impl Reader<'_> {
    async fn entry(
        &mut self,
        feed: &mut EventStream,
        jobs: &BTreeMap<&str, usize>,
        names: &BTreeMap<(String, u64), String>,
        record: &mut Record,
    ) {
        let event = feed.next().await.expect("the feed goes on until all is done");
        let at_ms = millis(&event.data["at"]);
        for change in event.data["changes"].as_array().expect("an entry has changes") {
            let task = text(&change["task"]);
            let Some(&job) = jobs.get(&*task) else { continue };
            let change_name = text(&change["change"]);
            if change_name == "leased" {
                let attempt = change["attempt"].as_u64().expect("a lease is an attempt");
                let worker = &names[&(task, attempt)];
                self.begin(job, worker, at_ms, record);
            } else if let Some(span) = self.open.remove(&job) {
                self.end(span, at_ms, change_name, record);
            }
        }
    }

    fn begin(&mut self, job: usize, worker: &str, at_ms: u64, record: &mut Record) {
        let place = self.free.iter().position(|one| one.name == worker);
        let place = place.expect("tasks go to workers of the fleet");
        let (worker, task) = (&mut self.free[place], &self.jobs[job].task);
        if worker.has_room(task) && worker.suits(task) {
            worker.take(task);
        } else {
            record.beyond.push(format!("{} got {task:?} at {at_ms}", worker.name));
        }
        assert_eq!(self.open.insert(job, record.spans.len()), None, "one lease at a time");
        record.spans.push(Span { job, worker: place, from_ms: at_ms, ended: None });
    }

    fn end(&mut self, span: usize, at_ms: u64, change: String, record: &mut Record) {
        let span = &mut record.spans[span];
        let (worker, task) = (&mut self.free[span.worker], &self.jobs[span.job].task);
        worker.free_slots += 1;
        for (name, amount) in &task.resources.0 {
            *worker.free.0.get_mut(name).expect("all workers have it") += amount;
        }
        self.done += usize::from(change == "acked");
        span.ended = Some((at_ms, change));
    }
}

/// The worker of each lease, by task and attempt.
async fn worker_names(client: &Client, ids: &[String]) -> BTreeMap<(String, u64), String> {
    let mut names = BTreeMap::new();
    for ids in ids.chunks(ASKED_AT_ONCE) {
        let ask = |id: &String| {
            let (client, id) = (client.clone(), id.clone());
            async move {
                let history = client.get(&format!("/v1/tasks/{id}/history")).await.expect(200);
                (id, history)
            }
        };
        let asked: JoinSet<_> = ids.iter().map(ask).collect();
        for (id, history) in asked.join_all().await {
            for item in history["history"].as_array().expect("a history is a list") {
                if item["change"] == "leased" {
                    let attempt = item["attempt"].as_u64().expect("a lease is an attempt");
                    names.insert((id.clone(), attempt), text(&item["worker"]));
                }
            }
        }
    }
    names
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text is told").to_owned()
}
