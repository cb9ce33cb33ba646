use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use ferry_bench::RequestError;

use crate::nodes::Nodes;

const NODES: u16 = 3;

/// When JetStream syncs what it has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sync {
    /// Before it answers.
    Always,
    /// Every two minutes, as it comes.
    Default,
}

/// Where clients reach the nodes.
pub(super) fn addresses(first_port: u16) -> Vec<SocketAddr> {
    (0..NODES).map(|node| SocketAddr::from(([127, 0, 0, 1], first_port + node))).collect()
}

/// Writes the nodes' configurations; none runs yet.
pub(super) fn nodes(
    program: &Path,
    folder: &Path,
    first_port: u16,
    sync: Sync,
) -> Result<Nodes, RequestError> {
    let mut commands = Vec::new();
    for node in 0..NODES {
        let path = folder.join(format!("{}.conf", name(node)));
        let written = fs::write(&path, text(folder, first_port, node, sync));
        written.map_err(|error| {
            RequestError::new(format!("cannot write {}: {error}", path.display()))
        })?;
        let log = folder.join(format!("{}.log", name(node)));
        let mut command = Nodes::command(program, &log)?;
        command.arg("--config").arg(&path);
        commands.push(command);
    }
    Ok(Nodes::new(commands))
}

/// The node with this name.
pub(super) fn node_of(name: &str) -> Option<usize> {
    let number: usize = name.strip_prefix("nats")?.parse().ok()?;
    number.checked_sub(1)
}

fn name(node: u16) -> String {
    format!("nats{}", node + 1)
}

fn text(folder: &Path, first_port: u16, node: u16, sync: Sync) -> String {
    let route_port = |node: u16| first_port + NODES + node;
    let routes: Vec<_> =
        (0..NODES).map(|node| format!("\"nats://127.0.0.1:{}\"", route_port(node))).collect();
    let sync = match sync {
        Sync::Always => "sync_interval: always",
        Sync::Default => "",
    };
    format!(
        "server_name: {name}\n\
         listen: \"127.0.0.1:{}\"\n\
         jetstream {{ store_dir: \"{}\", max_file_store: 50GB, {sync} }}\n\
         cluster {{ name: bench, listen: \"127.0.0.1:{}\", routes: [{}] }}\n",
        first_port + node,
        folder.join(name(node)).display(),
        route_port(node),
        routes.join(", "),
        name = name(node),
    )
}
