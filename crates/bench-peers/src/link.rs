use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::BytesMut;
use ferry_bench::RequestError;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::mpsc;

use crate::outbox::Outbox;

/// Messages that may wait in an inbox. A client never asks for as many; a server that sends more
/// than it was asked for loses the connection.
const INBOX_MESSAGES_MAX: usize = 8_192;
const READ_BYTES: usize = 256 * 1024;

/// How the bytes of a protocol become messages for inboxes.
pub(crate) trait Decoder: Send + 'static {
    /// What comes in.
    type Message: Send + 'static;

    /// Takes the whole messages off the front of `bytes`, gives each to `deliver` with the number
    /// of its inbox, and writes what the protocol itself has to answer into `outbox`.
    ///
    /// # Errors
    /// If the connection is of no more use.
    fn decode(
        &mut self,
        bytes: &mut BytesMut,
        outbox: &Outbox,
        deliver: &mut dyn FnMut(u64, Self::Message),
    ) -> Result<(), RequestError>;
}

/// A connection that many clients share, each with an inbox of its own.
pub(crate) struct Link<M> {
    outbox: Arc<Outbox>,
    inboxes: Arc<Inboxes<M>>,
    next: AtomicU64,
}

/// Where a client's messages arrive.
pub(crate) struct Inbox<M> {
    /// Unique on its link, from 1.
    pub(crate) number: u64,
    /// The connection.
    pub(crate) link: Arc<Link<M>>,
    messages: mpsc::Receiver<M>,
}

struct Inboxes<M>(Mutex<State<M>>);

struct State<M> {
    open: HashMap<u64, mpsc::Sender<M>>,
    lost: Option<RequestError>,
}

/// Tells all inboxes that the link is lost, also when its loop is dropped with its runtime.
struct Ending<M>(Arc<Inboxes<M>>);

impl<M: Send + 'static> Link<M> {
    /// Takes over a connection whose handshake is done; `unread` has come after it.
    pub(crate) fn open<D>(connection: TcpStream, unread: BytesMut, decoder: D) -> Arc<Self>
    where
        D: Decoder<Message = M>,
    {
        let (reader, writer) = connection.into_split();
        let outbox = Arc::new(Outbox::default());
        let state = State { open: HashMap::new(), lost: None };
        let inboxes = Arc::new(Inboxes(Mutex::new(state)));
        tokio::spawn({
            let outbox = outbox.clone();
            async move { outbox.write_to(writer).await }
        });
        let ending = Ending(inboxes.clone());
        tokio::spawn(read(reader, unread, decoder, outbox.clone(), ending));
        Arc::new(Self { outbox, inboxes, next: AtomicU64::new(1) })
    }

    /// A new inbox.
    pub(crate) fn inbox(self: &Arc<Self>) -> Result<Inbox<M>, RequestError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, messages) = mpsc::channel(INBOX_MESSAGES_MAX);
        let mut state = self.inboxes.state();
        if let Some(error) = &state.lost {
            return Err(error.clone());
        }
        state.open.insert(number, sender);
        Ok(Inbox { number, link: self.clone(), messages })
    }

    /// Sends what `write` writes, soon.
    pub(crate) fn send(&self, write: impl FnOnce(&mut Vec<u8>)) {
        self.outbox.push(write);
    }

    /// Whether the connection has ended.
    pub(crate) fn is_lost(&self) -> bool {
        self.inboxes.state().lost.is_some()
    }

    /// How many inboxes there were.
    pub(crate) fn inboxes_ever(&self) -> u64 {
        self.next.load(Ordering::Relaxed) - 1
    }
}

impl<M> Drop for Link<M> {
    fn drop(&mut self) {
        self.outbox.close();
    }
}

impl<M> Inbox<M> {
    /// The next message.
    pub(crate) async fn next(&mut self) -> Result<M, RequestError> {
        match self.messages.recv().await {
            Some(message) => Ok(message),
            None => Err(self.link.inboxes.loss()),
        }
    }

    /// The next message, if it comes within `patience`.
    pub(crate) async fn next_within(
        &mut self,
        patience: Duration,
    ) -> Result<Option<M>, RequestError> {
        if let Ok(message) = self.messages.try_recv() {
            return Ok(Some(message));
        }
        match tokio::time::timeout(patience, self.next()).await {
            Ok(message) => message.map(Some),
            Err(_) => Ok(None),
        }
    }

    /// The next message, if it is here.
    pub(crate) fn next_here(&mut self) -> Option<M> {
        self.messages.try_recv().ok()
    }
}

impl<M> Drop for Inbox<M> {
    fn drop(&mut self) {
        self.link.inboxes.state().open.remove(&self.number);
    }
}

impl<M> Inboxes<M> {
    fn state(&self) -> MutexGuard<'_, State<M>> {
        // Every change is one statement, so a panic elsewhere spoils nothing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the whole messages in `bytes` into their inboxes.
    fn deliver<D>(
        &self,
        decoder: &mut D,
        bytes: &mut BytesMut,
        outbox: &Outbox,
    ) -> Result<(), RequestError>
    where
        D: Decoder<Message = M>,
    {
        let mut overflow = Ok(());
        let mut state = self.state();
        decoder.decode(bytes, outbox, &mut |number, message| {
            // An inbox that is gone has given up on its answers.
            let Some(inbox) = state.open.get(&number) else { return };
            if let Err(mpsc::error::TrySendError::Full(_)) = inbox.try_send(message) {
                overflow = Err(RequestError::new("the server sends more than was asked for"));
                state.open.remove(&number);
            }
        })?;
        overflow
    }

    fn loss(&self) -> RequestError {
        let lost = self.state().lost.clone();
        lost.unwrap_or_else(|| RequestError::new("the inbox is closed"))
    }

    fn lose(&self, error: &RequestError) {
        let mut state = self.state();
        state.lost.get_or_insert_with(|| error.clone());
        state.open.clear();
    }
}

impl<M> Drop for Ending<M> {
    fn drop(&mut self) {
        self.0.lose(&RequestError::new("the connection has ended"));
    }
}

async fn read<D: Decoder>(
    mut reader: OwnedReadHalf,
    mut bytes: BytesMut,
    mut decoder: D,
    outbox: Arc<Outbox>,
    ending: Ending<D::Message>,
) {
    let error = loop {
        if let Err(error) = ending.0.deliver(&mut decoder, &mut bytes, &outbox) {
            break error;
        }
        bytes.reserve(READ_BYTES);
        match reader.read_buf(&mut bytes).await {
            Ok(0) => break RequestError::new("the server has closed the connection"),
            Ok(_) => {}
            Err(error) => break RequestError::new(format!("the connection broke: {error}")),
        }
    };
    outbox.close();
    ending.0.lose(&error);
}
