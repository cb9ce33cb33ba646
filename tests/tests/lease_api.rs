//! Leases: one owner, one completion, and what a worker that comes too late is told.

use std::time::Duration;

use ferry_tests::wait;
use ferry_tests::{Cluster, millis};
use serde_json::json;

#[tokio::test]
async fn g3_repeating_the_ack_that_won_gives_the_same_answer() {
    let mut cluster = Cluster::start(3).await;
    let id = cluster.client(1).enqueue("mail", json!({"payload": 1})).await;
    let lease = cluster.client(2).take("mail", 30_000).await;
    let first = cluster.client(3).settle(&lease.id, "ack", json!({"result": 42})).await.expect(200);
    assert_eq!(first["task"], id.as_str());
    assert_eq!((&first["state"], &first["attempt"]), (&json!("succeeded"), &json!(1)));
    for node in cluster.ids() {
        let client = cluster.client(node);
        let again = client.settle(&lease.id, "ack", json!({"result": 42})).await.expect(200);
        assert_eq!(again, first);
    }
    let client = cluster.kill_leader().await;
    let again = client.settle(&lease.id, "ack", json!({"result": 42})).await.expect(200);
    assert_eq!(again, first);
    assert_eq!(client.task(&id).await["result"], 42);
}

#[tokio::test]
async fn g2_a_stale_lease_is_refused_and_changes_nothing() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let id = client.enqueue("mail", json!({"payload": 1})).await;
    let stale = client.take("mail", 300).await;
    let fresh = client.take("mail", 600_000).await;
    assert!(fresh.token > stale.token);
    assert_eq!(fresh.attempt, 2);
    let client = cluster.kill_leader().await;
    for action in ["ack", "nack", "extend", "release"] {
        let refusal = client.settle(&stale.id, action, json!({})).await;
        let refusal = refusal.expect_problem(409, "lease_lost");
        assert_eq!(refusal["state"], "leased", "{action}");
        assert_eq!(refusal["attempt"], 2, "{action}");
    }
    assert_eq!(client.state(&id).await, "leased");
    client.settle(&fresh.id, "ack", json!({})).await.expect(200);
    let refusal = client.settle(&stale.id, "ack", json!({})).await;
    assert_eq!(refusal.expect_problem(409, "lease_lost")["state"], "succeeded");
}

#[tokio::test]
async fn an_expired_lease_cannot_be_settled_even_if_nobody_took_the_task() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let id = client.enqueue("mail", json!({"payload": 1})).await;
    let lease = client.take("mail", 200).await;
    let is_ready = async || (client.state(&id).await == "ready").then_some(());
    wait::until("the lease to run out", Duration::from_secs(5), is_ready).await;
    client.settle(&lease.id, "ack", json!({})).await.expect_problem(409, "lease_lost");
}

#[tokio::test]
async fn an_expired_lease_gives_its_task_back_in_time() {
    let cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    client.enqueue("mail", json!({"payload": 1})).await;
    let first = client.take("mail", 500).await;
    let second = client.take("mail", 1_000).await;
    let granted = second.expires_ms - 1_000;
    assert!(granted >= first.expires_ms, "it was handed out before the deadline");
    let late = granted - first.expires_ms;
    assert!(late <= 1_000, "it came back {late} ms after the deadline");
}

#[tokio::test]
async fn the_last_attempt_that_expires_makes_a_task_dead() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let id = client.enqueue("mail", json!({"payload": 1, "max_attempts": 1})).await;
    client.take("mail", 200).await;
    let is_dead = async || (client.state(&id).await == "dead").then_some(());
    wait::until("the task to be dead", Duration::from_secs(5), is_dead).await;
}

#[tokio::test]
async fn pain_7_a_lease_is_extended_as_often_as_its_worker_likes() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let id = client.enqueue("mail", json!({"payload": 1})).await;
    let lease = client.take("mail", 1_000).await;
    let mut last = lease.expires_ms;
    wait::holds("the lease", Duration::from_secs(3), async || {
        let answer = client.settle(&lease.id, "extend", json!({"lease_ms": 1_000})).await;
        if answer.status != 200 {
            return Err(answer.text);
        }
        let expires = millis(&answer.body["expires_at"]);
        if expires < last || answer.body["cancelled"] != false {
            return Err(format!("{} after {last}", answer.text));
        }
        last = expires;
        Ok(())
    })
    .await;
    assert_eq!(client.task(&id).await["attempt"], 1);
    let long =
        client.settle(&lease.id, "extend", json!({"lease_ms": 43_200_000})).await.expect(200);
    assert!(millis(&long["expires_at"]) > last + 43_000_000);
}

#[tokio::test]
async fn a_release_counts_as_nothing() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let id = client.enqueue("mail", json!({"payload": 1, "max_attempts": 1})).await;
    for _ in 0..3 {
        let lease = client.take("mail", 30_000).await;
        assert_eq!(lease.attempt, 1);
        let released = client.settle(&lease.id, "release", json!({})).await.expect(200);
        assert_eq!((&released["state"], &released["attempt"]), (&json!("ready"), &json!(0)));
    }
    assert_eq!(client.state(&id).await, "ready");
}

#[tokio::test]
async fn a_nack_can_end_a_task_at_once() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.enqueue("mail", json!({"payload": 1})).await;
    let lease = client.take("mail", 30_000).await;
    let body = json!({"error": "cannot ever work", "dead": true});
    let answer = client.settle(&lease.id, "nack", body).await.expect(200);
    assert_eq!(answer["state"], "dead");
}

#[tokio::test]
async fn a_settle_list_answers_each_item_in_order() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.enqueue_many("mail", 4).await;
    let leases = client.dequeue("mail", json!({"max": 4, "lease_ms": 30_000})).await;
    let [one, two, three, four] = &leases[..] else { panic!("four leases, not {leases:?}") };
    let body = json!({"settle": [
        {"lease": one.id, "action": "ack", "result": "r"},
        {"lease": format!("{}9", two.id), "action": "ack"},
        {"lease": two.id, "action": "nack", "error": "no", "delay_ms": 0},
        {"lease": three.id, "action": "release"},
        {"lease": four.id, "action": "extend", "lease_ms": 60_000},
        {"lease": "l999999.1", "action": "ack"},
    ]});
    let answer = client.post("/v1/leases/settle", body).await.expect(200);
    let settled = answer["settled"].as_array().expect("an answer per item");
    let statuses: Vec<_> = settled.iter().filter_map(|item| item["status"].as_u64()).collect();
    assert_eq!(statuses, [200, 409, 200, 200, 200, 404], "{answer}");
    assert_eq!(settled[1]["code"], "lease_lost");
    assert_eq!(settled[5]["code"], "lease_not_found");
    assert_eq!(settled[0]["lease"], one.id.as_str());
    assert!(settled[4]["expires_at"].is_string(), "{answer}");
    assert_eq!(client.count("mail", "succeeded").await, 1);
    assert_eq!(client.count("mail", "ready").await, 2);
    assert_eq!(client.count("mail", "leased").await, 1);
}

#[tokio::test]
async fn a_dequeue_settles_the_last_task_on_the_way() {
    let cluster = Cluster::start(3).await;
    let client = cluster.client(2);
    client.enqueue_many("mail", 3).await;
    let mut settle = json!([]);
    for number in 0..3 {
        let body = json!({"max": 1, "worker": "w", "settle": settle});
        let answer = client.post("/v1/queues/mail/dequeue", body).await.expect(200);
        let task = &answer["tasks"][0];
        assert_eq!(task["payload"], number);
        if number > 0 {
            assert_eq!(answer["settled"][0]["status"], 200, "{answer}");
        }
        settle = json!([{"lease": task["lease"]["id"], "action": "ack"}]);
    }
    let body = json!({"max": 1, "wait_ms": 200, "settle": settle});
    let last = client.post("/v1/queues/mail/dequeue", body).await.expect(200);
    assert_eq!(last["tasks"], json!([]));
    assert_eq!(last["settled"][0]["status"], 200, "{last}");
    assert_eq!(client.count("mail", "succeeded").await, 3);
}

#[tokio::test]
async fn an_expired_idle_queue_orphans_nothing() {
    // Pain 2: with nobody asking, a lease still runs out and the task is there for the next.
    let cluster = Cluster::start(3).await;
    let client = cluster.client(3);
    client.enqueue_many("mail", 20).await;
    client.dequeue("mail", json!({"max": 20, "lease_ms": 400})).await;
    let are_back = async || (client.count("mail", "ready").await == 20).then_some(());
    wait::until("all tasks to be ready again", Duration::from_secs(5), are_back).await;
}
