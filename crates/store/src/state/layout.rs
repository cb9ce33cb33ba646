use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{StoreError, dir, sealed_file};

/// Where the state of a group and its snapshots lie.
///
/// Directories are numbered and a number is never used twice while the process lives, so that a
/// reader of an old state never finds a file of a new one. The file `current` says which count;
/// all others are what a crash has left.
pub(super) struct Layout {
    group: PathBuf,
    next: AtomicU64,
}

/// The file `current`: replacing it is the one step that makes a state and a snapshot count.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct CurrentRow {
    #[prost(uint64, tag = "1")]
    pub(crate) state: u64,
    #[prost(uint64, optional, tag = "2")]
    pub(crate) snapshot: Option<u64>,
}

impl Layout {
    pub(super) fn open(group: &Path) -> Result<Self, StoreError> {
        let layout = Self { group: group.to_owned(), next: AtomicU64::new(1) };
        dir::create(&layout.states())?;
        dir::create(&layout.snapshots())?;
        let taken = [layout.numbers(&layout.states())?, layout.numbers(&layout.snapshots())?];
        let highest = taken.iter().flatten().max().copied().unwrap_or(0);
        layout.next.store(highest + 1, Ordering::Relaxed);
        Ok(layout)
    }

    /// A number that no directory has.
    pub(super) fn next_number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn states(&self) -> PathBuf {
        self.group.join("state")
    }

    pub(super) fn state(&self, number: u64) -> PathBuf {
        self.states().join(number.to_string())
    }

    pub(super) fn snapshots(&self) -> PathBuf {
        self.group.join("snapshots")
    }

    pub(super) fn snapshot(&self, number: u64) -> PathBuf {
        self.snapshots().join(number.to_string())
    }

    pub(super) fn current_path(&self) -> PathBuf {
        Self::current_in(&self.group)
    }

    pub(super) fn current_in(group: &Path) -> PathBuf {
        group.join("current")
    }

    pub(super) fn read_current(&self) -> Result<Option<CurrentRow>, StoreError> {
        sealed_file::read(&self.current_path())
    }

    pub(super) fn write_current(&self, current: CurrentRow) -> Result<(), StoreError> {
        sealed_file::write(&self.current_path(), &current)
    }

    /// Whether nothing was ever kept here.
    pub(super) fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(dir::names(&self.states())?.is_empty() && dir::names(&self.snapshots())?.is_empty())
    }

    /// Removes what does not count.
    pub(super) fn remove_all_but(&self, current: CurrentRow) -> Result<(), StoreError> {
        for number in self.numbers(&self.states())? {
            if number != current.state {
                dir::remove(&self.state(number))?;
            }
        }
        for number in self.numbers(&self.snapshots())? {
            if Some(number) != current.snapshot {
                dir::remove(&self.snapshot(number))?;
            }
        }
        Ok(())
    }

    fn numbers(&self, dir: &Path) -> Result<Vec<u64>, StoreError> {
        Ok(dir::names(dir)?.iter().filter_map(|name| name.parse().ok()).collect())
    }
}
