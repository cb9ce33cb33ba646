/// How a queue chooses among the workers that have room for a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The one that would be the least loaded with it, by what it is short of most. A worker that
    /// is known to be slow at such tasks counts as more loaded.
    LeastLoaded,
    /// The one that it would fill the most, by what that is short of most, so that room for large
    /// tasks stays in one piece.
    BestFit,
    /// The one whose value of this label has the fewest tasks on its workers, for the size of
    /// these. Workers without the label are a group of their own.
    Spread(String),
}
