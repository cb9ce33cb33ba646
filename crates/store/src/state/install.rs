use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use ferry_core::Machine;

use super::db::Db;
use super::layout::CurrentRow;
use super::load;
use super::meta::Meta;
use super::{Snapshot, State};
use crate::{LogId, Membership, StoreError, dir};

/// What the state is after a snapshot was installed.
pub struct Installed {
    /// The machine as of the snapshot.
    pub machine: Machine,
    /// The last entry in it.
    pub applied: Option<LogId>,
    /// The membership as of that entry, and the entry that brought it.
    pub membership: (Option<LogId>, Membership),
}

/// How far an installation has come. A crash before `Switched` leaves the old state, a crash
/// after it the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// The files are in a directory of their own, not all of them durable.
    Copied,
    /// They are durable.
    Synced,
    /// The machine has been read from them, so they are good.
    Loaded,
    /// The file `current` names them.
    Switched,
    /// Whoever reads from here on reads the new state.
    Served,
}

impl State {
    /// Replaces the state with a snapshot, which becomes the current one. A crash leaves either
    /// the old state or the new one. Whoever reads meanwhile reads the old state to the end.
    ///
    /// The caller commits nothing meanwhile.
    ///
    /// # Errors
    /// The state is the old one, unless the last step failed; stop the node.
    pub fn install(&self, snapshot: &Snapshot) -> Result<Installed, StoreError> {
        self.install_step_by_step(snapshot, |_| {})
    }

    pub(super) fn install_step_by_step(
        &self,
        snapshot: &Snapshot,
        mut after: impl FnMut(Step),
    ) -> Result<Installed, StoreError> {
        let _alone = self.alone();
        let shared = &self.0;
        let number = shared.layout.next_number();
        let path = shared.layout.state(number);
        copy(&snapshot.files_dir(), &path)?;
        after(Step::Copied);
        sync(&path)?;
        dir::sync(&shared.layout.states())?;
        after(Step::Synced);
        let db = Db::open(&path, shared.options)?;
        let Meta { applied, membership } = Meta::read(&db)?;
        let meta = snapshot.meta();
        if applied != meta.last || membership != meta.membership {
            return Err(StoreError::corrupt(&path, "it is not the state that its manifest names"));
        }
        let machine = load::machine(&db)?;
        after(Step::Loaded);
        let row = CurrentRow { state: number, snapshot: Some(snapshot.number()) };
        shared.layout.write_current(row)?;
        snapshot.keep();
        after(Step::Switched);
        self.serve(Arc::new(db), row, snapshot);
        after(Step::Served);
        Ok(Installed { machine, applied, membership })
    }
}

/// Copies the files of a snapshot. Tables never change, so a hard link is a copy of them; the
/// database goes on writing the other files.
fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    dir::create(to)?;
    for name in dir::names(from)? {
        let (source, target) = (from.join(&name), to.join(&name));
        let copied = if name.ends_with(".sst") {
            fs::hard_link(&source, &target)
        } else {
            fs::copy(&source, &target).map(|_| ())
        };
        copied.map_err(StoreError::io("copy", &source))?;
    }
    Ok(())
}

fn sync(path: &Path) -> Result<(), StoreError> {
    for name in dir::names(path)? {
        let file = path.join(name);
        File::open(&file)
            .and_then(|open| open.sync_all())
            .map_err(StoreError::io("sync", &file))?;
    }
    dir::sync(path)
}
