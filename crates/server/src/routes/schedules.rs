//! Schedules: `PUT`, `GET`, `DELETE`, and the list.

use axum::response::Response;
use ferry_api::{ScheduleList, ScheduleSettings};
use ferry_core::command::{Command, DeleteSchedule, PutSchedule};
use ferry_core::rejection::{Rejection, ScheduleNotFound};
use ferry_core::reply::SchedulePut;
use ferry_core::{Machine, Reply, ScheduleView};
use ferry_types::{ScheduleName, TaskId, Timestamp};
use hyper::StatusCode;

use crate::answer;
use crate::call::Call;
use crate::named::Named;
use crate::problem::Failure;
use crate::reads;
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
        let Reply::SchedulePut(reply) = reply else { return Err(Failure::outcome_unknown()) };
        let status = if reply.created { StatusCode::CREATED } else { StatusCode::OK };
        let document = translate::schedule_document(left(put, &reply));
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
    let look = |machine: &Machine| machine.schedule(schedule.as_str());
    let not_found = || ScheduleNotFound { schedule: schedule.as_str().into() };
    reads::show(&call, look, |view| {
        let document = view.and_then(translate::schedule_document);
        document.ok_or_else(|| Rejection::ScheduleNotFound(not_found()))
    })
    .await
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
    let list = |views: Vec<ScheduleView>, next_page_token| {
        let schedules = views.into_iter().filter_map(translate::schedule_document).collect();
        ScheduleList { schedules, next_page_token }
    };
    reads::list(&call, Machine::schedules, |view| &view.name, list).await
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

/// A schedule as the command left it.
fn left(put: PutSchedule, reply: &SchedulePut) -> ScheduleView {
    ScheduleView {
        name: put.schedule,
        settings: put.settings,
        generation: 0,
        next_at: reply.next_at_ms.map(Timestamp::from_millis),
        resumed_at: Timestamp::default(),
        last_at: reply.last_at_ms.map(Timestamp::from_millis),
        last_task: reply.last_task.map(TaskId::new),
        last_skip: reply.last_skip,
    }
}
