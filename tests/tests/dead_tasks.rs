//! Dead tasks and what operators do with them: retry and redrive.

use ferry_tests::wait::{self, PATIENCE};
use ferry_tests::{Answer, Client, Cluster};
use serde_json::{Value, json};

const REDRIVE: &str = "/v1/queues/mail/redrive";

/// Enough for several log entries, and for several looks of a rehearsal.
const MANY: usize = 12_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pain_14_a_redrive_loses_nothing_though_its_leader_is_killed() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let [one, other] = cluster.others(leader)[..] else { panic!("three nodes") };
    let client = cluster.client(one);
    client.put_queue("mail", json!({"max_attempts": 1})).await;
    let ids = client.enqueue_many("mail", MANY).await;
    kill_all_ready(&client).await;
    assert_eq!(client.count("mail", "dead").await, MANY as u64);
    let rehearsed = client.post(REDRIVE, json!({"dry_run": true})).await.expect(200);
    assert_eq!(rehearsed, json!({"redriven": MANY}));

    let redrive = {
        let client = client.clone();
        tokio::spawn(async move { client.post(REDRIVE, json!({})).await })
    };
    let looker = cluster.client(other);
    let has_begun = async || {
        let queue = looker.get("/v1/queues/mail?consistency=stale").await.expect(200);
        (queue["counts"]["dead"] != MANY).then_some(())
    };
    wait::until("the redrive to begin", PATIENCE, has_begun).await;
    cluster.node(leader).kill();
    let redriven = redrive.await.expect("a client does not panic").expect(200);
    assert_eq!(redriven, json!({"redriven": MANY}), "each is told once");

    let tasks = looker.all_pages("/v1/tasks", "tasks", "&queue=mail&state=ready").await;
    let ready: Vec<_> = tasks.iter().filter_map(|task| task["id"].as_str()).collect();
    assert_eq!(ready, ids, "all are ready, in their old order");
    let payloads = tasks.iter().enumerate().all(|(number, task)| task["payload"] == number);
    assert!(payloads && tasks.iter().all(|task| task["attempt"] == 0), "they changed");
}

#[tokio::test]
async fn a_redrive_that_finds_the_queue_full_says_so() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let ids = dead(&client, &[("a", "e"), ("a", "e"), ("a", "e")]).await;
    client.put_queue("mail", json!({"max_tasks": 2})).await;
    let redrive = client.request("POST", REDRIVE).key("r").json(&json!({}));
    let answer = redrive.send().await.expect(200);
    assert_eq!(answer, json!({"redriven": 2, "stopped": "queue_full"}));
    assert_eq!(states(&client, &ids).await, ["ready", "ready", "dead"]);
    let again = client.request("POST", REDRIVE).key("r").json(&json!({})).send().await;
    assert_eq!(again.expect(200), answer);
    client.post(REDRIVE, json!({})).await.expect_problem(429, "queue_full");
}

#[tokio::test]
async fn pain_14_a_redrive_has_a_filter_a_bound_and_a_rehearsal() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let ids = dead(&client, &[("a", "timeout: db"), ("b", "timeout: mx"), ("a", "no route")]).await;
    let before = client.queue("mail").await["counts"].clone();
    for (filter, count) in [
        (json!({}), 3),
        (json!({"type": "a"}), 2),
        (json!({"error": "timeout"}), 2),
        (json!({"labels": {"kind": "b"}}), 1),
        (json!({"key": "a"}), 2),
        (json!({"key": "b", "error": "timeout"}), 1),
        (json!({"type": "a", "error": "timeout"}), 1),
        (json!({"type": "c"}), 0),
    ] {
        let body = json!({"filter": filter, "dry_run": true});
        for node in cluster.ids() {
            let answer = cluster.client(node).post(REDRIVE, body.clone()).await.expect(200);
            assert_eq!(answer, json!({"redriven": count}), "{filter}");
        }
        let bounded = json!({"filter": filter, "dry_run": true, "max": 1});
        let answer = client.post(REDRIVE, bounded).await.expect(200);
        assert_eq!(answer["redriven"], count.min(1), "{filter}");
    }
    assert_eq!(client.queue("mail").await["counts"], before, "a rehearsal changed something");

    let client = cluster.kill_leader().await;

    let body = json!({"filter": {"type": "a"}, "max": 1});
    let answer = cluster.client(2).post(REDRIVE, body).await.expect(200);
    assert_eq!(answer, json!({"redriven": 1}));
    assert_eq!(states(&client, &ids).await, ["ready", "dead", "dead"]);
    let answer = client.post(REDRIVE, json!({"filter": {"error": "mx"}})).await.expect(200);
    assert_eq!(answer, json!({"redriven": 1}));
    assert_eq!(states(&client, &ids).await, ["ready", "ready", "dead"]);
    let answer = client.request("POST", REDRIVE).send().await.expect(200);
    assert_eq!(answer, json!({"redriven": 1}), "without a body all are redriven");
}

#[tokio::test]
async fn g5_a_repeated_redrive_changes_nothing() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    client.put_queue("mail", json!({"max_attempts": 1})).await;
    client.enqueue_many("mail", 2_500).await;
    kill_all_ready(&client).await;
    let body = json!({"max": 2_400});
    let redrive = |client: Client| {
        let body = body.clone();
        async move { client.request("POST", REDRIVE).json(&body).key("r1").send().await }
    };
    let first = redrive(client.clone()).await;
    assert_eq!(first.header("ferry-replayed"), None);
    assert_eq!(first.expect(200), json!({"redriven": 2_400}));
    kill_all_ready(&client).await;

    let leader = cluster.leader().await;
    cluster.node(leader).kill();
    for survivor in cluster.others(leader) {
        let again = redrive(cluster.client(survivor)).await;
        assert_eq!(again.header("ferry-replayed"), Some("true"));
        assert_eq!(again.expect(200), json!({"redriven": 2_400}));
        assert_eq!(cluster.client(survivor).count("mail", "dead").await, 2_500);
    }
    let survivor = cluster.client(cluster.others(leader)[0]);
    let other = survivor.request("POST", REDRIVE).json(&json!({})).key("r1").send().await;
    other.expect_problem(422, "idempotency_mismatch");
}

#[tokio::test]
async fn g12_a_redrive_that_runs_out_of_time_goes_on_when_it_is_repeated() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.put_queue("mail", json!({"max_attempts": 1})).await;
    client.enqueue_many("mail", MANY).await;
    kill_all_ready(&client).await;
    // Less than a dozen entries take on any disk.
    let mut patience_ms = 1;
    loop {
        let request = client.request("POST", REDRIVE).key("r1");
        let answer = request.header("ferry-timeout-ms", &patience_ms.to_string()).send().await;
        if answer.status == 200 {
            assert_eq!(answer.body, json!({"redriven": MANY}), "each is told once");
            break;
        }
        match client.count("mail", "dead").await == MANY as u64 {
            true => assert!(matches!(answer.status, 503 | 504), "{}", answer.text),
            false => drop(answer.expect_problem(504, "outcome_unknown")),
        }
        patience_ms *= 2;
    }
    assert!(patience_ms > 1, "the first try was not cut short");
    assert_eq!(client.count("mail", "ready").await, MANY as u64);
}

#[tokio::test]
async fn g6_a_redrive_stops_where_the_queue_is_full() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let ids = dead(&client, &[("a", "x"), ("a", "x"), ("a", "x")]).await;
    client.put_queue("mail", json!({"max_attempts": 1, "max_tasks": 2})).await;
    let stranger = client.enqueue("mail", json!({"payload": "in between"})).await;
    let answer = client.post(REDRIVE, json!({})).await.expect(200);
    let one = json!({"redriven": 1, "stopped": "queue_full"});
    assert_eq!(answer, one, "as many as the bound lets in");
    let full = client.request("POST", REDRIVE).key("r1").send().await;
    let full = full.expect_problem(429, "queue_full");
    assert_eq!((&full["queue"], &full["limit"]), (&json!("mail"), &json!(2)));
    let path = format!("/v1/tasks/{}/retry", ids[1]);
    client.post(&path, json!({})).await.expect_problem(429, "queue_full");
    assert_eq!(states(&client, &ids).await, ["ready", "dead", "dead"]);

    client.delete(&format!("/v1/tasks/{stranger}")).await.expect(200);
    let answer = client.request("POST", REDRIVE).key("r1").send().await.expect(200);
    assert_eq!(answer, one, "a refusal is not kept");
    assert_eq!(states(&client, &ids).await, ["ready", "ready", "dead"]);
}

#[tokio::test]
async fn a_retried_task_has_all_its_attempts_and_its_place() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let ids = dead(&client, &[("a", "x")]).await;
    client.enqueue("mail", json!({"payload": "came later"})).await;
    let path = format!("/v1/tasks/{}/retry", ids[0]);
    let task = cluster.client(2).request("POST", &path).send().await.expect(200);
    assert_eq!((&task["state"], &task["attempt"]), (&json!("ready"), &json!(0)));
    assert_eq!(task["payload"], 0, "it is shown like in GET: {task}");
    let client = cluster.kill_leader().await;
    client.post(&path, json!({})).await.expect_problem(409, "wrong_state");
    let lease = client.take("mail", 600_000).await;
    assert_eq!((&lease.task, lease.attempt), (&ids[0], 1));
    client.post(&path, json!({})).await.expect_problem(409, "wrong_state");
    client.post("/v1/tasks/t999999/retry", json!({})).await.expect_problem(404, "task_not_found");
}

#[tokio::test]
async fn a_task_that_waits_runs_now_if_asked_to() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let scheduled = client.enqueue("mail", json!({"payload": 1, "delay_ms": 3_600_000})).await;
    let waiter = {
        let client = cluster.client(2);
        tokio::spawn(async move { client.take("mail", 30_000).await })
    };
    let path = format!("/v1/tasks/{scheduled}/run-now");
    let task = cluster.client(3).post(&path, json!({})).await.expect(200);
    assert_eq!(task["state"], "ready");
    let lease = waiter.await.expect("a client does not panic");
    assert_eq!(lease.task, scheduled);
    client.post(&path, json!({})).await.expect_problem(409, "wrong_state");
    client.settle(&lease.id, "nack", json!({"delay_ms": 3_600_000})).await.expect(200);
    let client = cluster.kill_leader().await;
    client.post(&path, json!({})).await.expect(200);
    assert_eq!(client.take("mail", 30_000).await.attempt, 2, "its attempts stay used");
}

/// Dead tasks of these types, each also as the key and the label `kind`, that failed with these
/// errors; their payloads are their numbers.
async fn dead(client: &Client, tasks: &[(&str, &str)]) -> Vec<String> {
    client.put_queue("mail", json!({"max_attempts": 1})).await;
    let mut ids = Vec::new();
    for (number, (kind, error)) in tasks.iter().enumerate() {
        let labels = json!({ "kind": kind });
        let task = json!({"payload": number, "type": kind, "key": kind, "labels": labels});
        ids.push(client.enqueue("mail", task).await);
        let lease = client.take("mail", 30_000).await;
        client.settle(&lease.id, "nack", json!({"error": error})).await.expect(200);
    }
    ids
}

/// Takes all that is ready and lets it fail for the last time.
async fn kill_all_ready(client: &Client) {
    let mut settle: Vec<Value> = Vec::new();
    loop {
        let body = json!({"max": 1_000, "lease_ms": 600_000, "settle": settle});
        let answer: Answer = client.post("/v1/queues/mail/dequeue", body).await;
        let answer = answer.expect(200);
        let tasks = answer["tasks"].as_array().expect("a list");
        let nack = |task: &Value| json!({"lease": task["lease"]["id"], "action": "nack"});
        settle = tasks.iter().map(nack).collect();
        if settle.is_empty() {
            return;
        }
    }
}

async fn states(client: &Client, ids: &[String]) -> Vec<String> {
    let mut states = Vec::new();
    for id in ids {
        states.push(client.state(id).await);
    }
    states
}
