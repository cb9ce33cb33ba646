use clap::{Args, Subcommand};
use ferry_api::{AddNode, ClusterStatus, Digest};
use ferry_types::NodeId;

use crate::arguments::Global;
use crate::failure::Failure;
use crate::table::{Table, cell};

/// Look at the cluster and change it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ferry cluster
  ferry cluster add 4 http://10.0.0.4:7101 10.0.0.4:7201
  ferry cluster transfer 2
  ferry cluster digest
  ferry cluster remove 1")]
pub(crate) struct Cluster {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show the nodes (also without a word)
    Status,
    /// Add a node that runs and waits to join; returns once it votes
    Add {
        /// Its number, never used before
        #[arg(value_parser = node)]
        id: NodeId,
        /// The URL of its HTTP API
        http: String,
        /// host:port where it listens for the other nodes
        peer: String,
    },
    /// Remove a node for good
    Remove {
        /// Its number
        #[arg(value_parser = node)]
        id: NodeId,
    },
    /// Hand leadership to a node; returns once it leads
    Transfer {
        /// Its number
        #[arg(value_parser = node)]
        id: NodeId,
    },
    /// Take a snapshot on the asked node
    Snapshot,
    /// Show the state of the asked node as one number, the same on every node at the same index
    Digest,
}

impl Cluster {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let client = global.client()?;
        let status = match self.action.unwrap_or(Action::Status) {
            Action::Status => client.cluster().await?,
            Action::Add { id, http, peer } => client.add_node(&AddNode { id, http, peer }).await?,
            Action::Transfer { id } => client.transfer_leader(id).await?,
            Action::Remove { id } => {
                client.remove_node(id).await?;
                eprintln!("node {id} is removed");
                return Ok(());
            }
            Action::Snapshot => {
                client.snapshot().await?;
                eprintln!("the snapshot is taken");
                return Ok(());
            }
            Action::Digest => {
                let digest = client.digest().await?;
                let text = |it: &Digest| format!("{} at index {}\n", it.digest, it.index);
                return global.output().show(&digest, text);
            }
        };
        global.output().show(&status, text)
    }
}

fn node(text: &str) -> Result<NodeId, String> {
    let number: u64 = text.parse().map_err(|_| "a node's number is 1 or more".to_owned())?;
    if number == 0 {
        return Err("a node's number is 1 or more".to_owned());
    }
    Ok(NodeId::new(number))
}

fn text(status: &ClusterStatus) -> String {
    let leader = status.leader.map_or("no leader".to_owned(), |id| format!("leader {id}"));
    let headings = ["NODE", "ROLE", "REACHABLE", "HTTP", "PEER", "LOG", "APPLIED", "PID"];
    let mut table = Table::new(&headings);
    for node in &status.nodes {
        table.row(vec![
            node.id.to_string(),
            node.role.as_str().to_owned(),
            if node.reachable { "yes" } else { "no" }.to_owned(),
            node.http.clone(),
            node.peer.clone(),
            cell(node.last_log_index),
            cell(node.applied_index),
            cell(node.pid),
        ]);
    }
    format!("cluster {}, {leader}, term {}\n{}", status.cluster_id, status.term, table.into_text())
}
