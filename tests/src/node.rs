use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::binary::{ferry_command, spawn_bound};
use crate::wait;

/// One `ferry serve` process, its folder and its log. Dropping it kills the process.
pub struct Node {
    id: u64,
    folder: PathBuf,
    http: String,
    child: Option<Child>,
}

impl Node {
    /// A node that is not started, with `config` written into its folder.
    ///
    /// # Panics
    /// If the folder cannot be written.
    pub(crate) fn new(id: u64, folder: PathBuf, http: String, config: &str) -> Self {
        fs::create_dir_all(&folder).expect("the test's folder is writable");
        let node = Self { id, folder, http, child: None };
        fs::write(node.config(), config).expect("the test's folder is writable");
        node
    }

    /// The node's number.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The base URL of its API.
    pub fn url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// Its configuration file.
    pub fn config(&self) -> PathBuf {
        self.folder.join("ferry.toml")
    }

    /// Its data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Everything it has printed, over all its starts.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Starts the process; it need not be ready when this returns.
    ///
    /// # Panics
    /// If it runs already or cannot be run.
    pub fn start(&mut self) {
        let mut command = ferry_command(&["serve", "--config"]);
        command.arg(self.config());
        self.start_as(command);
    }

    /// Starts the process by a command of the test's own.
    ///
    /// # Panics
    /// If it runs already or cannot be run.
    pub fn start_as(&mut self, mut command: Command) {
        assert!(!self.is_running(), "node {} runs already", self.id);
        let log = File::options().create(true).append(true).open(self.log_path());
        let log = log.expect("the test's folder is writable");
        command.env("NO_COLOR", "1");
        command.stdout(log.try_clone().expect("a file can be shared")).stderr(log);
        self.child = Some(spawn_bound(command));
    }

    /// Whether the process runs.
    pub fn is_running(&mut self) -> bool {
        self.exit_status().is_none() && self.child.is_some()
    }

    /// The process id.
    ///
    /// # Panics
    /// If the node was never started.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the node was started").id()
    }

    /// Ends the process with SIGKILL and waits until it is gone.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself, which is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Asks the process to stop.
    pub fn terminate(&self) {
        self.signal(Signal::SIGTERM);
    }

    /// Stops the process where it stands.
    pub fn pause(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets a paused process go on.
    pub fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Waits until the process has ended by itself, and says how.
    ///
    /// # Panics
    /// If it has not after `patience`.
    pub async fn wait_exit(&mut self, patience: Duration) -> ExitStatus {
        let what = format!("node {} to exit", self.id);
        let status = wait::until(&what, patience, async || self.exit_status()).await;
        self.child = None;
        status
    }

    /// Waits until the process refused to run: it ended, with a code other than 0, a message in
    /// one line and no backtrace. Returns what it printed in this start.
    ///
    /// # Panics
    /// If it did anything else.
    pub async fn wait_refusal(&mut self, printed_before: usize, patience: Duration) -> String {
        let status = self.wait_exit(patience).await;
        let said = self.log().split_off(printed_before);
        assert_eq!(status.signal(), None, "the node ended by {status}; it said:\n{said}");
        assert_ne!(status.code(), Some(0), "the node ended well; it said:\n{said}");
        assert!(!said.contains("panicked at"), "the node panicked:\n{said}");
        assert!(!said.contains("stack backtrace"), "the node printed a backtrace:\n{said}");
        assert!(!said.trim().is_empty(), "the node did not say why it stopped");
        said
    }

    /// Deletes the data directory of a node that does not run.
    ///
    /// # Panics
    /// If it runs, or the directory cannot be deleted.
    pub fn wipe(&mut self) {
        assert!(!self.is_running(), "node {} runs", self.id);
        fs::remove_dir_all(self.data_dir()).expect("the test's folder is writable");
    }

    pub(crate) fn log_path(&self) -> PathBuf {
        self.folder.join("node.log")
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn exit_status(&mut self) -> Option<ExitStatus> {
        let child = self.child.as_mut()?;
        child.try_wait().expect("a child can be waited for")
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).expect("process ids are positive 32-bit numbers");
        kill(Pid::from_raw(pid), signal).expect("the child is ours to signal");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}
