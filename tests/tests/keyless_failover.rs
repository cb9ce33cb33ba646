//! G5, G9 and G12 for callers without keys: a follower repeats what it forwards under a key of its
//! own, also when it leads itself by then. `FERRY_ROUNDS` sets the number of kills.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ferry_tests::wait::{self, PATIENCE};
use ferry_tests::{Client, Cluster, Lease, rounds};
use serde_json::json;
use tokio::task::JoinSet;

/// Clients of each kind at each survivor.
const CLIENTS: usize = 24;
/// Longer than any run: what nobody holds stays visible.
const LEASE_MS: u64 = 3_600_000;

/// What clients were told.
#[derive(Default)]
struct Told {
    payload_of: BTreeMap<String, String>,
    leased: BTreeSet<String>,
    nacked: BTreeSet<String>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    answers: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g5_a_write_without_a_key_is_done_once_though_its_leader_is_killed() {
    let mut cluster = Cluster::start(3).await;
    cluster.client(1).put_queue("mail", json!({})).await;
    let mut told = Told::default();
    for round in 1..=rounds(4) {
        let leader = cluster.leader().await;
        let shared = Arc::new(Shared::default());
        let mut clients = JoinSet::new();
        for survivor in cluster.others(leader) {
            for number in 0..CLIENTS {
                let name = format!("{round}-{survivor}-{number}");
                let client = cluster.client(survivor);
                clients.spawn(produce(client.clone(), name, Arc::clone(&shared)));
                clients.spawn(consume(client, Arc::clone(&shared)));
            }
        }
        await_answers(&shared, 300).await;
        cluster.node(leader).kill();
        cluster.leader_other_than(leader).await;
        await_answers(&shared, 300).await;
        shared.stop.store(true, Ordering::Relaxed);
        for one in clients.join_all().await {
            told.payload_of.extend(one.payload_of);
            told.leased.extend(one.leased);
            told.nacked.extend(one.nacked);
        }
        cluster.restart(leader).await;
    }
    judge(&cluster, &told).await;
}

/// Enqueues payloads that nobody else uses, one at a time.
async fn produce(client: Client, name: String, shared: Arc<Shared>) -> Told {
    let mut told = Told::default();
    while !shared.stop.load(Ordering::Relaxed) {
        let payload = format!("{name}-{}", told.payload_of.len());
        let answer = client.post("/v1/queues/mail/tasks", json!({"payload": payload})).await;
        let task = answer.expect(201)["id"].as_str().map(str::to_owned);
        told.payload_of.insert(task.expect("a task has an id"), payload);
        shared.answers.fetch_add(1, Ordering::Relaxed);
    }
    told
}

/// Takes tasks, keeps every second lease and nacks the others until long after the run.
async fn consume(client: Client, shared: Arc<Shared>) -> Told {
    let mut told = Told::default();
    while !shared.stop.load(Ordering::Relaxed) {
        let body = json!({"max": 2, "wait_ms": 200, "lease_ms": LEASE_MS});
        let answer = client.post("/v1/queues/mail/dequeue", body).await.expect(200);
        for task in answer["tasks"].as_array().expect("a list") {
            let lease = Lease::read(task);
            assert_eq!(lease.attempt, 1, "{task} was leased before");
            if told.leased.len() % 2 == 1 {
                let delay = json!({"delay_ms": LEASE_MS});
                client.settle(&lease.id, "nack", delay).await.expect(200);
                told.nacked.insert(lease.task.clone());
            }
            let is_new = told.leased.insert(lease.task);
            assert!(is_new, "{task} was leased twice");
        }
        shared.answers.fetch_add(1, Ordering::Relaxed);
    }
    told
}

async fn await_answers(shared: &Shared, more: usize) {
    let wanted = shared.answers.load(Ordering::Relaxed) + more;
    let enough = async || (shared.answers.load(Ordering::Relaxed) >= wanted).then_some(());
    wait::until("the clients to be answered", PATIENCE, enough).await;
}

/// Every task is one that a producer was told of, and every lease is one that a worker was given.
async fn judge(cluster: &Cluster, told: &Told) {
    let tasks = cluster.client(1).all_pages("/v1/tasks", "tasks", "").await;
    assert!(tasks.len() > 1_000 && told.nacked.len() > 100, "too little was done to tell");
    let mut twice = Vec::new();
    let mut orphaned = Vec::new();
    for task in &tasks {
        let id = task["id"].as_str().expect("a task has an id");
        let payload = task["payload"].as_str();
        if told.payload_of.get(id).map(String::as_str) != payload {
            twice.push(task);
        }
        let is_fine = match task["state"].as_str() {
            Some("ready") => !told.leased.contains(id),
            Some("leased") => told.leased.contains(id) && !told.nacked.contains(id),
            Some("retrying") => told.nacked.contains(id),
            _ => false,
        };
        if !is_fine {
            orphaned.push(task);
        }
    }
    assert!(twice.is_empty(), "{} tasks that no producer was told of: {twice:?}", twice.len());
    assert!(orphaned.is_empty(), "{} tasks without a holder: {orphaned:?}", orphaned.len());
    assert_eq!(tasks.len(), told.payload_of.len(), "an acknowledged task is missing");
}
