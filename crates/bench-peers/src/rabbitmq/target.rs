use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use ferry_bench::{RequestError, Target};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use super::channel::{Channel, connect};
use super::configuration::Layout;
use super::decoder::Event;
use super::frames::{
    Arguments, BASIC_CONSUME, BASIC_CONSUME_OK, BASIC_QOS, BASIC_QOS_OK, CONFIRM_SELECT,
    CONFIRM_SELECT_OK, QUEUE_DECLARE, QUEUE_DECLARE_OK, QUEUE_DELETE, QUEUE_DELETE_OK,
};
use super::producer::RabbitProducer;
use super::worker::RabbitWorker;
use crate::nodes::Nodes;
use crate::patience::Patience;
use crate::pool::Pool;

/// Connections to a node that all clients share, a channel each: the best of those tried.
const LINKS: usize = 1;
/// A node takes 2,047 channels a connection.
const CLIENTS_MAX: u64 = 2_000;
const CLUSTER_PATIENCE: Duration = Duration::from_secs(90);
/// The bits of `queue.declare`.
const DURABLE: u8 = 2;

/// A RabbitMQ cluster of three nodes: a queue is a quorum queue with three members.
pub(crate) struct RabbitMq {
    layout: Layout,
    nodes: Nodes,
    _name_server: Nodes,
    pool: Pool<Event>,
    /// Which node leads a queue: the one that it was declared at.
    leaders: Mutex<HashMap<String, usize>>,
}

impl RabbitMq {
    /// Starts a cluster with its files in `folder`, and waits until it is formed.
    pub(crate) async fn start(
        programs: &Path,
        folder: &Path,
        first_port: u16,
    ) -> Result<Self, RequestError> {
        let (programs, folder) = (programs.to_owned(), PathBuf::from(folder));
        let layout = Layout { programs, folder, first_port };
        let name_server = layout.name_server()?;
        name_server.start_all()?;
        // A node that finds no name server starts one itself, which nobody would stop.
        let patience = Patience::new("Erlang's name server", CLUSTER_PATIENCE);
        while TcpStream::connect(layout.name_address()).await.is_err() {
            patience.wait(None).await?;
        }
        let nodes = layout.nodes()?;
        let pool = Pool::new(LINKS, CLIENTS_MAX);
        let leaders = Mutex::default();
        let rabbit = Self { layout, nodes, _name_server: name_server, pool, leaders };
        // The first node founds the cluster, which the others then join.
        for node in 0..rabbit.nodes.count() {
            rabbit.nodes.start(node)?;
            rabbit.until_it_serves(node).await?;
        }
        rabbit.until_all_are_online().await?;
        Ok(rabbit)
    }

    async fn until_it_serves(&self, node: usize) -> Result<(), RequestError> {
        let what = format!("RabbitMQ's node {} to serve", node + 1);
        let patience = Patience::new(what, CLUSTER_PATIENCE);
        while let Err(error) = connect(self.layout.addresses()[node]).await {
            patience.wait(Some(error)).await?;
        }
        Ok(())
    }

    async fn until_all_are_online(&self) -> Result<(), RequestError> {
        let count = self.nodes.count().to_string();
        self.run_tool(self.layout.tool(&["await_online_nodes", &count, "--timeout", "60"])).await
    }

    async fn run_tool(&self, mut tool: Command) -> Result<(), RequestError> {
        tool.stdin(Stdio::null());
        let run = tokio::task::spawn_blocking(move || tool.output());
        let output = run.await.expect("a command does not panic").map_err(RequestError::new)?;
        if output.status.success() {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&output.stderr);
        Err(RequestError::new(format!("rabbitmqctl failed: {}", words.trim())))
    }

    async fn channel(&self, node: usize) -> Result<Channel, RequestError> {
        let addresses = self.layout.addresses();
        let connect = |node: usize| connect(addresses[node]);
        Channel::open(&self.pool.link(node, addresses.len(), connect).await?).await
    }

    async fn leader(&self, queue: &str) -> usize {
        self.leaders.lock().await.get(queue).copied().unwrap_or(0)
    }
}

impl Target for RabbitMq {
    type Producer = RabbitProducer;
    type Worker = RabbitWorker;

    fn name(&self) -> &str {
        "rabbitmq"
    }

    async fn create_queue(&self, queue: &str) -> Result<(), RequestError> {
        let node = 0;
        let texts = [("x-queue-type", "quorum"), ("x-queue-leader-locator", "client-local")];
        let members = u32::try_from(self.nodes.count()).expect("there are three");
        let numbers = [("x-quorum-initial-group-size", members)];
        let arguments = Arguments::default().short(0).name(queue).byte(DURABLE);
        let arguments = arguments.table(&texts, &numbers);
        let mut channel = self.channel(node).await?;
        channel.call(QUEUE_DECLARE, &arguments, QUEUE_DECLARE_OK).await?;
        self.leaders.lock().await.insert(queue.to_owned(), node);
        channel.close().await
    }

    async fn delete_queue(&self, queue: &str) -> Result<(), RequestError> {
        self.leaders.lock().await.remove(queue);
        let mut channel = self.channel(0).await?;
        let arguments = Arguments::default().short(0).name(queue).byte(0);
        channel.call(QUEUE_DELETE, &arguments, QUEUE_DELETE_OK).await?;
        channel.close().await
    }

    async fn producer(&self, queue: &str) -> Result<RabbitProducer, RequestError> {
        let mut channel = self.channel(self.leader(queue).await).await?;
        let arguments = Arguments::default().byte(0);
        channel.call(CONFIRM_SELECT, &arguments, CONFIRM_SELECT_OK).await?;
        Ok(RabbitProducer::new(channel, queue))
    }

    async fn worker(&self, queue: &str, max: usize) -> Result<RabbitWorker, RequestError> {
        let mut channel = self.channel(self.leader(queue).await).await?;
        let prefetch = u16::try_from(max).map_err(|_| RequestError::new("too many at once"))?;
        let qos = Arguments::default().long(0).short(prefetch).byte(0);
        channel.call(BASIC_QOS, &qos, BASIC_QOS_OK).await?;
        let consume = Arguments::default().short(0).name(queue).name("").byte(0).table(&[], &[]);
        channel.call(BASIC_CONSUME, &consume, BASIC_CONSUME_OK).await?;
        Ok(RabbitWorker::new(channel, max))
    }

    async fn processes(&self) -> Vec<u32> {
        self.nodes.processes()
    }

    async fn kill_leader(&self, queue: &str) -> Result<(), RequestError> {
        self.nodes.kill(self.leader(queue).await);
        Ok(())
    }

    async fn heal(&self, queue: &str) -> Result<(), RequestError> {
        let killed = self.leader(queue).await;
        self.nodes.stop(killed);
        self.nodes.start(killed)?;
        self.until_it_serves(killed).await?;
        self.until_all_are_online().await
    }
}
