//! What a future hears of a signal: the connection, and how the future learns of its end.
//!
//! Keeps one promise: a future that awaits a signal is woken when the signal is emitted, and when the
//! connection ends, however that happens. The closure of the connection owns an [`Ear`], which is
//! dropped with the connection.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Waker};

use crate::object::{ConnectionType, Obj, ScopedConnection, Signal, Target, World};

/// What a future has heard, and whether more can come.
pub(super) struct Listener<H> {
    pub(super) heard: RefCell<H>,
    is_open: Cell<bool>,
    waker: Cell<Option<Waker>>,
}

impl<H> Listener<H> {
    pub(super) fn new(heard: H) -> Rc<Self> {
        Rc::new(Self {
            heard: RefCell::new(heard),
            is_open: Cell::new(true),
            waker: Cell::new(None),
        })
    }

    /// Returns true if the connection has not ended.
    pub(super) fn is_open(&self) -> bool {
        self.is_open.get()
    }

    /// Wakes the future of this context when there is news.
    pub(super) fn wait(&self, cx: &Context<'_>) {
        self.waker.set(Some(cx.waker().clone()));
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// Connects a signal to a closure, until the guard is dropped. If the sender is gone, the closure is
/// dropped, and whoever awaits the signal hears of that as of a sender that is destroyed later.
#[track_caller]
pub(super) fn connect_if_there<S, A>(
    world: &mut World,
    kind: ConnectionType,
    sender: Obj<S>,
    signal: fn(&S) -> &Signal<A>,
    closure: impl FnMut(&mut World, &A) + 'static,
) -> Option<ScopedConnection>
where
    S: ?Sized + Target,
    A: Clone + 'static,
{
    world.expect_own(sender);
    world.contains(sender).then(|| world.connect_fn_with(kind, sender, signal, closure).scoped())
}

/// The end of a listener that is in the closure of a connection.
pub(super) struct Ear<H>(Rc<Listener<H>>);

impl<H> Ear<H> {
    pub(super) fn new(listener: &Rc<Listener<H>>) -> Self {
        Self(listener.clone())
    }

    /// Notes what was heard, and wakes the future.
    pub(super) fn hear(&self, note: impl FnOnce(&mut H)) {
        note(&mut self.0.heard.borrow_mut());
        self.0.wake();
    }
}

impl<H> Drop for Ear<H> {
    fn drop(&mut self) {
        self.0.is_open.set(false);
        self.0.wake();
    }
}
