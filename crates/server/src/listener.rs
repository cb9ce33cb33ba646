//! The socket at which clients connect.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpListener;

/// How long a connection is silent before the system asks the other end whether it is there. Rare,
/// since thousands of dequeues may wait; streams give signs of life of their own.
const SILENCE: Duration = Duration::from_secs(15);
/// How often it asks from then on.
const ASK: Duration = Duration::from_secs(5);
/// How long the other end may leave what was sent, or asked, unacknowledged, or have no room for
/// it. A host that vanished without a word holds its connections and streams no longer than that.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(10);

/// Listens at an address. What it accepts inherits the time limits (tcp(7)).
pub(crate) async fn bind(address: &str) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address).await?;
    let socket = SockRef::from(&listener);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(SILENCE).with_interval(ASK))?;
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_MAX))?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn a_host_that_vanishes_is_noticed() {
        let listener = bind("127.0.0.1:0").await.expect("loopback has free ports");
        let address = listener.local_addr().expect("it is bound");
        let _client = TcpStream::connect(address).await.expect("it listens");
        let (accepted, _) = listener.accept().await.expect("somebody connects");
        let socket = SockRef::from(&accepted);
        assert!(socket.keepalive().expect("the system tells"));
        assert_eq!(socket.tcp_keepalive_time().expect("the system tells"), SILENCE);
        assert_eq!(socket.tcp_keepalive_interval().expect("the system tells"), ASK);
        let user_timeout = socket.tcp_user_timeout().expect("the system tells");
        assert_eq!(user_timeout, Some(UNACKNOWLEDGED_MAX));
    }
}
