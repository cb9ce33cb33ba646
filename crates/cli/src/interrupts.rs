use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// The signals that ask a command to stop.
pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// Takes the signals from here on: they do not end the process any more.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let refuse = |error| Failure::new(format!("cannot listen for signals: {error}"));
        let interrupt = signal(SignalKind::interrupt()).map_err(refuse)?;
        let terminate = signal(SignalKind::terminate()).map_err(refuse)?;
        Ok(Self { interrupt, terminate })
    }

    /// Waits for the next of either.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Waits for the next Ctrl-C.
    pub(crate) async fn next_from_keyboard(&mut self) {
        self.interrupt.recv().await;
    }
}
