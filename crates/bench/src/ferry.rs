//! Ferry as a target: plain HTTP, one kept connection a producer or worker, to the leader.

mod connection;
mod dev_cluster;
mod leases;
mod lines;
mod paths;
mod producer;
mod puller;
mod registered;
mod server;
mod settlements;
mod shape;
mod system;
mod worker;

pub use dev_cluster::DevCluster;
pub use producer::FerryProducer;
pub use shape::Shape;
pub use system::Ferry;
pub use worker::FerryWorker;
