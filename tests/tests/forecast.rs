//! The forecast of a queue, measured by every node for itself.

use ferry_tests::{Client, Cluster};
use serde_json::{Value, json};

use crate::bad_input::{start, unchanged};

async fn forecast(client: &Client, query: &str) -> Value {
    client.get(&format!("/v1/queues/mail/forecast{query}")).await.expect(200)
}

/// Has two workers take and ack so many tasks.
async fn work(client: &Client, tasks: usize) {
    for number in 0..tasks {
        let worker = format!("worker-{}", number % 2);
        let ask = json!({"max": 1, "wait_ms": 5_000, "worker": worker});
        let lease = client.dequeue("mail", ask).await.remove(0);
        client.settle(&lease.id, "ack", json!({})).await.expect(200);
    }
}

#[tokio::test]
async fn a_forecast_tells_what_was_measured_and_outlives_the_leader() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    client.enqueue_many("mail", 30).await;
    let fresh = forecast(&client, "").await;
    assert_eq!(fresh["queue"], "mail");
    assert_eq!((&fresh["slo_ms"], &fresh["workers"]), (&json!(30_000), &json!(0)));
    assert_eq!(fresh["workers_needed"], 1, "somebody has to begin: {fresh}");
    let unknown = ["service_rate_per_second", "service_variability", "utilisation"];
    let ends = ["expected_wait_ms", "probability_over_slo", "time_to_empty_ms", "past_error"];
    for field in unknown.iter().chain(&ends) {
        assert!(fresh.get(*field).is_some_and(Value::is_null), "{field}: {fresh}");
    }

    work(&client, 20).await;
    for id in cluster.ids() {
        let seen = forecast(&cluster.client(id), "").await;
        assert_eq!(seen["workers"], 2, "{seen}");
        measured(&seen);
    }
    let survivor = cluster.kill_leader().await;
    let seen = forecast(&survivor, "?slo_ms=1000&workers=5").await;
    assert_eq!((&seen["slo_ms"], &seen["workers"]), (&json!(1_000), &json!(5)));
    measured(&seen);
    let stale = survivor.get("/v1/queues/mail/forecast?consistency=stale").await;
    assert!(stale.header("ferry-stale-ms").is_some());
    measured(&stale.expect(200));
}

/// 30 tasks came and 20 were done.
fn measured(forecast: &Value) {
    let number =
        |field: &str| forecast[field].as_f64().unwrap_or_else(|| panic!("{field} of {forecast}"));
    let arrived = number("arrival_rate_per_second") * number("window_ms") / 1_000.0;
    assert!((arrived - 30.0).abs() < 0.01, "{arrived} of {forecast}");
    let (service, workers) = (number("service_rate_per_second"), number("workers"));
    let utilisation = number("arrival_rate_per_second") / service / workers;
    assert!((number("utilisation") - utilisation).abs() < 1e-6, "{forecast}");
    assert!(number("service_variability") >= 0.0);
    assert!((0.0..=1.0).contains(&number("probability_over_slo")), "{forecast}");
    assert!(number("workers_needed") >= 1.0, "{forecast}");
    // The tasks came all at once, and no more are expected: ten are left.
    let empty_ms = 10.0 / (service * workers) * 1_000.0;
    assert!((number("time_to_empty_ms") - empty_ms).abs() <= 0.5, "{forecast}");
}

#[tokio::test]
async fn metrics_tell_the_workers_that_a_queue_needs() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.put_queue("idle", json!({})).await;
    client.enqueue_many("mail", 3).await;
    let text = client.get("/metrics").await.text;
    for line in [
        "ferry_queue_workers_needed{queue=\"idle\"} 0",
        "ferry_queue_workers_needed{queue=\"mail\"} 1",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn a_forecast_minds_what_it_is_asked() {
    let (cluster, before) = start().await;
    let client = cluster.client(1);
    for (query, code, field) in [
        ("slo_ms=0", "invalid_argument", "slo_ms"),
        ("slo_ms=-1", "invalid_argument", "slo_ms"),
        ("slo_ms=soon", "invalid_argument", "slo_ms"),
        ("slo_ms=1e400", "invalid_argument", "slo_ms"),
        ("slo_ms=315360000001", "invalid_argument", "slo_ms"),
        ("slo_ms=", "invalid_argument", "slo_ms"),
        ("slo_ms=1&slo_ms=2", "invalid_argument", "slo_ms"),
        ("workers=0", "invalid_argument", "workers"),
        ("workers=1.5", "invalid_argument", "workers"),
        ("workers=100001", "invalid_argument", "workers"),
        ("workers=99999999999", "invalid_argument", "workers"),
        ("worker=1", "unknown_field", "worker"),
        ("slo=1", "unknown_field", "slo"),
    ] {
        let answer = client.get(&format!("/v1/queues/mail/forecast?{query}")).await;
        assert_eq!(answer.expect_problem(400, code)["field"], field, "{query}");
    }
    let missing = client.get("/v1/queues/nothing-here/forecast").await;
    assert_eq!(missing.expect_problem(404, "queue_not_found")["queue"], "nothing-here");
    let path = "/v1/queues/%2e%2e%2fetc/forecast";
    client.get(path).await.expect_problem(400, "invalid_argument");
    let path = "/v1/queues/mail/forecast";
    client.post(path, json!({})).await.expect_problem(405, "method_not_allowed");
    unchanged(&client, before).await;
}
