//! Brings a request to the leader, wherever that is and however often it changes, until the
//! request's deadline: the caller of any surviving node sees a delay, not an error (G9), and can
//! tell "not written" from "unknown" (G12).

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use ferry_replica::{ProposeError, ReadError};
use ferry_types::{NodeAddress, NodeId};
use hyper::StatusCode;
use hyper::header::{HeaderValue, LOCATION};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::call::Call;
use crate::forwarder::{Answer, Hop, HopError};
use crate::problem::Failure;

/// How long to stay away from a leader that did not take the request, unless another comes.
const PAUSE: Duration = Duration::from_millis(20);

/// What may be done with a request whose outcome is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Repeat it: it changes nothing.
    Read,
    /// Repeat it under its key.
    Write,
    /// Repeat it: it changes nothing. The leader's answer is passed on as it comes.
    Stream,
    /// Tell the caller.
    Admin,
}

/// A request on its way.
pub(crate) struct Relay<'a> {
    call: &'a Call,
    kind: Kind,
    deadline: Instant,
    wait_until: Option<Instant>,
    leader: watch::Receiver<Option<(NodeId, NodeAddress)>>,
    was_sent: bool,
    may_be_written: bool,
}

/// Whose turn it is.
pub(crate) enum Turn {
    /// This node leads, or the read is to be served here.
    Here,
    /// The leader has answered.
    Answered(Response),
}

impl<'a> Relay<'a> {
    /// A request that does not wait for anything but the cluster.
    pub(crate) fn new(call: &'a Call, kind: Kind) -> Self {
        Self {
            call,
            kind,
            deadline: call.arrived + call.patience,
            wait_until: None,
            leader: call.node.replica.leader(),
            was_sent: false,
            may_be_written: false,
        }
    }

    /// The same for a dequeue that may wait for tasks until then.
    pub(crate) fn waiting_until(self, wait_until: Instant) -> Self {
        let deadline = wait_until.max(self.call.arrived) + self.call.patience;
        Self { deadline, wait_until: Some(wait_until), ..self }
    }

    /// How long the request may still take.
    pub(crate) fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Whether this node leads.
    pub(crate) fn is_here(&self) -> bool {
        matches!(&*self.leader.borrow(), Some((id, _)) if *id == self.call.door.id)
    }

    /// Returns once this node does not lead.
    pub(crate) async fn until_not_here(&self) {
        let (mut leader, own) = (self.leader.clone(), self.call.door.id);
        let is_other =
            |leader: &Option<(NodeId, _)>| leader.as_ref().is_none_or(|(id, _)| *id != own);
        // An error means that the replica is gone, and so is its leadership.
        let _ = leader.wait_for(is_other).await;
    }

    /// Waits for a leader; forwards if it is another node.
    ///
    /// # Errors
    /// What to tell the caller when the deadline passes or the node stops.
    pub(crate) async fn next(&mut self) -> Result<Turn, Failure> {
        loop {
            if self.call.door.stopping.is_cancelled() && !self.is_here() {
                return Err(self.give_up(Failure::shutting_down()));
            }
            if self.remaining().is_zero() {
                return Err(self.give_up(Failure::no_leader()));
            }
            let leader = self.leader.borrow_and_update().clone();
            match leader {
                Some((id, _)) if id == self.call.door.id => return Ok(Turn::Here),
                // The node that forwarded it looks for the leader again.
                _ if self.call.forwarded.is_some() => {
                    return Err(self.give_up(Failure::no_leader().retry_after_ms(1)));
                }
                _ if !self.call.may_forward && self.kind == Kind::Read => return Ok(Turn::Here),
                // Sent on without its key, it would be done a second time.
                Some(_) if self.is_lost_by_redirect() => return Err(Failure::outcome_unknown()),
                Some((_, address)) if !self.call.may_forward => {
                    return Ok(Turn::Answered(self.redirect(&address)));
                }
                Some((id, address)) => {
                    if let Some(response) = self.forward(id, &address).await? {
                        return Ok(Turn::Answered(response));
                    }
                }
                None => self.pause_until(self.deadline).await,
            }
        }
    }

    /// Notes that a part of the request is carried out, so that it cannot be called not written.
    pub(crate) fn has_written(&mut self) {
        self.may_be_written = true;
    }

    fn is_lost_by_redirect(&self) -> bool {
        !self.call.may_forward && self.may_be_written && !self.call.key.is_callers()
    }

    /// Whether an earlier try may have been carried out.
    pub(crate) fn may_be_written(&self) -> bool {
        self.may_be_written
    }

    /// Notes why the leader here did not answer a proposal, and waits until it is worth asking
    /// again.
    ///
    /// # Errors
    /// What to tell the caller when it must not be asked again.
    pub(crate) async fn proposal_failed(&mut self, error: &ProposeError) -> Result<(), Failure> {
        match error {
            ProposeError::NotLeader { .. } | ProposeError::Overloaded => {}
            ProposeError::OutcomeUnknown if self.call.key.is_known() => self.may_be_written = true,
            ProposeError::OutcomeUnknown | ProposeError::Stopped => {
                self.may_be_written = true;
                return Err(Failure::outcome_unknown());
            }
        }
        self.pause().await;
        Ok(())
    }

    /// The same for a read that nobody confirmed.
    pub(crate) async fn read_failed(&mut self, error: ReadError) -> Result<(), Failure> {
        match error {
            ReadError::NoLeader | ReadError::NotReached { .. } => {
                self.pause().await;
                Ok(())
            }
            ReadError::Stopped => Err(Failure::shutting_down()),
        }
    }

    /// Waits for another leader, a little.
    pub(crate) async fn pause(&mut self) {
        self.pause_until(self.deadline.min(Instant::now() + PAUSE)).await;
    }

    async fn pause_until(&mut self, until: Instant) {
        // A closed watch means that the replica stops; the loop's own checks end it.
        if let Ok(Err(_)) = timeout_at(until, self.leader.changed()).await {
            sleep_until(until.min(Instant::now() + PAUSE)).await;
        }
    }

    /// Sends the request to the leader; `None` if it is to be tried again.
    async fn forward(
        &mut self,
        id: NodeId,
        address: &NodeAddress,
    ) -> Result<Option<Response>, Failure> {
        let call = self.call;
        let key = match self.kind {
            Kind::Write => call.key.to_forward(|| call.node.forwarder.make_key()),
            Kind::Read | Kind::Stream | Kind::Admin => None,
        };
        let wait = self.wait_until.map(|until| until.saturating_duration_since(Instant::now()));
        let patience = self.remaining().saturating_sub(wait.unwrap_or_default());
        let hop = Hop {
            to: &address.http,
            patience: patience.max(Duration::from_millis(1)),
            wait,
            key,
            is_repeat: self.was_sent,
        };
        let stopping = self.call.door.stopping.clone();
        let outcome = tokio::select! {
            outcome = self.send(&hop, id) => outcome,
            // A leader that hangs does not answer, but its successor is known. A handover of
            // leadership is answered by the leader that was.
            () = other_leader(self.leader.clone(), id), if self.kind != Kind::Admin => {
                Err(HopError::Unknown)
            }
            // A poll may last for a minute; a node that stops does not.
            () = stopping.cancelled(), if self.wait_until.is_some() => Err(HopError::Unknown),
        };
        self.was_sent = true;
        match outcome {
            // The leader refused it before the log, where an earlier try may stand.
            Ok(answer) if self.may_be_written && answer.is_before_log => {
                return Err(Failure::outcome_unknown());
            }
            Ok(answer) => return Ok(Some(answer.response)),
            Err(HopError::NotWritten) => self.pause().await,
            Err(HopError::Unknown) => match self.kind {
                Kind::Read | Kind::Stream => self.pause().await,
                Kind::Write => {
                    self.may_be_written = true;
                    self.pause().await;
                }
                Kind::Admin => return Err(Failure::outcome_unknown()),
            },
        }
        Ok(None)
    }

    async fn send(&self, hop: &Hop<'_>, leader: NodeId) -> Result<Answer, HopError> {
        let forwarder = &self.call.node.forwarder;
        if self.kind != Kind::Stream {
            return forwarder.send(self.call, hop).await;
        }
        let (watch, stopping) = (self.leader.clone(), self.call.door.stopping.clone());
        let over = async move {
            tokio::select! {
                () = other_leader(watch, leader) => {}
                () = stopping.cancelled() => {}
            }
        };
        forwarder.open(self.call, hop, over).await
    }

    /// What to tell the caller when all tries are over: `failure` if nothing was written for sure.
    pub(crate) fn give_up(&self, failure: Failure) -> Failure {
        if self.may_be_written { Failure::outcome_unknown() } else { failure }
    }

    fn redirect(&self, leader: &NodeAddress) -> Response {
        let path = self.call.uri.path_and_query().map_or("/", |path| path.as_str());
        match HeaderValue::from_str(&format!("{}{path}", leader.http)) {
            Ok(location) => {
                (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, location)]).into_response()
            }
            Err(_) => Failure::no_leader().into_response(),
        }
    }
}

/// Returns once a node other than `than` is known to lead.
async fn other_leader(mut leader: watch::Receiver<Option<(NodeId, NodeAddress)>>, than: NodeId) {
    let is_other =
        |leader: &Option<(NodeId, _)>| leader.as_ref().is_some_and(|(id, _)| *id != than);
    if leader.wait_for(is_other).await.is_err() {
        // The replica is gone: leave the request to its own time limit.
        std::future::pending::<()>().await;
    }
}
