use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use ferry_bench::RequestError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::decoder::{AmqpDecoder, Event, Frame, closing};
use super::frames::{
    Arguments, CHANNEL_CLOSE, CHANNEL_CLOSE_OK, CHANNEL_OPEN, CHANNEL_OPEN_OK, CONNECTION_OPEN,
    CONNECTION_OPEN_OK, CONNECTION_START, CONNECTION_START_OK, CONNECTION_TUNE, CONNECTION_TUNE_OK,
    Method, put_method,
};
use crate::link::{Inbox, Link};

const PROTOCOL: &[u8] = b"AMQP\x00\x00\x09\x01";
const PATIENCE: Duration = Duration::from_secs(10);

/// A channel of a shared connection.
pub(super) struct Channel {
    inbox: Inbox<Event>,
    number: u16,
    is_closed: bool,
}

/// Connects to a node as the user that every new node has.
pub(super) async fn connect(address: SocketAddr) -> Result<Arc<Link<Event>>, RequestError> {
    let refuse = |error| RequestError::new(format!("cannot connect to RabbitMQ: {error}"));
    let shake = async {
        let mut connection = TcpStream::connect(address).await.map_err(refuse)?;
        connection.set_nodelay(true).map_err(refuse)?;
        connection.write_all(PROTOCOL).await.map_err(refuse)?;
        let mut bytes = BytesMut::new();
        expect(&mut connection, &mut bytes, CONNECTION_START).await?;
        let start = Arguments::default().table(&[("product", "ferry-bench-peers")], &[]);
        let start = start.name("PLAIN").text("\0guest\0guest").name("en_US");
        say(&mut connection, CONNECTION_START_OK, &start).await.map_err(refuse)?;
        let mut tune = expect(&mut connection, &mut bytes, CONNECTION_TUNE).await?;
        let short = |_| RequestError::new("RabbitMQ's handshake is too short");
        let channels_max = tune.try_get_u16().map_err(short)?;
        let frame_max = tune.try_get_u32().map_err(short)?;
        // No heartbeats: they cost the servers something.
        let tune = Arguments::default().short(channels_max).long(frame_max).short(0);
        say(&mut connection, CONNECTION_TUNE_OK, &tune).await.map_err(refuse)?;
        let open = Arguments::default().name("/").name("").byte(0);
        say(&mut connection, CONNECTION_OPEN, &open).await.map_err(refuse)?;
        expect(&mut connection, &mut bytes, CONNECTION_OPEN_OK).await?;
        Ok((connection, bytes))
    };
    let shaken = tokio::time::timeout(PATIENCE, shake).await;
    let (connection, unread) =
        shaken.map_err(|_| RequestError::new("RabbitMQ does not answer the handshake"))??;
    Ok(Link::open(connection, unread, AmqpDecoder::default()))
}

async fn say(
    connection: &mut TcpStream,
    method: Method,
    arguments: &Arguments,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    put_method(&mut bytes, 0, method, arguments);
    connection.write_all(&bytes).await
}

async fn expect(
    connection: &mut TcpStream,
    bytes: &mut BytesMut,
    expected: Method,
) -> Result<Bytes, RequestError> {
    loop {
        if let Some(frame) = Frame::take(bytes)? {
            let (method, arguments) = frame.method()?;
            let strange = || RequestError::new(format!("RabbitMQ says {method:?} in a handshake"));
            return if method == expected { Ok(arguments) } else { Err(strange()) };
        }
        let read = connection.read_buf(bytes).await.map_err(RequestError::new)?;
        if read == 0 {
            return Err(RequestError::new("RabbitMQ ended the handshake"));
        }
    }
}

impl Channel {
    /// A new channel of this connection.
    pub(super) async fn open(link: &Arc<Link<Event>>) -> Result<Self, RequestError> {
        let inbox = link.inbox()?;
        let number = u16::try_from(inbox.number);
        let number = number.map_err(|_| RequestError::new("a connection is out of channels"))?;
        let mut channel = Self { inbox, number, is_closed: false };
        let arguments = Arguments::default().name("");
        channel.call(CHANNEL_OPEN, &arguments, CHANNEL_OPEN_OK).await?;
        Ok(channel)
    }

    /// Calls a method and waits for its answer. No messages may be under way.
    pub(super) async fn call(
        &mut self,
        method: Method,
        arguments: &Arguments,
        answer: Method,
    ) -> Result<Bytes, RequestError> {
        self.send(|out, channel| put_method(out, channel, method, arguments));
        loop {
            match self.next(PATIENCE).await? {
                Some(Event::Method { method, arguments }) if method == answer => {
                    return Ok(arguments);
                }
                // A worker that ends may still be sent tasks; they go back when it is gone.
                Some(Event::Delivered { .. }) => {}
                Some(event) => {
                    return Err(RequestError::new(format!("{event:?} answers {method:?}")));
                }
                None => return Err(RequestError::new(format!("no answer to {method:?}"))),
            }
        }
    }

    /// Sends what `write` writes for this channel.
    pub(super) fn send(&self, write: impl FnOnce(&mut Vec<u8>, u16)) {
        self.inbox.link.send(|out| write(out, self.number));
    }

    /// The next event, if one comes in time.
    pub(super) async fn next(&mut self, patience: Duration) -> Result<Option<Event>, RequestError> {
        let event = self.inbox.next_within(patience).await?;
        if let Some(Event::Method { method: CHANNEL_CLOSE, arguments }) = event {
            self.send(|out, channel| {
                put_method(out, channel, CHANNEL_CLOSE_OK, &Arguments::default());
            });
            self.is_closed = true;
            return Err(closing(arguments));
        }
        Ok(event)
    }

    /// The next event, if it is here.
    pub(super) fn next_here(&mut self) -> Option<Event> {
        self.inbox.next_here()
    }

    /// Closes the channel in order: the server has then seen all that was sent.
    pub(super) async fn close(mut self) -> Result<(), RequestError> {
        self.is_closed = true;
        self.call(CHANNEL_CLOSE, &farewell(), CHANNEL_CLOSE_OK).await.map(|_| ())
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        if !self.is_closed {
            self.send(|out, channel| put_method(out, channel, CHANNEL_CLOSE, &farewell()));
        }
    }
}

/// Code 200, and no method is to blame.
fn farewell() -> Arguments {
    Arguments::default().short(200).name("").short(0).short(0)
}
