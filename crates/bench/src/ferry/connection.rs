use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::client::conn::{http1, http2};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::lines::{Body, Http1, Lines};
use super::server::Server;
use crate::RequestError;

/// How long an answer may take: more than the server's own patience.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a connection may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(2);
/// How much of an unexpected answer is told.
const TOLD_BYTES_MAX: usize = 300;

/// A kept connection to a node, with one request under way at a time.
pub(super) struct Connection {
    server: Server,
    link: Link,
}

enum Link {
    /// Driven by whoever awaits an answer: no task of its own, so no hand-off between tasks.
    Http1 { sender: http1::SendRequest<Body>, connection: Pin<Box<Http1>> },
    /// Driven by a task of its own.
    Http2(http2::SendRequest<Body>),
}

/// An answer as it came.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

impl Connection {
    /// Connects to a node.
    pub(super) async fn open(server: &Server, is_http2: bool) -> Result<Self, RequestError> {
        let refuse = |why: &dyn std::fmt::Display| {
            RequestError::new(format!("cannot connect to {server}: {why}"))
        };
        let connecting = TcpStream::connect(server.address());
        let stream = tokio::time::timeout(CONNECT_PATIENCE, connecting).await;
        let stream = stream.map_err(|_| refuse(&"no answer"))?.map_err(|error| refuse(&error))?;
        stream.set_nodelay(true).map_err(|error| refuse(&error))?;
        let io = TokioIo::new(stream);
        let link = if is_http2 {
            let handshake = http2::handshake(TokioExecutor::new(), io).await;
            let (sender, connection) = handshake.map_err(|error| refuse(&error))?;
            // It ends with the sender; what goes wrong before is the requests' to tell.
            tokio::spawn(connection);
            Link::Http2(sender)
        } else {
            let handshake = http1::handshake(io).await;
            let (sender, connection) = handshake.map_err(|error| refuse(&error))?;
            Link::Http1 { sender, connection: Box::pin(connection) }
        };
        Ok(Self { server: server.clone(), link })
    }

    /// Sends a request and waits for the whole answer, whatever its status.
    pub(super) async fn call(
        &mut self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Bytes,
    ) -> Result<Answer, RequestError> {
        let request = self.request(method, path, key, body)?;
        let exchange = async {
            match &mut self.link {
                Link::Http2(sender) => {
                    sender.ready().await?;
                    Answer::read(sender.send_request(request).await?).await
                }
                Link::Http1 { sender, connection } => {
                    let exchange = async {
                        sender.ready().await?;
                        Answer::read(sender.send_request(request).await?).await
                    };
                    tokio::pin!(exchange);
                    tokio::select! {
                        biased;
                        // The answer may have come with the end of the connection.
                        _ = connection => exchange.await,
                        answer = &mut exchange => answer,
                    }
                }
            }
        };
        let lost =
            |why: String| RequestError::new(format!("no answer from {}: {why}", self.server));
        match tokio::time::timeout(PATIENCE, exchange).await {
            Ok(answer) => answer.map_err(|error: hyper::Error| lost(error.to_string())),
            Err(_) => Err(lost(format!("after {} s", PATIENCE.as_secs()))),
        }
    }

    /// Asks for an answer that does not end, and serves nothing else from then on.
    pub(super) async fn lines(self, path: &str) -> Result<Lines, RequestError> {
        let request = self.request(Method::GET, path, None, Bytes::new())?;
        let (asked, connection) = match self.link {
            Link::Http1 { mut sender, mut connection } => {
                let mut asked = std::pin::pin!(sender.send_request(request));
                let asked = tokio::select! {
                    biased;
                    _ = &mut connection => asked.await,
                    asked = &mut asked => asked,
                };
                (asked, Some(connection))
            }
            Link::Http2(mut sender) => (sender.send_request(request).await, None),
        };
        let response = asked.map_err(RequestError::new)?;
        if response.status().is_success() {
            return Ok(Lines::new(response.into_body(), connection));
        }
        Err(RequestError::new(format!("GET {path}: {}", response.status())))
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Bytes,
    ) -> Result<Request<Body>, RequestError> {
        let mut request = Request::builder().method(method);
        request = match &self.link {
            Link::Http1 { .. } => request.uri(path).header(HOST, self.server.authority()),
            Link::Http2(_) => request.uri(format!("{}{path}", self.server)),
        };
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(key) = key {
            request = request.header(ferry_api::headers::IDEMPOTENCY_KEY, key);
        }
        request.body(Body::new(body)).map_err(RequestError::new)
    }
}

impl Answer {
    async fn read(response: Response<Incoming>) -> Result<Self, hyper::Error> {
        let status = response.status();
        Ok(Self { status, body: response.into_body().collect().await?.to_bytes() })
    }

    /// The answer, if it is a success.
    pub(super) fn success(self) -> Result<Self, RequestError> {
        if self.status.is_success() {
            return Ok(self);
        }
        let told = &self.body[..self.body.len().min(TOLD_BYTES_MAX)];
        let told = String::from_utf8_lossy(told);
        Err(RequestError::new(format!("{}: {told}", self.status)))
    }
}
