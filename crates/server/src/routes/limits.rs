//! Named limits: `PUT`, `GET`, `DELETE`, and the list.

use axum::response::Response;
use ferry_api::{LimitList, LimitSettings};
use ferry_core::command::{Command, DeleteLimit, PutLimit};
use ferry_core::rejection::{LimitNotFound, Rejection};
use ferry_core::reply::LimitPut;
use ferry_core::{LimitView, Machine, Reply};
use ferry_types::LimitName;
use hyper::StatusCode;

use crate::answer;
use crate::call::Call;
use crate::named::Named;
use crate::problem::Failure;
use crate::reads;
use crate::translate;
use crate::writes::write;

/// `PUT /v1/limits/{limit}`: creates a limit or replaces what it says.
pub(crate) async fn put(Named(limit): Named<LimitName>, call: Call) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    let build = |call: &Call| {
        let settings: LimitSettings = call.json()?;
        let settings = translate::limit_settings(settings)?;
        let put = PutLimit { limit: limit.as_str().into(), settings: settings.clone() };
        Ok((Command::PutLimit(Box::new(put)), settings))
    };
    write(&call, build, |index, reply, settings| {
        let Reply::LimitPut(LimitPut { created, leased }) = reply else {
            return Err(Failure::outcome_unknown());
        };
        let status = if created { StatusCode::CREATED } else { StatusCode::OK };
        let name = limit.as_str().to_owned();
        let document = translate::limit_document(LimitView { name, settings, leased });
        Ok(answer::json(status, index, &document))
    })
    .await
}

/// `GET /v1/limits/{limit}`.
pub(crate) async fn get(Named(limit): Named<LimitName>, call: Call) -> Result<Response, Failure> {
    call.query.allow_read(&[])?;
    let look = |machine: &Machine| machine.limit(limit.as_str());
    let not_found = || LimitNotFound { limit: limit.as_str().into() };
    reads::show(&call, look, |view| {
        let document = view.and_then(translate::limit_document);
        document.ok_or_else(|| Rejection::LimitNotFound(not_found()))
    })
    .await
}

/// `DELETE /v1/limits/{limit}`.
pub(crate) async fn delete(
    Named(limit): Named<LimitName>,
    call: Call,
) -> Result<Response, Failure> {
    call.query.allow_write(&[])?;
    let build = |_: &Call| {
        let delete = DeleteLimit { limit: limit.as_str().into() };
        Ok((Command::DeleteLimit(delete), ()))
    };
    write(&call, build, |index, _, ()| Ok(answer::no_content(index))).await
}

/// `GET /v1/limits`.
pub(crate) async fn list(call: Call) -> Result<Response, Failure> {
    let list = |views: Vec<LimitView>, next_page_token| {
        let limits = views.into_iter().filter_map(translate::limit_document).collect();
        LimitList { limits, next_page_token }
    };
    reads::list(&call, Machine::limits, |view| &view.name, list).await
}
