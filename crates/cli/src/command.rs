//! The commands, one a file.

mod ack;
mod bench;
mod cluster;
mod dequeue;
mod dev;
mod enqueue;
mod extend;
mod forecast;
mod limits;
mod nack;
mod queues;
mod release;
mod schedules;
mod serve;
mod tasks;
mod work;
mod workers;
mod workflows;

pub(crate) use ack::Ack;
pub(crate) use bench::Bench;
pub(crate) use cluster::Cluster;
pub(crate) use dequeue::Dequeue;
pub(crate) use dev::Dev;
pub(crate) use enqueue::Enqueue;
pub(crate) use extend::Extend;
pub(crate) use forecast::Forecast;
pub(crate) use limits::Limits;
pub(crate) use nack::Nack;
pub(crate) use queues::Queues;
pub(crate) use release::Release;
pub(crate) use schedules::Schedules;
pub(crate) use serve::Serve;
pub(crate) use tasks::Tasks;
pub(crate) use work::Work;
pub(crate) use workers::Workers;
pub(crate) use workflows::Workflows;
