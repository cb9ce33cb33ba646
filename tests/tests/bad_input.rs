//! What bad input gets (docs/api.md): the right status and code, a sentence that names the field,
//! and not the slightest change of the state.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use ferry_tests::{Client, Cluster};
use serde_json::{Value, json};

/// Status, code, a word that the detail must say.
type Wanted = (u16, &'static str, &'static str);

const TASKS: &str = "/v1/queues/mail/tasks";
const DEQUEUE: &str = "/v1/queues/mail/dequeue";
const INVALID: (u16, &str) = (400, "invalid_argument");

#[tokio::test]
async fn fields_out_of_range_are_refused_by_name() {
    let (cluster, before) = start().await;
    let client = cluster.client(1);
    let far = "2099-01-01T00:00:00Z";
    let labels: serde_json::Map<_, _> = (0..65).map(|n| (format!("l{n}"), json!("x"))).collect();
    let long_key = json!({"payload": 1, "labels": {"k".repeat(129): "x"}});
    let many: Vec<_> = (0..1_001).map(|n| json!({"payload": n})).collect();
    let cases = [
        (TASKS, json!({"payload": 1, "priority": 10}), "priority"),
        (TASKS, json!({"payload": 1, "priority": -1}), "priority"),
        (TASKS, json!({"payload": 1, "priority": "high"}), "priority"),
        (TASKS, json!({"payload": 1, "priority": 1.5}), "priority"),
        (TASKS, json!({"payload": 1, "lease_ms": 0}), "lease_ms"),
        (TASKS, json!({"payload": 1, "lease_ms": 43_200_001}), "lease_ms"),
        (TASKS, json!({"payload": 1, "run_at": far}), "run_at"),
        (TASKS, json!({"payload": 1, "run_at": "tomorrow"}), "run_at"),
        (TASKS, json!({"payload": 1, "run_at": "2027-01-01T00:00:00Z", "delay_ms": 1}), "delay_ms"),
        (TASKS, json!({"payload": 1, "delay_ms": -1}), "delay_ms"),
        (TASKS, json!({"payload": 1, "delay_ms": 400_000_000_000_u64}), "delay_ms"),
        (TASKS, json!({"payload": 1, "payload_base64": "AA=="}), "payload_base64"),
        (TASKS, json!({"payload_base64": "no base64"}), "payload_base64"),
        (TASKS, json!({}), "payload"),
        (TASKS, json!({"payload": 1, "max_attempts": -1}), "max_attempts"),
        (TASKS, json!({"payload": 1, "labels": labels}), "labels"),
        (TASKS, long_key, "labels"),
        (TASKS, json!({"payload": "x".repeat((1 << 20) + 1)}), "payload"),
        (TASKS, json!({"tasks": []}), "tasks"),
        (TASKS, json!({"tasks": many}), "tasks"),
        (TASKS, json!({"tasks": [{"payload": 1}, {"payload": 1, "priority": 11}]}), "tasks"),
        (DEQUEUE, json!({"max": 0}), "max"),
        (DEQUEUE, json!({"max": 1_001}), "max"),
        (DEQUEUE, json!({"wait_ms": 60_001}), "wait_ms"),
        (DEQUEUE, json!({"wait_ms": -1}), "wait_ms"),
        (DEQUEUE, json!({"lease_ms": 0}), "lease_ms"),
        (DEQUEUE, json!({"settle": [{"lease": "nonsense", "action": "ack"}]}), "lease"),
        (DEQUEUE, json!({"settle": [{"lease": "l1.1", "action": "eat"}]}), "action"),
        ("/v1/dequeue", json!({"queues": []}), "queues"),
        (
            "/v1/leases/settle",
            json!({"settle": vec![json!({"lease": "l1.1", "action": "ack"}); 1_001]}),
            "settle",
        ),
        (
            "/v1/cluster/nodes",
            json!({"id": 0, "http": "http://127.0.0.1:1", "peer": "127.0.0.1:2"}),
            "id",
        ),
    ];
    for (path, body, field) in cases {
        let shown: String = body.to_string().chars().take(120).collect();
        let answer = client.post(path, body).await;
        assert_eq!((answer.status, answer.code()), INVALID, "{path} {shown}: {}", answer.text);
        let problem = answer.expect_problem(400, "invalid_argument");
        assert!(problem.to_string().contains(field), "{path} {shown}: {problem}");
    }
    for (settings, field) in [
        (json!({"lease_ms": 0}), "lease_ms"),
        (json!({"max_attempts": -1}), "max_attempts"),
        (json!({"retry": {"multiplier": 0.5}}), "multiplier"),
        (json!({"retry": {"jitter": 1.5}}), "jitter"),
        (json!({"result_retention_ms": -1}), "result_retention_ms"),
    ] {
        let problem = client.put("/v1/queues/mail", settings.clone()).await;
        assert_eq!((problem.status, problem.code()), INVALID, "{settings}: {}", problem.text);
        assert!(problem.text.contains(field), "{settings}: {}", problem.text);
    }
    unchanged(&client, before).await;
}

#[tokio::test]
async fn what_is_not_built_is_not_known() {
    let (cluster, before) = start().await;
    let client = cluster.client(1);
    for (path, body, field, nearest) in [
        (TASKS, json!({"payload": 1, "priorty": 1}), "priorty", "priority"),
        (TASKS, json!({"tasks": [{"payload": 1, "paylod": 1}]}), "paylod", "payload"),
        (DEQUEUE, json!({"wait": 1}), "wait", "wait_ms"),
        ("/v1/leases/settle", json!({"settles": []}), "settles", "settle"),
    ] {
        let answer = client.post(path, body).await;
        let problem = answer.expect_problem(400, "unknown_field");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(field) && detail.contains(nearest), "{detail}");
    }
    for path in ["/v2", "/v1", "/v1/schedule", "/v1/worker", "/v1/queues/mail/halt", "/v1/workflow"]
    {
        client.get(path).await.expect_problem(404, "not_found");
    }
    for (method, path) in [("PATCH", "/v1/queues/mail"), ("DELETE", TASKS), ("POST", "/livez")] {
        let answer = client.request(method, path).send().await;
        assert!(answer.header("allow").is_some(), "405 bears Allow: {}", answer.text);
        answer.expect_problem(405, "method_not_allowed");
    }
    for path in ["/v1/queues?limt=1", "/v1/tasks?colour=red", "/v1/queues/mail?x=1"] {
        client.get(path).await.expect_problem(400, "unknown_field");
    }
    unchanged(&client, before).await;
}

#[tokio::test]
async fn names_and_ids_that_break_the_grammar_are_refused() {
    let (cluster, before) = start().await;
    let client = cluster.client(1);
    let long = "q".repeat(81);
    for name in ["%2e%2e%2fetc", "%00", "a%20b", "...", "%d0%b0", long.as_str()] {
        let path = format!("/v1/queues/{name}/tasks");
        let answer = client.post(&path, json!({"payload": 1})).await;
        assert_eq!((answer.status, answer.code()), INVALID, "{name}: {}", answer.text);
    }
    let problem = client.get(&format!("/v1/queues/{long}")).await;
    let problem = problem.expect_problem(400, "invalid_argument");
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("80")), "{problem}");
    for id in ["x", "t", "t-1", "t01", "42", "t99999999999999999999999"] {
        client.get(&format!("/v1/tasks/{id}")).await.expect_problem(400, "invalid_argument");
    }
    client.get("/v1/tasks/t999999").await.expect_problem(404, "task_not_found");
    for id in ["x", "l1", "l1.", "l1.x", "t1.1"] {
        client.settle(id, "ack", json!({})).await.expect_problem(400, "invalid_argument");
    }
    client.settle("l999999.1", "ack", json!({})).await.expect_problem(404, "lease_not_found");
    for query in ["limit=0", "limit=1001", "limit=x", "page_token=nonsense"] {
        client.get(&format!("/v1/tasks?{query}")).await.expect_problem(400, "invalid_argument");
    }
    unchanged(&client, before).await;
}

#[tokio::test]
async fn a_page_token_of_another_query_is_refused() {
    let (cluster, _) = start().await;
    let client = cluster.client(1);
    client.enqueue_many("mail", 3).await;
    let page = client.get("/v1/tasks?queue=mail&limit=1").await.expect(200);
    let token = page["next_page_token"].as_str().expect("there is more");
    for path in ["/v1/tasks?queue=other&limit=1", "/v1/queues?limit=1"] {
        let answer = client.get(&format!("{path}&page_token={token}")).await;
        answer.expect_problem(400, "invalid_argument");
    }
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused() {
    let (cluster, before) = start().await;
    let client = cluster.client(1);
    let deep =
        |depth: usize| format!(r#"{{"payload": {}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    let cases: [(Vec<u8>, Wanted); 12] = [
        (b"".to_vec(), (400, "malformed_json", "body")),
        (b"{".to_vec(), (400, "malformed_json", "line 1")),
        (b"{\n\"payload\": }".to_vec(), (400, "malformed_json", "line 2")),
        (b"{\"payload\": 1} x".to_vec(), (400, "malformed_json", "column")),
        (b"\xef\xbb\xbf{\"payload\": 1}".to_vec(), (400, "malformed_json", "")),
        (b"{\"payload\": \"\xff\"}".to_vec(), (400, "malformed_json", "")),
        (br#"{"payload": "\ud800"}"#.to_vec(), (400, "malformed_json", "")),
        (br#"{"payload": 1, "payload": 2}"#.to_vec(), (400, "malformed_json", "payload")),
        (deep(65).into_bytes(), (400, "malformed_json", "64")),
        (br#"[1]"#.to_vec(), (400, "invalid_argument", "")),
        (br#"{"payload": 1, "priority": 1e400}"#.to_vec(), (400, "invalid_argument", "priority")),
        (br#"{"payload": 1, "labels": {"a": 1}}"#.to_vec(), (400, "invalid_argument", "labels")),
    ];
    for (body, (status, code, word)) in cases {
        let shown = String::from_utf8_lossy(&body).chars().take(80).collect::<String>();
        let answer = client.request("POST", TASKS).raw("application/json", body).send().await;
        assert_eq!((answer.status, answer.code()), (status, code), "{shown}: {}", answer.text);
        let problem = answer.expect_problem(status, code);
        assert!(problem.to_string().contains(word), "{shown}: {problem}");
    }
    unchanged(&client, before).await;
    let deep_enough = deep(60);
    let request = client.request("POST", TASKS).raw("application/json", deep_enough);
    request.send().await.expect(201);
}

#[tokio::test]
async fn media_types_are_minded() {
    let (cluster, before) = start().await;
    let client = cluster.client(1);
    let body = r#"{"payload": 1}"#;
    for media in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        let answer = client.request("POST", TASKS).raw(media, body).send().await;
        answer.expect_problem(415, "unsupported_media_type");
    }
    let packed = client.request("POST", TASKS).raw("application/json", body);
    let answer = packed.header("content-encoding", "gzip").send().await;
    answer.expect_problem(415, "unsupported_media_type");
    let picky = client.request("GET", "/v1/queues").header("accept", "text/html").send().await;
    picky.expect_problem(406, "not_acceptable");
    unchanged(&client, before).await;
    let fine = client.request("POST", TASKS).raw("application/json; charset=utf-8", body);
    fine.header("accept", "application/*").send().await.expect(201);
}

#[tokio::test]
async fn sizes_are_bounded() {
    let (cluster, before) = start().await;
    let client = cluster.client(1);
    let large = json!({"payload": "x".repeat(5 << 20)});
    let answer = client.request("POST", TASKS).json(&large).attempt().await;
    // The node may close before it has read what it will not take.
    if let Ok(answer) = answer {
        answer.expect_problem(413, "body_too_large");
    }
    let long = format!("/v1/queues?page_token={}", "x".repeat(9_000));
    client.get(&long).await.expect_problem(414, "uri_too_long");
    let huge = client.request("GET", "/v1/queues").header("x-huge", &"x".repeat(20_000));
    huge.send().await.expect_problem(431, "headers_too_large");
    let names: Vec<_> = (0..70).map(|number| format!("x-{number}")).collect();
    let many = names
        .iter()
        .fold(client.request("GET", "/v1/queues"), |request, name| request.header(name, "1"));
    many.send().await.expect_problem(431, "headers_too_large");
    unchanged(&client, before).await;
}

#[tokio::test]
async fn bytes_that_are_no_http_do_no_harm() {
    let (mut cluster, before) = start().await;
    let post =
        "POST /v1/queues/mail/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let cases = [
        // TLS on a plain port.
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0".to_owned(), &["400", ""][..]),
        (
            format!("{post}Content-Length: 14\r\nContent-Length: 15\r\n\r\n{{\"payload\": 1}}"),
            &["400"],
        ),
        (
            format!("{post}Content-Length: 14\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            &["400"],
        ),
        ("TRACE /livez HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), &["405"]),
        ("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), &["405"]),
        ("NONSENSE /livez HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), &["405"]),
        ("GET /livez HTTP/9.9\r\n\r\n".to_owned(), &["400", "505", ""]),
        // A header that stalls.
        ("GET /livez HTTP/1.1\r\nHost".to_owned(), &["408"]),
        // A body that stalls.
        (format!("{post}Content-Length: 100\r\n\r\n{{"), &["408"]),
    ];
    let address = cluster.client(1).base().trim_start_matches("http://").to_owned();
    let ask = |bytes: String| {
        let address = address.clone();
        tokio::task::spawn_blocking(move || status_of(&address, bytes.as_bytes()))
    };
    let asked: Vec<_> = cases.iter().map(|(bytes, _)| ask(bytes.clone())).collect();
    for ((bytes, wanted), status) in cases.iter().zip(asked) {
        let status = status.await.expect("a raw client does not panic");
        assert!(wanted.contains(&status.as_str()), "{bytes:?} got {status:?}, not {wanted:?}");
    }
    assert!(cluster.node(1).is_running(), "the node has ended");
    assert!(!cluster.node(1).log().contains("panicked"), "a loop of the node panicked");
    unchanged(&cluster.client(1), before).await;
}

#[tokio::test]
async fn forged_headers_are_ignored() {
    let (cluster, _) = start().await;
    let client = cluster.client(1);
    let request = client.request("GET", "/v1/queues").header("ferry-index", "999999");
    let request = request.header("x-forwarded-for", "10.0.0.1").header("x-forwarded-host", "evil");
    let answer = request.send().await;
    assert!(answer.index() < 999_999);
    assert!(!answer.text.contains("evil"), "{}", answer.text);
    answer.expect(200);
    for value in ["0", "60001", "soon"] {
        let request = client.request("GET", "/v1/queues").header("ferry-timeout-ms", value);
        request.send().await.expect_problem(400, "invalid_argument");
    }
}

/// A cluster with something in it that bad input could harm, and its state.
pub(crate) async fn start() -> (Cluster, Vec<Value>) {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.enqueue("mail", json!({"payload": "is here"})).await;
    client.enqueue("mail", json!({"payload": "is leased"})).await;
    client.take("mail", 600_000).await;
    let state = state(&client).await;
    (cluster, state)
}

async fn state(client: &Client) -> Vec<Value> {
    let mut state = client.all_pages("/v1/tasks", "tasks", "").await;
    for queue in client.all_pages("/v1/queues", "queues", "").await {
        state.push(json!([queue["queue"], queue["settings"], queue["counts"], queue["bytes"]]));
    }
    state
}

pub(crate) async fn unchanged(client: &Client, before: Vec<Value>) {
    assert_eq!(state(client).await, before, "bad input changed the state");
}

/// The status of the first answer to raw bytes; empty if the connection was closed without one.
fn status_of(address: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).expect("the port is open");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout above zero");
    stream.write_all(bytes).expect("a new connection takes some bytes");
    let mut answer = Vec::new();
    let mut buffer = [0; 1_024];
    // A reset after the answer, or instead of one, ends the reading like a close.
    while !answer.windows(2).any(|pair| pair == b"\r\n") {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
        }
    }
    let line = String::from_utf8_lossy(&answer).into_owned();
    line.split(' ').nth(1).unwrap_or_default().to_owned()
}
