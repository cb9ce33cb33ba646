//! Several things in one step, all or none.

use ferry_tests::Cluster;
use serde_json::json;

#[tokio::test]
async fn a_stage_hands_its_work_over_exactly_once_through_a_leader_change() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let [one, other] = cluster.others(leader)[..] else { panic!("three nodes") };
    let client = cluster.client(one);
    client.enqueue("first", json!({"payload": 1})).await;
    let lease = client.take("first", 600_000).await;
    let operations = json!([
        {"ack": {"lease": lease.id, "result": {"pages": 3}}},
        {"enqueue": {"queue": "second", "payload": {"b": 1, "a": 2}, "priority": 7}},
        {"enqueue": {"queue": "third", "payload": 2, "delay_ms": 3_600_000}},
    ]);
    let body = json!({ "operations": operations });
    let first = client.request("POST", "/v1/transactions").key("t1").json(&body).send().await;
    let first = first.expect(200);
    assert_eq!(
        (&first["results"][0]["task"], &first["results"][0]["state"]),
        (&json!(lease.task), &json!("succeeded"))
    );
    let id = first["results"][1]["id"].as_str().expect("an id").to_owned();
    cluster.node(leader).kill();
    cluster.leader_other_than(leader).await;

    let client = cluster.client(other);
    let again = client.request("POST", "/v1/transactions").key("t1").json(&body).send().await;
    assert_eq!(again.header("ferry-replayed"), Some("true"));
    assert_eq!(again.expect(200), first);
    // Without its key it cannot double the hand-over either: the lease is spent.
    let refusal = client.post("/v1/transactions", body).await.expect_problem(409, "lease_lost");
    assert_eq!((&refusal["operation"], &refusal["state"]), (&json!(0), &json!("succeeded")));
    assert_eq!(client.count("second", "ready").await, 1);
    assert_eq!(client.count("third", "scheduled").await, 1);
    let task = client.task(&id).await;
    assert_eq!((&task["payload"], &task["priority"]), (&json!({"b": 1, "a": 2}), &json!(7)));
}

#[tokio::test]
async fn one_refused_operation_undoes_them_all() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(2);
    let id = client.enqueue("mail", json!({"payload": 1})).await;
    let lease = client.take("mail", 600_000).await;
    let waiting = client.enqueue("mail", json!({"payload": 2})).await;
    let before = (
        client.task(&id).await,
        client.task(&waiting).await,
        client.queue("mail").await["counts"].clone(),
    );
    let refused = [
        (json!({"require": {"task": waiting, "state": "leased"}}), 409, "wrong_state"),
        (json!({"cancel": {"task": "t999"}}), 404, "task_not_found"),
        (json!({"ack": {"lease": format!("l{}.999", &id[1..])}}), 409, "lease_lost"),
        (
            json!({"enqueue": {"queue": "new", "payload": 1, "depends_on": ["t999"]}}),
            404,
            "task_not_found",
        ),
    ];
    for (last, status, code) in refused {
        let operations = json!([
            {"enqueue": {"queue": "new", "payload": 1}},
            {"cancel": {"task": waiting}},
            {"nack": {"lease": lease.id, "error": "boom"}},
            last,
        ]);
        let answer = client.post("/v1/transactions", json!({"operations": operations})).await;
        assert_eq!(answer.expect_problem(status, code)["operation"], 3);
    }
    let client = cluster.kill_leader().await;
    client.get("/v1/queues/new").await.expect_problem(404, "queue_not_found");
    let after = (
        client.task(&id).await,
        client.task(&waiting).await,
        client.queue("mail").await["counts"].clone(),
    );
    assert_eq!(after, before);

    let operations = json!([
        {"nack": {"lease": lease.id, "error": "boom", "dead": true}},
        {"require": {"task": id, "state": "dead"}},
        {"cancel": {"task": waiting}},
    ]);
    let done = client.post("/v1/transactions", json!({"operations": operations})).await.expect(200);
    let states: Vec<&str> = (0..3).filter_map(|n| done["results"][n]["state"].as_str()).collect();
    assert_eq!(states, ["dead", "dead", "cancelled"]);
}

#[tokio::test]
async fn what_is_wrong_with_an_operation_is_told_with_its_place() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let cases = [
        (json!([]), "operations"),
        (json!([{"cancel": {"task": "x"}}]), "task"),
        (json!([{"enqueue": {"queue": "q"}}]), "operations[0].enqueue.payload"),
        (
            json!([{"enqueue": {"queue": "q", "payload": 1}},
                   {"enqueue": {"queue": "q", "payload": 1, "priority": 10}}]),
            "operations[1].enqueue.priority",
        ),
    ];
    for (operations, field) in cases {
        let answer = client.post("/v1/transactions", json!({"operations": operations})).await;
        let problem = answer.expect_problem(400, "invalid_argument");
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.contains(field), "{field} is not in: {detail}");
    }
    let unknown = json!({"operations": [{"enqueue": {"queue": "q", "payload": 1, "colour": 1}}]});
    client.post("/v1/transactions", unknown).await.expect_problem(400, "unknown_field");
    client.get("/v1/queues/q").await.expect_problem(404, "queue_not_found");
}
