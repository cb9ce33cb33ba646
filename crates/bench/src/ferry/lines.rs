use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use futures::FutureExt;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::RequestError;

/// What requests send.
pub(super) type Body = Full<Bytes>;
/// What moves the bytes of a connection, as long as somebody awaits it.
pub(super) type Http1 = http1::Connection<TokioIo<TcpStream>, Body>;

/// The lines of an answer that does not end.
pub(super) struct Lines {
    body: Incoming,
    /// What brings the body, unless a task of its own drives it.
    connection: Option<Pin<Box<Http1>>>,
    text: BytesMut,
}

impl Lines {
    pub(super) fn new(body: Incoming, connection: Option<Pin<Box<Http1>>>) -> Self {
        Self { body, connection, text: BytesMut::new() }
    }

    /// The next line that is not empty. Cancel-safe.
    pub(super) async fn next(&mut self) -> Result<Bytes, RequestError> {
        loop {
            if let Some(line) = self.cut() {
                return Ok(line);
            }
            self.read().await?;
        }
    }

    /// The next line, if it has come; a stream that has ended tells so in the next call.
    pub(super) fn already_here(&mut self) -> Option<Bytes> {
        // The first look has the connection bring what there is, the second gets it.
        for _ in 0..2 {
            if let Some(line) = self.cut() {
                return Some(line);
            }
            if let Some(Err(_)) = self.read().now_or_never() {
                return None;
            }
        }
        self.cut()
    }

    async fn read(&mut self) -> Result<(), RequestError> {
        let ended = || RequestError::new("the stream has ended");
        let connection = async {
            match &mut self.connection {
                Some(connection) => connection.await,
                None => std::future::pending().await,
            }
        };
        let frame = tokio::select! {
            biased;
            frame = self.body.frame() => frame.ok_or_else(ended)?,
            _ = connection => return Err(ended()),
        };
        if let Ok(data) = frame.map_err(RequestError::new)?.into_data() {
            self.text.extend_from_slice(&data);
        }
        Ok(())
    }

    fn cut(&mut self) -> Option<Bytes> {
        loop {
            let end = self.text.iter().position(|byte| *byte == b'\n')?;
            let line = self.text.split_to(end + 1).freeze();
            if end > 0 {
                return Some(line.slice(..end));
            }
        }
    }
}
