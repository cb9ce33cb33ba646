use super::db::Db;
use super::keyspace::{APPLIED_KEY, MEMBERSHIP_KEY};
use crate::row::{LogIdRow, StoredMembershipRow};
use crate::{LogId, Membership, StoreError};

/// What a state is of: the last entry in it, and who was a member then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Meta {
    pub(super) applied: Option<LogId>,
    pub(super) membership: (Option<LogId>, Membership),
}

impl Meta {
    pub(super) fn read(db: &Db) -> Result<Self, StoreError> {
        let mut meta = Self::default();
        if let Some(row) = db.get(&APPLIED_KEY)? {
            meta.applied = Some(db.decode::<LogIdRow>(&APPLIED_KEY, &row)?.into());
        }
        if let Some(row) = db.get(&MEMBERSHIP_KEY)? {
            meta.membership = db.decode::<StoredMembershipRow>(&MEMBERSHIP_KEY, &row)?.into();
        }
        Ok(meta)
    }
}
