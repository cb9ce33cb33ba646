use ferry_types::{LogIndex, NodeId};

/// Why a proposal has no answer (G12).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    /// Nothing was written. Ask `leader` if it is known, or wait until one is.
    #[error("this node is not the leader")]
    NotLeader {
        /// The leader, if this node knows one.
        leader: Option<NodeId>,
    },
    /// The command may have been written, or may yet be. Ask again under the same key.
    #[error("the outcome is not known")]
    OutcomeUnknown,
    /// Nothing was written: the queue of proposals is full. Ask again later.
    #[error("too many proposals wait")]
    Overloaded,
    /// The node is stopping, or its disk has failed. Nothing is known of the command.
    #[error("this node has stopped")]
    Stopped,
}

/// Why a read cannot be served as fresh as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No leader confirmed this node's view in time.
    #[error("no leader confirmed the read")]
    NoLeader,
    /// The index was not applied here in time.
    #[error("index {index} is not applied here yet")]
    NotReached {
        /// The index that was waited for.
        index: LogIndex,
    },
    /// The node is stopping, or its disk has failed.
    #[error("this node has stopped")]
    Stopped,
}

/// Why there is no digest of the state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Ask for the present index, or for one to come.
    #[error("the state has gone on to index {applied}")]
    Past {
        /// Where it is.
        applied: LogIndex,
    },
    /// The index was not applied here, or the state not hashed, in time. Ask again with more time.
    #[error("the digest was not made in time")]
    NotReached,
    /// Ask again later.
    #[error("too many digests are waited for")]
    TooMany,
    /// The node is stopping, or its disk has failed.
    #[error("this node has stopped")]
    Stopped,
}

/// Why the cluster was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// Ask `leader` if it is known.
    #[error("this node is not the leader")]
    NotLeader {
        /// The leader, if this node knows one.
        leader: Option<NodeId>,
    },
    /// The cluster has no such node.
    #[error("there is no node {id}")]
    NodeNotFound {
        /// The node.
        id: NodeId,
    },
    /// The node is already there with another address.
    #[error("node {id} exists already")]
    AlreadyExists {
        /// The node.
        id: NodeId,
    },
    /// A cluster keeps one voter at least.
    #[error("node {id} is the last voter")]
    LastVoter {
        /// The node.
        id: NodeId,
    },
    /// The node did not answer or did not catch up in time; it stays a learner and may be added
    /// again.
    #[error("node {id} did not catch up in time")]
    NotCaughtUp {
        /// The node.
        id: NodeId,
    },
    /// Another change is under way. Ask again later.
    #[error("another change of the membership is under way")]
    Busy,
    /// The change may have been made, or may yet be. Look at the cluster.
    #[error("the outcome is not known")]
    OutcomeUnknown,
    /// The node is stopping, or its disk has failed.
    #[error("this node has stopped")]
    Stopped,
}

/// Why a node does not start. Each message is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Free the port or choose another.
    #[error("cannot listen for other nodes on {address}: {source}")]
    Listen {
        /// The address.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The data directory cannot be used; the message says why.
    #[error(transparent)]
    DataDir(#[from] ferry_store::IdentityError),
    /// The system has no thread for the machine. Raise the limit on threads.
    #[error("cannot start the apply thread: {0}")]
    Thread(std::io::Error),
    /// The id was used with another disk.
    #[error(
        "node {id} is known to node {by} with another disk: a node that lost its disk must not \
         come back under its old id; remove node {id} from the cluster and add this one under a new id"
    )]
    UsedId {
        /// The node.
        id: NodeId,
        /// Who knows it.
        by: NodeId,
    },
    /// The log no longer holds what the state lacks. Remove the node and add a new one.
    #[error(
        "the state in {} ends at entry {applied}, but the log begins after entry {purged}: what is \
         between is lost; remove this node from the cluster and add a new one with an empty data \
         directory", path.display()
    )]
    Gap {
        /// The group's directory.
        path: std::path::PathBuf,
        /// The last entry of the state.
        applied: u64,
        /// The last entry that the log has dropped.
        purged: u64,
    },
    /// The disk is broken or full.
    #[error(transparent)]
    Store(#[from] ferry_store::StoreError),
    /// The consensus engine refused.
    #[error("cannot start consensus: {0}")]
    Consensus(String),
}
