//! Listening behind a proxy: the conversation until the proxy listens, or refuses to.
//!
//! Each step takes the attempt out of the phase, and puts it back only if the attempt is not over.
//! So a step that panics leaves a server that does not listen. Accepting the one connection that
//! the proxy listens for is in `accept.rs`.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use super::listen_phase::ListenPhase;
use super::tcp_server::QTcpServer;
use crate::net::engine::{Network, Question, SocketEngine};
use crate::net::proxy::{Chosen, ProxyAuthentication};
use crate::net::socket::{Attempt, Connection, Endpoint, Fault, Outcome, Terms};
use crate::object::Occasion;
use crate::readiness::{Readiness, SourceId};

/// A server that asks a proxy to listen.
pub(super) struct Binding {
    attempt: Attempt,
    awaited: Option<BindingStep>,
}

/// A step that is recorded and not taken yet.
struct BindingStep {
    /// No other step of the server has this number, so a step of an earlier binding finds nothing.
    number: u32,
    take: fn(&mut Attempt, &Terms<'_>) -> Outcome,
}

/// The numbers of the steps of bindings.
#[derive(Default)]
pub(super) struct BindingSteps {
    last: u32,
}

impl BindingSteps {
    /// Returns the next number. The number 0 is that of [`ABANDONED`](super::accept::ABANDONED).
    fn next(&mut self) -> u32 {
        self.last = self.last.wrapping_add(1).max(1);
        self.last
    }
}

impl QTcpServer {
    /// Begins to ask a proxy to listen, by this way.
    pub(super) fn begin_behind_proxy(&mut self, chosen: Chosen) {
        let Some(home) = &self.home else { return };
        let mut attempt = Attempt::to_bind(chosen, None);
        attempt.begin(&Terms::of_server(home));
        let mut binding = Box::new(Binding { attempt, awaited: None });
        if !binding.attempt.looks_up() {
            self.record(&mut binding, Attempt::begin_to_try);
        }
        self.phase = ListenPhase::Binding(binding);
    }

    /// Records the next step of a binding.
    fn record(&mut self, binding: &mut Binding, take: fn(&mut Attempt, &Terms<'_>) -> Outcome) {
        let Some(home) = &self.home else { return };
        let number = self.binding_steps.next();
        binding.awaited = Some(BindingStep { number, take });
        home.step(number);
    }

    /// Takes the step with this number, if it still waits.
    fn take_binding_step(&mut self, number: u32) {
        let ListenPhase::Binding(binding) = &mut self.phase else { return };
        if let Some(step) = binding.awaited.take_if(|step| step.number == number) {
            self.go_on_binding(step.take);
        }
    }

    /// Returns the attempt, if a proxy is asked to listen.
    pub(in crate::net) fn binding(&self) -> Option<&Attempt> {
        self.phase.binding().map(|binding| &binding.attempt)
    }

    pub(in crate::net) fn network(&self) -> Option<Rc<dyn Network>> {
        self.home.as_ref().map(|home| home.network.clone())
    }

    /// Called when the server is woken while a proxy is asked to listen.
    pub(super) fn woken_while_binding(&mut self, occasion: Occasion) {
        match occasion {
            Occasion::Step(number) => self.take_binding_step(number),
            Occasion::Ready(source, readiness) => self.on_binding_ready(Some(source), readiness),
            Occasion::Due => self.on_binding_timeout(),
            Occasion::Answered => {
                if let Some(found) = self.binding().and_then(Attempt::take_answer) {
                    self.on_proxy_found(found);
                }
            }
            Occasion::Postponed | Occasion::FollowUp => {}
        }
    }

    /// Takes the addresses of the proxy's name, or the error, from the lookup or from a call that
    /// waits without a loop.
    pub(in crate::net) fn on_proxy_found(&mut self, found: io::Result<Vec<SocketAddr>>) {
        self.go_on_binding(|attempt, terms| {
            attempt.answer(found);
            attempt.begin_to_try(terms)
        });
    }

    /// Called when a source of the attempt is ready.
    pub(in crate::net) fn on_binding_ready(
        &mut self,
        source: Option<SourceId>,
        readiness: Readiness,
    ) {
        self.go_on_binding(|attempt, terms| attempt.on_ready(source, readiness, terms));
    }

    /// Called when the timer of the attempt is due.
    pub(in crate::net) fn on_binding_timeout(&mut self) {
        self.go_on_binding(Attempt::on_timeout);
    }

    /// Takes a step of the attempt, and carries out what comes of it. Does nothing if there is no
    /// attempt.
    fn go_on_binding(&mut self, step: impl FnOnce(&mut Attempt, &Terms<'_>) -> Outcome) {
        let Some(home) = &self.home else { return };
        let Some(mut binding) = self.phase.take_binding() else { return };
        let terms = Terms::of_server(home);
        match step(&mut binding.attempt, &terms) {
            Outcome::Pending => self.phase = ListenPhase::Binding(binding),
            Outcome::Asks(question) => {
                self.emit_question(&question);
                self.record(&mut binding, Attempt::on_question_answered);
                self.phase = ListenPhase::Binding(binding);
            }
            Outcome::Bound(Connection { engine, .. })
            | Outcome::Connected(Connection { engine, .. }) => self.begin_at_proxy(engine),
            Outcome::Failed(otherwise) => {
                let Fault { kind, source } = binding.attempt.end(otherwise, &terms);
                let text = source.map_or_else(|| kind.to_string(), |source| source.to_string());
                self.report(kind, text);
            }
        }
    }

    fn emit_question(&self, question: &Question) {
        if let Some(asked) = question.as_value::<ProxyAuthentication>() {
            self.proxy_authentication_required.emit(asked.clone());
        }
    }

    /// Called when the proxy listens.
    fn begin_at_proxy(&mut self, engine: Box<dyn SocketEngine>) {
        match Endpoint::local_of(&*engine) {
            Ok(local) => {
                self.local = Some(Rc::new(local));
                self.phase = ListenPhase::AtProxy(engine);
                self.listening.emit(());
                // The connection may have been announced together with the proxy's answer.
                self.accepting.has_more = true;
                self.go_on_if_more();
            }
            Err(error) => drop(self.fail(&error)),
        }
    }
}
