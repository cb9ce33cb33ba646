//! Transactions.

use super::{Body, Operation};
use crate::routes;

pub(super) fn operation(path: &str, method: &str) -> Option<Operation> {
    Some(match (path, method) {
        (routes::TRANSACTIONS, "post") => Operation::write(
            "transact",
            "transactions",
            "Does several things in order, each of which sees the earlier ones; all or none.",
            &[],
            Some(Body::Needed("TransactionRequest")),
            &[(200, Some("TransactionResponse"))],
        ),
        _ => return None,
    })
}
