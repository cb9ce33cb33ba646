//! The small JSON files by which `ferry dev` and its sub-commands know of each other.

use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// What a running `ferry dev` tells of its nodes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// The process that started them.
    pub(crate) parent: u32,
    /// The nodes, by number.
    pub(crate) nodes: Vec<NodeState>,
}

/// A node of a local cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NodeState {
    /// Its number.
    pub(crate) node: u16,
    /// Its process, while it runs.
    pub(crate) pid: Option<u32>,
    /// The URL of its HTTP API.
    pub(crate) url: String,
}

impl State {
    /// Where it is kept.
    pub(crate) fn path(folder: &Path) -> PathBuf {
        folder.join("dev.json")
    }

    /// The state of the cluster in a folder, if one runs there.
    pub(crate) fn load(folder: &Path) -> Result<Option<Self>, Failure> {
        read(&Self::path(folder))
    }

    /// Writes the state, whole or not at all.
    pub(crate) fn save(&self, folder: &Path) -> Result<(), Failure> {
        write(&Self::path(folder), self)
    }

    /// The node of this number.
    pub(crate) fn node(&self, node: u16) -> Result<&NodeState, Failure> {
        self.nodes.iter().find(|state| state.node == node).ok_or_else(|| {
            let count = self.nodes.len();
            Failure::new(format!("there is no node {node}; the cluster has nodes 1 to {count}"))
        })
    }
}

/// Reads a file, if it is there.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Failure> {
    let refuse = |why: String| Failure::new(format!("cannot read {}: {why}", path.display()));
    match std::fs::read(path) {
        Ok(bytes) => {
            let value = serde_json::from_slice(&bytes).map_err(|error| refuse(error.to_string()));
            value.map(Some)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(refuse(error.to_string())),
    }
}

/// Writes a file by replacing it, so that a reader sees the old one or the new one.
pub(super) fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), Failure> {
    let bytes = serde_json::to_vec(value).expect("every state has a JSON form");
    let new = path.with_extension("new");
    std::fs::write(&new, bytes)
        .and_then(|()| std::fs::rename(&new, path))
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))
}
