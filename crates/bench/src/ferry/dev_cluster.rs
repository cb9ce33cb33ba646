use std::fs::File;
use std::io;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hyper::Method;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid, getppid};
use tempfile::TempDir;

use super::connection::Connection;
use super::server::Server;
use crate::RequestError;
use crate::payloads::random_number;

/// How many nodes there are.
const NODES: u16 = 3;
/// The first HTTP ports that are tried lie here, below those that the kernel gives away.
const PORTS: std::ops::Range<u16> = 20_000..28_000;
/// How long the nodes may take until they serve.
const READY_PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

/// A cluster of three nodes in a temporary folder, run by `ferry dev`. It ends, and its folder
/// goes, when it is dropped.
///
/// It also ends with the thread that started it, which must therefore live as long as the process.
#[derive(Debug)]
pub struct DevCluster {
    executable: PathBuf,
    http_port: u16,
    parent: Child,
    folder: TempDir,
}

impl DevCluster {
    /// Starts a cluster with this `ferry` and waits until all nodes serve.
    ///
    /// # Errors
    /// If they do not, with what `ferry dev` said.
    pub async fn start(executable: &Path) -> Result<Self, RequestError> {
        let refuse = |error: io::Error| RequestError::new(format!("cannot run ferry dev: {error}"));
        let folder = tempfile::Builder::new().prefix("ferry-bench-").tempdir().map_err(refuse)?;
        let http_port = free_ports()?;
        let words = File::create(folder.path().join("dev.log")).map_err(refuse)?;
        let mut command = Command::new(executable);
        command
            .args(["dev", "--nodes", &NODES.to_string(), "--http-port", &http_port.to_string()])
            .arg("--data-dir")
            .arg(folder.path().join("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(words)
            // A group of its own: Ctrl-C reaches this process alone, which stops it in order.
            .process_group(0);
        bind_to_parent(&mut command);
        let parent = command.spawn().map_err(refuse)?;
        let mut cluster = Self { executable: executable.to_owned(), http_port, parent, folder };
        for node in 1..=NODES {
            cluster.wait_ready(node).await?;
        }
        Ok(cluster)
    }

    /// The URLs of the nodes' HTTP APIs.
    pub fn urls(&self) -> Vec<String> {
        (1..=NODES).map(|node| self.url(node)).collect()
    }

    /// Kills a node as `kill -9` does.
    pub(super) async fn kill(&self, node: u64) -> Result<(), RequestError> {
        self.act("kill", node).await
    }

    /// Starts a killed node again. It may not serve yet.
    pub(super) async fn restart(&self, node: u64) -> Result<(), RequestError> {
        self.act("start", node).await
    }

    async fn act(&self, action: &str, node: u64) -> Result<(), RequestError> {
        let mut command = tokio::process::Command::new(&self.executable);
        command.args(["dev", action, &node.to_string(), "--data-dir"]).arg(self.data());
        let refuse = |why: &str| RequestError::new(format!("ferry dev {action} {node}: {why}"));
        let output = command.output().await.map_err(|error| refuse(&error.to_string()))?;
        if output.status.success() {
            return Ok(());
        }
        Err(refuse(String::from_utf8_lossy(&output.stderr).trim()))
    }

    async fn wait_ready(&mut self, node: u16) -> Result<(), RequestError> {
        let server: Server = self.url(node).parse()?;
        let deadline = Instant::now() + READY_PATIENCE;
        while !is_ready(&server).await {
            let has_ended = self.parent.try_wait().is_ok_and(|status| status.is_some());
            if has_ended || Instant::now() > deadline {
                let words = std::fs::read_to_string(self.folder.path().join("dev.log"));
                let words = words.unwrap_or_default();
                let what = format!("the cluster does not get ready: {}", words.trim());
                return Err(RequestError::new(what));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    fn url(&self, node: u16) -> String {
        format!("http://127.0.0.1:{}", self.http_port + node - 1)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Drop for DevCluster {
    fn drop(&mut self) {
        // A child that was not waited for keeps its id, so nobody else is signalled.
        let runs = matches!(self.parent.try_wait(), Ok(None));
        if let (true, Ok(pid)) = (runs, i32::try_from(self.parent.id())) {
            // It may have ended by itself meanwhile, which is as good.
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        // The nodes write into the folder until they have ended; it gives them ten seconds.
        let _ = self.parent.wait();
    }
}

/// Whether a node has recovered and knows a leader.
pub(super) async fn is_ready(server: &Server) -> bool {
    let Ok(mut connection) = Connection::open(server, false).await else { return false };
    let answer = connection.call(Method::GET, ferry_api::routes::READYZ, None, "".into()).await;
    answer.is_ok_and(|answer| answer.status.is_success())
}

/// The first HTTP port of a cluster whose ports are all free.
fn free_ports() -> Result<u16, RequestError> {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    // HTTP from the first port, peers from 100 above it.
    let are_free = |first: &u16| (0..NODES).all(|n| is_free(first + n) && is_free(first + 100 + n));
    let begin = (random_number() % PORTS.len() as u64) as usize;
    let mut candidates = PORTS.skip(begin).chain(PORTS.take(begin)).step_by(usize::from(NODES));
    candidates.find(are_free).ok_or_else(|| RequestError::new("no free ports are left"))
}

/// Makes the kernel kill the child when this process ends, however it ends.
#[expect(unsafe_code, reason = "only the child itself can ask to die with its parent")]
fn bind_to_parent(command: &mut Command) {
    let parent = getpid();
    let bind = move || {
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        // The parent may have died before the line above.
        if getppid() == parent { Ok(()) } else { Err(io::Error::other("the parent is gone")) }
    };
    // SAFETY: between fork and exec the closure makes two system calls, which are
    // async-signal-safe, and touches nothing of the parent's.
    unsafe { command.pre_exec(bind) };
}
