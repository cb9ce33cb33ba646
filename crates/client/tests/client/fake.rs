//! An HTTP server on a real socket that does what a test says, faults included.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Method and target, for example `GET /v1/queues`.
    pub(crate) line: String,
    /// The `Idempotency-Key`, if there was one.
    pub(crate) key: Option<String>,
    /// The body.
    pub(crate) body: String,
}

/// What the server does with a request.
pub(crate) enum Reply {
    /// Answers with this status and JSON.
    Json(u16, String),
    /// Closes the connection without an answer.
    Close,
    /// Never answers.
    Hang,
}

impl Reply {
    /// A problem with its own status.
    pub(crate) fn problem(code: ferry_api::Code) -> Self {
        let problem = ferry_api::Problem::new(code, "try the other door");
        let json = serde_json::to_string(&problem).expect("a problem has a JSON form");
        Self::Json(problem.status, json)
    }
}

/// A running server. Stops when it is dropped.
pub(crate) struct Fake {
    /// Its base URL.
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    _loops: JoinSet<()>,
}

impl Fake {
    /// Starts a server; `script` gets each request with the number of those before it.
    pub(crate) async fn start(
        script: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut loops = JoinSet::new();
        let (script, log) = (Arc::new(script), seen.clone());
        loops.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (script, log) = (script.clone(), log.clone());
                connections.spawn(async move {
                    serve(stream, &*script, &log).await;
                });
            }
        });
        Self { url: format!("http://{address}"), seen, _loops: loops }
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no test panics under the lock").clone()
    }
}

/// A URL where nothing listens.
pub(crate) async fn dead_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    format!("http://{}", listener.local_addr().expect("a bound socket has an address"))
}

async fn serve(
    mut stream: TcpStream,
    script: &(dyn Fn(usize, &Seen) -> Reply + Send + Sync),
    log: &Mutex<Vec<Seen>>,
) {
    while let Some(request) = read(&mut stream).await {
        let number = {
            let mut log = log.lock().expect("no test panics under the lock");
            log.push(request.clone());
            log.len() - 1
        };
        match script(number, &request) {
            Reply::Json(status, body) => {
                let length = body.len();
                let answer =
                    format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}");
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
            Reply::Close => return,
            Reply::Hang => std::future::pending().await,
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).expect("the client writes ASCII");
    let header = |name: &str| {
        let prefix = format!("{name}: ");
        text.lines().find_map(|line| line.strip_prefix(&prefix)).map(str::to_owned)
    };
    let length = header("content-length").map_or(0, |text| text.parse().expect("a number"));
    while bytes.len() < head + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let line = text.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
    let body = String::from_utf8(bytes[head..].to_vec()).expect("the client writes UTF-8");
    Some(Seen { line, key: header("idempotency-key"), body })
}
