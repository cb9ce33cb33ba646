//! Workers of three sizes under tasks with mixed needs, with the leader and workers killed: nobody
//! carries more than it can, nothing is lost, and nothing is done twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ferry_tests::{Client, Cluster, Lease, wait};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const TASKS: usize = 1_500;
const WORKERS: usize = 12;
const SESSION_MS: u64 = 2_000;

/// What the workers saw.
#[derive(Default)]
struct Seen {
    /// How often each task was acked well.
    acked: BTreeMap<String, u32>,
    /// Where a worker had more than it can carry.
    beyond: Vec<String>,
}

/// Slots and CPU of a worker.
fn size(worker: usize) -> (usize, u64) {
    [(2, 2_000), (4, 4_000), (8, 8_000)][worker % 3]
}

/// A worker that connects wherever it can, and runs what it is assigned for as long as it says.
async fn work(clients: Vec<Client>, worker: usize, seen: Arc<Mutex<Seen>>) {
    let (slots, cpu) = size(worker);
    let settings = json!({"queues": ["q"], "slots": slots, "resources": {"cpu": cpu},
        "labels": {"zone": format!("z{}", worker % 2)}, "session_ms": SESSION_MS});
    let (path, mut turn) = (format!("/v1/workers/w{worker}"), worker);
    // A lease that was live when a stream began may come over it after it was settled.
    let mut known = BTreeSet::new();
    let mut running = JoinSet::new();
    loop {
        turn += 1;
        let client = clients[turn % clients.len()].clone();
        let patience = Duration::from_secs(3);
        let put = client.request("PUT", &path).json(&settings).patience(patience).attempt().await;
        if put.is_err() {
            wait::breathe().await;
            continue;
        }
        let open = client.request("GET", &format!("{path}/assignments")).assignments();
        let Some(mut assignments) = open.await else { continue };
        loop {
            let task = tokio::select! {
                task = assignments.next() => match task {
                    Some(task) => task,
                    None => break,
                },
                Some(_) = running.join_next() => continue,
            };
            let lease = Lease::read(&task);
            if known.insert(lease.id.clone()) {
                running.spawn(run(clients.clone(), lease, task, seen.clone()));
            }
        }
    }
}

/// Runs a task and settles it, wherever that is answered.
async fn run(clients: Vec<Client>, lease: Lease, task: Value, seen: Arc<Mutex<Seen>>) {
    wait::work(Duration::from_millis(task["payload"].as_u64().expect("a number"))).await;
    for client in clients.iter().cycle().take(60) {
        let path = format!("/v1/leases/{}/ack", lease.id);
        let ack = client.request("POST", &path).json(&json!({})).patience(Duration::from_secs(4));
        match ack.attempt().await {
            Ok(answer) if answer.status == 200 => {
                let mut seen = seen.lock().expect("nobody panics");
                *seen.acked.entry(lease.task).or_default() += 1;
                return;
            }
            Ok(answer) if answer.status < 500 => return,
            Ok(_) | Err(_) => {
                wait::breathe().await;
            }
        }
    }
}

/// Checks from the leader's state that nobody has more than it can carry.
async fn look(client: &Client, seen: &Mutex<Seen>) {
    let patience = Duration::from_secs(2);
    let answer = client.request("GET", "/v1/workers?limit=1000").patience(patience).attempt().await;
    let Ok(answer) = answer else { return };
    for worker in answer.body["workers"].as_array().into_iter().flatten() {
        let number = |value: &Value| value.as_u64().unwrap_or(0);
        let is_beyond = number(&worker["load"]["slots"]) > number(&worker["slots"])
            || number(&worker["load"]["resources"]["cpu"]) > number(&worker["resources"]["cpu"]);
        if is_beyond {
            seen.lock().expect("nobody panics").beyond.push(worker.to_string());
        }
    }
}

fn tasks() -> Vec<Value> {
    let task = |number: usize| {
        let cpu = [500, 500, 1_000, 4_000][number % 4];
        let selector = if number.is_multiple_of(10) { json!({"zone": "z1"}) } else { json!({}) };
        json!({"payload": 5 + number % 40, "resources": {"cpu": cpu}, "selector": selector})
    };
    (0..TASKS).map(task).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mixed_tasks_stay_within_workers_and_outlive_leaders_and_workers() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let clients: Vec<Client> = cluster.ids().into_iter().map(|id| cluster.client(id)).collect();
    let client = cluster.client(cluster.others(leader)[0]);
    client.put_queue("q", json!({"assign": "best_fit", "max_attempts": 0})).await;
    let seen = Arc::new(Mutex::new(Seen::default()));
    let mut workers: Vec<_> = (0..WORKERS)
        .map(|worker| tokio::spawn(work(clients.clone(), worker, seen.clone())))
        .collect();
    for batch in tasks().chunks(500) {
        client.post("/v1/queues/q/tasks", json!({"tasks": batch})).await.expect(201);
    }
    let progress = |of: usize| {
        let (client, seen) = (client.clone(), seen.clone());
        async move {
            wait::until("progress", Duration::from_secs(120), async || {
                look(&client, &seen).await;
                let done = seen.lock().expect("nobody panics").acked.len();
                (done >= of).then_some(())
            })
            .await;
        }
    };
    progress(TASKS / 4).await;
    cluster.node(leader).kill();
    progress(TASKS / 2).await;
    for worker in workers.drain(..2) {
        worker.abort();
    }
    wait::until(
        "the lost workers to be gone",
        Duration::from_millis(SESSION_MS + 2_000),
        async || {
            look(&client, &seen).await;
            let page = client.get("/v1/workers").await.body;
            let names: BTreeSet<&str> = page["workers"]
                .as_array()?
                .iter()
                .filter_map(|one| one["worker"].as_str())
                .collect();
            (!names.contains("w0") && !names.contains("w1")).then_some(())
        },
    )
    .await;
    // What a killed worker acked last may have been done without its knowing.
    wait::until("all to be done", Duration::from_secs(120), async || {
        look(&client, &seen).await;
        (client.count("q", "succeeded").await == TASKS as u64).then_some(())
    })
    .await;
    workers.iter().for_each(tokio::task::JoinHandle::abort);
    let seen = seen.lock().expect("nobody panics");
    assert_eq!(seen.beyond, Vec::<String>::new(), "nobody carries more than it can");
    assert!(seen.acked.values().all(|times| *times == 1), "each is completed once");
    assert!(seen.acked.len() + 6 >= TASKS, "{} acks came through", seen.acked.len());
}
