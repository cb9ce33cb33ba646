//! Any node takes any request.

use ferry_tests::Cluster;
use serde_json::json;

#[tokio::test]
async fn a_follower_forwards_and_the_answer_is_the_leaders() {
    let cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    for node in cluster.ids() {
        let client = cluster.client(node);
        let answer = client.post("/v1/queues/mail/tasks", json!({"payload": node})).await;
        assert_eq!(answer.node(), leader, "asked at node {node}");
        let id = answer.expect(201)["id"].as_str().map(str::to_owned).expect("a task has an id");
        let lease = client.take("mail", 30_000).await;
        assert_eq!(lease.task, id);
        client.settle(&lease.id, "ack", json!({})).await.expect(200);
    }
}

#[tokio::test]
async fn a_follower_redirects_if_it_may_not_forward() {
    let cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let follower = cluster.others(leader)[0];
    let path = "/v1/queues/mail/tasks?forward=false";
    let answer = cluster.client(follower).post(path, json!({"payload": 1})).await;
    assert_eq!(answer.status, 307, "{}", answer.text);
    let location = answer.header("location").expect("a redirect tells where");
    assert!(location.starts_with(cluster.client(leader).base()), "{location}");
    assert!(location.contains("/v1/queues/mail/tasks"), "{location}");
    let answer = cluster.client(leader).post(path, json!({"payload": 1})).await;
    answer.expect(201);
}

#[tokio::test]
async fn a_read_with_forward_false_is_served_where_it_is_asked() {
    let cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let id = cluster.client(leader).enqueue("mail", json!({"payload": 1})).await;
    for node in cluster.ids() {
        let answer = cluster.client(node).get(&format!("/v1/tasks/{id}?forward=false")).await;
        assert_eq!(answer.node(), node);
        assert_eq!(answer.expect(200)["id"], id.as_str());
    }
}

#[tokio::test]
async fn a_refusal_is_the_same_on_every_node() {
    let cluster = Cluster::start(3).await;
    for node in cluster.ids() {
        let client = cluster.client(node);
        let answer = client.post("/v1/queues/none/dequeue", json!({"max": 1})).await;
        answer.expect_problem(404, "queue_not_found");
        client.settle("l99.1", "ack", json!({})).await.expect_problem(404, "lease_not_found");
    }
}

#[tokio::test]
async fn a_request_that_went_in_a_circle_is_ended() {
    let cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let follower = cluster.others(leader)[0];
    let client = cluster.client(follower);
    let request = client.request("POST", "/v1/queues/mail/tasks").json(&json!({"payload": 1}));
    let answer = request.header("ferry-forwarded-by", &follower.to_string()).send().await;
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert!(["no_leader", "forwarding_loop"].contains(&answer.code()), "{}", answer.text);
    client.get("/v1/queues/mail").await.expect_problem(404, "queue_not_found");
}

#[tokio::test]
async fn g12_without_a_majority_a_write_is_refused_in_time_and_as_what_it_is() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let [one, two] = cluster.others(leader)[..] else { panic!("three nodes") };
    cluster.node(leader).kill();
    cluster.node(two).kill();
    let client = cluster.client(one);
    let request = client.request("POST", "/v1/queues/mail/tasks").json(&json!({"payload": 1}));
    let answer = request.header("ferry-timeout-ms", "1000").send().await;
    // The leader may have taken it to its grave, as far as the asked node can know.
    let told = (answer.status, answer.code());
    assert!([(503, "no_leader"), (504, "outcome_unknown")].contains(&told), "{}", answer.text);
    let read = client.request("GET", "/v1/queues").header("ferry-timeout-ms", "1000").send().await;
    assert!(read.header("retry-after").is_some(), "503 bears Retry-After");
    read.expect_problem(503, "no_leader");
    client.get("/v1/queues?consistency=stale").await.expect(200);
    client.get("/livez").await.expect(200);
}
