//! Bad input to what operators do: refused with the field, and nothing changes.

use serde_json::json;

use crate::bad_input::{start, unchanged};

#[tokio::test]
async fn operations_on_queues_mind_what_they_are_asked() {
    let (cluster, before) = start().await;
    let client = cluster.client(1);
    for (action, body, code, field) in [
        ("purge", json!({}), "invalid_argument", "state"),
        ("purge", json!({"state": "leased"}), "invalid_argument", "state"),
        ("purge", json!({"state": "all", "force": true}), "unknown_field", "force"),
        ("redrive", json!({"max": 0}), "invalid_argument", "max"),
        ("redrive", json!({"max": -1}), "invalid_argument", "max"),
        ("redrive", json!({"dry_run": "yes"}), "invalid_argument", "dry_run"),
        ("redrive", json!({"dryrun": true}), "unknown_field", "dryrun"),
        ("redrive", json!({"filter": {"typ": "a"}}), "unknown_field", "filter.typ"),
        ("redrive", json!({"filter": {"error": ""}}), "invalid_argument", "filter.error"),
        ("redrive", json!({"filter": {"labels": {"a": 1}}}), "invalid_argument", "filter.labels"),
        ("pause", json!({"until": "noon"}), "unknown_field", "until"),
        ("resume", json!([]), "invalid_argument", ""),
    ] {
        let answer = client.post(&format!("/v1/queues/mail/{action}"), body.clone()).await;
        let problem = answer.expect_problem(400, code);
        let named = problem["field"].as_str().unwrap_or_default();
        assert!(named.starts_with(field), "{action} {body}: {problem}");
    }
    let empty = client.request("POST", "/v1/queues/mail/purge").raw("application/json", "");
    empty.send().await.expect_problem(400, "malformed_json");
    for action in ["pause", "resume", "redrive"] {
        let path = format!("/v1/queues/nothing-here/{action}");
        let missing = client.post(&path, json!({})).await;
        assert_eq!(missing.expect_problem(404, "queue_not_found")["queue"], "nothing-here");
        client.get(&path).await.expect_problem(405, "method_not_allowed");
        let path = format!("/v1/queues/mail/{action}?dry_run=true");
        client.post(&path, json!({})).await.expect_problem(400, "unknown_field");
        let path = format!("/v1/queues/%2e%2e%2fetc/{action}");
        client.post(&path, json!({})).await.expect_problem(400, "invalid_argument");
    }
    let rehearsal = json!({"dry_run": true});
    let missing = client.post("/v1/queues/nothing-here/redrive", rehearsal).await;
    missing.expect_problem(404, "queue_not_found");
    unchanged(&client, before).await;
}

#[tokio::test]
async fn operations_on_tasks_mind_what_they_are_asked() {
    let (cluster, before) = start().await;
    let client = cluster.client(1);
    for (method, rest) in [("DELETE", ""), ("POST", "/retry"), ("POST", "/run-now")] {
        let ask = async |id: &str, query: &str| {
            let path = format!("/v1/tasks/{id}{rest}{query}");
            client.request(method, &path).send().await
        };
        for id in ["x", "t-1", "l1.1", "%00"] {
            ask(id, "").await.expect_problem(400, "invalid_argument");
        }
        let missing = ask("t999999", "").await.expect_problem(404, "task_not_found");
        assert_eq!(missing["task"], "t999999");
        ask("t1", "?force=true").await.expect_problem(400, "unknown_field");
        let path = format!("/v1/tasks/t1{rest}");
        let body = client.request(method, &path).json(&json!({"now": true}));
        body.send().await.expect_problem(400, "unknown_field");
    }
    let path = "/v1/queues/mail/tasks";
    for ttl in [json!(0), json!(315_360_000_001_u64), json!("1h")] {
        let answer = client.post(path, json!({"payload": 1, "ttl_ms": ttl})).await;
        assert_eq!(answer.expect_problem(400, "invalid_argument")["field"], "ttl_ms");
        let answer = client.put("/v1/queues/mail", json!({"ttl_ms": ttl})).await;
        assert_eq!(answer.expect_problem(400, "invalid_argument")["field"], "ttl_ms");
    }
    unchanged(&client, before).await;
}
