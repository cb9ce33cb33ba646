//! Workflows: tasks that come after one another, over several queues, through the death of leaders.

use std::collections::BTreeMap;

use ferry_tests::wait::{self, PATIENCE};
use ferry_tests::{Client, Cluster, assert_replicas_equal};
use serde_json::{Value, json};

use crate::bad_input::{start, unchanged};

const WORKFLOWS: &str = "/v1/workflows";

/// Tasks of a fan-out.
const MANY: usize = 10_000;

fn task(task_ref: &str, queue: &str, depends_on: &[&str]) -> Value {
    json!({"ref": task_ref, "queue": queue, "payload": task_ref, "depends_on": depends_on})
}

/// Submits tasks, which takes a while if they are many, and gives the workflow's path.
async fn submit(client: &Client, tasks: Vec<Value>) -> String {
    let count = tasks.len();
    let request = client.request("POST", WORKFLOWS).json(&json!({"tasks": tasks}));
    let answer = request.header("Ferry-Timeout-Ms", "60000").patience(2 * PATIENCE).send().await;
    let answer = answer.expect(201);
    assert_eq!(answer["tasks"].as_array().map(Vec::len), Some(count));
    format!("{WORKFLOWS}/{}", answer["id"].as_str().expect("a workflow has an id"))
}

/// The states of the tasks of a workflow by their refs, from all pages of its graph.
async fn states(client: &Client, path: &str) -> BTreeMap<String, String> {
    let (mut states, mut token) = (BTreeMap::new(), String::new());
    loop {
        let page = client.get(&format!("{path}?limit=3{token}")).await.expect(200);
        for task in page["graph"]["tasks"].as_array().expect("a graph has tasks") {
            let text = |field: &str| task[field].as_str().expect("a text").to_owned();
            states.insert(text("ref"), text("state"));
        }
        match page["next_page_token"].as_str() {
            Some(next) => token = format!("&page_token={next}"),
            None => return states,
        }
    }
}

/// Does the one task that is ready in a queue.
async fn work(client: &Client, queue: &str, expected: &str, action: &str, body: Value) {
    let lease = client.take(queue, 600_000).await;
    assert_eq!(lease.payload, expected);
    client.settle(&lease.id, action, body).await.expect(200);
}

#[tokio::test]
async fn a_chain_and_a_diamond_run_in_order_through_the_death_of_the_leader() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let [one, other] = cluster.others(leader)[..] else { panic!("three nodes") };
    let client = cluster.client(one);
    let chain = vec![task("c", "p", &["b"]), task("b", "q", &["a"]), task("a", "p", &[])];
    let chain = submit(&client, chain).await;
    let diamond = ["left", "right"].map(|side| task(side, "side", &["top"]));
    let [left, right] = diamond;
    let ends = [task("top", "ends", &[]), task("bottom", "ends", &["left", "right"])];
    let [top, bottom] = ends;
    let diamond = submit(&client, vec![top, left, right, bottom]).await;

    work(&client, "p", "a", "ack", json!({})).await;
    work(&client, "ends", "top", "ack", json!({})).await;
    let sides = client.dequeue("side", json!({"max": 9, "lease_ms": 600_000})).await;
    assert_eq!(sides.len(), 2);
    client.settle(&sides[0].id, "ack", json!({})).await.expect(200);
    cluster.node(leader).kill();
    cluster.leader_other_than(leader).await;

    let client = cluster.client(other);
    assert!(client.dequeue("ends", json!({"max": 1})).await.is_empty(), "it waits for the other");
    client.settle(&sides[1].id, "ack", json!({})).await.expect(200);
    work(&client, "ends", "bottom", "ack", json!({})).await;
    assert!(client.dequeue("p", json!({"max": 1})).await.is_empty(), "it waits for b");
    work(&client, "q", "b", "ack", json!({})).await;
    work(&client, "p", "c", "ack", json!({})).await;
    for (path, total) in [(chain, 3), (diamond, 4)] {
        let document = client.get(&path).await.expect(200);
        assert_eq!(document["state"], "succeeded", "{document}");
        assert_eq!(document["progress"]["finished"], total);
    }
    cluster.restart(leader).await;
    assert_replicas_equal(&cluster).await;
}

#[tokio::test]
async fn a_failure_goes_on_to_what_comes_after_it_as_that_says() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let mut cleanup = task("cleanup", "clean", &["test", "build"]);
    cleanup["on_dependency_failure"] = json!("run");
    let tasks = vec![
        task("build", "build", &[]),
        task("test", "test", &["build"]),
        task("ship", "ship", &["test"]),
        cleanup,
    ];
    let tasks = json!({"tasks": tasks});
    let post = |client: &Client| client.request("POST", WORKFLOWS).json(&tasks).key("release-7");
    let submitted = post(&client).send().await.expect(201);
    let path = format!("{WORKFLOWS}/{}", submitted["id"].as_str().expect("a workflow has an id"));
    let client = cluster.kill_leader().await;
    let again = post(&client).send().await;
    assert_eq!(again.header("Ferry-Replayed"), Some("true"));
    assert_eq!(again.expect(201), submitted);
    work(&client, "build", "build", "ack", json!({})).await;
    work(&client, "test", "test", "nack", json!({"dead": true})).await;
    work(&client, "clean", "cleanup", "ack", json!({})).await;
    let document = client.get(&path).await.expect(200);
    assert_eq!(document["state"], "failed", "{document}");
    let states = states(&client, &path).await;
    let expected =
        [("build", "succeeded"), ("cleanup", "succeeded"), ("ship", "cancelled"), ("test", "dead")];
    assert!(states.iter().map(|(name, state)| (&name[..], &state[..])).eq(expected), "{states:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fan_out_of_ten_thousand_comes_together_again() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let [one, other] = cluster.others(leader)[..] else { panic!("three nodes") };
    let client = cluster.client(one);
    let names: Vec<String> = (0..MANY).map(|number| format!("part-{number}")).collect();
    let parts = names.iter().map(|name| task(name, "parts", &["begin"]));
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let tasks = [task("begin", "ends", &[])].into_iter().chain(parts);
    let path = submit(&client, tasks.chain([task("end", "ends", &all)]).collect()).await;
    work(&client, "ends", "begin", "ack", json!({})).await;

    let (mut done, mut has_died) = (0, false);
    while done < MANY {
        if done >= MANY / 2 && !has_died {
            cluster.node(leader).kill();
            cluster.leader_other_than(leader).await;
            has_died = true;
        }
        let client = cluster.client(other);
        let body = json!({"max": 1_000, "wait_ms": 10_000, "lease_ms": 600_000});
        let leases = client.dequeue("parts", body).await;
        assert!(!leases.is_empty(), "{done} were done, and no more came");
        let settle = leases.iter().map(|lease| json!({"lease": lease.id, "action": "ack"}));
        let settle = json!({"settle": settle.collect::<Vec<_>>()});
        client.post("/v1/leases/settle", settle).await.expect(200);
        done += leases.len();
    }
    let client = cluster.client(other);
    work(&client, "ends", "end", "ack", json!({})).await;
    let document = client.get(&format!("{path}?limit=1")).await.expect(200);
    let total = MANY + 2;
    assert_eq!(document["state"], "succeeded", "{document}");
    assert_eq!(document["progress"]["counts"]["succeeded"], total);
    cluster.restart(leader).await;
    assert_replicas_equal(&cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_goes_on_under_the_next_leader() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let [one, other] = cluster.others(leader)[..] else { panic!("three nodes") };
    let (client, looker) = (cluster.client(one), cluster.client(other));
    let names: Vec<String> = (0..MANY).map(|number| format!("part-{number}")).collect();
    let tasks = [task("begin", "begin", &[])].into_iter();
    let tasks = tasks.chain(names.iter().map(|name| task(name, "parts", &[])));
    let path = submit(&client, tasks.collect()).await;
    let lease = client.take("begin", 600_000).await;
    let cancel = {
        let (client, path) = (client.clone(), path.clone());
        let request = client.request("DELETE", &path).patience(2 * PATIENCE);
        tokio::spawn(request.header("Ferry-Timeout-Ms", "60000").send())
    };
    let has_begun = async || {
        let seen = looker.get(&format!("{path}?limit=1&consistency=stale")).await.expect(200);
        (seen["progress"]["finished"] != 0).then_some(())
    };
    wait::until("the cancel to begin", PATIENCE, has_begun).await;
    cluster.node(leader).kill();
    let cancelled = cancel.await.expect("a client does not panic").expect(200);
    assert_eq!(cancelled["state"], "cancelled", "{cancelled}");
    assert_eq!(cancelled["progress"]["counts"]["cancelled"], MANY + 1);
    looker.settle(&lease.id, "ack", json!({})).await.expect_problem(409, "wrong_state");
    assert_eq!(looker.count("parts", "ready").await, 0);
    let again = looker.delete(&path).await.expect(200);
    assert_eq!(again, cancelled);
}

#[tokio::test]
async fn a_workflow_that_cannot_be_is_refused_whole() {
    let (cluster, before) = start().await;
    let client = cluster.client(1);
    let post = async |tasks: Value| client.post(WORKFLOWS, json!({"tasks": tasks})).await;
    let cycle = json!([task("a", "q", &["c"]), task("b", "q", &["a"]), task("c", "q", &["b"])]);
    let problem = post(cycle).await.expect_problem(422, "dependency_cycle");
    assert_eq!(problem["path"], json!(["a", "c", "b", "a"]));
    let missing = post(json!([task("a", "q", &["t999999"])])).await;
    assert_eq!(missing.expect_problem(404, "task_not_found")["task"], "t999999");
    let nested = |field: &str, value: Value| {
        let mut second = task("b", "q", &[]);
        second[field] = value;
        json!([task("a", "q", &[]), second])
    };
    let wide: Vec<String> = (0..=20_000).map(|_| "a".into()).collect();
    for (tasks, code, field) in [
        (json!([]), "invalid_argument", "tasks"),
        (nested("depends_on", json!(["nobody"])), "invalid_argument", "tasks[1].depends_on[0]"),
        (nested("depends_on", json!(wide)), "invalid_argument", "tasks[1].depends_on"),
        (nested("depends_on", json!("a")), "invalid_argument", "tasks[1].depends_on"),
        (nested("ref", json!("a")), "invalid_argument", "tasks[1].ref"),
        (nested("ref", json!("../a")), "invalid_argument", "tasks[1].ref"),
        (nested("queue", json!("")), "invalid_argument", "tasks[1].queue"),
        (nested("priority", json!(10)), "invalid_argument", "tasks[1].priority"),
        (nested("colour", json!(1)), "unknown_field", "tasks[1].colour"),
        (json!([{"queue": "q", "payload": 1}]), "invalid_argument", "tasks[0].ref"),
        (json!(vec![task("a", "q", &[]); 20_001]), "invalid_argument", "tasks"),
    ] {
        let problem = post(tasks).await.expect_problem(400, code);
        assert_eq!(problem["field"], field, "{problem}");
    }
    for id in ["x", "t1", "w01", "%00"] {
        let path = format!("{WORKFLOWS}/{id}");
        client.get(&path).await.expect_problem(400, "invalid_argument");
        client.delete(&path).await.expect_problem(400, "invalid_argument");
    }
    let unknown = format!("{WORKFLOWS}/w999999");
    client.get(&unknown).await.expect_problem(404, "workflow_not_found");
    client.delete(&unknown).await.expect_problem(404, "workflow_not_found");
    client.get(WORKFLOWS).await.expect_problem(405, "method_not_allowed");
    unchanged(&client, before).await;
}
