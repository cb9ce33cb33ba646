use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use ferry_bench::RequestError;

use crate::nodes::Nodes;

pub(super) const NODES: u16 = 3;
/// Nothing else on this machine shares it: the cluster listens on loopback alone.
const COOKIE: &str = "ferry-bench-peers";

/// Where the nodes keep everything, and who they are.
pub(super) struct Layout {
    /// The folder of the servers' programs.
    pub(super) programs: PathBuf,
    /// The folder of all files.
    pub(super) folder: PathBuf,
    /// The first node's port for clients; those of the others follow, then those between nodes,
    /// then that of the name server.
    pub(super) first_port: u16,
}

impl Layout {
    /// Where clients reach the nodes.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        (0..NODES).map(|node| SocketAddr::from(([127, 0, 0, 1], self.first_port + node))).collect()
    }

    /// Where Erlang's name server listens.
    pub(super) fn name_address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.first_port + 2 * NODES))
    }

    /// Writes the nodes' configurations; none runs yet.
    pub(super) fn nodes(&self) -> Result<Nodes, RequestError> {
        self.write("cookie", COOKIE)?;
        self.write("plugins", "[].\n")?;
        // Names are looked up nowhere but here.
        self.write("inetrc", "{host, {127,0,0,1}, [\"localhost\"]}.\n{lookup, [file, native]}.\n")?;
        let commands: Result<Vec<_>, _> = (0..NODES).map(|node| self.command(node)).collect();
        Ok(Nodes::new(commands?))
    }

    /// Erlang's name server, on a port of its own.
    pub(super) fn name_server(&self) -> Result<Nodes, RequestError> {
        let mut command = Nodes::command("epmd".as_ref(), &self.folder.join("epmd.log"))?;
        command.args(["-address", "127.0.0.1", "-port", &self.name_address().port().to_string()]);
        Ok(Nodes::new([command]))
    }

    /// A command of the cluster's tool, on the first node.
    pub(super) fn tool(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.programs.join("rabbitmqctl"));
        command.arg("--node").arg(name(0)).args(arguments);
        self.set_environment(&mut command);
        command
    }

    fn command(&self, node: u16) -> Result<Command, RequestError> {
        let name = name(node);
        let configuration = self.write(&format!("{name}.conf"), &self.text(node))?;
        let log = self.folder.join(format!("{name}.log"));
        let mut command = Nodes::command(&self.programs.join("rabbitmq-server"), &log)?;
        self.set_environment(&mut command);
        let data = self.folder.join(&name);
        command
            .env("RABBITMQ_NODENAME", &name)
            .env("RABBITMQ_DIST_PORT", (self.first_port + NODES + node).to_string())
            .env("RABBITMQ_CONFIG_FILE", configuration)
            .env("RABBITMQ_MNESIA_BASE", &data)
            .env("RABBITMQ_LOG_BASE", &data)
            // The process stays the one that was started, so that its id is the server's.
            .env("RUNNING_UNDER_SYSTEMD", "true")
            .env_remove("NOTIFY_SOCKET")
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-kernel inet_dist_use_interface {127,0,0,1}",
            );
        Ok(command)
    }

    fn set_environment(&self, command: &mut Command) {
        command
            .env("HOME", &self.folder)
            .env("RABBITMQ_ERLANG_COOKIE", COOKIE)
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", self.folder.join("plugins"))
            .env("ERL_INETRC", self.folder.join("inetrc"))
            .env("ERL_EPMD_PORT", self.name_address().port().to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("LC_ALL", "C.UTF-8");
    }

    fn text(&self, node: u16) -> String {
        let mut text = format!(
            "listeners.tcp.1 = 127.0.0.1:{}\n\
             cluster_formation.peer_discovery_backend = classic_config\n\
             log.console = false\n",
            self.first_port + node,
        );
        for other in 0..NODES {
            let line = format!("cluster_formation.classic_config.nodes.{} = ", other + 1);
            writeln!(text, "{line}{}", name(other)).expect("a text takes everything");
        }
        text
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf, RequestError> {
        let path = self.folder.join(name);
        fs::write(&path, text).map_err(|error| refuse(&path, &error))?;
        Ok(path)
    }
}

fn refuse(path: &Path, error: &std::io::Error) -> RequestError {
    RequestError::new(format!("cannot write {}: {error}", path.display()))
}

fn name(node: u16) -> String {
    format!("rabbit{}@localhost", node + 1)
}
