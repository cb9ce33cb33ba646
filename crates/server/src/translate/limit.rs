//! Named limits and rates on their way in and out.

use ferry_core::LimitView;

use super::*;

/// A rate for the machine.
pub(crate) fn rate(rate: api::CheckedRate) -> command::Rate {
    command::Rate { per_second_milli: rate.per_second_milli, burst: rate.burst }
}

/// A rate as it is shown.
pub(crate) fn rate_document(rate: command::Rate) -> api::Rate {
    let command::Rate { per_second_milli, burst } = rate;
    api::CheckedRate { per_second_milli, burst }.into()
}

/// What a limit says, for the machine. It is in range.
pub(crate) fn limit_settings(
    settings: api::LimitSettings,
) -> Result<command::LimitSettings, api::InvalidField> {
    settings.check()?;
    let api::LimitMatch { queue, key, task_type } = settings.scope;
    Ok(command::LimitSettings {
        scope: command::LimitScope { queue: queue.map(Into::into), key, task_type },
        max_concurrency: settings.max_concurrency,
        rate: settings.rate.map(|limit| limit.check().map(rate)).transpose()?,
    })
}

/// A limit as it stands; `None` if its name is none, which the border lets no limit have.
pub(crate) fn limit_document(view: LimitView) -> Option<api::LimitDocument> {
    let command::LimitSettings { scope, max_concurrency, rate } = view.settings;
    let queue = scope.queue.and_then(|queue| queue.parse().ok());
    Some(api::LimitDocument {
        limit: view.name.parse().ok()?,
        scope: api::LimitMatch { queue, key: scope.key, task_type: scope.task_type },
        max_concurrency,
        rate: rate.map(rate_document),
        leased: view.leased,
    })
}
