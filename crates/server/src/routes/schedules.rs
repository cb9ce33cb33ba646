//! Schedules: `PUT`, `GET`, `DELETE`, and the list.

use axum::response::Response;
use ferry_api::{ScheduleList, ScheduleSettings};
use ferry_core::command::{Command, DeleteSchedule, PutSchedule};
use ferry_core::rejection::{Rejection, ScheduleNotFound};
use ferry_core::{Reply, ScheduleView};
use ferry_types::{LogIndex, ScheduleName, Timestamp};
use hyper::StatusCode;

use crate::answer;
use crate::call::Call;
use crate::named::Named;
use crate::pages::Page;
use crate::problem::Failure;
use crate::reads::{self, Read};
use crate::schedules::Occurrences;
use crate::translate;
use crate::writes::write;

/// `PUT /v1/schedules/{schedule}`: creates a schedule or replaces what it says.
pub(crate) async fn put(
    Named(schedule): Named<ScheduleName>,
    call: Call,
) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    let build = |call: &Call| {
        let put = put_schedule(&schedule, call)?;
        Ok((Command::PutSchedule(Box::new(put.clone())), put))
    };
    write(&call, build, |index, reply, put| {
        let created = matches!(reply, Reply::SchedulePut(put) if put.created);
        let status = if created { StatusCode::CREATED } else { StatusCode::OK };
        let view = call.node.replica.view(|_, machine| machine.schedule(schedule.as_str()));
        // Somebody may have deleted it since.
        let document = translate::schedule_document(view.unwrap_or_else(|| fresh(put)));
        Ok(answer::json(status, index, &document))
    })
    .await
}

/// `GET /v1/schedules/{schedule}`.
pub(crate) async fn get(
    Named(schedule): Named<ScheduleName>,
    call: Call,
) -> Result<Response, Failure> {
    call.query.allow_read(&[])?;
    let freshness = match reads::prepare(&call).await? {
        Read::Answered(response) => return Ok(response),
        Read::Here(freshness) => freshness,
    };
    let (index, view) =
        call.node.replica.view(|index, machine| (index, machine.schedule(schedule.as_str())));
    let Some(document) = view.and_then(translate::schedule_document) else {
        return Err(not_found(&schedule, index));
    };
    Ok(freshness.mark(answer::json(StatusCode::OK, index, &document)))
}

/// `DELETE /v1/schedules/{schedule}`.
pub(crate) async fn delete(
    Named(schedule): Named<ScheduleName>,
    call: Call,
) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    let build = |_: &Call| {
        let delete = DeleteSchedule { schedule: schedule.as_str().into() };
        Ok((Command::DeleteSchedule(delete), ()))
    };
    write(&call, build, |index, _, ()| Ok(answer::no_content(index))).await
}

/// `GET /v1/schedules`.
pub(crate) async fn list(call: Call) -> Result<Response, Failure> {
    call.query.allow_read(&["limit", "page_token"])?;
    let page = Page::of(&call)?;
    let freshness = match reads::prepare(&call).await? {
        Read::Answered(response) => return Ok(response),
        Read::Here(freshness) => freshness,
    };
    let (index, mut views) = call
        .node
        .replica
        .view(|index, machine| (index, machine.schedules(page.after.as_deref(), page.limit + 1)));
    let next_page_token = page.close(&mut views, |view| &view.name);
    let schedules = views.into_iter().filter_map(translate::schedule_document).collect();
    let list = ScheduleList { schedules, next_page_token };
    Ok(freshness.mark(answer::json(StatusCode::OK, index, &list)))
}

/// The command that the request makes, with the first firing after this node's time.
fn put_schedule(schedule: &ScheduleName, call: &Call) -> Result<PutSchedule, Failure> {
    let settings: ScheduleSettings = call.json()?;
    let create_queue = call.node.config.auto_create_queues;
    let mut settings = translate::schedule_settings(settings.check()?, create_queue);
    let mut next_at = None;
    if let Some(recurrence) = settings.recurrence.take() {
        let (first, recurrence) = Occurrences::first(recurrence, call.node.replica.now())?;
        (next_at, settings.recurrence) = (Some(first), Some(recurrence));
    }
    let next_at_ms = next_at.map(Timestamp::as_millis);
    Ok(PutSchedule { schedule: schedule.as_str().into(), settings, next_at_ms })
}

/// A schedule as it is when it is new.
fn fresh(put: PutSchedule) -> ScheduleView {
    ScheduleView {
        name: put.schedule,
        settings: put.settings,
        generation: 0,
        next_at: put.next_at_ms.map(Timestamp::from_millis),
        resumed_at: Timestamp::default(),
        last_at: None,
        last_task: None,
        last_skip: None,
    }
}

fn not_found(schedule: &ScheduleName, index: LogIndex) -> Failure {
    let schedule = schedule.as_str().into();
    Failure::rejected(&Rejection::ScheduleNotFound(ScheduleNotFound { schedule }), index)
}
