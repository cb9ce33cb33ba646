//! Room on this node's disk. A full disk stops a node, so the leader takes no more tasks while
//! there is still room for working off those that it has.
//!
//! 1. A node judges its own disk alone, and refuses only while it leads.
//! 2. A look at the disk that fails changes nothing: a disk that is gone stops the node elsewhere.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::statvfs::statvfs;
use tokio::task::JoinHandle;

use crate::config::Config;

/// How often the disk is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is known of the room on the disk.
pub(crate) struct DiskRoom {
    data_dir: PathBuf,
    free_min_bytes: u64,
    /// Held for a moment only.
    seen: Mutex<Seen>,
}

/// Less room than there has to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shortage {
    pub(crate) free_bytes: u64,
    pub(crate) free_min_bytes: u64,
}

#[derive(Default)]
struct Seen {
    /// Of the last look that did not fail.
    free_bytes: Option<u64>,
    /// Whether the last look failed.
    failed: bool,
}

/// What a look tells an operator.
#[derive(Debug, PartialEq, Eq)]
enum News {
    /// There is less room than there has to be.
    Short,
    /// There is enough room again.
    Enough,
    /// The disk cannot be looked at.
    Failed(Errno),
}

impl DiskRoom {
    /// Looks once, and from then on every second, in a loop that the caller stops.
    pub(crate) async fn watch(config: &Config) -> (Arc<Self>, JoinHandle<()>) {
        let room = Arc::new(Self::new(config.data_dir.clone(), config.disk_free_min_bytes));
        room.look().await;
        let watched = Arc::clone(&room);
        let watch = tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                watched.look().await;
            }
        });
        (room, watch)
    }

    fn new(data_dir: PathBuf, free_min_bytes: u64) -> Self {
        Self { data_dir, free_min_bytes, seen: Mutex::default() }
    }

    /// Bytes that this process may still write, once they are known.
    pub(crate) fn free_bytes(&self) -> Option<u64> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).free_bytes
    }

    /// What lacks for taking tasks, if anything does.
    pub(crate) fn shortage(&self) -> Option<Shortage> {
        let free_min_bytes = self.free_min_bytes;
        let short = self.free_bytes().filter(|&free| free < free_min_bytes);
        short.map(|free_bytes| Shortage { free_bytes, free_min_bytes })
    }

    async fn look(&self) {
        let data_dir = self.data_dir.clone();
        // A disk that hangs must not hold up a thread of the runtime.
        let looked = tokio::task::spawn_blocking(move || free_bytes(&data_dir)).await;
        // An error means that the runtime stops.
        let Ok(looked) = looked else { return };
        let news = self.note(looked);
        let (free_bytes, free_min_bytes) = (self.free_bytes(), self.free_min_bytes);
        match news {
            Some(News::Short) => {
                tracing::warn!(free_bytes, free_min_bytes, "the disk has no room for enqueues");
            }
            Some(News::Enough) => {
                tracing::info!(free_bytes, free_min_bytes, "the disk has room again for enqueues");
            }
            Some(News::Failed(error)) => {
                tracing::warn!(%error, "the free space of the disk cannot be looked up");
            }
            None => {}
        }
    }

    /// Notes what a look found, and says what is new about it.
    fn note(&self, looked: Result<u64, Errno>) -> Option<News> {
        let was_short = self.shortage().is_some();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let failed_before = std::mem::replace(&mut seen.failed, looked.is_err());
        match looked {
            Err(error) => (!failed_before).then_some(News::Failed(error)),
            Ok(free) => {
                seen.free_bytes = Some(free);
                match (was_short, free < self.free_min_bytes) {
                    (false, true) => Some(News::Short),
                    (true, false) => Some(News::Enough),
                    (false, false) | (true, true) => None,
                }
            }
        }
    }
}

/// Bytes that a process without privileges may still write.
fn free_bytes(data_dir: &std::path::Path) -> Result<u64, Errno> {
    let disk = statvfs(data_dir)?;
    Ok(disk.blocks_available().saturating_mul(disk.fragment_size()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(free_min_bytes: u64) -> DiskRoom {
        DiskRoom::new("/nowhere".into(), free_min_bytes)
    }

    #[test]
    fn less_than_the_minimum_is_short_and_the_minimum_is_not() {
        let room = room(100);
        for (free_bytes, is_short) in [(101, false), (100, false), (99, true), (0, true)] {
            room.note(Ok(free_bytes));
            let expected = is_short.then_some(Shortage { free_bytes, free_min_bytes: 100 });
            assert_eq!(room.shortage(), expected);
            assert_eq!(room.free_bytes(), Some(free_bytes));
        }
    }

    #[test]
    fn a_shortage_is_news_when_it_begins_and_when_it_ends() {
        let room = room(100);
        let news: Vec<_> =
            [500, 99, 98, 0, 100, 99].into_iter().map(|free| room.note(Ok(free))).collect();
        let expected = [None, Some(News::Short), None, None, Some(News::Enough), Some(News::Short)];
        assert_eq!(news, expected);
    }

    #[test]
    fn a_disk_that_is_full_at_the_start_is_news() {
        assert_eq!(room(100).note(Ok(1)), Some(News::Short));
    }

    #[test]
    fn a_look_that_fails_changes_nothing_and_is_told_once() {
        let room = room(100);
        assert_eq!(room.note(Err(Errno::EIO)), Some(News::Failed(Errno::EIO)));
        assert_eq!((room.free_bytes(), room.shortage()), (None, None));
        room.note(Ok(99));
        assert_eq!(room.note(Err(Errno::EIO)), Some(News::Failed(Errno::EIO)));
        assert_eq!(room.note(Err(Errno::EIO)), None);
        assert_eq!(room.free_bytes(), Some(99));
        assert!(room.shortage().is_some());
        assert_eq!(room.note(Ok(100)), Some(News::Enough));
    }

    #[test]
    fn no_minimum_refuses_nothing() {
        let room = room(0);
        assert_eq!(room.note(Ok(0)), None);
        assert_eq!(room.shortage(), None);
    }

    #[test]
    fn a_disk_tells_its_room_and_a_place_that_is_not_there_does_not() {
        let directory = tempfile::tempdir().expect("a directory can be made");
        assert!(free_bytes(directory.path()).is_ok_and(|free| free > 0));
        let nowhere = directory.path().join("nowhere");
        assert_eq!(free_bytes(&nowhere), Err(Errno::ENOENT));
    }
}
