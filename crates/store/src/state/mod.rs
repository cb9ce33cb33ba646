//! Room 6, the shelf: what changed and that it was applied, or neither.
//!
//! - Rows, last applied entry and membership are written in one batch, in one keyspace, so a crash
//!   leaves them as of one moment. The log is the write-ahead log: what a crash takes here is
//!   applied again from there.
//! - A snapshot is of one entry, whatever is committed meanwhile, and says itself of which.
//! - Taking a snapshot writes out all that it holds: `snapshot <= flushed applied`, so the log may
//!   be purged up to it (G11).

mod apply_batch;
mod db;
mod digest;
mod feed;
mod incoming;
mod install;
pub(crate) mod keyspace;
mod layout;
mod load;
mod meta;
mod options;
mod snapshot;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

use bytes::Bytes;
use ferry_core::{Change, Machine};
use ferry_types::TaskId;
use rocksdb::checkpoint::Checkpoint;

pub use self::incoming::Incoming;
pub use self::install::Installed;
pub use self::options::StateOptions;
pub use self::snapshot::{Snapshot, SnapshotFile, SnapshotMeta};

use self::db::Db;
use self::keyspace::{payload_key, result_key};
#[cfg(test)]
pub(crate) use self::snapshot::{FileRow, ManifestRow};

pub(crate) use self::layout::CurrentRow;
use self::layout::Layout;
use self::meta::Meta;
use self::snapshot::SnapshotDir;
use crate::{LogId, Membership, StoreError, dir};

/// The state of a group on disk. A clone is another handle to the same state.
#[derive(Clone)]
pub struct State(Arc<Shared>);

struct Shared {
    options: StateOptions,
    layout: Layout,
    db: RwLock<Arc<Db>>,
    current: Mutex<Current>,
    /// Held while a snapshot is taken or installed.
    alone: Mutex<()>,
}

/// What the file `current` says.
struct Current {
    row: CurrentRow,
    snapshot: Option<Snapshot>,
}

/// A state, and what was in it when it was opened.
pub struct Opened {
    /// The state.
    pub state: State,
    /// The machine as of the last applied entry.
    pub machine: Machine,
    /// The last applied entry; `None` before the first.
    pub applied: Option<LogId>,
    /// The membership as of that entry, and the entry that brought it.
    pub membership: (Option<LogId>, Membership),
}

impl State {
    /// Opens the state in the directory of a group, or begins one, and rebuilds the machine.
    /// Removes what a crash has left of states and snapshots that do not count.
    ///
    /// # Errors
    /// - `Corrupt`: what is on disk is not what was written.
    /// - `Io`, `Database`: the directory cannot be used, or another process uses it.
    pub fn open(group_dir: &Path, options: StateOptions) -> Result<Opened, StoreError> {
        let layout = Layout::open(group_dir)?;
        let row = match layout.read_current()? {
            Some(row) => row,
            None => begin(&layout, options)?,
        };
        layout.remove_all_but(row)?;
        let path = layout.state(row.state);
        if !path.is_dir() {
            return Err(StoreError::corrupt(&path, "it is missing"));
        }
        let db = Db::open(&path, options)?;
        let Meta { applied, membership } = Meta::read(&db)?;
        let machine = load::machine(&db)?;
        let snapshot = match row.snapshot {
            Some(number) => Some(Snapshot::reopen(number, layout.snapshot(number))?),
            None => None,
        };
        if snapshot.as_ref().is_some_and(|snapshot| snapshot.meta().last > applied) {
            return Err(StoreError::corrupt(&path, "it is behind its own snapshot"));
        }
        let state = Self(Arc::new(Shared {
            options,
            layout,
            db: RwLock::new(Arc::new(db)),
            current: Mutex::new(Current { row, snapshot }),
            alone: Mutex::new(()),
        }));
        Ok(Opened { state, machine, applied, membership })
    }

    /// Stores what a run of log entries changed, together with the last of them, and with the
    /// membership if they changed it.
    ///
    /// Not synced: the log is, and replaying it restores whatever a crash takes here.
    ///
    /// # Errors
    /// The database has failed; stop the node.
    pub fn commit(
        &self,
        applied: LogId,
        membership: Option<&(Option<LogId>, Membership)>,
        changes: &[Change],
    ) -> Result<(), StoreError> {
        self.db().write(apply_batch::apply_batch(applied, membership, changes))
    }

    /// Payloads in the order of `tasks`; `None` where there is none.
    ///
    /// # Errors
    /// The database has failed; stop the node.
    pub fn payloads(&self, tasks: &[TaskId]) -> Result<Vec<Option<Bytes>>, StoreError> {
        self.db().get_all(tasks.iter().map(|id| payload_key(*id)))
    }

    /// A task's result, if it has one.
    ///
    /// # Errors
    /// The database has failed; stop the node.
    pub fn result(&self, task: TaskId) -> Result<Option<Bytes>, StoreError> {
        Ok(self.db().get(&result_key(task))?.map(Bytes::from))
    }

    /// Writes out and syncs all that was committed.
    ///
    /// # Errors
    /// The database has failed; stop the node.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.db().flush()
    }

    /// Takes a snapshot, which becomes the current one; the one before goes when nobody reads it
    /// any more. Commits may go on meanwhile. If nothing was applied since the current snapshot,
    /// that one is returned and nothing is written.
    ///
    /// # Errors
    /// The database or the disk has failed; stop the node.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let _alone = self.alone();
        let db = self.db();
        let before = self.current_snapshot()?;
        if let Some(before) = &before
            && Meta::read(&db)?.applied == before.meta().last
        {
            return Ok(before.clone());
        }
        let layout = &self.0.layout;
        let number = layout.next_number();
        let dir = SnapshotDir::create(layout.snapshot(number))?;
        Checkpoint::new(db.inner())
            .and_then(|checkpoint| checkpoint.create_checkpoint(dir.files()))
            .map_err(StoreError::database("take a snapshot of", db.path()))?;
        let meta = Meta::read(&Db::open_read_only(&dir.files())?)?;
        let files = snapshot::survey(&dir.files(), before.as_ref())?;
        let meta = SnapshotMeta { last: meta.applied, membership: meta.membership };
        let snapshot = Snapshot::seal(number, dir, meta, files)?;
        dir::sync(&layout.snapshots())?;
        let row = CurrentRow { snapshot: Some(number), ..self.current().row };
        layout.write_current(row)?;
        self.make_current(row, &snapshot);
        Ok(snapshot)
    }

    /// The last snapshot that was taken or installed, also before this start.
    ///
    /// # Errors
    /// None so far.
    pub fn current_snapshot(&self) -> Result<Option<Snapshot>, StoreError> {
        Ok(self.current().snapshot.clone())
    }

    /// Makes room for a snapshot that comes over the network.
    ///
    /// # Errors
    /// The disk has failed; stop the node.
    pub fn receive(&self) -> Result<Incoming, StoreError> {
        let number = self.0.layout.next_number();
        Incoming::begin(number, SnapshotDir::create(self.0.layout.snapshot(number))?)
    }

    /// Serves a new database from here on.
    fn serve(&self, db: Arc<Db>, row: CurrentRow, snapshot: &Snapshot) {
        let mut serving = self.0.db.write().expect("no holder panics");
        let old = std::mem::replace(&mut *serving, db);
        drop(serving);
        old.retire();
        self.make_current(row, snapshot);
    }

    fn make_current(&self, row: CurrentRow, snapshot: &Snapshot) {
        snapshot.keep();
        let mut current = self.current();
        current.row = row;
        let old = current.snapshot.replace(snapshot.clone());
        drop(current);
        if let Some(old) = old
            && !old.is(snapshot)
        {
            old.doom();
        }
    }

    fn db(&self) -> Arc<Db> {
        self.0.db.read().expect("no holder panics").clone()
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.0.current.lock().expect("no holder panics")
    }

    fn alone(&self) -> MutexGuard<'_, ()> {
        self.0.alone.lock().expect("a failed snapshot returns, it does not panic")
    }
}

/// Whether a group has a state, which is begun after its log.
pub(crate) fn exists(group_dir: &Path) -> bool {
    Layout::current_in(group_dir).exists()
}

/// Begins an empty state. A crash in here leaves a directory that nothing was ever applied in.
fn begin(layout: &Layout, options: StateOptions) -> Result<CurrentRow, StoreError> {
    if !layout.is_empty()? {
        check_unused(layout)?;
    }
    let number = layout.next_number();
    drop(Db::create(&layout.state(number), options)?);
    dir::sync(&layout.states())?;
    let row = CurrentRow { state: number, snapshot: None };
    layout.write_current(row)?;
    Ok(row)
}

/// The file `current` is there before anything is applied; if it is not, nothing may be.
fn check_unused(layout: &Layout) -> Result<(), StoreError> {
    let missing = || StoreError::corrupt(&layout.current_path(), "it is missing");
    if !dir::names(&layout.snapshots())?.is_empty() {
        return Err(missing());
    }
    for name in dir::names(&layout.states())? {
        // One that cannot be opened was not even created to the end.
        if let Ok(db) = Db::open_read_only(&layout.states().join(name))
            && Meta::read(&db)? != Meta::default()
        {
            return Err(missing());
        }
    }
    Ok(())
}

#[cfg(test)]
mod install_tests;
