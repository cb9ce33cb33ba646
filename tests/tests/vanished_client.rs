//! A client that is gone without a word holds no connection.

use ferry_tests::{Cluster, wait};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// More than the buffers of both ends hold.
const REQUESTS: usize = 40;

/// To its node, a client that takes nothing is like one whose host has vanished: what is sent to it is
/// never acknowledged.
#[tokio::test]
async fn a_connection_ends_whose_other_end_takes_nothing() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let id = client.enqueue("mail", json!({"payload": "x".repeat(900 << 10)})).await;
    let connections = async || client.metric("ferry_http_connections").await;
    let before = connections().await;
    let address = client.base().strip_prefix("http://").expect("a server has a URL");
    let mut stream = TcpStream::connect(address).await.expect("the node listens");
    let request = format!("GET /v1/tasks/{id} HTTP/1.1\r\nhost: {address}\r\n\r\n");
    stream.write_all(request.repeat(REQUESTS).as_bytes()).await.expect("requests are short");
    wait::until("the connection to be there", wait::PATIENCE, async || {
        (connections().await > before).then_some(())
    })
    .await;
    wait::until("the connection to be ended", wait::PATIENCE, async || {
        (connections().await <= before).then_some(())
    })
    .await;
    drop(stream);
}
