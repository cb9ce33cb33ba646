use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files;
use crate::failure::Failure;

/// Where everything of a local cluster is: ports and paths. Fixed when the cluster is first
/// started, since its nodes remember each other's addresses.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// The data directory, absolute.
    pub(crate) folder: PathBuf,
    /// How many nodes there are, and the first HTTP port.
    pub(crate) shape: Shape,
}

/// How many nodes there are, and the first HTTP port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shape {
    pub(crate) nodes: u16,
    pub(crate) http_port: u16,
}

/// A node's configuration file.
#[derive(Serialize)]
struct NodeConfig<'a> {
    cluster: &'a str,
    node: u16,
    data_dir: PathBuf,
    http_listen: String,
    peer_listen: String,
    members: Vec<Member>,
}

#[derive(Serialize)]
struct Member {
    id: u16,
    http: String,
    peer: String,
}

impl Layout {
    /// What an option that is left out means for a new cluster.
    const NEW: Shape = Shape { nodes: 3, http_port: 7101 };

    /// The layout of a new cluster, or of the one that the folder holds.
    pub(crate) fn open(
        folder: &Path,
        nodes: Option<u16>,
        http_port: Option<u16>,
    ) -> Result<Self, Failure> {
        let refuse = |error| Failure::new(format!("cannot use {}: {error}", folder.display()));
        std::fs::create_dir_all(folder).map_err(refuse)?;
        let folder = folder.canonicalize().map_err(refuse)?;
        let path = folder.join("layout.json");
        let known: Option<Shape> = files::read(&path)?;
        let old = known.unwrap_or(Self::NEW);
        let shape = Shape {
            nodes: nodes.unwrap_or(old.nodes),
            http_port: http_port.unwrap_or(old.http_port),
        };
        match known {
            Some(known) if known != shape => Err(Failure::new(format!(
                "{} holds a cluster of {} nodes from port {}; start it so, or take another --data-dir",
                folder.display(),
                known.nodes,
                known.http_port
            ))),
            Some(_) => Ok(Self { folder, shape }),
            None => {
                files::write(&path, &shape)?;
                Ok(Self { folder, shape })
            }
        }
    }

    /// The nodes' numbers.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = u16> + use<> {
        1..=self.shape.nodes
    }

    /// The URL of a node's HTTP API.
    pub(crate) fn url(&self, node: u16) -> String {
        format!("http://{}", self.http(node))
    }

    /// Where a node listens for HTTP.
    pub(crate) fn http(&self, node: u16) -> String {
        format!("127.0.0.1:{}", self.shape.http_port + node - 1)
    }

    /// Where a node listens for the others.
    pub(crate) fn peer(&self, node: u16) -> String {
        format!("127.0.0.1:{}", self.shape.http_port + 99 + node)
    }

    /// A node's configuration file.
    pub(crate) fn config(&self, node: u16) -> PathBuf {
        self.node_folder(node).join("ferry.toml")
    }

    /// Where a node's log lines go.
    pub(crate) fn log(&self, node: u16) -> PathBuf {
        self.node_folder(node).join("node.log")
    }

    /// Writes the nodes' configuration files.
    pub(crate) fn write_configs(&self) -> Result<(), Failure> {
        for node in self.nodes() {
            let path = self.config(node);
            let refuse = |error| Failure::new(format!("cannot write {}: {error}", path.display()));
            std::fs::create_dir_all(self.node_folder(node)).map_err(refuse)?;
            let head = "# Written by `ferry dev` at each start.\n\n";
            std::fs::write(&path, format!("{head}{}", self.config_text(node))).map_err(refuse)?;
        }
        Ok(())
    }

    fn config_text(&self, node: u16) -> String {
        let member = |id| Member { id, http: self.url(id), peer: self.peer(id) };
        let config = NodeConfig {
            cluster: "dev",
            node,
            data_dir: self.node_folder(node).join("data"),
            http_listen: self.http(node),
            peer_listen: self.peer(node),
            members: self.nodes().map(member).collect(),
        };
        toml::to_string(&config).expect("a configuration has a TOML form")
    }

    fn node_folder(&self, node: u16) -> PathBuf {
        self.folder.join(format!("node-{node}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_follow_the_first() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let layout = Layout::open(folder.path(), None, Some(8001)).expect("a new cluster");
        assert_eq!(layout.url(1), "http://127.0.0.1:8001");
        assert_eq!(
            (layout.http(3), layout.peer(3)),
            ("127.0.0.1:8003".into(), "127.0.0.1:8103".into())
        );
        assert_eq!(layout.nodes().collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn a_cluster_keeps_its_shape() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Layout::open(folder.path(), Some(5), None).expect("a new cluster");
        let again = Layout::open(folder.path(), None, None).expect("the same cluster");
        assert_eq!(again.shape, Shape { nodes: 5, http_port: 7101 });
        let other = Layout::open(folder.path(), Some(3), None).expect_err("another shape");
        assert!(other.line().expect("words").contains("a cluster of 5 nodes"), "{other:?}");
    }

    #[test]
    fn a_node_can_load_its_configuration() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let layout = Layout::open(folder.path(), None, None).expect("a new cluster");
        layout.write_configs().expect("the folder is writable");
        let source = ferry_server::ConfigSource { file: Some(layout.config(2)), flags: Vec::new() };
        let config =
            ferry_server::Config::load(&source, []).expect("the configuration is complete");
        assert_eq!(config.node, ferry_types::NodeId::new(2));
        assert_eq!(config.http_listen, "127.0.0.1:7102");
        assert!(config.data_dir.starts_with(layout.folder.join("node-2")));
    }
}
