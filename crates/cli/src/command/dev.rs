use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::dev::{Layout, Parent, State, ask_to_start, is_node};
use crate::failure::Failure;
use crate::output::Output;

/// How long a killed node may take until it is gone.
const KILL_PATIENCE: Duration = Duration::from_secs(5);

/// Run a cluster on this machine
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  ferry dev
  ferry dev --nodes 5 --http-port 8001 --data-dir /tmp/five
  ferry dev kill 2          in another terminal: kill -9
  ferry dev start 2

Node N has HTTP port P + N - 1 and peer port P + 99 + N, where P is --http-port."
)]
pub(crate) struct Dev {
    #[command(subcommand)]
    action: Option<Action>,
    /// How many nodes [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=9))]
    nodes: Option<u16>,
    /// The first node's HTTP port [default: 7101]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..=65_000))]
    http_port: Option<u16>,
    #[command(flatten)]
    folder: Folder,
}

#[derive(Debug, Args)]
struct Folder {
    /// Where the nodes keep everything
    #[arg(long, value_name = "DIR", default_value = "ferry-data")]
    data_dir: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Kill a node of the running cluster, as kill -9 does
    Kill {
        /// Its number, from 1
        node: u16,
        #[command(flatten)]
        folder: Folder,
    },
    /// Start a node of the running cluster again; returns when its process runs
    Start {
        /// Its number, from 1
        node: u16,
        #[command(flatten)]
        folder: Folder,
    },
}

impl Dev {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self.action {
            None => {
                let layout = Layout::open(&self.folder.data_dir, self.nodes, self.http_port)?;
                Box::pin(Parent::new(layout, output)?.run()).await
            }
            Some(Action::Kill { node, folder }) => {
                let pid = kill_node(&folder.data_dir, node).await?;
                let document = json!({ "node": node, "pid": pid, "killed": true });
                output.show(&document, |_| format!("node {node} is killed: process {pid}"))
            }
            Some(Action::Start { node, folder }) => {
                let pid = ask_to_start(&folder.data_dir, node)?;
                let document = json!({ "node": node, "pid": pid });
                output.show(&document, |_| format!("node {node} runs: process {pid}"))
            }
        }
    }
}

/// Kills a node and waits until its parent has noticed, so that it may be started again at once.
async fn kill_node(folder: &Path, node: u16) -> Result<u32, Failure> {
    let Some(state) = State::load(folder)? else {
        let folder = folder.display();
        return Err(Failure::new(format!("no cluster runs with the data directory {folder}")));
    };
    let not_running = || Failure::new(format!("node {node} does not run"));
    let pid = state.node(node)?.pid.ok_or_else(not_running)?;
    let layout = Layout::open(folder, None, None)?;
    if !is_node(pid, &layout.config(node)) {
        return Err(not_running());
    }
    let raw = i32::try_from(pid).map_err(|_| not_running())?;
    kill(Pid::from_raw(raw), Signal::SIGKILL)
        .map_err(|error| Failure::new(format!("cannot kill node {node}: {error}")))?;
    let deadline = Instant::now() + KILL_PATIENCE;
    while Instant::now() < deadline {
        let now = State::load(folder)?;
        if now.is_none_or(|now| now.node(node).is_ok_and(|state| state.pid != Some(pid))) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(pid)
}
