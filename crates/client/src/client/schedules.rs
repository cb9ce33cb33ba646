use ferry_api::{PageQuery, ScheduleDocument, ScheduleList, ScheduleSettings, routes};
use ferry_types::ScheduleName;
use reqwest::Method;

use super::Client;
use crate::Request;

impl Client {
    /// Creates a schedule or replaces what it says.
    pub fn put_schedule(
        &self,
        schedule: &ScheduleName,
        settings: &ScheduleSettings,
    ) -> Request<ScheduleDocument> {
        self.write(Method::PUT, routes::SCHEDULE, &[schedule.as_str()], settings)
    }

    /// Shows a schedule.
    pub fn schedule(&self, schedule: &ScheduleName) -> Request<ScheduleDocument> {
        self.read(routes::SCHEDULE, &[schedule.as_str()], &())
    }

    /// Lists the schedules by name.
    pub fn schedules(&self, page: &PageQuery) -> Request<ScheduleList> {
        self.read(routes::SCHEDULES, &[], page)
    }

    /// Deletes a schedule. Its tasks stay.
    pub fn delete_schedule(&self, schedule: &ScheduleName) -> Request<()> {
        self.act(Method::DELETE, routes::SCHEDULE, schedule.as_str())
    }
}
