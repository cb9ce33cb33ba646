use std::fs::{self, File};
use std::process::{Child, ExitStatus};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::binary::{Ran, ferry, ferry_command, spawn_bound};
use crate::ports::DevPorts;
use crate::wait::{self, PATIENCE};
use crate::{Answer, Client};

/// A running `ferry dev`.
pub struct Dev {
    dir: TempDir,
    ports: DevPorts,
    child: Child,
}

impl Dev {
    /// Starts `ferry dev` with this many nodes and waits until all of them serve.
    ///
    /// # Panics
    /// If they do not.
    pub async fn start(nodes: u16) -> Self {
        let dir = tempfile::Builder::new().prefix("ferry-dev-").tempdir();
        let dir = dir.expect("the temporary folder is writable");
        let ports = DevPorts::take();
        let mut command = ferry_command(&["dev", "--nodes", &nodes.to_string()]);
        command.arg("--data-dir").arg(dir.path().join("data"));
        command.args(["--http-port", &ports.http.to_string()]);
        let log = File::create(dir.path().join("dev.log")).expect("the folder is writable");
        command.stdout(log.try_clone().expect("a file can be shared")).stderr(log);
        let dev = Self { child: spawn_bound(command), dir, ports };
        for node in 1..=nodes {
            dev.wait_ready(node).await;
        }
        dev
    }

    /// The URL of a node, from 1.
    pub fn url(&self, node: u16) -> String {
        format!("http://127.0.0.1:{}", self.ports.http + node - 1)
    }

    /// A client of a node.
    pub fn client(&self, node: u16) -> Client {
        Client::new(&self.url(node))
    }

    /// Runs a `ferry` command against the first node.
    pub fn run(&self, arguments: &[&str], input: &str) -> Ran {
        ferry(&self.url(1), arguments, input)
    }

    /// Runs `ferry dev ACTION NODE` on this cluster.
    ///
    /// # Panics
    /// If the temporary path is no text.
    pub fn act(&self, action: &str, node: u16) -> Ran {
        let data = self.dir.path().join("data");
        let data = data.to_str().expect("a temporary path is text");
        ferry(&self.url(1), &["dev", action, &node.to_string(), "--data-dir", data], "")
    }

    /// Whether a node answers, and what it says about the cluster.
    pub async fn status(&self, node: u16) -> Option<Answer> {
        let client = self.client(node);
        let request = client.request("GET", "/v1/cluster").patience(Duration::from_secs(2));
        request.attempt().await.ok()
    }

    /// Waits until a node serves.
    ///
    /// # Panics
    /// If it does not in time.
    pub async fn wait_ready(&self, node: u16) {
        let client = self.client(node);
        wait::until(
            &format!("node {node} to get ready: {}", self.printed()),
            PATIENCE,
            async || {
                let request = client.request("GET", "/readyz").patience(Duration::from_secs(2));
                request.attempt().await.ok().filter(|answer| answer.status == 200).map(drop)
            },
        )
        .await;
    }

    /// Waits until a node is gone.
    ///
    /// # Panics
    /// If it still answers after some seconds.
    pub async fn wait_gone(&self, node: u16) {
        let is_gone = async || self.status(node).await.is_none().then_some(());
        wait::until(&format!("node {node} to be gone"), PATIENCE, is_gone).await;
    }

    /// Everything it has printed.
    pub fn printed(&self) -> String {
        fs::read_to_string(self.dir.path().join("dev.log")).unwrap_or_default()
    }

    /// Interrupts it as Ctrl-C does, and waits until it has ended.
    ///
    /// # Panics
    /// If it does not end.
    pub async fn interrupt(&mut self) -> ExitStatus {
        let pid = i32::try_from(self.child.id()).expect("process ids are positive 32-bit numbers");
        kill(Pid::from_raw(pid), Signal::SIGINT).expect("the child is ours to signal");
        wait::until("ferry dev to end", PATIENCE, async || {
            self.child.try_wait().expect("a child can be waited for")
        })
        .await
    }

    /// Kills it, but not its nodes.
    pub fn kill(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("ferry dev printed:\n{}", self.printed());
        }
    }
}
