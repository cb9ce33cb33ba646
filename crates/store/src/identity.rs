//! Whose disk this is.
//!
//! A node that lost its disk must not come back under its old id: it has forgotten its votes and
//! what it has acknowledged. So each disk has a number of its own, which other nodes remember from
//! their first contact with it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use ferry_types::{ClusterId, NodeId};

use crate::dir_lock::{DirLock, LOCK};
use crate::{IdentityError, StoreError, dir, sealed_file};

const IDENTITY: &str = "identity";

/// A data directory that this process holds, and whose it is. Held until it is dropped.
pub struct Identity {
    path: PathBuf,
    cluster: ClusterId,
    node: NodeId,
    disk: u64,
    is_new: bool,
    /// The disks of other nodes, each from the first contact.
    known: Mutex<BTreeMap<NodeId, u64>>,
    _lock: DirLock,
}

/// The file `identity`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct IdentityRow {
    #[prost(string, tag = "1")]
    pub(crate) cluster: String,
    #[prost(uint64, tag = "2")]
    pub(crate) node: u64,
    #[prost(fixed64, tag = "3")]
    pub(crate) disk: u64,
    #[prost(message, repeated, tag = "4")]
    pub(crate) known: Vec<KnownDiskRow>,
}

/// The disk of another node.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct KnownDiskRow {
    #[prost(uint64, tag = "1")]
    pub(crate) node: u64,
    #[prost(fixed64, tag = "2")]
    pub(crate) disk: u64,
}

impl Identity {
    /// Claims a data directory. An empty or missing one becomes this node's.
    ///
    /// # Errors
    /// The directory is another's, in use, not empty, or its disk fails.
    pub fn open(data_dir: &Path, cluster: &ClusterId, node: NodeId) -> Result<Self, IdentityError> {
        let lock = DirLock::take(data_dir)?
            .ok_or_else(|| IdentityError::Locked { path: data_dir.to_owned() })?;
        let path = data_dir.join(IDENTITY);
        let found = sealed_file::read::<IdentityRow>(&path)?;
        let is_new = found.is_none();
        let foreign = |found| IdentityError::Foreign {
            path: data_dir.to_owned(),
            found,
            wanted: format!("node {node} of cluster {cluster}"),
        };
        let row = match found {
            Some(row) => row,
            None => {
                if let Some(name) = foreign_name(data_dir)? {
                    return Err(foreign(format!("something else ({name} is in it, no identity)")));
                }
                begin(&path, cluster, node)?
            }
        };
        if row.cluster != cluster.as_str() || row.node != node.get() {
            return Err(foreign(format!("node {} of cluster {}", row.node, row.cluster)));
        }
        let known = row.known.iter().map(|known| (NodeId::new(known.node), known.disk)).collect();
        Ok(Self {
            path,
            cluster: cluster.clone(),
            node,
            disk: row.disk,
            is_new,
            known: Mutex::new(known),
            _lock: lock,
        })
    }

    /// The number of this disk, drawn when the directory became this node's.
    pub fn disk(&self) -> u64 {
        self.disk
    }

    /// Whether the directory became this node's just now.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Compares another node's disk with the one it had at the first contact, which this is if
    /// there was none: then it is remembered durably.
    ///
    /// # Errors
    /// The disk has failed; stop the node.
    pub fn learn(&self, node: NodeId, disk: u64) -> Result<bool, StoreError> {
        let mut known = self.known();
        if let Some(first) = known.get(&node) {
            return Ok(*first == disk);
        }
        let mut more = known.clone();
        more.insert(node, disk);
        sealed_file::write(&self.path, &self.row(&more))?;
        *known = more;
        Ok(true)
    }

    /// The disk with which a node was first met, if it was.
    pub fn disk_of(&self, node: NodeId) -> Option<u64> {
        self.known().get(&node).copied()
    }

    fn row(&self, known: &BTreeMap<NodeId, u64>) -> IdentityRow {
        let known_disk =
            |(node, disk): (&NodeId, &u64)| KnownDiskRow { node: node.get(), disk: *disk };
        IdentityRow {
            cluster: self.cluster.to_string(),
            node: self.node.get(),
            disk: self.disk,
            known: known.iter().map(known_disk).collect(),
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<NodeId, u64>> {
        self.known.lock().expect("no holder panics")
    }
}

fn begin(path: &Path, cluster: &ClusterId, node: NodeId) -> Result<IdentityRow, StoreError> {
    let row = IdentityRow {
        cluster: cluster.to_string(),
        node: node.get(),
        disk: random().map_err(StoreError::io("draw a number from", URANDOM.as_ref()))?,
        known: Vec::new(),
    };
    sealed_file::write(path, &row)?;
    Ok(row)
}

/// What lies in a directory without identity and is none of ours. Such a directory may be a node's
/// that has lost its identity, or anything else: we do not write in it. A crash while a directory
/// became ours leaves at most the lock and an unfinished identity.
fn foreign_name(data_dir: &Path) -> Result<Option<String>, StoreError> {
    let unfinished = sealed_file::fresh_path(Path::new(IDENTITY));
    let allowed =
        |name: &str| [LOCK, "lost+found"].contains(&name) || Path::new(name) == unfinished;
    Ok(dir::names(data_dir)?.into_iter().find(|name| !allowed(name)))
}

const URANDOM: &str = "/dev/urandom";

fn random() -> io::Result<u64> {
    let mut bytes = [0; 8];
    File::open(URANDOM)?.read_exact(&mut bytes)?;
    Ok(u64::from_be_bytes(bytes))
}
