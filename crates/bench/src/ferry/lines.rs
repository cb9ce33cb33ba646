use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::mpsc;

use crate::RequestError;

/// Lines that may wait for their reader.
const WAITING_MAX: usize = 1_000;

/// The lines of an answer that does not end, read as they come.
pub(super) struct Lines(mpsc::Receiver<Result<Bytes, RequestError>>);

impl Lines {
    pub(super) fn new(body: Incoming) -> Self {
        let (sender, lines) = mpsc::channel(WAITING_MAX);
        // It ends with the answer, or at the first line that nobody wants any more.
        tokio::spawn(read(body, sender));
        Self(lines)
    }

    /// The next line. Cancel-safe.
    pub(super) async fn next(&mut self) -> Result<Bytes, RequestError> {
        let ended = || Err(RequestError::new("the stream has ended"));
        self.0.recv().await.unwrap_or_else(ended)
    }

    /// The next line, if it has come; a stream that has ended tells so in the next call.
    pub(super) fn already_here(&mut self) -> Option<Bytes> {
        self.0.try_recv().ok().and_then(Result::ok)
    }
}

/// Reads lines that are not empty until the answer ends or fails.
async fn read(mut body: Incoming, lines: mpsc::Sender<Result<Bytes, RequestError>>) {
    let mut text = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let data = match frame.map(hyper::body::Frame::into_data) {
            Ok(data) => data.unwrap_or_default(),
            Err(error) => {
                // Whoever reads no more wants no reason either.
                let _ = lines.send(Err(RequestError::new(error))).await;
                return;
            }
        };
        text.extend_from_slice(&data);
        while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
            let line = text.split_to(end + 1).freeze();
            if end > 0 && lines.send(Ok(line.slice(..end))).await.is_err() {
                return;
            }
        }
    }
}
