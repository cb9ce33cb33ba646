use ferry_types::limits::LEASES_ENDED_PER_ENTRY_MAX;

use super::applying::Applying;
use crate::command::{EndSessions, Session};
use crate::reply::SessionsEnded;

impl Applying<'_> {
    /// Removes workers that have given no sign of life. A session that its worker no longer has is
    /// passed over: whoever proposed this had not heard of the later one. Begins no further session
    /// when enough leases were given back for one command (I11).
    pub(crate) fn end_sessions(&mut self, command: &EndSessions) -> SessionsEnded {
        let mut ended = SessionsEnded::default();
        for Session { worker, session } in &command.sessions {
            if ended.leases >= LEASES_ENDED_PER_ENTRY_MAX {
                break;
            }
            ended.seen += 1;
            if self.machine.queues.workers.session(worker) == Some(*session) {
                ended.ended += 1;
                ended.leases += self.end_session(*session, "session ended");
            }
        }
        ended
    }
}
