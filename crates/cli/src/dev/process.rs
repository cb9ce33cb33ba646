use std::fs::File;
use std::io;
use std::process::Stdio;

use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::getppid;
use tokio::process::{Child, Command};

use super::Layout;
use crate::failure::Failure;

/// Keys that tell one node from another: a variable of the same name would make them all one.
const OWN_KEYS: [&str; 9] = [
    "cluster",
    "node",
    "data_dir",
    "http_listen",
    "http_advertise",
    "peer_listen",
    "peer_advertise",
    "join",
    "members",
];

/// Starts a node's process. The thread that calls this must live as long as this process: the
/// kernel binds the child's life to it.
pub(super) fn spawn(layout: &Layout, node: u16) -> Result<Child, Failure> {
    let refuse = |error: io::Error| Failure::new(format!("cannot start node {node}: {error}"));
    let log = File::options().create(true).append(true).open(layout.log(node)).map_err(refuse)?;
    let mut command = Command::new(std::env::current_exe().map_err(refuse)?);
    for name in OWN_KEYS {
        command.env_remove(format!("FERRY_{}", name.to_ascii_uppercase()));
    }
    command
        .arg("serve")
        .arg("--config")
        .arg(layout.config(node))
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(refuse)?)
        .stderr(log)
        // A group of its own: Ctrl-C reaches the parent alone, which stops the nodes in order.
        .process_group(0);
    bind_to_parent(&mut command);
    command.spawn().map_err(refuse)
}

/// Makes the kernel kill the child when this process ends, however it ends.
#[expect(unsafe_code, reason = "only the child itself can ask to die with its parent")]
fn bind_to_parent(command: &mut Command) {
    let parent = nix::unistd::getpid();
    let bind = move || {
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        // The parent may have died before the line above.
        if getppid() == parent { Ok(()) } else { Err(io::Error::other("the parent is gone")) }
    };
    // SAFETY: between fork and exec the closure makes two system calls, which are
    // async-signal-safe, and touches nothing of the parent's.
    unsafe { command.pre_exec(bind) };
}

/// Whether a process is this node: a number alone may have been given to another process since.
pub(crate) fn is_node(pid: u32, config: &std::path::Path) -> bool {
    // A process that has ended and is not reaped yet has an empty command line.
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let config = config.as_os_str().as_encoded_bytes();
    command.split(|byte| *byte == 0).any(|argument| argument == config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_known_by_its_command_line() {
        let own = std::env::args_os().next().expect("a process has a name");
        assert!(is_node(std::process::id(), own.as_ref()));
        assert!(!is_node(std::process::id(), "/nowhere/ferry.toml".as_ref()));
        assert!(!is_node(u32::MAX, own.as_ref()));
    }

    #[test]
    fn the_keys_of_a_node_are_keys() {
        for name in OWN_KEYS {
            let key = ferry_server::ConfigKey::find(name);
            assert!(key.is_some_and(|key| key.variable().ends_with(&name.to_ascii_uppercase())));
        }
    }
}
