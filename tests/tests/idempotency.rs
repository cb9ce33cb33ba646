//! G5: the same key with the same request gives the same answer, whoever is asked and whoever died.

use ferry_tests::{Answer, Client, Cluster, wait};
use serde_json::{Value, json};

const TASKS: &str = "/v1/queues/mail/tasks";

#[tokio::test]
async fn g5_a_key_gives_one_task_and_one_answer_on_every_node() {
    let cluster = Cluster::start(3).await;
    let first = keyed(&cluster.client(1), TASKS, json!({"payload": 1}), "k1").await;
    assert_eq!(first.header("ferry-replayed"), None);
    let first = first.expect(201);
    for node in cluster.ids() {
        let again = keyed(&cluster.client(node), TASKS, json!({"payload": 1}), "k1").await;
        assert_eq!(again.header("ferry-replayed"), Some("true"));
        assert_eq!(again.expect(201)["id"], first["id"]);
    }
    assert_eq!(cluster.client(1).count("mail", "ready").await, 1);
}

#[tokio::test]
async fn g5_a_repeated_change_of_a_queue_is_told_what_the_first_was() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let settings = json!({"max_tasks": 7});
    let limit = json!({"match": {"queue": "mail"}, "max_concurrency": 5});
    client.enqueue_many("mail", 2).await;
    client.take("mail", 600_000).await;
    let asked = [
        ("PUT", "queues/new", json!({}), "k1", 201),
        ("PUT", "queues/mail", settings, "k2", 200),
        ("POST", "queues/mail/pause", json!({}), "k3", 200),
        ("POST", "queues/mail/resume", json!({}), "k4", 200),
        ("PUT", "limits/l", limit, "k5", 201),
    ];
    let mut first = Vec::new();
    for (method, rest, body, key, status) in &asked {
        first.push(change(&client, method, rest, body.clone(), key).await.expect(*status));
    }
    assert_eq!((&first[2]["paused"], &first[3]["paused"]), (&json!(true), &json!(false)));
    assert_eq!(first[2]["settings"]["max_tasks"], 7);
    assert_eq!((&first[1]["counts"]["leased"], &first[4]["leased"]), (&json!(1), &json!(1)));

    client.enqueue_many("mail", 3).await;
    client.take("mail", 600_000).await;
    client.enqueue_many("new", 1).await;
    client.put_queue("mail", json!({"lease_ms": 5})).await;
    let client = cluster.kill_leader().await;
    for deleted in [false, true] {
        if deleted {
            client.delete("/v1/queues/mail?force=true").await.expect(204);
            client.delete("/v1/queues/new?force=true").await.expect(204);
            client.delete("/v1/limits/l").await.expect(204);
        }
        for ((method, rest, body, key, status), first) in asked.iter().zip(&first) {
            let again = change(&client, method, rest, body.clone(), key).await;
            assert_eq!(again.header("ferry-replayed"), Some("true"));
            assert_eq!(again.expect(*status), *first, "{method} {rest}, deleted: {deleted}");
        }
    }
}

#[tokio::test]
async fn g5_a_repeated_change_of_a_worker_or_a_schedule_is_told_what_the_first_was() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let worker = |slots: u64| json!({"queues": ["mail"], "slots": slots, "session_ms": 600_000});
    let schedule =
        |every_ms: u64| json!({"every_ms": every_ms, "queue": "mail", "task": {"payload": 1}});
    client.put("/v1/workers/w", worker(3)).await.expect(201);
    client.put("/v1/schedules/s", schedule(1_000)).await.expect(201);
    fires_after(&client, &Value::Null).await;
    let taken = client.dequeue("mail", json!({"worker": "w", "lease_ms": 600_000})).await;
    assert_eq!(taken.len(), 1);
    let asked = [
        ("PUT", "workers/new", worker(1), "k1", 201),
        ("PUT", "workers/w", worker(2), "k2", 200),
        ("POST", "workers/w/drain", json!({}), "k3", 200),
        ("PUT", "schedules/new", schedule(60_000), "k4", 201),
        ("PUT", "schedules/s", schedule(1_000), "k5", 200),
        ("DELETE", "workers/gone", Value::Null, "k6", 204),
        ("DELETE", "schedules/gone", Value::Null, "k7", 204),
    ];
    client.put("/v1/workers/gone", worker(1)).await.expect(201);
    client.put("/v1/schedules/gone", schedule(60_000)).await.expect(201);
    let mut first = Vec::new();
    for (method, rest, body, key, status) in &asked {
        first.push(change(&client, method, rest, body.clone(), key).await.expect(*status));
    }
    assert_eq!((&first[1]["load"]["slots"], &first[2]["load"]["slots"]), (&json!(1), &json!(1)));
    assert_eq!((&first[2]["draining"], &first[2]["slots"]), (&json!(true), &json!(2)));

    fires_after(&client, &first[4]["last_task"]).await;
    client.put("/v1/workers/w", worker(9)).await.expect(200);
    let client = cluster.kill_leader().await;
    for deleted in [false, true] {
        if deleted {
            for rest in ["workers/w", "workers/new", "schedules/s", "schedules/new"] {
                client.delete(&format!("/v1/{rest}")).await.expect(204);
            }
        }
        for ((method, rest, body, key, status), first) in asked.iter().zip(&first) {
            let again = change(&client, method, rest, body.clone(), key).await;
            assert_eq!(again.header("ferry-replayed"), Some("true"));
            assert_eq!(again.expect(*status), *first, "{method} {rest}, deleted: {deleted}");
        }
    }
}

/// Waits until the schedule has given another task than `last`.
async fn fires_after(client: &Client, last: &Value) {
    let has_fired = async || {
        let now = client.get("/v1/schedules/s").await.expect(200);
        (now.get("last_task").unwrap_or(&Value::Null) != last).then_some(())
    };
    wait::until("a firing", wait::PATIENCE, has_fired).await;
}

async fn change(client: &Client, method: &str, rest: &str, body: Value, key: &str) -> Answer {
    let request = client.request(method, &format!("/v1/{rest}")).key(key);
    let request = if body.is_null() { request } else { request.json(&body) };
    request.send().await
}

#[tokio::test]
async fn g5_a_key_with_another_request_is_refused() {
    let cluster = Cluster::start(3).await;
    keyed(&cluster.client(1), TASKS, json!({"payload": 1}), "k1").await.expect(201);
    let others = [
        (TASKS, json!({"payload": 2})),
        ("/v1/queues/other/tasks", json!({"payload": 1})),
        ("/v1/queues/mail/dequeue", json!({"max": 1})),
    ];
    for (path, body) in others {
        let answer = keyed(&cluster.client(2), path, body, "k1").await;
        answer.expect_problem(422, "idempotency_mismatch");
    }
    assert_eq!(cluster.client(1).count("mail", "ready").await, 1);
}

#[tokio::test]
async fn g5_concurrent_requests_under_one_key_make_one_task() {
    let cluster = Cluster::start(3).await;
    let requests: Vec<_> = (0..30)
        .map(|number| {
            let client = cluster.client(number % 3 + 1);
            tokio::spawn(async move {
                keyed(&client, TASKS, json!({"payload": 1}), "k1").await.expect(201)
            })
        })
        .collect();
    let mut ids = Vec::new();
    for request in requests {
        ids.push(request.await.expect("a producer does not panic")["id"].clone());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "one key made several tasks");
    assert_eq!(cluster.client(1).count("mail", "ready").await, 1);
}

#[tokio::test]
async fn g5_a_repeated_dequeue_gives_the_same_leases() {
    let cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    client.enqueue_many("mail", 5).await;
    let path = "/v1/queues/mail/dequeue";
    let body = json!({"max": 2, "worker": "w"});
    let first = keyed(&client, path, body.clone(), "d1").await.expect(200);
    let again = keyed(&cluster.client(2), path, body, "d1").await;
    assert_eq!(again.header("ferry-replayed"), Some("true"));
    assert_eq!(leases(&again.expect(200)), leases(&first));
    assert_eq!(client.count("mail", "ready").await, 3);
}

#[tokio::test]
async fn g5_an_empty_dequeue_is_not_kept() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.put_queue("mail", json!({})).await;
    let path = "/v1/queues/mail/dequeue";
    let empty = keyed(&client, path, json!({"max": 1}), "d1").await.expect(200);
    assert_eq!(empty["tasks"], json!([]));
    client.enqueue("mail", json!({"payload": 1})).await;
    let full = keyed(&client, path, json!({"max": 1}), "d1").await.expect(200);
    assert_eq!(leases(&full).len(), 1);
}

#[tokio::test]
async fn g5_a_refusal_is_not_kept() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.put_queue("mail", json!({"max_tasks": 1})).await;
    client.enqueue("mail", json!({"payload": "fills it"})).await;
    let full = keyed(&client, TASKS, json!({"payload": 1}), "k1").await;
    full.expect_problem(429, "queue_full");
    client.put_queue("mail", json!({})).await;
    keyed(&client, TASKS, json!({"payload": 1}), "k1").await.expect(201);
}

#[tokio::test]
async fn g5_a_repeated_dequeue_gives_what_was_settled_and_what_was_leased_after_a_wait() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.enqueue("mail", json!({"payload": 1})).await;
    let lease = client.take("mail", 30_000).await;
    let settle = json!([{"lease": lease.id, "action": "ack"}]);
    let body = json!({"max": 1, "wait_ms": 10_000, "settle": settle});
    let path = "/v1/queues/mail/dequeue";
    let waiter = {
        let (client, body) = (client.clone(), body.clone());
        tokio::spawn(async move { keyed(&client, path, body, "d1").await.expect(200) })
    };
    // The settlement does not wait for the poll's end.
    let is_settled = async || (client.state(&lease.task).await == "succeeded").then_some(());
    ferry_tests::wait::until("the settlement", ferry_tests::wait::PATIENCE, is_settled).await;
    client.enqueue("mail", json!({"payload": 2})).await;
    let first = waiter.await.expect("the waiter does not panic");
    let again = keyed(&client, path, body, "d1").await.expect(200);
    assert_eq!(leases(&again), leases(&first));
    assert_eq!(again["settled"], first["settled"]);
    assert_eq!(first["settled"][0]["status"], 200);
}

#[tokio::test]
async fn g5_keys_outlive_the_leader_a_snapshot_and_a_restart_of_all() {
    let mut cluster = Cluster::builder(3)
        .setting("snapshot_entries", 50)
        .setting("log_entries_kept", 10)
        .start()
        .await;
    let first = keyed(&cluster.client(1), TASKS, json!({"payload": 1}), "k1").await.expect(201);
    let leader = cluster.leader().await;
    cluster.node(leader).kill();
    let survivor = cluster.others(leader)[0];
    let again = keyed(&cluster.client(survivor), TASKS, json!({"payload": 1}), "k1").await;
    assert_eq!(again.header("ferry-replayed"), Some("true"));
    assert_eq!(again.expect(201)["id"], first["id"]);
    cluster.restart(leader).await;

    for number in 0..120 {
        cluster.client(survivor).enqueue("other", json!({"payload": number})).await;
    }
    cluster.kill_all();
    cluster.start_all();
    cluster.wait_all_ready().await;
    for node in cluster.ids() {
        let again = keyed(&cluster.client(node), TASKS, json!({"payload": 1}), "k1").await;
        assert_eq!(again.expect(201)["id"], first["id"]);
    }
    assert_eq!(cluster.client(1).count("mail", "ready").await, 1);
}

#[tokio::test]
async fn keys_that_break_the_grammar_are_refused() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let long = "x".repeat(256);
    for key in ["a b", long.as_str(), "", "\u{e9}"] {
        let answer = keyed(&client, TASKS, json!({"payload": 1}), key).await;
        answer.expect_problem(400, "invalid_argument");
    }
    keyed(&client, TASKS, json!({"payload": 1}), &"x".repeat(255)).await.expect(201);
}

async fn keyed(client: &Client, path: &str, body: Value, key: &str) -> Answer {
    client.request("POST", path).json(&body).key(key).send().await
}

fn leases(answer: &Value) -> Vec<Value> {
    let tasks = answer["tasks"].as_array().expect("a list");
    tasks.iter().map(|task| task["lease"].clone()).collect()
}
