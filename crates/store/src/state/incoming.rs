use std::fs::File;
use std::io::{self, Write};

use super::db::Db;
use super::meta::Meta;
use super::snapshot::{Snapshot, SnapshotDir, SnapshotFile, SnapshotMeta};
use crate::{StoreError, dir};

/// A snapshot that comes over the network, file by file. Dropped unfinished, it leaves nothing.
///
/// What is wrong with what was sent is an `Io` error of kind `InvalidData`: the sender may try
/// again, and this node's own disk is not at fault.
pub struct Incoming {
    number: u64,
    dir: SnapshotDir,
    files: Vec<SnapshotFile>,
    open: Option<OpenFile>,
}

struct OpenFile {
    file: File,
    left: u64,
    sum: crc32fast::Hasher,
}

impl Incoming {
    /// The most files that a snapshot may have.
    pub const FILES_MAX: usize = 1 << 16;

    pub(super) fn begin(number: u64, dir: SnapshotDir) -> Result<Self, StoreError> {
        dir::create(&dir.files())?;
        Ok(Self { number, dir, files: Vec::new(), open: None })
    }

    /// Begins the next file; the one before must be complete.
    ///
    /// # Errors
    /// `Io`: the name is not a plain one or was there already, there are too many files, the file
    /// before is not what was announced, or the disk fails.
    pub fn start_file(&mut self, name: &str, bytes: u64, crc32: u32) -> Result<(), StoreError> {
        self.complete_file()?;
        if !is_plain(name) || self.files.iter().any(|file| file.name == name) {
            return Err(self.refuse(format!("the file name {name:?}")));
        }
        if self.files.len() == Self::FILES_MAX {
            return Err(self.refuse(format!("more than {} files", Self::FILES_MAX)));
        }
        let path = self.dir.files().join(name);
        let file = File::create_new(&path).map_err(StoreError::io("create", &path))?;
        self.files.push(SnapshotFile { name: name.into(), bytes, crc32 });
        self.open = Some(OpenFile { file, left: bytes, sum: crc32fast::Hasher::new() });
        Ok(())
    }

    /// Appends to the file that was begun last.
    ///
    /// # Errors
    /// `Io`: no file was begun, it is longer than announced, or the disk fails.
    pub fn write(&mut self, chunk: &[u8]) -> Result<(), StoreError> {
        let Some(OpenFile { file, left, sum }) = &mut self.open else {
            return Err(self.refuse("bytes that belong to no file"));
        };
        let Some(rest) = left.checked_sub(chunk.len() as u64) else {
            return Err(self.refuse("a file that is longer than announced"));
        };
        *left = rest;
        sum.update(chunk);
        file.write_all(chunk).map_err(StoreError::io("write", &self.dir.files()))
    }

    /// Checks that all is there, makes it durable and reads what it is of.
    ///
    /// # Errors
    /// `Io`: the last file is not what was announced, the files are no state, or the disk fails.
    pub fn finish(mut self) -> Result<Snapshot, StoreError> {
        self.complete_file()?;
        dir::sync(&self.dir.files())?;
        let meta = Db::open_read_only(&self.dir.files())
            .and_then(|db| Meta::read(&db))
            .map_err(|error| self.refuse(error))?;
        let meta = SnapshotMeta { last: meta.applied, membership: meta.membership };
        Snapshot::seal(self.number, self.dir, meta, self.files)
    }

    fn complete_file(&mut self) -> Result<(), StoreError> {
        let Some(OpenFile { file, left, sum }) = self.open.take() else { return Ok(()) };
        let announced = self.files.last().expect("a file that is open is in the list");
        if left > 0 || sum.finalize() != announced.crc32 {
            return Err(self.refuse(format!("{} is not what was announced", announced.name)));
        }
        file.sync_all().map_err(StoreError::io("sync", &self.dir.files()))
    }

    fn refuse(&self, what: impl ToString) -> StoreError {
        let error = io::Error::new(io::ErrorKind::InvalidData, what.to_string());
        StoreError::io("receive a snapshot in", &self.dir.files())(error)
    }
}

/// Whether a name stays in its directory and looks like one that a database uses.
fn is_plain(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !name.is_empty() && name.len() <= 100 && !name.starts_with('.') && name.bytes().all(allowed)
}
