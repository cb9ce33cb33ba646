//! Requests whose end is not certain, alone and behind others.

use super::{Raw, assert_problem, serve};

#[tokio::test]
async fn a_length_given_twice_is_refused_and_closes() {
    let (address, _guard) = serve(10).await;
    for lengths in [
        "content-length: 2\r\ncontent-length: 3\r\n",
        "content-length: 2\r\ncontent-length: 2\r\n",
        "content-length: 2\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 2\r\n",
    ] {
        let mut raw = Raw::connect(address).await;
        raw.send(format!("POST /echo HTTP/1.1\r\nhost: a\r\n{lengths}\r\nok")).await;
        assert_problem(&raw.read_to_end().await, 400, "invalid_argument");
    }
}

#[tokio::test]
async fn a_smuggled_request_is_refused_in_its_turn_and_nothing_of_it_is_done() {
    let (address, _guard) = serve(10).await;
    let fine = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\n<ok>";
    let hidden = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nthief";
    for lengths in [
        "content-length: 4\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 4\r\n",
        "content-length: 4\r\ncontent-length: 8\r\n",
        "transfer-encoding: gzip, chunked\r\n",
    ] {
        let bad = format!("POST /echo HTTP/1.1\r\nhost: a\r\n{lengths}\r\n0\r\n\r\n{hidden}");
        let mut raw = Raw::connect(address).await;
        raw.send(format!("{fine}{fine}{bad}")).await;
        let text = raw.read_to_end().await;
        assert_eq!(text.matches("<ok>").count(), 2, "{text:?}");
        assert!(!text.contains("thief"), "{text:?}");
        let last = &text[text.rfind("HTTP/1.1 ").expect("there are answers")..];
        assert_problem(last, 400, "invalid_argument");
        assert!(last.contains("ferry-node: 7\r\n"), "{last:?}");
    }
}

#[tokio::test]
async fn a_head_that_stalls_behind_an_earlier_request_is_timed_out() {
    let (address, _guard) = serve(10).await;
    let mut raw = Raw::connect(address).await;
    let fine = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\n<ok>";
    raw.send(format!("{fine}POST /echo HTTP/1.1\r\nho")).await;
    let text = raw.read_to_end().await;
    assert!(text.contains("<ok>"), "{text:?}");
    let last = &text[text.rfind("HTTP/1.1 ").expect("there are answers")..];
    assert_problem(last, 408, "request_timeout");
    assert!(last.contains("ferry-node: 7\r\n"), "{last:?}");
}
