use std::time::Duration;

use ferry_client::Client;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Layout;
use crate::failure::Failure;

/// How often the nodes are asked who leads.
const PERIOD: Duration = Duration::from_millis(200);
/// How long a node may take to tell.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who leads, as the nodes tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Leadership {
    /// The leader, if there is one.
    pub(super) leader: Option<u64>,
    /// The latest term that a node knows.
    pub(super) term: u64,
}

/// Asks the nodes again and again and tells of each change. The loop waits when four changes are
/// not taken, and ends when nobody takes them any more.
pub(super) fn leadership(layout: &Layout) -> Result<mpsc::Receiver<Leadership>, Failure> {
    let connect = |node| {
        let builder = Client::builder().server(layout.url(node));
        builder.timeout(PATIENCE).try_timeout(PATIENCE).build()
    };
    let clients: Vec<Client> = layout.nodes().map(connect).collect::<Result<_, _>>()?;
    let (sender, receiver) = mpsc::channel(4);
    tokio::spawn(async move {
        let mut last = Leadership::default();
        loop {
            if let Some(now) = ask(&clients).await.filter(|now| now.leader != last.leader) {
                last = now;
                if sender.send(now).await.is_err() {
                    return;
                }
            }
            tokio::time::sleep(PERIOD).await;
        }
    });
    Ok(receiver)
}

/// What the node with the latest term says, or `None` if no node answers.
async fn ask(clients: &[Client]) -> Option<Leadership> {
    let mut answers = JoinSet::new();
    for client in clients {
        let request = client.cluster();
        answers.spawn(async move { request.await.ok() });
    }
    let answers = answers.join_all().await;
    let told = answers.into_iter().flatten().map(|status| Leadership {
        leader: status.leader.map(|node| node.get()),
        term: status.term,
    });
    // Of two nodes with the same term, the one that knows its leader knows more.
    told.max_by_key(|told| (told.term, told.leader.is_some()))
}
