use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::control::{self, Start};
use super::watch::{self, Leadership};
use super::{Layout, NodeState, State, process};
use crate::failure::Failure;
use crate::output::Output;

/// How long the nodes have to stop by themselves.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// How long ports may be in use by what an earlier parent left.
const PORT_PATIENCE: Duration = Duration::from_secs(3);

/// The process that a local cluster's nodes are children of.
pub(crate) struct Parent {
    layout: Layout,
    output: Output,
    began: Instant,
    state: State,
    ends: JoinSet<(u16, u32, std::io::Result<ExitStatus>)>,
    _lock: Flock<File>,
}

/// What happens to a local cluster: a line of output.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event<'a> {
    NodeStarted { node: u16, pid: u32, url: &'a str },
    NodeDied { node: u16, pid: u32, how: String },
    LeaderChanged { leader: Option<u64>, term: u64 },
    Stopped,
}

/// What the loop waits for.
enum Turn {
    Ended(u16, u32, std::io::Result<ExitStatus>),
    Start(Start),
    Leader(Leadership),
    Stop,
}

impl Parent {
    /// The parent of a cluster that does not run yet.
    pub(crate) fn new(layout: Layout, output: Output) -> Result<Self, Failure> {
        let path = layout.folder.join("dev.lock");
        let refuse = |error| Failure::new(format!("cannot lock {}: {error}", path.display()));
        let file = File::options().create(true).append(true).open(&path).map_err(refuse)?;
        let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| {
            let folder = layout.folder.display();
            Failure::new(format!("a cluster runs with the data directory {folder} already"))
        })?;
        let nodes = layout.nodes();
        let nodes = nodes.map(|node| NodeState { node, pid: None, url: layout.url(node) });
        let state = State { parent: std::process::id(), nodes: nodes.collect() };
        let began = Instant::now();
        Ok(Self { layout, output, began, state, ends: JoinSet::new(), _lock: lock })
    }

    /// Runs the cluster until it is interrupted.
    pub(crate) async fn run(mut self) -> Result<(), Failure> {
        self.wait_for_ports().await?;
        self.layout.write_configs()?;
        let mut starts = control::listen(&self.layout.folder)?;
        let mut stops = stops()?;
        for node in self.layout.nodes() {
            self.start(node)?;
        }
        eprintln!("Ctrl-C stops the cluster; its files are in {}", self.layout.folder.display());
        let mut leaders = watch::leadership(&self.layout)?;
        loop {
            let turn = tokio::select! {
                Some(end) = self.ends.join_next() => {
                    let (node, pid, status) = end.expect("waiting for a child does not panic");
                    Turn::Ended(node, pid, status)
                }
                Some(start) = starts.recv() => Turn::Start(start),
                Some(leader) = leaders.recv() => Turn::Leader(leader),
                Some(()) = stops.recv() => Turn::Stop,
            };
            match turn {
                Turn::Ended(node, pid, status) => self.ended(node, pid, status)?,
                Turn::Start(Start { node, answer }) => {
                    let started = self.start(node);
                    let failed = |failure: Failure| failure.line().unwrap_or_default();
                    // The caller may have gone; the node runs all the same.
                    let _ = answer.send(started.map_err(failed));
                }
                Turn::Leader(Leadership { leader, term }) => {
                    self.tell(&Event::LeaderChanged { leader, term })?;
                }
                Turn::Stop => return self.stop().await,
            }
        }
    }

    /// Starts a node that does not run.
    fn start(&mut self, node: u16) -> Result<u32, Failure> {
        if let Some(pid) = self.state.node(node)?.pid {
            return Err(Failure::new(format!("node {node} runs already, as process {pid}")));
        }
        let mut child = process::spawn(&self.layout, node)?;
        let pid = child.id().expect("a child that was not waited for has an id");
        self.ends.spawn(async move { (node, pid, child.wait().await) });
        self.remember(node, Some(pid))?;
        let url = self.layout.url(node);
        self.tell(&Event::NodeStarted { node, pid, url: &url })?;
        Ok(pid)
    }

    fn ended(
        &mut self,
        node: u16,
        pid: u32,
        status: std::io::Result<ExitStatus>,
    ) -> Result<(), Failure> {
        self.remember(node, None)?;
        let how = match status.map(|status| (status.code(), status.signal())) {
            Ok((Some(code), _)) => match self.last_words(node) {
                Some(words) if code != 0 => format!("exit code {code}: {words}"),
                Some(_) | None => format!("exit code {code}"),
            },
            Ok((None, Some(signal))) => format!("signal {signal}"),
            Ok((None, None)) => "unknown".to_owned(),
            Err(error) => error.to_string(),
        };
        self.tell(&Event::NodeDied { node, pid, how })
    }

    /// Asks all nodes to stop, and kills those that do not.
    async fn stop(mut self) -> Result<(), Failure> {
        self.signal_all(Signal::SIGTERM);
        let deadline = tokio::time::Instant::now() + STOP_PATIENCE;
        loop {
            match tokio::time::timeout_at(deadline, self.ends.join_next()).await {
                Ok(None) => break,
                Ok(Some(_)) => {}
                Err(_) => {
                    eprintln!("a node does not stop by itself; killing it");
                    self.signal_all(Signal::SIGKILL);
                    while self.ends.join_next().await.is_some() {}
                    break;
                }
            }
        }
        // The next start writes both anew; what is left would only mislead.
        let _ = std::fs::remove_file(State::path(&self.layout.folder));
        let _ = std::fs::remove_file(self.layout.folder.join("dev.sock"));
        self.tell(&Event::Stopped)
    }

    fn signal_all(&self, signal: Signal) {
        let running = self.state.nodes.iter().filter_map(|node| node.pid);
        for pid in running.filter_map(|pid| i32::try_from(pid).ok()) {
            // It may have ended by itself, which is as good.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    fn remember(&mut self, node: u16, pid: Option<u32>) -> Result<(), Failure> {
        for state in self.state.nodes.iter_mut().filter(|state| state.node == node) {
            state.pid = pid;
        }
        self.state.save(&self.layout.folder)
    }

    /// The last line that a node logged.
    fn last_words(&self, node: u16) -> Option<String> {
        let log = File::open(self.layout.log(node)).ok()?;
        let lines = BufReader::new(log).lines().map_while(Result::ok);
        lines.filter(|line| !line.trim().is_empty()).last()
    }

    fn tell(&self, event: &Event<'_>) -> Result<(), Failure> {
        let seconds = self.began.elapsed().as_secs_f64();
        self.output.show(event, |event| {
            let words = match event {
                Event::NodeStarted { node, pid, url } => {
                    format!("node {node} runs: process {pid}, {url}")
                }
                Event::NodeDied { node, pid, how } => {
                    format!("node {node} died: process {pid}, {how}")
                }
                Event::LeaderChanged { leader: Some(leader), term } => {
                    format!("node {leader} leads, term {term}")
                }
                Event::LeaderChanged { leader: None, term } => format!("no leader, term {term}"),
                Event::Stopped => "all nodes have stopped".to_owned(),
            };
            format!("{seconds:9.3} s  {words}")
        })
    }

    /// Waits until all ports are free: the nodes of a parent that was killed need a moment to die.
    async fn wait_for_ports(&self) -> Result<(), Failure> {
        let deadline = Instant::now() + PORT_PATIENCE;
        for address in
            self.layout.nodes().flat_map(|node| [self.layout.http(node), self.layout.peer(node)])
        {
            while let Err(error) = TcpListener::bind(&address) {
                if Instant::now() >= deadline {
                    let advice = "stop what uses it, or choose another --http-port and --data-dir";
                    return Err(Failure::new(format!("cannot use {address}: {error}; {advice}")));
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(())
    }
}

/// Yields at each signal to stop; one that comes while another waits says nothing new.
fn stops() -> Result<mpsc::Receiver<()>, Failure> {
    let refuse = |error| Failure::new(format!("cannot listen for signals: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(refuse)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(refuse)?;
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if sender.send(()).await.is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}
