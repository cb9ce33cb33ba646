//! Digests of the state at exactly the asked index: the apply thread stops there for the moment
//! that it takes to hold the rows fast.

use std::collections::BTreeMap;

use ferry_store::{State, StoreError};
use ferry_types::LogIndex;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// Digests that may be waited for and made at a time.
pub(crate) const DIGESTS_MAX: usize = 16;

/// The replicated state as one number, equal on every node at the same index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateDigest {
    /// The last entry in it.
    pub index: LogIndex,
    /// The SHA-256 of all rows.
    pub sha256: [u8; 32],
}

/// What comes of an asked digest.
pub(crate) type Digested = Result<StateDigest, Undigested>;

/// Why there is no digest.
#[derive(Debug)]
pub(crate) enum Undigested {
    /// The state has gone on.
    Past { applied: LogIndex },
    /// The rows cannot be read.
    Unreadable(StoreError),
}

/// Somebody who wants a digest.
pub(crate) struct Ask {
    /// Of which index; of the present one if it is left out.
    pub(crate) index: Option<LogIndex>,
    pub(crate) answer: oneshot::Sender<Digested>,
    /// Makes room when the digest is made or nobody waits for it.
    pub(crate) permit: OwnedSemaphorePermit,
}

/// Those who wait for an index, at most [`DIGESTS_MAX`].
pub(crate) struct Digests {
    state: State,
    waiting: BTreeMap<LogIndex, Vec<Ask>>,
}

impl Digests {
    pub(crate) fn new(state: State) -> Self {
        Self { state, waiting: BTreeMap::new() }
    }

    /// Takes an asker, while the shelf stands at `applied`.
    pub(crate) fn ask(&mut self, ask: Ask, applied: LogIndex) {
        let index = ask.index.unwrap_or(applied);
        if index < applied {
            let _ = ask.answer.send(Err(Undigested::Past { applied }));
        } else if index == applied {
            self.hash(ask, applied);
        } else {
            self.waiting.entry(index).or_default().push(ask);
        }
    }

    /// The next index up to `last` at which the state is to be hashed.
    pub(crate) fn next(&mut self, last: LogIndex) -> Option<LogIndex> {
        self.waiting.retain(|_, asks| {
            asks.retain(|ask| !ask.answer.is_closed());
            !asks.is_empty()
        });
        self.waiting.keys().next().copied().filter(|index| *index <= last)
    }

    /// Hashes for those who wait, now that the shelf stands at `applied`. Who waits for less has
    /// been passed over by a snapshot.
    pub(crate) fn reached(&mut self, applied: LogIndex) {
        while let Some(first) = self.waiting.first_entry().filter(|it| *it.key() <= applied) {
            let index = *first.key();
            for ask in first.remove() {
                if index == applied {
                    self.hash(ask, applied);
                } else {
                    let _ = ask.answer.send(Err(Undigested::Past { applied }));
                }
            }
        }
    }

    fn hash(&self, ask: Ask, index: LogIndex) {
        let Ask { answer, permit, .. } = ask;
        // Whoever asked may have gone away, so no send can fail us. Without a thread the sender is
        // dropped, which says that there is no answer.
        let done = move |sum: Result<[u8; 32], StoreError>| {
            let digest = sum.map(|sha256| StateDigest { index, sha256 });
            let _ = answer.send(digest.map_err(Undigested::Unreadable));
            drop(permit);
        };
        if let Err(error) = self.state.digest(done) {
            tracing::error!(%error, "no thread for a digest");
        }
    }
}
