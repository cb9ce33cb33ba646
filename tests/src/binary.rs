use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::wait::PATIENCE;

/// What a finished `ferry` command left behind.
pub struct Ran {
    /// Its exit code, or `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it printed on stdout.
    pub stdout: String,
    /// What it printed on stderr.
    pub stderr: String,
}

impl Ran {
    /// The command, if it ended well.
    ///
    /// # Panics
    /// If its exit code is not 0.
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Each line of stdout, read as JSON.
    ///
    /// # Panics
    /// If a line is none.
    pub fn json_lines(&self) -> Vec<Value> {
        let parse = |line| match serde_json::from_str(line) {
            Ok(value) => value,
            Err(error) => panic!("{error} in {line:?}"),
        };
        self.stdout.lines().map(parse).collect()
    }
}

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package stands in the repository")
}

/// The executable under test: `FERRY_BIN`, or the one built with this test.
///
/// # Panics
/// If there is none.
pub(crate) fn executable() -> PathBuf {
    if let Some(path) = std::env::var_os("FERRY_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("a running process has a path");
    let profile = test.ancestors().nth(2).expect("cargo puts tests into <profile>/deps");
    let path = profile.join("ferry");
    assert!(path.exists(), "{} is missing: run cargo build -p ferry-cli first", path.display());
    path
}

/// A `ferry` command with a clean environment, ready to be given more.
pub fn ferry_command<S: AsRef<OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new(executable());
    for (key, _) in std::env::vars_os() {
        if key.to_string_lossy().starts_with("FERRY_") {
            command.env_remove(key);
        }
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Starts a process that dies with the thread that started it, however that ends.
///
/// # Panics
/// If it cannot be run.
#[expect(unsafe_code, reason = "only the child itself can ask to die with its parent")]
pub(crate) fn spawn_bound(mut command: Command) -> Child {
    // SAFETY: prctl is async-signal-safe, and the closure touches nothing of the parent's.
    unsafe { command.pre_exec(|| Ok(prctl::set_pdeathsig(Signal::SIGKILL)?)) };
    command.spawn().expect("the executable runs")
}

/// Runs `ferry` against `server` with `input` on stdin, until it ends.
///
/// # Panics
/// If it cannot be run.
pub fn ferry<S: AsRef<OsStr>>(server: &str, arguments: &[S], input: &str) -> Ran {
    let mut command = ferry_command(arguments);
    command.env("FERRY_SERVER", server);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the executable runs");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let input = input.to_owned();
    // A thread of its own: a command that does not read may have filled its own output pipe.
    let writer = std::thread::spawn(move || {
        // A command that needs no input may be gone before it is written; that is not its failure.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().expect("a spawned command ends");
    writer.join().expect("the writer does not panic");
    ran(&output)
}

/// A `ferry` command that runs.
pub struct Begun(Child);

impl Begun {
    /// Starts `ferry` against `server`.
    ///
    /// # Panics
    /// If it cannot be run.
    pub fn start<S: AsRef<OsStr>>(server: &str, arguments: &[S]) -> Self {
        let mut command = ferry_command(arguments);
        command.env("FERRY_SERVER", server).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(spawn_bound(command))
    }

    /// Ends it as `kill -9` does.
    ///
    /// # Panics
    /// If it has been waited for.
    pub fn kill(mut self) {
        self.0.kill().expect("a process that was not waited for can be killed");
        self.0.wait().expect("a killed process ends");
    }

    /// Has it stop, as Ctrl-C does.
    ///
    /// # Panics
    /// If it has been waited for.
    pub fn interrupt(&self) {
        kill(self.id(), Signal::SIGINT).expect("it was not waited for");
    }

    /// What it leaves behind when it ends.
    ///
    /// # Panics
    /// If it does not end in time.
    pub async fn ended(self) -> Ran {
        let id = self.id();
        let wait = move || self.0.wait_with_output().expect("a spawned command ends");
        let ended = tokio::task::spawn_blocking(wait);
        let Ok(output) = tokio::time::timeout(PATIENCE, ended).await else {
            kill(id, Signal::SIGKILL).expect("it is waited for still");
            panic!("the command did not end in {PATIENCE:?}");
        };
        ran(&output.expect("waiting does not panic"))
    }

    fn id(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.0.id()).expect("Linux counts processes in 22 bits"))
    }
}

fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
