//! `Agenda`: what a socket is to do later.
//!
//! Keeps one promise: each entry is done once. An entry is a recorded step; the traffic, which the
//! socket has postponed; or one more `ready_read` for bytes that are in its buffer already, for
//! which no readiness will come.
//!
//! The steps for which the queue has no room are with the rare parts of the socket, which each method
//! that needs them is given.

use std::cell::OnceCell;

use bitflags::bitflags;

use super::extra::{Extra, made};
use super::step::{DELIVERED, EarlierSteps, Step, StepQueue};
use crate::net::shared::Home;

/// What a socket is to do later.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    steps: StepQueue,
    /// The socket has postponed its traffic: the loop will wake it.
    is_postponed: bool,
    announcements: Announcements,
}

bitflags! {
    /// Why the socket will emit `ready_read` once more, in a later wake-up.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    struct Announcements: u8 {
        /// Some bytes were read and some were left.
        const REST = 1;
        /// Bytes came with the end of a handshake.
        const EARLY = 2;
    }
}

impl Agenda {
    /// Records a step.
    pub(super) fn record(&mut self, step: Step, extra: &mut OnceCell<Box<Extra>>, home: &Home) {
        let number = self.steps.push(step, || &mut made(extra).earlier_steps);
        home.step(number);
    }

    /// Records a step after all others. If it was recorded before, that is forgotten.
    pub(super) fn record_last(
        &mut self,
        step: Step,
        extra: &mut OnceCell<Box<Extra>>,
        home: &Home,
    ) {
        self.steps.remove(step, earlier_in(extra));
        self.record(step, extra, home);
    }

    /// Returns true if this step is recorded and not taken yet.
    pub(super) fn has(&self, step: Step, extra: Option<&Extra>) -> bool {
        self.steps.contains(step, extra.map(|extra| &extra.earlier_steps))
    }

    /// Takes the step with this number out of the queue, if that step still waits.
    pub(super) fn take(&mut self, number: u32, extra: &mut OnceCell<Box<Extra>>) -> Option<Step> {
        self.steps.take(number, earlier_in(extra))
    }

    /// Takes the first step out of the queue.
    pub(super) fn take_first(&mut self, extra: &mut OnceCell<Box<Extra>>) -> Option<Step> {
        self.steps.next(earlier_in(extra))
    }

    /// Forgets all recorded steps.
    pub(super) fn forget_steps(&mut self, extra: &mut OnceCell<Box<Extra>>) {
        self.steps.clear(earlier_in(extra));
    }

    /// Requests a wake-up when the emissions from outside the passes of the loop are delivered.
    /// Returns false if a turn is running: it delivers what is emitted in it.
    pub(super) fn follow_emission(home: &Home) -> bool {
        let is_outside = !home.in_turn();
        if is_outside {
            home.step(DELIVERED);
        }
        is_outside
    }

    /// Postpones the traffic until after the running slots.
    #[inline]
    pub(super) fn postpone(&mut self, home: &Home) {
        if !std::mem::replace(&mut self.is_postponed, true) {
            home.postpone();
        }
    }

    /// Postpones the traffic until after the slots of the wake-up that is under way.
    #[inline(always)]
    pub(super) fn follow_up(&mut self, home: &Home) {
        if !std::mem::replace(&mut self.is_postponed, true) {
            home.follow_up();
        }
    }

    #[inline]
    pub(super) fn is_postponed(&self) -> bool {
        self.is_postponed
    }

    /// Called when the loop comes to the traffic.
    #[inline]
    pub(super) fn begin_postponed(&mut self) {
        self.is_postponed = false;
    }

    /// Takes back the traffic, unless the loop has come to it already.
    #[inline]
    pub(super) fn take_back(&mut self, home: &Home) {
        self.is_postponed = !home.take_back();
    }

    /// Requests another `ready_read` for the bytes that are left.
    pub(super) fn announce_rest(&mut self) {
        self.announcements |= Announcements::REST;
    }

    /// Requests `ready_read` for bytes that came with the end of a handshake.
    pub(super) fn announce_early(&mut self) {
        self.announcements |= Announcements::EARLY;
    }

    /// Returns true if another `ready_read` was requested, for whatever bytes.
    #[inline]
    pub(super) fn announces(&self) -> bool {
        !self.announcements.is_empty()
    }

    #[inline]
    pub(super) fn announces_early(&self) -> bool {
        self.announcements.contains(Announcements::EARLY)
    }

    /// Returns true if another `ready_read` was requested. Returns true only once.
    #[inline]
    pub(super) fn take_announcement(&mut self) -> bool {
        !std::mem::take(&mut self.announcements).is_empty()
    }

    /// Returns true if `ready_read` was requested for bytes that came with the end of a handshake.
    /// Returns true only once.
    pub(super) fn take_early(&mut self) -> bool {
        let announces_early = self.announces_early();
        self.announcements.remove(Announcements::EARLY);
        announces_early
    }

    /// Forgets the announcements, because a connection begins.
    pub(super) fn begin_connection(&mut self) {
        self.announcements = Announcements::default();
    }

    /// Forgets the connection. The socket still announces the rest of its bytes.
    pub(super) fn end_connection(&mut self) {
        self.announcements.remove(Announcements::EARLY);
    }
}

/// Returns the steps before the last ones, if there may be any.
fn earlier_in(extra: &mut OnceCell<Box<Extra>>) -> Option<&mut EarlierSteps> {
    extra.get_mut().map(|extra| &mut extra.earlier_steps)
}

#[cfg(test)]
mod tests {
    use super::Agenda;

    #[test]
    fn an_agenda_is_small() {
        assert!(size_of::<Agenda>() <= 10, "{} bytes", size_of::<Agenda>());
    }

    #[test]
    fn bytes_are_announced_once_more_and_only_once() {
        let mut agenda = Agenda::default();
        agenda.announce_rest();
        agenda.announce_early();
        assert!(agenda.take_early() && !agenda.take_early());
        assert!(agenda.announces() && agenda.take_announcement());
        assert!(!agenda.announces() && !agenda.take_announcement());
    }

    #[test]
    fn the_rest_of_a_connection_is_announced_after_its_end_and_not_after_the_next_begins() {
        let mut agenda = Agenda::default();
        agenda.announce_rest();
        agenda.announce_early();
        agenda.end_connection();
        assert!(agenda.announces() && !agenda.announces_early());
        agenda.begin_connection();
        assert!(!agenda.announces());
    }
}
