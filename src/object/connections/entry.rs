//! An entry: a connection in the list of its signal.
//!
//! An entry owns the way to its slot, a link `L`.

use std::cell::Cell;

use super::link::AnyLink;

/// A connection: the way to its slot, its number and its state.
pub(super) struct Entry<L: ?Sized> {
    pub(super) link: Box<L>,
    mark: Cell<Mark>,
}

/// The number of a connection and its state, in one word.
#[derive(Clone, Copy)]
struct Mark(u64);

/// What a connection still delivers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum State {
    /// Delivers.
    Open,
    /// Delivers once.
    OpenOnce,
    /// Was disconnected: delivers only what was emitted before that.
    Doomed,
    /// Was disconnected before its single shot: delivers once, if that was emitted before.
    DoomedOnce,
    /// Delivers nothing any more.
    Dead,
}

impl Mark {
    /// The number of bits that the state takes.
    const BITS: u32 = 3;

    fn new(number: u64, state: State) -> Self {
        Self(number << Self::BITS | state as u64)
    }

    fn number(self) -> u64 {
        self.0 >> Self::BITS
    }

    #[inline]
    fn state(self) -> State {
        match self.0 & ((1 << Self::BITS) - 1) {
            0 => State::Open,
            1 => State::OpenOnce,
            2 => State::Doomed,
            3 => State::DoomedOnce,
            _ => State::Dead,
        }
    }

    fn with(self, state: State) -> Self {
        Self::new(self.number(), state)
    }
}

impl<L: ?Sized + AnyLink> Entry<L> {
    pub(in crate::object) fn new(link: Box<L>, number: u64, state: State) -> Self {
        Self { link, mark: Cell::new(Mark::new(number, state)) }
    }

    pub(super) fn number(&self) -> u64 {
        self.mark.get().number()
    }

    #[inline]
    pub(super) fn state(&self) -> State {
        self.mark.get().state()
    }

    pub(super) fn set_state(&self, state: State) {
        self.mark.set(self.mark.get().with(state));
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.state(), State::Open | State::OpenOnce) && !self.link.is_over()
    }

    pub(super) fn is_dead(&self) -> bool {
        self.state() == State::Dead || self.link.is_over()
    }

    /// Closes the connection for what is emitted from now on.
    pub(super) fn doom(&self) {
        self.set_state(match self.state() {
            State::Open | State::Doomed => State::Doomed,
            State::OpenOnce | State::DoomedOnce => State::DoomedOnce,
            State::Dead => State::Dead,
        });
    }

    /// Closes the connection at once.
    pub(super) fn kill(&self) {
        if self.state() != State::Dead {
            self.set_state(State::Dead);
            self.link.release();
        }
    }
}
