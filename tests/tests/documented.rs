//! What a request is refused with is what the OpenAPI document says of its operation.

use ferry_tests::{Answer, Client, Cluster};
use serde_json::{Value, json};

/// Whether the document lists an answer that is a refusal.
fn is_listed(document: &Value, path: &str, method: &str, answer: &Answer) -> bool {
    let responses = &document["paths"][path][method.to_lowercase()]["responses"];
    let listed = responses[answer.status.to_string()]["description"].as_str();
    listed.is_some_and(|codes| codes.contains(&format!("`{}`", answer.code())))
}

/// A state in which things are refused: a queue of one task, which is leased, and a full one.
async fn prepare(client: &Client) -> Vec<(&'static str, String)> {
    client.put_queue("q", json!({})).await;
    client.put_queue("full", json!({"max_tasks": 1})).await;
    client.enqueue("full", json!({"payload": 1})).await;
    let task = client.enqueue("q", json!({"payload": 1, "unique": {"key": "u"}})).await;
    let lease = client.take("q", 60_000).await.id;
    client.settle(&lease, "ack", json!({})).await.expect(200);
    vec![("{task}", task), ("{lease}", lease)]
}

#[tokio::test]
async fn refusals_are_those_that_the_document_lists() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let document = client.get("/openapi.json").await.expect(200);
    let known = prepare(&client).await;
    let cycle = json!({"tasks": [{"ref": "a", "queue": "q", "payload": 1, "depends_on": ["a"]}]});
    let enqueue = json!({"operations": [{"enqueue": {"queue": "full", "payload": 1}}]});
    let settle = json!({"operations": [{"nack": {"lease": "l1.99"}}]});
    let missing = json!({"payload": 1, "depends_on": ["t99"]});
    for (method, path, name, body, status) in [
        ("GET", "/v1/workers/{worker}", "none", Value::Null, 404),
        ("DELETE", "/v1/workers/{worker}", "none", Value::Null, 404),
        ("PUT", "/v1/workers/{worker}", "w", json!({"slots": 0}), 400),
        ("PUT", "/v1/workers/{worker}", "w", json!({"slot": 0}), 400),
        ("POST", "/v1/workers/{worker}/heartbeat", "none", Value::Null, 404),
        ("POST", "/v1/workers/{worker}/drain", "none", Value::Null, 404),
        ("GET", "/v1/workers/{worker}/assignments", "none", Value::Null, 404),
        ("GET", "/v1/schedules/{schedule}", "none", Value::Null, 404),
        ("DELETE", "/v1/schedules/{schedule}", "none", Value::Null, 404),
        ("PUT", "/v1/schedules/{schedule}", "s", json!({"cron": "* * * * *"}), 400),
        ("POST", "/v1/workflows", "", cycle, 422),
        ("GET", "/v1/workflows/{workflow}", "w99", Value::Null, 404),
        ("DELETE", "/v1/workflows/{workflow}", "w99", Value::Null, 404),
        ("GET", "/v1/queues/{queue}/forecast", "none", Value::Null, 404),
        ("GET", "/v1/queues/{queue}", "none", Value::Null, 404),
        ("DELETE", "/v1/queues/{queue}", "full", Value::Null, 409),
        ("POST", "/v1/queues/{queue}/dequeue", "none", json!({}), 404),
        ("POST", "/v1/queues/{queue}/tasks", "full", json!({"payload": 1}), 429),
        ("POST", "/v1/queues/{queue}/tasks", "q", missing, 404),
        ("POST", "/v1/queues/{queue}/tasks", "q", json!([]), 400),
        ("GET", "/v1/limits/{limit}", "none", Value::Null, 404),
        ("GET", "/v1/tasks/{task}", "t99", Value::Null, 404),
        ("GET", "/v1/tasks/{task}/history", "t99", Value::Null, 404),
        ("DELETE", "/v1/tasks/{task}", "", Value::Null, 409),
        ("POST", "/v1/tasks/{task}/retry", "", Value::Null, 409),
        ("POST", "/v1/leases/{lease}/nack", "", json!({}), 409),
        ("POST", "/v1/leases/{lease}/ack", "l99.1", json!({}), 404),
        ("POST", "/v1/transactions", "", enqueue, 429),
        ("POST", "/v1/transactions", "", settle, 409),
        ("DELETE", "/v1/cluster/nodes/{id}", "99", Value::Null, 404),
        ("DELETE", "/v1/cluster/nodes/{id}", "1", Value::Null, 409),
    ] {
        let part = path.split('/').find(|part| part.starts_with('{')).unwrap_or_default();
        let made = known.iter().find(|(of, _)| *of == part).map_or("", |(_, id)| id);
        let url = path.replace(part, if name.is_empty() { made } else { name });
        let request = client.request(method, &url);
        let answer = if body.is_null() { request } else { request.json(&body) }.send().await;
        assert_eq!(answer.status, status, "{method} {url}: {}", answer.text);
        assert!(is_listed(&document, path, method, &answer), "{method} {path}: {}", answer.text);
    }
}

#[tokio::test]
async fn what_a_kind_of_operation_refuses_is_listed_for_each_of_them() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let document = client.get("/openapi.json").await.expect(200);
    prepare(&client).await;
    for (path, operations) in document["paths"].as_object().expect("an object") {
        for method in operations.as_object().expect("an object").keys() {
            let named = path.replace("{id}", "99").replace("{task}", "t99");
            let named = named.replace("{lease}", "l9.9").replace("{workflow}", "w99");
            let url: String = named.chars().filter(|letter| !"{}".contains(*letter)).collect();
            let method = method.to_uppercase();
            let with = |name, value| client.request(&method, &url).header(name, value);
            let raw = |kind: &str| client.request(&method, &url).raw(kind, "{");
            // The stream of events reads no body, and has no end.
            let unread = (path != "/v1/events").then(|| raw("application/json"));
            let unknown = client.request(&method, &format!("{url}?colour=1"));
            let requests = [with("accept", "image/png"), unknown, raw("text/plain")];
            for request in requests.into_iter().chain(unread) {
                let answer = request.send().await;
                // Not every route reads a body, or gives one.
                let is_fine = answer.status < 400 || is_listed(&document, path, &method, &answer);
                assert!(is_fine, "{method} {url}: {}", answer.text);
            }
        }
    }
}
