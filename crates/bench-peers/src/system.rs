use clap::ValueEnum;
use serde::Serialize;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum System {
    Ferry,
    /// Quorum queues of three members.
    Rabbitmq,
    /// JetStream with three replicas that sync before they answer.
    Nats,
    /// JetStream with three replicas that sync every two minutes.
    NatsDefault,
}

impl System {
    /// All, in the order in which a round measures them.
    pub(crate) const ALL: [Self; 4] = [Self::Ferry, Self::Rabbitmq, Self::Nats, Self::NatsDefault];

    /// Its name in tables.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Ferry => "Ferry",
            Self::Rabbitmq => "RabbitMQ",
            Self::Nats => "NATS, sync always",
            Self::NatsDefault => "NATS, default",
        }
    }

    /// Whether an accepted task is on the disks of a majority.
    pub(crate) const fn durability(self) -> &'static str {
        match self {
            Self::Ferry => "a majority has synced before the answer, one sync for all that queued",
            Self::Rabbitmq => {
                "quorum queue of 3, publisher confirms, persistent: a majority has synced before \
                 the confirm, one sync for all that queued"
            }
            Self::Nats => {
                "stream of 3 replicas, `sync_interval: always`: synced before the answer, one sync for \
                 several since 2.15"
            }
            Self::NatsDefault => {
                "stream of 3 replicas: **not** synced before the answer, but every two minutes"
            }
        }
    }

    /// Tasks a second at most that it hands out, one at a time and many at a time, with some room:
    /// a queue is filled with what lasts for the time, and no more, since a slow system is also
    /// slow to fill.
    pub(crate) const fn drain_rate(self, is_batched: bool) -> u64 {
        match (self, is_batched) {
            (Self::Ferry, false) => 50_000,
            (Self::Ferry, true) => 200_000,
            (Self::Rabbitmq, false) => 18_000,
            (Self::Rabbitmq, true) => 100_000,
            (Self::Nats, false) => 20_000,
            (Self::Nats, true) => 60_000,
            (Self::NatsDefault, false) => 50_000,
            (Self::NatsDefault, true) => 90_000,
        }
    }
}
