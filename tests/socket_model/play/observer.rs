//! The observer: hears all that the sockets say, notes it, and has the model judge it.

use std::cell::RefCell;
use std::fmt::{self, Write};
use std::rc::Rc;

use slotwire::prelude::*;
use slotwire::sim::SimNetwork;

use super::application::Application;
use super::model::Look;
use super::program::Heard;
use super::sayings::Said;

/// What was done and heard, in order, with the times; and what was wrong about it first.
#[derive(Debug)]
pub(crate) struct Notebook {
    network: SimNetwork,
    trace: RefCell<String>,
    fault: RefCell<Option<String>>,
}

impl Notebook {
    pub(crate) fn new(network: &SimNetwork) -> Self {
        Self { network: network.clone(), trace: RefCell::default(), fault: RefCell::default() }
    }

    pub(crate) fn note(&self, what: fmt::Arguments<'_>) {
        let now = self.network.elapsed();
        writeln!(self.trace.borrow_mut(), "{now:>12?} {what}").expect("a string takes all");
    }

    /// Notes what is wrong. What is wrong after that follows from it.
    pub(crate) fn blame(&self, what: impl Into<String>) {
        self.fault.borrow_mut().get_or_insert(what.into());
    }

    /// Notes what is wrong, if something is.
    pub(crate) fn check(&self, result: Result<(), String>) {
        if let Err(fault) = result {
            self.blame(fault);
        }
    }

    /// Notes what is wrong, if this is not so.
    pub(crate) fn expect(&self, is_so: bool, otherwise: impl FnOnce() -> String) {
        if !is_so {
            self.blame(otherwise());
        }
    }

    pub(crate) fn fault(&self) -> Option<String> {
        self.fault.borrow().clone()
    }

    pub(crate) fn trace(&self) -> String {
        self.trace.borrow().clone()
    }
}

/// How a socket looks.
pub(crate) fn look_at<T: QAbstractSocket + ?Sized>(socket: &T) -> Look {
    Look {
        state: socket.state(),
        is_valid: socket.is_valid(),
        unread: socket.bytes_available(),
        unsent: socket.bytes_to_write(),
        error: socket.error(),
    }
}

/// Has the application hear all that a socket says.
pub(crate) fn observe<T: QAbstractSocket>(
    app: &Rc<Application>,
    world: &mut World,
    socket: Obj<T>,
    who: usize,
) {
    macro_rules! hear {
        ($signal:ident, |$argument:ident| $said:expr, $heard:ident) => {
            let own = app.clone();
            world.connect_fn(socket, T::$signal, move |world, $argument| {
                own.hear(world, socket, who, $said, Heard::$heard);
            });
        };
    }
    hear!(state_changed, |state| Utterance::Said(Said::State(*state)), State);
    hear!(host_found, |_nothing| Utterance::Said(Said::HostFound), State);
    hear!(connected, |_nothing| Utterance::Said(Said::Connected), Connected);
    hear!(disconnected, |_nothing| Utterance::Said(Said::Disconnected), Disconnected);
    hear!(error_occurred, |error| Utterance::Said(Said::Error(*error)), Error);
    hear!(about_to_close, |_nothing| Utterance::Said(Said::AboutToClose), AboutToClose);
    hear!(read_channel_finished, |_nothing| Utterance::Said(Said::ReadFinished), ReadFinished);
    hear!(bytes_written, |count| Utterance::Said(Said::Written(*count)), Written);
    hear!(ready_read, |_nothing| Utterance::ReadyRead, ReadyRead);
    hear!(write_buffer_drained, |_nothing| Utterance::Drained, Written);
}

/// What the observer hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Utterance {
    Said(Said),
    ReadyRead,
    /// There is room to write again.
    Drained,
}
