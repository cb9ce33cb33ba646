use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use ferry_types::IdempotencyKey;
use serde::de::DeserializeOwned;

use crate::call::{Call, Repeat};
use crate::{Cause, Client, Error};

/// A call that is made when it is awaited.
#[must_use = "a request is sent when it is awaited"]
pub struct Request<T> {
    client: Client,
    call: Call,
    answer: PhantomData<fn() -> T>,
}

/// What an answer's body becomes.
pub trait Answer: Sized {
    /// Reads the body of a good answer.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    fn read(body: &Bytes) -> Result<Self, String>;
}

impl<T: DeserializeOwned> Answer for T {
    fn read(body: &Bytes) -> Result<Self, String> {
        // An answer without a body is null, which the unit type is read from.
        let body = if body.is_empty() { b"null" } else { &body[..] };
        serde_json::from_slice(body).map_err(|error| error.to_string())
    }
}

impl<T: Answer> Request<T> {
    pub(crate) fn new(client: Client, call: Call) -> Self {
        Self { client, call, answer: PhantomData }
    }

    /// Tells that the node answers only after up to `wait`.
    pub(crate) fn waiting(mut self, wait: Duration) -> Self {
        self.call.wait = wait;
        self
    }

    /// Sends a write under this key instead of a fresh one, so that the program may repeat it
    /// after a restart. Nothing changes for calls without a key: reads and changes of the cluster.
    pub fn key(mut self, key: IdempotencyKey) -> Self {
        if let Repeat::UnderKey(own) = &mut self.call.repeat {
            *own = key;
        }
        self
    }

    /// How long this call may take with all its tries. A dequeue's wait comes on top.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.call.timeout = timeout;
        self
    }

    /// The W3C trace context to keep with an enqueued task.
    pub fn traceparent(mut self, parent: impl Into<String>) -> Self {
        self.call.traceparent = Some(parent.into());
        self
    }

    /// Sends the call until a node decides it or time is up. Dropping the future withdraws
    /// nothing that was sent.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn send(self) -> Result<T, Error> {
        let body = self.call.run(&self.client.shared).await?;
        T::read(&body).map_err(|message| {
            let url = self.client.shared.servers.at(self.client.shared.servers.good()).into();
            let cause = Cause::Malformed { url, message };
            match self.call.repeat {
                Repeat::Freely => Error::NotWritten { cause },
                Repeat::UnderKey(key) => Error::Unknown { key: Some(key), cause },
                Repeat::UnlessDone => Error::Unknown { key: None, cause },
            }
        })
    }
}

impl<T: Answer + Send + 'static> IntoFuture for Request<T> {
    type Output = Result<T, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Request").field("call", &self.call).finish_non_exhaustive()
    }
}
