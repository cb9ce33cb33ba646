use std::collections::BTreeMap;
use std::time::Duration;

use ferry_client::Client;
use tokio::sync::mpsc;

use super::Layout;
use crate::failure::Failure;

/// How often the nodes are asked who leads.
const PERIOD: Duration = Duration::from_millis(200);
/// How long a node may take to tell.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who leads, as the nodes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leadership {
    /// The leader, if there is one.
    pub(super) leader: Option<u64>,
    /// The latest term that a node knows.
    pub(super) term: u64,
}

/// Asks the nodes again and again and tells of each change. The loops wait when four changes are
/// not taken, and end when nobody takes them any more.
pub(super) fn leadership(layout: &Layout) -> Result<mpsc::Receiver<Leadership>, Failure> {
    let (sender, changes) = mpsc::channel(4);
    let (view, mut views) = mpsc::channel(16);
    // A loop a node: one that does not answer must not hold up what the others tell.
    for node in layout.nodes() {
        let builder = Client::builder().server(layout.url(node));
        let client = builder.timeout(PATIENCE).try_timeout(PATIENCE).build()?;
        tokio::spawn(ask(node, client, view.clone()));
    }
    tokio::spawn(async move {
        let (mut told, mut last) = (BTreeMap::new(), None);
        while let Some((node, view)) = views.recv().await {
            told.insert(node, view);
            let Some(now) = believed(told.values()) else { continue };
            if now.leader != last {
                last = now.leader;
                if sender.send(now).await.is_err() {
                    return;
                }
            }
        }
    });
    Ok(changes)
}

/// Asks a node again and again, until nobody takes its answers any more.
async fn ask(node: u16, client: Client, views: mpsc::Sender<(u16, Option<Leadership>)>) {
    loop {
        let view = client.cluster().await.ok().map(|status| Leadership {
            leader: status.leader.map(|leader| leader.get()),
            term: status.term,
        });
        if views.send((node, view)).await.is_err() {
            return;
        }
        tokio::time::sleep(PERIOD).await;
    }
}

/// What the node with the latest term says, or `None` if no node answers. Of two nodes with the
/// same term, the one that knows its leader knows more.
fn believed<'a>(views: impl Iterator<Item = &'a Option<Leadership>>) -> Option<Leadership> {
    views.copied().flatten().max_by_key(|view| (view.term, view.leader.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_term_is_believed() {
        let view = |leader, term| Some(Leadership { leader, term });
        assert_eq!(believed([view(Some(1), 1), view(Some(2), 2), None].iter()), view(Some(2), 2));
        assert_eq!(believed([view(None, 2), view(Some(1), 1)].iter()), view(None, 2));
        assert_eq!(believed([view(None, 2), view(Some(3), 2)].iter()), view(Some(3), 2));
        assert_eq!(believed([None].iter()), None);
    }
}
