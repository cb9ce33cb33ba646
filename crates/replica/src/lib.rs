//! Consensus: turns proposals into committed entries on a majority of disks, and applies them.
//!
//! openraft lives here and does not show. See `docs/architecture.md` for the rooms.

mod alarm;
mod answer;
mod applier;
mod clock;
mod digest;
mod error;
mod feed;
mod follow;
mod founding;
mod freshness;
mod leader;
mod loops;
mod members;
mod metrics;
mod off_runtime;
mod options;
mod parts;
mod peer;
mod proposer;
mod raft;
mod reads;
mod replica;
mod start;
mod status;
mod succession;
mod upkeep;
mod wire;

pub use answer::{Answer, LeasedTask};
pub use digest::StateDigest;
pub use error::{AdminError, DigestError, ProposeError, ReadError, StartError};
pub use follow::Follow;
pub use options::{Bootstrap, ReplicaOptions};
pub use replica::Replica;
pub use status::{ClusterStatus, NodeStatus, Role};
