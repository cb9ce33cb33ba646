//! Named limits.

use super::{Body, Operation};
use crate::routes;

pub(super) fn operation(path: &str, method: &str) -> Option<Operation> {
    Some(match (path, method) {
        (routes::LIMITS, "get") => Operation::read(
            "listLimits",
            "limits",
            "Lists the named limits by name.",
            &["limit", "page_token"],
            &[(200, Some("LimitList"))],
        ),
        (routes::LIMIT, "get") => Operation::read(
            "getLimit",
            "limits",
            "Shows a named limit.",
            &["of_limit"],
            &[(200, Some("LimitDocument"))],
        ),
        (routes::LIMIT, "put") => Operation::write(
            "putLimit",
            "limits",
            "Creates a named limit (201) or replaces what it says (200). Leases that stand count.",
            &["of_limit"],
            Some(Body::Needed("LimitSettings")),
            &[(200, Some("LimitDocument")), (201, Some("LimitDocument"))],
        ),
        (routes::LIMIT, "delete") => Operation::write(
            "deleteLimit",
            "limits",
            "Deletes a named limit.",
            &["of_limit"],
            None,
            &[(204, None)],
        ),
        _ => return None,
    })
}
