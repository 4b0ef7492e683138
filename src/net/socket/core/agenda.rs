//! The agenda of a socket: the steps that it has recorded, and the work that it has postponed.

use std::cell::OnceCell;

use super::core::SocketCore;
use crate::net::socket::extra::{Extra, made};
use crate::net::socket::step::{EarlierSteps, Step};

impl SocketCore {
    /// Takes the step with this number out of the queue, if that step still waits.
    pub(in crate::net::socket) fn step(&mut self, number: u32) -> Option<Step> {
        self.steps.take(number, earlier_in(&mut self.extra))
    }

    /// Records a step, if the socket is in a runtime.
    pub(in crate::net::socket) fn record(&mut self, step: Step) {
        let Some(home) = &self.home else { return };
        let extra = &mut self.extra;
        let number = self.steps.push(step, || &mut made(extra).earlier_steps);
        home.step(number);
    }

    /// Records a step, unless it is recorded already.
    pub(in crate::net::socket) fn record_once(&mut self, step: Step) {
        if !self.is_recorded(step) {
            self.record(step);
        }
    }

    /// Returns true if this step is recorded and not taken yet.
    pub(in crate::net::socket) fn is_recorded(&self, step: Step) -> bool {
        self.steps.contains(step, self.extra().map(|extra| &extra.earlier_steps))
    }

    /// Records a step after all others. If it was recorded before, that is forgotten.
    pub(super) fn record_last(&mut self, step: Step) {
        self.steps.remove(step, earlier_in(&mut self.extra));
        self.record(step);
    }

    /// Forgets all recorded steps.
    pub(super) fn forget_steps(&mut self) {
        self.steps.clear(earlier_in(&mut self.extra));
    }

    /// Takes the first step out of the queue.
    pub(in crate::net::socket) fn next_step(&mut self) -> Option<Step> {
        self.steps.next(earlier_in(&mut self.extra))
    }

    /// Records a step that closes the device after the slots of `about_to_close` have run. Returns
    /// false if the socket is not in a runtime.
    pub(in crate::net::socket) fn close_later(&mut self) -> bool {
        self.record_once(Step::Close);
        self.home.is_some()
    }

    /// Postpones sending and reading until after the running slots.
    pub(in crate::net::socket) fn postpone_traffic(&mut self) {
        if let Some(home) = &self.home
            && !std::mem::replace(&mut self.is_postponed, true)
        {
            home.postpone();
        }
    }

    /// Postpones sending until after the slots of the wake-up that is under way.
    #[inline(always)]
    pub(in crate::net::socket) fn follow_up(&mut self) {
        if let Some(home) = &self.home
            && !std::mem::replace(&mut self.is_postponed, true)
        {
            home.follow_up();
        }
    }

    /// Returns true if the socket has postponed its traffic: the loop will wake it.
    #[inline]
    pub(in crate::net::socket) fn is_postponed(&self) -> bool {
        self.is_postponed
    }

    /// Called when the loop comes to the traffic that the socket has postponed.
    #[inline]
    pub(in crate::net::socket) fn begin_postponed(&mut self) {
        self.is_postponed = false;
    }

    /// Takes back what the socket has postponed, unless the loop has come to it already.
    #[inline]
    pub(in crate::net::socket) fn take_back_postponed(&mut self) {
        if let Some(home) = &self.home {
            self.is_postponed = !home.take_back();
        }
    }
}

/// Returns the steps before the last ones, if there may be any.
fn earlier_in(extra: &mut OnceCell<Box<Extra>>) -> Option<&mut EarlierSteps> {
    extra.get_mut().map(|extra| &mut extra.earlier_steps)
}
