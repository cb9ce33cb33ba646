use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ferry_bench::RequestError;

/// The processes of a cluster: our children, which the kernel kills if we end first.
pub(crate) struct Nodes(Mutex<Vec<Node>>);

struct Node {
    command: Command,
    child: Option<Child>,
}

impl Nodes {
    /// Nodes that are started by these commands; none runs yet.
    pub(crate) fn new(commands: impl IntoIterator<Item = Command>) -> Self {
        let nodes = commands.into_iter().map(|command| Node { command, child: None });
        Self(Mutex::new(nodes.collect()))
    }

    /// A command that becomes `program` and dies with this process; what it prints goes to `log`.
    pub(crate) fn command(program: &Path, log: &Path) -> Result<Command, RequestError> {
        let refuse = |error| RequestError::new(format!("cannot write {}: {error}", log.display()));
        let file = File::options().create(true).append(true).open(log).map_err(refuse)?;
        let copy = file.try_clone().map_err(refuse)?;
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        command.stdin(Stdio::null()).stdout(file).stderr(copy);
        Ok(command)
    }

    /// Starts a node.
    pub(crate) fn start(&self, index: usize) -> Result<(), RequestError> {
        let mut nodes = self.nodes();
        let node = &mut nodes[index];
        let child = node.command.spawn().map_err(|error| {
            RequestError::new(format!("cannot start node {}: {error}", index + 1))
        })?;
        node.child = Some(child);
        Ok(())
    }

    /// Starts all nodes.
    pub(crate) fn start_all(&self) -> Result<(), RequestError> {
        (0..self.count()).try_for_each(|index| self.start(index))
    }

    /// Kills a node (SIGKILL), and does not wait for its end.
    pub(crate) fn kill(&self, index: usize) {
        if let Some(child) = &mut self.nodes()[index].child {
            // It may have ended by itself.
            let _ = child.kill();
        }
    }

    /// Kills a node and waits until its process is gone.
    pub(crate) fn stop(&self, index: usize) {
        self.kill(index);
        if let Some(mut child) = self.nodes()[index].child.take() {
            // Nothing is to be known of its end but that it is there.
            let _ = child.wait();
        }
    }

    /// How many nodes there are, running or not.
    pub(crate) fn count(&self) -> usize {
        self.nodes().len()
    }

    /// The process ids of the nodes that run.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.nodes().iter().filter_map(|node| Some(node.child.as_ref()?.id())).collect()
    }

    fn nodes(&self) -> MutexGuard<'_, Vec<Node>> {
        // A node is whole after every statement, so a panic elsewhere spoils nothing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        (0..self.count()).for_each(|index| self.stop(index));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_node_is_gone_and_can_be_started_again() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut command = Nodes::command("tail".as_ref(), &folder.path().join("log"))
            .expect("the folder is writable");
        command.args(["-f", "/dev/null"]);
        let nodes = Nodes::new([command]);
        nodes.start_all().expect("tail exists");
        let first = nodes.processes();
        assert_eq!(first.len(), 1);
        nodes.stop(0);
        assert!(nodes.processes().is_empty());
        assert!(!Path::new(&format!("/proc/{}", first[0])).exists());
        nodes.start(0).expect("tail exists still");
        assert_eq!(nodes.processes().len(), 1);
    }
}
