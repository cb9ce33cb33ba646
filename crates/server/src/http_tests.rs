//! Bad input on the wire, byte by byte, against the real server with a route of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::routing::post;
use ferry_types::{NodeId, limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::body_reader;
use crate::door::Door;
use crate::http::HttpServer;
use crate::problem::Failure;
use crate::router::router;

mod pipelining;

const BODY_BYTES_MAX: usize = 64 << 10;
const PATIENCE: Duration = Duration::from_secs(20);

async fn echo(request: Request) -> Result<Vec<u8>, Failure> {
    let (parts, body) = request.into_parts();
    let body = body_reader::read(&parts.headers, body.into_data_stream(), BODY_BYTES_MAX).await?;
    Ok(body.to_vec())
}

/// A server without a node behind it; it stops when the guard is dropped.
async fn serve(connections_max: usize) -> (SocketAddr, tokio_util::sync::DropGuard) {
    let door = Door::new(NodeId::new(7));
    let routes: Router = router(Arc::clone(&door)).route("/echo", post(echo));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let closing = CancellationToken::new();
    let server = HttpServer::new(door, routes, connections_max);
    tokio::spawn(server.serve(listener, closing.clone(), PATIENCE));
    (address, closing.drop_guard())
}

/// A connection that says exactly what a test wants.
struct Raw(TcpStream);

impl Raw {
    async fn connect(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.expect("the server listens"))
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.expect("the connection is open");
    }

    /// Reads until `is_enough`, the end, or a reset; the flag tells whether it ended.
    async fn read_until(&mut self, is_enough: impl Fn(&str) -> bool) -> (String, bool) {
        let mut bytes = Vec::new();
        let read = async {
            let mut part = [0; 4096];
            loop {
                match self.0.read(&mut part).await {
                    Ok(0) | Err(_) => return true,
                    Ok(count) => bytes.extend_from_slice(&part[..count]),
                }
                if is_enough(&String::from_utf8_lossy(&bytes)) {
                    return false;
                }
            }
        };
        let ended = timeout(PATIENCE, read).await.expect("the server answers or closes in time");
        (String::from_utf8_lossy(&bytes).into_owned(), ended)
    }

    /// One answer; its body is whole if it is a problem or `ok`.
    async fn answer(&mut self) -> String {
        self.read_until(|text| text.ends_with('}') || text.ends_with("ok")).await.0
    }

    async fn read_to_end(&mut self) -> String {
        let (text, ended) = self.read_until(|_| false).await;
        assert!(ended, "the connection is open after {text:?}");
        text
    }

    /// Whether an ordinary request is served on this connection.
    async fn is_usable(&mut self) -> bool {
        self.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nok").await;
        self.answer().await.starts_with("HTTP/1.1 200 OK\r\n")
    }
}

fn assert_problem(answer: &str, status: u16, code: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer:?} is no {status}");
    let lower = answer.to_ascii_lowercase();
    assert!(lower.contains("content-type: application/problem+json\r\n"), "{answer:?}");
    let code = format!("\"code\":\"{code}\"");
    assert!(answer.contains(&code), "{answer:?} has not {code}");
}

#[tokio::test]
async fn a_head_that_stalls_is_timed_out() {
    let (address, _guard) = serve(10).await;
    let starts = ["GET /livez HTTP/1.1\r\nhost: a\r\nx", "P", "PRI * HT"];
    futures::future::join_all(starts.map(|start| async move {
        let mut raw = Raw::connect(address).await;
        raw.send(start).await;
        assert_problem(&raw.read_to_end().await, 408, "request_timeout");
    }))
    .await;
}

#[tokio::test]
async fn a_connection_may_idle_between_requests() {
    let (address, _guard) = serve(10).await;
    let mut raw = Raw::connect(address).await;
    assert!(raw.is_usable().await);
    let mut byte = [0; 1];
    let quiet = crate::wire::HEAD_TIME + Duration::from_millis(500);
    let read = timeout(quiet, raw.0.read(&mut byte)).await;
    assert!(read.is_err(), "an idle connection was closed or written to: {read:?}");
    assert!(raw.is_usable().await);
}

#[tokio::test]
async fn a_body_that_trickles_is_timed_out() {
    let (address, _guard) = serve(10).await;
    let mut raw = Raw::connect(address).await;
    raw.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nfew").await;
    assert_problem(&raw.read_to_end().await, 408, "request_timeout");
}

#[tokio::test]
async fn too_many_or_too_long_headers_are_refused() {
    let (address, _guard) = serve(10).await;
    let many: String = (0..65).map(|number| format!("x-{number}: a\r\n")).collect();
    for headers in [
        many,
        format!("x: {}\r\n", "a".repeat(17 << 10)),
        format!("x: {}\r\n", "a".repeat(300 << 10)),
    ] {
        let mut raw = Raw::connect(address).await;
        // A server that has seen enough may reset while the rest is on its way.
        let _ = raw.0.write_all(format!("GET /livez HTTP/1.1\r\n{headers}\r\n").as_bytes()).await;
        assert_problem(&raw.answer().await, 431, "headers_too_large");
    }
}

#[tokio::test]
async fn a_long_uri_is_refused() {
    let (address, _guard) = serve(10).await;
    for bytes in [9 << 10, 70 << 10] {
        let mut raw = Raw::connect(address).await;
        let path = "a".repeat(bytes);
        raw.send(format!("GET /{path} HTTP/1.1\r\nhost: a\r\n\r\n")).await;
        assert_problem(&raw.answer().await, 414, "uri_too_long");
    }
}

#[tokio::test]
async fn a_request_without_a_host_is_refused() {
    let (address, _guard) = serve(10).await;
    let mut raw = Raw::connect(address).await;
    for host in ["", "host: a\r\nhost: b\r\n"] {
        raw.send(format!("GET /livez HTTP/1.1\r\n{host}\r\n")).await;
        assert_problem(&raw.answer().await, 400, "invalid_argument");
    }
    assert!(raw.is_usable().await);
    raw.send("GET /livez HTTP/1.0\r\n\r\n").await;
    assert!(raw.read_to_end().await.contains(" 200 OK\r\n"));
}

#[tokio::test]
async fn a_body_above_the_cap_is_refused_with_and_without_a_length() {
    let (address, _guard) = serve(10).await;
    let body = "x".repeat(BODY_BYTES_MAX + 1);
    let length = body.len();
    let chunk = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
    for request in [
        format!("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n{body}"),
        format!("POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{chunk}"),
    ] {
        let mut raw = Raw::connect(address).await;
        raw.send(request).await;
        assert_problem(&raw.answer().await, 413, "body_too_large");
        assert!(raw.is_usable().await);
    }
    let mut raw = Raw::connect(address).await;
    let head = "POST /echo HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n";
    raw.send(format!("{head}content-length: 999999999\r\n\r\n")).await;
    assert_problem(&raw.answer().await, 413, "body_too_large");
}

#[tokio::test]
async fn a_truncated_body_is_refused() {
    let (address, _guard) = serve(10).await;
    let mut raw = Raw::connect(address).await;
    raw.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nfew").await;
    raw.0.shutdown().await.expect("the connection is open");
    assert_problem(&raw.answer().await, 400, "invalid_argument");
}

#[tokio::test]
async fn wrong_methods_and_paths_are_told() {
    let (address, _guard) = serve(10).await;
    let mut raw = Raw::connect(address).await;
    for (line, status, code, allow) in [
        ("BREW /livez", 405, "method_not_allowed", "allow: GET,HEAD\r\n"),
        ("PATCH /v1/queues/a", 405, "method_not_allowed", "allow: GET,HEAD,"),
        ("TRACE /livez", 405, "method_not_allowed", "allow: GET,"),
        ("GET /nowhere", 404, "not_found", ""),
        ("GET /v1/queues/", 400, "invalid_argument", ""),
        ("POST /v1/queues//tasks", 400, "invalid_argument", ""),
        ("POST /v1/queues/%2e%2e%2fetc/tasks", 400, "invalid_argument", ""),
        ("GET /v1/queues/../etc", 400, "invalid_argument", ""),
        ("GET /v1/queues/%2E%2e/etc", 400, "invalid_argument", ""),
        ("POST /v1/queues/%00/tasks", 400, "invalid_argument", ""),
        ("POST /v1/queues/%ff/tasks", 400, "invalid_argument", ""),
        ("POST /v1/leases/l1/ack", 400, "invalid_argument", ""),
        ("GET /livez?x=1", 400, "unknown_field", ""),
        ("GET /readyz?consistency=stale", 400, "unknown_field", ""),
        ("GET /metrics?x", 400, "unknown_field", ""),
        ("GET /openapi.json?x=1", 400, "unknown_field", ""),
    ] {
        raw.send(format!("{line} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n")).await;
        let answer = raw.answer().await;
        assert_problem(&answer, status, code);
        assert!(answer.contains(allow), "{answer:?} has not {allow:?}");
        assert!(answer.contains("ferry-node: 7\r\n"), "{answer:?}");
    }
    assert!(raw.is_usable().await);
}

#[tokio::test]
async fn bytes_that_are_no_http_are_refused_or_dropped() {
    let (address, _guard) = serve(10).await;
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice();
    for garbage in
        [hello, b"\x00\x00\x00\n\n", b"\r\n\r\n\r\nGET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"]
    {
        let mut raw = Raw::connect(address).await;
        raw.send(garbage).await;
        let answer = raw.read_to_end().await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer:?}");
    }
    assert!(Raw::connect(address).await.is_usable().await);
}

#[tokio::test]
async fn connections_above_the_cap_are_told_so() {
    let (address, _guard) = serve(1).await;
    let mut first = Raw::connect(address).await;
    assert!(first.is_usable().await);
    let mut second = Raw::connect(address).await;
    let answer = second.read_to_end().await;
    assert_problem(&answer, 503, "too_many_connections");
    assert!(answer.contains("retry-after: 1\r\n") && answer.contains("ferry-node: 7\r\n"));
    assert!(first.is_usable().await);
}

#[tokio::test]
async fn a_thousand_pipelined_requests_are_answered_in_order() {
    let (address, _guard) = serve(10).await;
    let (mut input, mut output) = Raw::connect(address).await.0.into_split();
    let requests: String = (0..1_000)
        .map(|number| {
            format!("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 8\r\n\r\n<{number:06}>")
        })
        .collect();
    let sender = tokio::spawn(async move {
        output.write_all(requests.as_bytes()).await.expect("the connection is open");
        output // Dropping it would tell the server that the client is going.
    });
    let mut text = String::new();
    let read = async {
        let mut part = [0; 4096];
        while !text.ends_with("<000999>") {
            let count = input.read(&mut part).await.expect("the connection is open");
            assert_ne!(count, 0, "closed after {} bytes", text.len());
            text.push_str(&String::from_utf8_lossy(&part[..count]));
        }
    };
    timeout(PATIENCE, read).await.expect("all are answered in time");
    drop(sender.await);
    let places: Vec<_> = (0..1_000).map(|number| text.find(&format!("<{number:06}>"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted());
}

#[tokio::test]
async fn an_answer_that_is_not_accepted_is_not_given() {
    let (address, _guard) = serve(10).await;
    let mut raw = Raw::connect(address).await;
    for (path, accept, status) in [
        ("/livez", "application/json;q=0", 406),
        ("/openapi.json", "text/html", 406),
        ("/metrics", "application/json", 406),
        ("/readyz", "text/plain", 406),
        ("/metrics", "application/openmetrics-text;q=0.5, text/plain;version=0.0.4;q=0.3", 200),
        ("/livez", "text/html, */*;q=0.1", 200),
    ] {
        raw.send(format!("GET {path} HTTP/1.1\r\nhost: a\r\naccept: {accept}\r\n\r\n")).await;
        let answer = raw.read_until(|text| text.ends_with(['}', '\n'])).await.0;
        if status == 406 {
            assert_problem(&answer, 406, "not_acceptable");
        } else {
            assert!(answer.starts_with("HTTP/1.1 200 "), "{path} {accept}: {answer:?}");
        }
    }
}

/// An HTTP/2 frame.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("it is short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

#[tokio::test]
async fn streams_that_are_reset_at_once_are_answered_with_goaway() {
    const GOAWAY: u8 = 7;
    let (address, _guard) = serve(10).await;
    let mut raw = Raw::connect(address).await;
    raw.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    raw.send(frame(4, 0, 0, &[])).await;
    // POST /, http, and an authority: indexed fields and a literal of HPACK's static table.
    let head = [0x83, 0x86, 0x84, 0x01, 0x01, b'a'];
    let burst: Vec<u8> = (0..2_000)
        .flat_map(|number| {
            let stream = number * 2 + 1;
            [frame(1, 4, stream, &head), frame(3, 0, stream, &[0, 0, 0, 8])].concat()
        })
        .collect();
    let mut bytes = Vec::new();
    let (mut input, mut output) = raw.0.into_split();
    let sender = tokio::spawn(async move {
        // The server may close before it has read all.
        let _ = output.write_all(&burst).await;
        output
    });
    let read = input.read_to_end(&mut bytes);
    let _ = timeout(PATIENCE, read).await.expect("the server closes in time");
    drop(sender.await);
    let mut kinds = Vec::new();
    let mut rest = bytes.as_slice();
    while let [a, b, c, kind, ..] = *rest {
        kinds.push(kind);
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        rest = rest.get(9 + length..).unwrap_or_default();
    }
    assert!(kinds.contains(&GOAWAY), "no GOAWAY among the frames {kinds:?}");
    assert!(Raw::connect(address).await.is_usable().await);
}

#[tokio::test]
async fn who_comes_before_the_node_stands_waits_as_long_as_it_likes() {
    let (address, _guard) = serve(10).await;
    let started = Instant::now();
    let mut raw = Raw::connect(address).await;
    raw.send("GET /v1/queues/a HTTP/1.1\r\nhost: x\r\nferry-timeout-ms: 300\r\n\r\n").await;
    let answer = raw.answer().await;
    assert!(started.elapsed() >= Duration::from_millis(300), "{answer}");
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("no_leader"), "{answer}");
    assert!(answer.contains("retry-after: 1\r\n"), "{answer}");
    for path in ["/livez", "/readyz"] {
        let started = Instant::now();
        let mut raw = Raw::connect(address).await;
        raw.send(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        let answer = raw.answer().await;
        assert!(started.elapsed() < limits::REQUEST_TIMEOUT, "{path}: {answer}");
    }
}
