use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ferry_bench::RequestError;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::decoder::{Message, NatsDecoder};
use crate::link::{Inbox, Link};

/// What we say first. Without `no_responders` a publish that meets no leader would just be lost.
const CONNECT: &[u8] = b"CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"rust\",\
    \"version\":\"0\",\"protocol\":1,\"headers\":true,\"no_responders\":true}\r\nPING\r\n";
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(5);

/// A client on a shared connection, with a subscription for what is answered to it.
pub(super) struct Client {
    inbox: Inbox<Message>,
    /// The subject of answers, without the token at its end.
    subject: String,
    /// The subject of answers that come in the order of the questions.
    reply: String,
    tokens: u64,
}

/// Connects to a node.
pub(super) async fn connect(address: SocketAddr) -> Result<Arc<Link<Message>>, RequestError> {
    let refuse =
        |error: std::io::Error| RequestError::new(format!("cannot connect to NATS: {error}"));
    let shake = async {
        let mut connection = TcpStream::connect(address).await?;
        connection.set_nodelay(true)?;
        connection.write_all(CONNECT).await?;
        let mut bytes = BytesMut::new();
        // The answer to `PING` says that the node has taken us.
        while !bytes.windows(6).any(|window| window == b"PONG\r\n") {
            if connection.read_buf(&mut bytes).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok((connection, bytes))
    };
    let shaken = tokio::time::timeout(HANDSHAKE_PATIENCE, shake).await;
    let late = |_| RequestError::new("NATS does not answer the handshake");
    let (connection, unread) = shaken.map_err(late)?.map_err(refuse)?;
    Ok(Link::open(connection, unread, NatsDecoder))
}

impl Client {
    /// A client on this link.
    pub(super) fn new(link: &Arc<Link<Message>>) -> Result<Self, RequestError> {
        let inbox = link.inbox()?;
        let number = inbox.number;
        let subject = format!("_INBOX.{}.{number}", link_name(link));
        let subscribe = format!("SUB {subject}.* {number}\r\n");
        link.send(|out| out.extend_from_slice(subscribe.as_bytes()));
        let reply = format!("{subject}.0");
        Ok(Self { inbox, subject, reply, tokens: 0 })
    }

    /// Publishes a message that is answered to this client.
    pub(super) fn publish(&self, subject: &[u8], payload: &[u8]) {
        self.inbox.link.send(|out| put(out, subject, self.reply.as_bytes(), payload));
    }

    /// Publishes `count` messages, which are answered to this client in this order.
    pub(super) fn publish_many(&self, subject: &[u8], count: usize, payload: impl Fn() -> Bytes) {
        self.inbox.link.send(|out| {
            for _ in 0..count {
                put(out, subject, self.reply.as_bytes(), &payload());
            }
        });
    }

    /// Publishes a message to each subject; the answers come to this client, or nobody wants them.
    pub(super) fn publish_each(&self, subjects: &[Bytes], is_answered: bool) {
        let reply = if is_answered { self.reply.as_bytes() } else { b"" };
        self.inbox
            .link
            .send(|out| subjects.iter().for_each(|subject| put(out, subject, reply, b"")));
    }

    /// Publishes a message under a key, and waits for the answer to this one and no other.
    pub(super) async fn ask_keyed(
        &mut self,
        subject: &[u8],
        key: &str,
        payload: &[u8],
        patience: Duration,
    ) -> Result<Message, RequestError> {
        let headers = format!("NATS/1.0\r\nNats-Msg-Id: {key}\r\n\r\n");
        self.tokens += 1;
        let reply = format!("{}.{}", self.subject, self.tokens);
        self.inbox.link.send(|out| {
            out.extend_from_slice(b"HPUB ");
            out.extend_from_slice(subject);
            let sizes = (headers.len(), headers.len() + payload.len());
            out.extend_from_slice(format!(" {reply} {} {}\r\n", sizes.0, sizes.1).as_bytes());
            out.extend_from_slice(headers.as_bytes());
            out.extend_from_slice(payload);
            out.extend_from_slice(b"\r\n");
        });
        self.answer(patience).await
    }

    /// Asks the API, and waits for the answer.
    pub(super) async fn ask(
        &mut self,
        subject: &str,
        request: &Value,
        patience: Duration,
    ) -> Result<Value, RequestError> {
        self.tokens += 1;
        let reply = format!("{}.{}", self.subject, self.tokens);
        let request = request.to_string();
        self.inbox
            .link
            .send(|out| put(out, subject.as_bytes(), reply.as_bytes(), request.as_bytes()));
        let answer = self.answer(patience).await?;
        if answer.status.is_some() {
            return Err(RequestError::new(format!("{subject}: nobody answers")));
        }
        let answer: Value = serde_json::from_slice(&answer.payload).map_err(RequestError::new)?;
        match answer.get("error") {
            Some(error) => Err(RequestError::new(format!("{subject}: {error}"))),
            None => Ok(answer),
        }
    }

    /// The next message.
    pub(super) async fn next(
        &mut self,
        patience: Duration,
    ) -> Result<Option<Message>, RequestError> {
        self.inbox.next_within(patience).await
    }

    /// The next message, if it is here.
    pub(super) fn next_here(&mut self) -> Option<Message> {
        self.inbox.next_here()
    }

    /// The answer to the last question; earlier ones that come late are dropped.
    async fn answer(&mut self, patience: Duration) -> Result<Message, RequestError> {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            let message = self.inbox.next_within(left).await?;
            let message = message.ok_or_else(|| RequestError::new("no answer in time"))?;
            if message.token == Some(self.tokens) {
                return Ok(message);
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let number = self.inbox.number;
        self.inbox.link.send(|out| out.extend_from_slice(format!("UNSUB {number}\r\n").as_bytes()));
    }
}

/// Tells the inboxes of one link from those of another: its place in memory, while it lives.
fn link_name(link: &Arc<Link<Message>>) -> usize {
    Arc::as_ptr(link) as usize
}

fn put(out: &mut Vec<u8>, subject: &[u8], reply: &[u8], payload: &[u8]) {
    out.extend_from_slice(b"PUB ");
    out.extend_from_slice(subject);
    out.push(b' ');
    if !reply.is_empty() {
        out.extend_from_slice(reply);
        out.push(b' ');
    }
    out.extend_from_slice(payload.len().to_string().as_bytes());
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(payload);
    out.extend_from_slice(b"\r\n");
}
