use std::time::Duration;

use crate::servers::Servers;
use crate::{Client, Error};

/// How to reach a cluster.
#[derive(Clone, Debug)]
pub struct ClientBuilder {
    servers: Vec<String>,
    timeout: Duration,
    try_timeout: Duration,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            timeout: Duration::from_secs(30),
            try_timeout: Duration::from_secs(5),
        }
    }
}

impl ClientBuilder {
    /// Adds a node's URL. With several, the next is tried when one fails.
    #[must_use]
    pub fn server(mut self, url: impl Into<String>) -> Self {
        self.servers.push(url.into());
        self
    }

    /// Adds several nodes' URLs.
    #[must_use]
    pub fn servers<T: Into<String>>(mut self, urls: impl IntoIterator<Item = T>) -> Self {
        self.servers.extend(urls.into_iter().map(Into::into));
        self
    }

    /// How long a call may take with all its tries; 30 s. A dequeue's wait comes on top.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a node may take for one try before the next is asked; 5 s, at most 60 s. A
    /// dequeue's wait comes on top.
    #[must_use]
    pub fn try_timeout(mut self, timeout: Duration) -> Self {
        self.try_timeout = timeout;
        self
    }

    /// The client. Nothing is connected until the first call.
    ///
    /// # Errors
    /// [`Error::Invalid`] when no server is given or one is not a URL.
    pub fn build(self) -> Result<Client, Error> {
        let servers = Servers::new(&self.servers)?;
        Client::connect(servers, self.timeout, self.try_timeout)
    }
}
