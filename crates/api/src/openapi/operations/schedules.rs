//! Schedules.

use super::{Body, Operation};
use crate::routes;

pub(super) fn operation(path: &str, method: &str) -> Option<Operation> {
    Some(match (path, method) {
        (routes::SCHEDULES, "get") => Operation::read(
            "listSchedules",
            "schedules",
            "Lists the schedules by name.",
            &["limit", "page_token"],
            &[(200, Some("ScheduleList"))],
        ),
        (routes::SCHEDULE, "get") => Operation::read(
            "getSchedule",
            "schedules",
            "Shows a schedule.",
            &["schedule"],
            &[(200, Some("ScheduleDocument"))],
        ),
        (routes::SCHEDULE, "put") => Operation::write(
            "putSchedule",
            "schedules",
            "Creates a schedule (201) or replaces what it says (200). At the same times it goes on.",
            &["schedule"],
            Some(Body::Needed("ScheduleSettings")),
            &[(200, Some("ScheduleDocument")), (201, Some("ScheduleDocument"))],
        ),
        (routes::SCHEDULE, "delete") => Operation::write(
            "deleteSchedule",
            "schedules",
            "Deletes a schedule. Its tasks stay.",
            &["schedule"],
            None,
            &[(204, None)],
        ),
        _ => return None,
    })
}
