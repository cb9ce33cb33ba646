//! How `ferry dev start N` asks the running `ferry dev`: the node has to be that one's child.
//!
//! A line `start N` goes over a Unix socket in the data directory; a line with the process id, or
//! `error` and why, comes back.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};

use crate::failure::Failure;

const LINE_BYTES_MAX: u64 = 64;
const PATIENCE: Duration = Duration::from_secs(5);

/// A request to start a node, answered with its process id.
#[derive(Debug)]
pub(super) struct Start {
    /// Which node.
    pub(super) node: u16,
    /// Where the answer goes.
    pub(super) answer: oneshot::Sender<Result<u32, String>>,
}

/// The socket's path through the open folder: a socket's own path may have 107 bytes only.
fn path(folder: &File) -> PathBuf {
    format!("/proc/self/fd/{}/dev.sock", folder.as_raw_fd()).into()
}

/// Listens for requests; those that come while eight wait, wait in the socket.
pub(super) fn listen(folder: &Path) -> Result<mpsc::Receiver<Start>, Failure> {
    let refuse = |error| Failure::new(format!("cannot listen in {}: {error}", folder.display()));
    let open = File::open(folder).map_err(refuse)?;
    let path = path(&open);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(refuse(error)),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(&path).map_err(refuse)?;
    let (sender, receiver) = mpsc::channel(8);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A caller that says nothing must not hold up the next one for long.
            let _ = tokio::time::timeout(PATIENCE, serve(stream, &sender)).await;
        }
    });
    Ok(receiver)
}

async fn serve(mut stream: UnixStream, requests: &mpsc::Sender<Start>) {
    let mut line = String::new();
    if (&mut stream).take(LINE_BYTES_MAX).read_to_string(&mut line).await.is_err() {
        return;
    }
    let node = line.trim().strip_prefix("start ").and_then(|number| number.parse().ok());
    let reply = match node {
        None => "error the request is not known".to_owned(),
        Some(node) => {
            let (answer, answered) = oneshot::channel();
            // The parent is stopping if nobody takes the request.
            let _ = requests.send(Start { node, answer }).await;
            match answered.await {
                Ok(Ok(pid)) => pid.to_string(),
                Ok(Err(why)) => format!("error {why}"),
                Err(_) => "error ferry dev is stopping".to_owned(),
            }
        }
    };
    // A caller that has gone needs no answer.
    let _ = stream.write_all(reply.as_bytes()).await;
}

/// Asks the `ferry dev` of a folder to start a node; answers its process id.
pub(crate) fn ask_to_start(folder: &Path, node: u16) -> Result<u32, Failure> {
    let nobody = || {
        Failure::new(format!(
            "no cluster runs with the data directory {}; `ferry dev` starts one",
            folder.display()
        ))
    };
    let open = File::open(folder).map_err(|_| nobody())?;
    let mut stream = BlockingStream::connect(path(&open)).map_err(|_| nobody())?;
    let broken = |error| Failure::new(format!("ferry dev does not answer: {error}"));
    stream.set_read_timeout(Some(PATIENCE)).map_err(broken)?;
    stream.write_all(format!("start {node}\n").as_bytes()).map_err(broken)?;
    stream.shutdown(std::net::Shutdown::Write).map_err(broken)?;
    let mut reply = String::new();
    BufReader::new(stream).read_line(&mut reply).map_err(broken)?;
    match reply.strip_prefix("error ") {
        Some(why) => Err(Failure::new(why)),
        None => reply.parse().map_err(|_| Failure::new("ferry dev gave no answer")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_gets_the_parents_answer() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let deep = folder.path().join("a".repeat(150));
        std::fs::create_dir(&deep).expect("the folder is writable");
        let mut requests = listen(&deep).expect("the folder is writable");
        let parent = tokio::spawn(async move {
            for answer in [Ok(77), Err("node 2 runs already".to_owned())] {
                let start = requests.recv().await.expect("a request comes");
                assert_eq!(start.node, 2);
                start.answer.send(answer).expect("the caller waits");
            }
        });
        let ask = move || (ask_to_start(&deep, 2), ask_to_start(&deep, 2));
        let (first, second) = tokio::task::spawn_blocking(ask).await.expect("no panic");
        assert_eq!(first.expect("started"), 77);
        let refused = second.expect_err("refused").line();
        assert_eq!(refused.as_deref(), Some("node 2 runs already"));
        parent.await.expect("no panic");
    }

    #[test]
    fn without_a_parent_there_is_nobody_to_ask() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let failure = ask_to_start(folder.path(), 1).expect_err("nobody listens");
        assert!(failure.line().expect("words").starts_with("no cluster runs"), "{failure:?}");
    }
}
