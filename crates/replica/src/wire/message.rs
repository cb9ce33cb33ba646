//! The messages. Tags never change their meaning; a node of another version must be able to tell.

use bytes::Bytes;
use ferry_store::{LogId, Vote};
use ferry_types::{LogIndex, NodeId};

/// What a connection is for. Each kind has its own, so that a snapshot or a long append never
/// stands before a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum Purpose {
    /// One request, one reply.
    Calls = 0,
    /// Appends, pipelined; replies in order. A refused append ends the connection.
    Appends = 1,
    /// One snapshot.
    Snapshot = 2,
}

/// The first message on a connection.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Greeting {
    /// [`Greeting::VERSION`].
    #[prost(uint32, tag = "1")]
    pub(crate) version: u32,
    #[prost(string, tag = "2")]
    pub(crate) cluster: String,
    #[prost(uint64, tag = "3")]
    pub(crate) node: u64,
    /// The random number that the node's disk got when it was new.
    #[prost(fixed64, tag = "4")]
    pub(crate) disk: u64,
    /// Whom the caller believes to call.
    #[prost(uint64, tag = "5")]
    pub(crate) callee: u64,
    #[prost(enumeration = "Purpose", tag = "6")]
    pub(crate) purpose: i32,
    /// The disk that the caller knows the callee by, if it does.
    #[prost(fixed64, optional, tag = "7")]
    pub(crate) callee_disk: Option<u64>,
}

impl Greeting {
    /// The version of the protocol.
    pub(crate) const VERSION: u32 = 1;
}

/// The answer to a greeting.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct GreetingReply {
    #[prost(uint64, tag = "1")]
    pub(crate) node: u64,
    #[prost(fixed64, tag = "2")]
    pub(crate) disk: u64,
    /// Why the connection ends here, if it does.
    #[prost(enumeration = "Refusal", tag = "3")]
    pub(crate) refusal: i32,
}

/// Why a greeting is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum Refusal {
    /// It is not.
    None = 0,
    /// Another version of the protocol.
    Version = 1,
    /// Another cluster.
    Cluster = 2,
    /// Another node listens here.
    Callee = 3,
    /// The caller's id is known with another disk.
    UsedId = 4,
}

/// Everything after the greeting.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Message {
    #[prost(oneof = "Body", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16")]
    pub(crate) body: Option<Body>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum Body {
    #[prost(message, tag = "1")]
    Append(AppendRequest),
    #[prost(message, tag = "2")]
    Appended(AppendReply),
    #[prost(message, tag = "3")]
    Vote(VoteRequest),
    #[prost(message, tag = "4")]
    PreVote(VoteRequest),
    #[prost(message, tag = "5")]
    Voted(VoteReply),
    #[prost(message, tag = "6")]
    Transfer(TransferRequest),
    #[prost(message, tag = "7")]
    Transferred(TransferReply),
    #[prost(message, tag = "8")]
    ReadIndex(Nothing),
    #[prost(message, tag = "9")]
    ReadIndexed(ReadIndexReply),
    #[prost(message, tag = "10")]
    Status(Nothing),
    #[prost(message, tag = "11")]
    StatusIs(StatusReply),
    #[prost(message, tag = "12")]
    SnapshotBegin(SnapshotBegin),
    #[prost(message, tag = "13")]
    SnapshotFile(SnapshotFile),
    #[prost(message, tag = "14")]
    SnapshotChunk(SnapshotChunk),
    #[prost(message, tag = "15")]
    SnapshotEnd(SnapshotEnd),
    #[prost(message, tag = "16")]
    SnapshotInstalled(SnapshotReply),
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct Nothing {}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct LogIdMessage {
    #[prost(uint64, tag = "1")]
    term: u64,
    #[prost(uint64, tag = "2")]
    node: u64,
    #[prost(uint64, tag = "3")]
    index: u64,
}

impl From<LogId> for LogIdMessage {
    fn from(id: LogId) -> Self {
        Self { term: id.term, node: id.node.get(), index: id.index.get() }
    }
}

impl From<LogIdMessage> for LogId {
    fn from(id: LogIdMessage) -> Self {
        Self { term: id.term, node: NodeId::new(id.node), index: LogIndex::new(id.index) }
    }
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct VoteMessage {
    #[prost(uint64, tag = "1")]
    term: u64,
    #[prost(uint64, tag = "2")]
    node: u64,
    #[prost(bool, tag = "3")]
    committed: bool,
}

impl From<Vote> for VoteMessage {
    fn from(vote: Vote) -> Self {
        Self { term: vote.term, node: vote.node.get(), committed: vote.committed }
    }
}

impl From<VoteMessage> for Vote {
    fn from(vote: VoteMessage) -> Self {
        Self { term: vote.term, node: NodeId::new(vote.node), committed: vote.committed }
    }
}

/// Raft's AppendEntries; a heartbeat has no entries.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct AppendRequest {
    #[prost(message, required, tag = "1")]
    pub(crate) vote: VoteMessage,
    #[prost(message, optional, tag = "2")]
    pub(crate) previous: Option<LogIdMessage>,
    #[prost(message, optional, tag = "3")]
    pub(crate) committed: Option<LogIdMessage>,
    /// Encoded as in the log.
    #[prost(bytes = "bytes", repeated, tag = "4")]
    pub(crate) entries: Vec<Bytes>,
    /// The leader's replicated time, milliseconds since the epoch, from which a successor goes on.
    #[prost(uint64, tag = "5")]
    pub(crate) at_ms: u64,
}

/// Exactly one of `conflict` and `higher` tells of a refusal.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct AppendReply {
    /// The last entry that matches, if accepted.
    #[prost(message, optional, tag = "1")]
    pub(crate) matching: Option<LogIdMessage>,
    /// The follower has no such entry.
    #[prost(message, optional, tag = "2")]
    pub(crate) conflict: Option<LogIdMessage>,
    /// The follower has seen a higher vote.
    #[prost(message, optional, tag = "3")]
    pub(crate) higher: Option<VoteMessage>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct VoteRequest {
    #[prost(message, required, tag = "1")]
    pub(crate) vote: VoteMessage,
    #[prost(message, optional, tag = "2")]
    pub(crate) last: Option<LogIdMessage>,
    /// Whether the former leader has handed over, or is certainly gone.
    #[prost(bool, tag = "3")]
    pub(crate) handed_over: bool,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct VoteReply {
    #[prost(message, required, tag = "1")]
    pub(crate) vote: VoteMessage,
    #[prost(bool, tag = "2")]
    pub(crate) granted: bool,
    #[prost(message, optional, tag = "3")]
    pub(crate) last: Option<LogIdMessage>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct TransferRequest {
    #[prost(message, required, tag = "1")]
    pub(crate) from: VoteMessage,
    #[prost(uint64, tag = "2")]
    pub(crate) to: u64,
    #[prost(message, optional, tag = "3")]
    pub(crate) last: Option<LogIdMessage>,
}

/// Whether the hand-over was taken up; if not, why.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct TransferReply {
    #[prost(message, optional, tag = "1")]
    pub(crate) vote_changed: Option<VoteMessage>,
    #[prost(bool, tag = "2")]
    pub(crate) log_not_flushed: bool,
}

/// The index to read at; none if the node does not lead.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct ReadIndexReply {
    #[prost(uint64, optional, tag = "1")]
    pub(crate) index: Option<u64>,
}

/// How a node sees itself.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct StatusReply {
    #[prost(uint32, tag = "1")]
    pub(crate) pid: u32,
    #[prost(uint64, tag = "2")]
    pub(crate) term: u64,
    #[prost(bool, tag = "3")]
    pub(crate) leads: bool,
    #[prost(message, optional, tag = "4")]
    pub(crate) last: Option<LogIdMessage>,
    #[prost(uint64, optional, tag = "5")]
    pub(crate) applied: Option<u64>,
}

/// A snapshot follows: its files, each in chunks, then its end. What it is a snapshot of stands
/// inside it.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct SnapshotBegin {
    #[prost(message, required, tag = "1")]
    pub(crate) vote: VoteMessage,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct SnapshotFile {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(uint64, tag = "2")]
    pub(crate) bytes: u64,
    #[prost(fixed32, tag = "3")]
    pub(crate) crc32: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct SnapshotChunk {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) data: Bytes,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct SnapshotEnd {}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct SnapshotReply {
    #[prost(message, required, tag = "1")]
    pub(crate) vote: VoteMessage,
}
