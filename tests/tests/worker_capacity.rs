//! Fifty workers of three sizes under 20,000 tasks with mixed needs, with the leader and ten workers
//! killed: nobody carries more than it can, nothing is lost or done twice, what the lost had runs
//! again soon, and it all takes little longer than with a scheduler that knows everything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ferry_client::Client;
use ferry_client::api::{AckRequest, TaskDocument, WorkerSettings};
use ferry_client::worker::{Event, Outcome, Worker};
use ferry_scheduler::Policy;
use ferry_tests::fleet::{
    self, Job, ListScheduler, Loss, QUEUE, Record, RoundRobin, Span, makespan,
};
use ferry_tests::{Cluster, assert_replicas_equal, millis, wait};
use serde_json::json;
use tokio::task::JoinHandle;

const TASKS: usize = 20_000;
/// The mean task takes a second: the workers' time, not the cluster's, is what runs out.
const PACE: u64 = 4;
const SESSION_MS: u64 = 3_000;
const SLACK_MS: u64 = 2_000;
/// How long all tasks may take.
const PATIENCE: Duration = Duration::from_secs(150);

/// How often each task was acked well, as the workers saw it.
type Acked = Arc<Mutex<BTreeMap<String, u32>>>;

/// A worker of the product's own client, at work until it is aborted: as sudden as a kill.
fn work(urls: &[String], of: &ferry_scheduler::Worker, acked: Acked) -> JoinHandle<()> {
    let client = Client::builder().servers(urls).build().expect("the URLs are valid");
    let settings = WorkerSettings {
        slots: of.slots,
        resources: of.resources.0.clone(),
        labels: of.labels.clone(),
        session_ms: SESSION_MS,
        ..WorkerSettings::default()
    };
    let listener = move |event: Event<'_>| {
        if let Event::Settled(item) = event
            && item.code.is_none()
        {
            let task = item.lease.task.to_string();
            *acked.lock().expect("nobody panics").entry(task).or_default() += 1;
        }
    };
    let queues = vec![QUEUE.parse().expect("a queue's name")];
    let worker = Worker::new(client, queues)
        .registered(of.name.parse().expect("a worker's name"), settings)
        .listener(listener);
    let handler = async |task: TaskDocument| {
        let payload = task.payload.as_deref().map(|payload| payload.get().parse());
        let millis = payload.expect("there is a payload").expect("it is a number");
        wait::work(Duration::from_millis(millis)).await;
        Outcome::Done(AckRequest::default())
    };
    tokio::spawn(async move {
        let ended = worker.run(handler, std::future::pending()).await;
        panic!("a worker ended by itself: {ended:?}");
    })
}

async fn enqueue(client: &ferry_tests::Client, jobs: &[Job]) -> Vec<String> {
    let mut ids = Vec::with_capacity(jobs.len());
    for jobs in jobs.chunks(1_000) {
        let task = |Job { task, millis }: &Job| {
            json!({"payload": millis, "type": task.kind, "resources": task.resources.0,
                "selector": task.selector})
        };
        let tasks: Vec<_> = jobs.iter().map(task).collect();
        let path = format!("/v1/queues/{QUEUE}/tasks");
        let answer = client.post(&path, json!({"tasks": tasks})).await.expect(201);
        let tasks = answer["tasks"].as_array().expect("a batch answers with its tasks");
        ids.extend(tasks.iter().map(|task| task["id"].as_str().expect("an id").to_owned()));
    }
    ids
}

async fn progress(acked: &Acked, tasks: usize) {
    wait::until(&format!("{tasks} tasks to be done"), PATIENCE, async || {
        (acked.lock().expect("nobody panics").len() >= tasks).then_some(())
    })
    .await;
}

/// The cluster's time, which stands still while there is no leader: that of a write.
async fn now_ms(client: &ferry_tests::Client) -> u64 {
    let task = client.enqueue("clock", json!({"payload": 0})).await;
    millis(&client.get(&format!("/v1/tasks/{task}")).await.expect(200)["enqueued_at"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mixed_tasks_stay_within_workers_and_outlive_the_leader_and_ten_workers() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let urls: Vec<_> =
        cluster.ids().into_iter().map(|id| cluster.client(id).base().to_owned()).collect();
    let client = cluster.client(cluster.others(leader)[0]);
    client.put_queue(QUEUE, json!({"assign": "best_fit", "max_attempts": 0})).await;
    let jobs = fleet::pile(TASKS, PACE, &Policy::BestFit);
    let ids = enqueue(&client, &jobs).await;

    let (acked, began) = (Acked::default(), Instant::now());
    let workers: Vec<_> =
        fleet::workers().iter().map(|one| work(&urls, one, acked.clone())).collect();
    progress(&acked, TASKS / 4).await;
    cluster.node(leader).kill();
    progress(&acked, TASKS / 2).await;
    let killed: BTreeSet<usize> = (0..fleet::WORKERS).step_by(5).collect();
    killed.iter().for_each(|place| workers[*place].abort());
    let killed_ms = now_ms(&client).await;
    let losses: Vec<_> =
        killed.iter().map(|&worker| Loss { at_ms: elapsed_ms(began), worker }).collect();
    // What a killed worker acked last may have been done without its knowing.
    progress(&acked, TASKS - 10).await;
    wait::until("all to be done", PATIENCE, async || {
        (client.count(QUEUE, "succeeded").await == TASKS as u64).then_some(())
    })
    .await;
    let took_ms = elapsed_ms(began);
    workers.iter().for_each(JoinHandle::abort);

    let record = Record::read(&client, &jobs, &ids).await;
    assert_eq!(record.beyond, Vec::<String>::new(), "nobody carries more than it can");
    let acks = record.spans.iter().filter(|span| ended_by(span, "acked"));
    let done: BTreeSet<_> = acks.clone().map(|span| span.job).collect();
    assert_eq!((acks.count(), done.len()), (TASKS, TASKS), "each is completed, and once");
    let twice = acked.lock().expect("nobody panics").values().filter(|times| **times > 1).count();
    assert_eq!(twice, 0, "no two workers were told that they completed the same");
    runs_again(&record, &killed, killed_ms);
    takes_little_longer(took_ms, &jobs, &losses);
    cluster.restart(leader).await;
    assert_replicas_equal(&cluster).await;
}

fn elapsed_ms(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).expect("a test is short")
}

fn ended_by(span: &Span, change: &str) -> bool {
    span.ended.as_ref().is_some_and(|(_, ended)| ended == change)
}

/// Every task of a killed worker is leased again within its session and some slack.
fn runs_again(record: &Record, killed: &BTreeSet<usize>, killed_ms: u64) {
    let abandoned: Vec<_> = record
        .spans
        .iter()
        .filter(|span| killed.contains(&span.worker) && ended_by(span, "lease_expired"))
        .collect();
    assert!(abandoned.len() > 20, "ten workers had only {} tasks", abandoned.len());
    let again = |span: &&Span| {
        let after = |next: &&Span| next.job == span.job && next.from_ms > span.from_ms;
        let next = record.spans.iter().find(after).expect("it ran again");
        next.from_ms.saturating_sub(killed_ms)
    };
    let mut delays: Vec<u64> = abandoned.iter().map(again).collect();
    delays.sort_unstable();
    let (median, longest) = (delays[delays.len() / 2], delays[delays.len() - 1]);
    println!("{} abandoned tasks ran again after {median} ms, at most {longest}", delays.len());
    assert!(longest <= SESSION_MS + SLACK_MS, "one took {longest} ms: {delays:?}");
}

/// Compares with schedulers that have the same losses at the same time and learn of them at once.
fn takes_little_longer(took_ms: u64, jobs: &[Job], losses: &[Loss]) {
    let known = makespan(jobs, losses, &mut ListScheduler::new(jobs));
    let robin = makespan(jobs, losses, &mut RoundRobin::new(jobs));
    let told = format!("{took_ms} ms, {known} with all known, {robin} round robin");
    println!("{told}");
    assert!(took_ms as f64 <= 1.15 * known as f64, "{told}");
    assert!(robin as f64 >= 1.3 * took_ms as f64, "{told}");
}
