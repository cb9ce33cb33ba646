//! What nodes say to each other: frames on TCP with protobuf inside, a version in the greeting.

mod frame;
mod message;

pub(crate) use frame::{Frame, FrameCodec};
pub(crate) use message::{
    AppendReply, AppendRequest, Body, Greeting, GreetingReply, Message, Nothing, Purpose,
    ReadIndexReply, Refusal, SnapshotBegin, SnapshotChunk, SnapshotEnd, SnapshotFile,
    SnapshotReply, StatusReply, TransferReply, TransferRequest, VoteReply, VoteRequest,
};
