use std::io;
use std::time::Duration;

use bytes::Bytes;
use ferry_types::{GroupId, NodeId};
use futures::{SinkExt, StreamExt};
use prost::Message as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::codec::Framed;

use super::Greeter;
use crate::wire::{Body, Frame, FrameCodec, GreetingReply, Message, Purpose};

/// How long to wait for a connection and its greeting.
const CONNECT_PATIENCE: Duration = Duration::from_millis(1_000);

/// A greeted connection to another node, for this node's one group.
pub(crate) struct Link {
    pub(crate) frames: Framed<TcpStream, FrameCodec>,
}

impl Link {
    /// Connects and greets.
    ///
    /// # Errors
    /// `ConnectionRefused` says that no process listens there.
    pub(crate) async fn connect(
        greeter: &Greeter,
        callee: NodeId,
        address: &str,
        purpose: Purpose,
    ) -> io::Result<Self> {
        let connect = async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let mut link = Self { frames: Framed::new(stream, FrameCodec::default()) };
            link.send_bytes(greeter.greeting(callee, purpose).encode_to_vec().into()).await?;
            let reply = GreetingReply::decode(link.receive_bytes().await?).map_err(invalid)?;
            greeter.accept(callee, &reply).await?;
            Ok(link)
        };
        timeout(CONNECT_PATIENCE, connect).await.unwrap_or_else(|_| Err(timed_out()))
    }

    /// Sends a request and waits for its reply.
    pub(crate) async fn call(&mut self, request: Body, patience: Duration) -> io::Result<Body> {
        let call = async {
            self.send(request).await?;
            self.receive().await
        };
        timeout(patience, call).await.unwrap_or_else(|_| Err(timed_out()))
    }

    pub(crate) async fn send(&mut self, body: Body) -> io::Result<()> {
        self.frames.send(frame(body)).await
    }

    pub(crate) async fn receive(&mut self) -> io::Result<Body> {
        body(self.receive_bytes().await?)
    }

    pub(crate) async fn send_bytes(&mut self, body: Bytes) -> io::Result<()> {
        self.frames.send(Frame { group: GroupId::FIRST, body }).await
    }

    pub(crate) async fn receive_bytes(&mut self) -> io::Result<Bytes> {
        let closed = || io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was closed");
        bytes(self.frames.next().await.ok_or_else(closed)??)
    }
}

/// A message as a frame of this node's group.
pub(crate) fn frame(body: Body) -> Frame {
    let message = Message { body: Some(body) };
    Frame { group: GroupId::FIRST, body: message.encode_to_vec().into() }
}

/// A frame's bytes, if it is of this node's group.
fn bytes(frame: Frame) -> io::Result<Bytes> {
    if frame.group == GroupId::FIRST {
        return Ok(frame.body);
    }
    Err(invalid(format!("a frame of the unknown group {}", frame.group)))
}

/// The message in a frame of this node's group.
pub(crate) fn message_in(frame: Frame) -> io::Result<Body> {
    body(bytes(frame)?)
}

/// The message in a frame's bytes.
fn body(bytes: Bytes) -> io::Result<Body> {
    let message = Message::decode(bytes).map_err(invalid)?;
    message.body.ok_or_else(|| invalid("a message of an unknown kind"))
}

pub(crate) fn invalid(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the other node did not answer in time")
}
