use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::OnceLock;

use ferry_api::{AckRequest, NackRequest, TaskDocument};
use ferry_client::worker::Outcome;
use ferry_types::limits::PAYLOAD_BYTES_MAX;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};

use crate::payload;

/// Bytes of stdout that become a result if they are not JSON: quoting may lengthen them.
const TEXT_BYTES_MAX: usize = PAYLOAD_BYTES_MAX / 16;
/// Bytes of the end of stderr that a nack tells.
const ERROR_BYTES_MAX: usize = 4_000;

/// The command that is run for each task.
pub(crate) struct Program {
    command: Vec<OsString>,
    not_run: OnceLock<String>,
}

/// What came of running it.
pub(crate) enum Ran {
    /// It ended, and this is what is told of the task.
    Ended(Outcome),
    /// It could not be run, whatever the task; see [`Program::why_not_run`].
    NotRun,
}

impl Program {
    /// The program with its arguments.
    pub(crate) fn new(command: Vec<OsString>) -> Self {
        Self { command, not_run: OnceLock::new() }
    }

    /// Why it could not be run, if that happened.
    pub(crate) fn why_not_run(&self) -> Option<&str> {
        self.not_run.get().map(String::as_str)
    }

    /// Runs it for a task. Dropping the future kills it with its children.
    pub(crate) async fn run(&self, task: &TaskDocument) -> Ran {
        let Some(stdin) = input(task) else {
            let error = Some("the payload is not base64".to_owned());
            return Ran::Ended(Outcome::Failed(NackRequest { error, ..NackRequest::default() }));
        };
        let mut group = match self.spawn(task) {
            Ok(group) => group,
            Err(error) => {
                let name = self.command.first().cloned().unwrap_or_default();
                let why = format!("cannot run {}: {error}", name.to_string_lossy());
                // Every worker slot meets the same error; the first is told.
                let _ = self.not_run.set(why);
                return Ran::NotRun;
            }
        };
        let child = &mut group.0;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let feed = feed(child.stdin.take(), stdin);
        let (out, err, ()) = tokio::join!(
            read_start(stdout, PAYLOAD_BYTES_MAX),
            read_end(stderr, ERROR_BYTES_MAX),
            feed,
        );
        match child.wait().await {
            Ok(status) if status.success() => {
                Ran::Ended(Outcome::Done(AckRequest { result: result(&out) }))
            }
            Ok(status) => Ran::Ended(failed(&describe(status), &err)),
            Err(error) => Ran::Ended(failed(&format!("cannot be waited for: {error}"), &err)),
        }
    }

    fn spawn(&self, task: &TaskDocument) -> std::io::Result<Group> {
        let (name, arguments) = self.command.split_first().expect("the command line requires one");
        let lease = task.lease.as_ref().map(|lease| lease.id.to_string()).unwrap_or_default();
        let child = Command::new(name)
            .args(arguments)
            .env("FERRY_TASK_ID", task.id.to_string())
            .env("FERRY_QUEUE", task.queue.as_str())
            .env("FERRY_ATTEMPT", task.attempt.to_string())
            .env("FERRY_LEASE", lease)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: Ctrl-C reaches the worker alone, and the children die together.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Group(child))
    }
}

/// A running command, killed with all its children when it is dropped before it ended.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // A child that was waited for has no id any more, and its group is left alone.
        if let Some(id) = self.0.id().and_then(|id| i32::try_from(id).ok()) {
            // It may be gone by itself, which is as good.
            let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
        }
    }
}

/// The payload as the command reads it, or `None` if the node sent what is no base64. A JSON
/// string is read as its text, so that what `ferry enqueue` takes from a line comes out as one.
fn input(task: &TaskDocument) -> Option<Vec<u8>> {
    match (&task.payload, &task.payload_base64) {
        (Some(json), _) => {
            let text = serde_json::from_str::<String>(json.get());
            Some(text.unwrap_or_else(|_| json.get().to_owned()).into_bytes())
        }
        (None, Some(_)) => task.payload_bytes(),
        (None, None) => Some(Vec::new()),
    }
}

/// Writes the payload and closes stdin.
async fn feed(stdin: Option<ChildStdin>, bytes: Vec<u8>) {
    if let Some(mut stdin) = stdin {
        // A command may end without reading its stdin; its exit code says what that means.
        let _ = stdin.write_all(&bytes).await;
    }
}

/// Reads to the end and keeps the first bytes, at most one more than `bytes_max`.
async fn read_start(stream: Option<impl AsyncRead + Unpin>, bytes_max: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    read(stream, |chunk| {
        let room = (bytes_max + 1).saturating_sub(kept.len());
        kept.extend_from_slice(&chunk[..room.min(chunk.len())]);
    })
    .await;
    kept
}

/// Reads to the end and keeps the last bytes, at most `bytes_max`.
async fn read_end(stream: Option<impl AsyncRead + Unpin>, bytes_max: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    read(stream, |chunk| {
        kept.extend_from_slice(chunk);
        let surplus = kept.len().saturating_sub(bytes_max);
        kept.drain(..surplus);
    })
    .await;
    kept
}

async fn read(stream: Option<impl AsyncRead + Unpin>, mut keep: impl FnMut(&[u8])) {
    let Some(mut stream) = stream else { return };
    let mut chunk = [0; 4_096];
    // A pipe that breaks has no more to say.
    while let Ok(length @ 1..) = stream.read(&mut chunk).await {
        keep(&chunk[..length]);
    }
}

/// Stdout as a result: JSON as it is, other text as a JSON string, nothing as none.
fn result(stdout: &[u8]) -> Option<Box<serde_json::value::RawValue>> {
    if stdout.trim_ascii().is_empty() {
        return None;
    }
    if stdout.len() <= PAYLOAD_BYTES_MAX
        && let Ok(text) = std::str::from_utf8(stdout)
        && serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
    {
        return Some(payload::json(text.trim()));
    }
    let start = &stdout[..stdout.len().min(TEXT_BYTES_MAX)];
    let text = String::from_utf8_lossy(start);
    ferry_api::raw_json(text.trim_end_matches(['\r', '\n'])).ok()
}

fn failed(what: &str, stderr: &[u8]) -> Outcome {
    let stderr = String::from_utf8_lossy(stderr);
    let error = match stderr.trim() {
        "" => what.to_owned(),
        told => format!("{what}: {told}"),
    };
    Outcome::Failed(NackRequest { error: Some(error), ..NackRequest::default() })
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => "ended without a code".to_owned(),
    }
}

#[cfg(test)]
#[path = "program_tests.rs"]
mod tests;
