use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::row::{LogIdRow, StoredMembershipRow};
use crate::{LogId, Membership, StoreError, dir, sealed_file};

/// The state as of one log entry, in files that never change. Cheap to clone; the files stay as
/// long as there is a clone.
#[derive(Clone)]
pub struct Snapshot(Arc<Kept>);

struct Kept {
    number: u64,
    dir: SnapshotDir,
    meta: SnapshotMeta,
    files: Vec<SnapshotFile>,
}

/// What a snapshot is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotMeta {
    /// The last entry in it; `None` before the first.
    pub last: Option<LogId>,
    /// The membership as of that entry, and the entry that brought it.
    pub membership: (Option<LogId>, Membership),
}

/// A file of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotFile {
    /// Its name, without a directory.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// The CRC-32 of its content.
    pub crc32: u32,
}

/// The file `manifest` of a snapshot.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct ManifestRow {
    #[prost(message, optional, tag = "1")]
    pub(crate) last: Option<LogIdRow>,
    #[prost(message, required, tag = "2")]
    pub(crate) membership: StoredMembershipRow,
    #[prost(message, repeated, tag = "3")]
    pub(crate) files: Vec<FileRow>,
}

/// A [`SnapshotFile`].
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct FileRow {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(uint64, tag = "2")]
    pub(crate) bytes: u64,
    #[prost(uint32, tag = "3")]
    pub(crate) crc32: u32,
}

impl Snapshot {
    /// What it is of.
    pub fn meta(&self) -> &SnapshotMeta {
        &self.0.meta
    }

    /// Its files, by name.
    pub fn files(&self) -> &[SnapshotFile] {
        &self.0.files
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files().iter().map(|file| file.bytes).sum()
    }

    /// Opens one of its files for reading.
    ///
    /// # Errors
    /// `Io`, also if the snapshot has no such file.
    pub fn open(&self, name: &str) -> Result<File, StoreError> {
        let path = self.0.dir.files();
        if !self.files().iter().any(|file| file.name == name) {
            return Err(StoreError::io("open a file of", &path)(io::ErrorKind::NotFound.into()));
        }
        let path = path.join(name);
        File::open(&path).map_err(StoreError::io("open", &path))
    }

    /// Writes the manifest of a directory whose files are there and synced. What it describes is
    /// removed with the last clone, unless it is made to count before.
    pub(super) fn seal(
        number: u64,
        dir: SnapshotDir,
        meta: SnapshotMeta,
        files: Vec<SnapshotFile>,
    ) -> Result<Self, StoreError> {
        let row = ManifestRow {
            last: meta.last.map(LogIdRow::from),
            membership: (&meta.membership).into(),
            files: files
                .iter()
                .map(|SnapshotFile { name, bytes, crc32 }| FileRow {
                    name: name.clone(),
                    bytes: *bytes,
                    crc32: *crc32,
                })
                .collect(),
        };
        sealed_file::write(&dir.manifest(), &row)?;
        Ok(Self(Arc::new(Kept { number, dir, meta, files })))
    }

    /// Opens the snapshot that counts.
    pub(super) fn reopen(number: u64, path: PathBuf) -> Result<Self, StoreError> {
        let dir = SnapshotDir::kept(path);
        let Some(ManifestRow { last, membership, files }) = sealed_file::read(&dir.manifest())?
        else {
            return Err(StoreError::corrupt(&dir.manifest(), "it is missing"));
        };
        let meta = SnapshotMeta { last: last.map(LogId::from), membership: membership.into() };
        let files = files
            .into_iter()
            .map(|FileRow { name, bytes, crc32 }| SnapshotFile { name, bytes, crc32 })
            .collect();
        Ok(Self(Arc::new(Kept { number, dir, meta, files })))
    }

    pub(super) fn number(&self) -> u64 {
        self.0.number
    }

    /// The directory of the files.
    pub(super) fn files_dir(&self) -> PathBuf {
        self.0.dir.files()
    }

    /// Lets the directory outlive the process.
    pub(super) fn keep(&self) {
        self.0.dir.doomed.store(false, Ordering::Release);
    }

    /// Lets the directory go with the last clone.
    pub(super) fn doom(&self) {
        self.0.dir.doomed.store(true, Ordering::Release);
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The directory of a snapshot, removed when it is dropped unless it is kept.
pub(super) struct SnapshotDir {
    path: PathBuf,
    doomed: AtomicBool,
}

impl SnapshotDir {
    pub(super) fn create(path: PathBuf) -> Result<Self, StoreError> {
        dir::create(&path)?;
        Ok(Self { path, doomed: AtomicBool::new(true) })
    }

    fn kept(path: PathBuf) -> Self {
        Self { path, doomed: AtomicBool::new(false) }
    }

    pub(super) fn files(&self) -> PathBuf {
        self.path.join("files")
    }

    fn manifest(&self) -> PathBuf {
        self.path.join("manifest")
    }
}

impl Drop for SnapshotDir {
    fn drop(&mut self) {
        if self.doomed.load(Ordering::Acquire)
            && let Err(error) = dir::remove(&self.path)
        {
            // The next start removes it.
            tracing::warn!(path = %self.path.display(), %error, "old snapshot not removed");
        }
    }
}

/// Lists, checksums and syncs the files of a checkpoint. A file that `before` has too, being the
/// same file on disk, is not read again.
pub(super) fn survey(
    dir: &Path,
    before: Option<&Snapshot>,
) -> Result<Vec<SnapshotFile>, StoreError> {
    let mut files = Vec::new();
    for name in dir::names(dir)? {
        let path = dir.join(&name);
        let bytes = fs::metadata(&path).map_err(StoreError::io("look at", &path))?.len();
        let known = before.and_then(|before| known_crc32(before, &name, &path));
        let crc32 = match known {
            Some(crc32) => crc32,
            None => sync_and_sum(&path).map_err(StoreError::io("read", &path))?,
        };
        files.push(SnapshotFile { name, bytes, crc32 });
    }
    dir::sync(dir)?;
    Ok(files)
}

fn known_crc32(before: &Snapshot, name: &str, path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    let file = before.files().iter().find(|file| file.name == name)?;
    let old = fs::metadata(before.files_dir().join(name)).ok()?;
    let new = fs::metadata(path).ok()?;
    ((old.dev(), old.ino()) == (new.dev(), new.ino())).then_some(file.crc32)
}

fn sync_and_sum(path: &Path) -> io::Result<u32> {
    let mut file = File::open(path)?;
    file.sync_all()?;
    let mut sum = crc32fast::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(sum.finalize()),
            length => sum.update(&buffer[..length]),
        }
    }
}
