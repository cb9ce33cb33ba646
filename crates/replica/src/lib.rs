//! Consensus: turns proposals into committed entries on a majority of disks, and applies them.
//!
//! openraft lives here and does not show. See `docs/architecture.md` for the rooms.

mod answer;
mod error;
mod options;
mod replica;
mod status;

pub use answer::{Answer, LeasedTask};
pub use error::{AdminError, ProposeError, ReadError, StartError};
pub use options::{Bootstrap, ReplicaOptions};
pub use replica::Replica;
pub use status::{ClusterStatus, NodeStatus, Role};
