//! The description of a connection that is to be made, which every way to connect makes.

use std::rc::Rc;

use super::World;
use super::connection_kinds::QueuedLink;
use crate::object::connections::{ConnectionType, Core, Link, MadeConnection};
use crate::object::store::ObjectKey;

/// The description of a connection that is to be made.
pub(super) struct Joining<A> {
    pub(super) link: Box<dyn Link<A, World>>,
    kind: ConnectionType,
    /// The object whose end closes the connection, if the link does not notice that end by itself.
    ends_with: Option<ObjectKey>,
}

impl<A: 'static> Joining<A> {
    /// Makes the connection, unless it is made already and is to be the only one. Returns with it the
    /// object whose end is to close it.
    #[inline(always)]
    pub(super) fn make(
        self,
        core: &Rc<Core<A, World>>,
    ) -> (Option<MadeConnection>, Option<ObjectKey>) {
        let Self { link, kind, ends_with } = self;
        if kind.contains(ConnectionType::UNIQUE) && core.leads_to(&*link) {
            return (None, None);
        }
        (Some(Core::connect(core, kind, link)), ends_with)
    }

    pub(super) fn direct(link: Box<dyn Link<A, World>>) -> Self {
        Self { link, kind: ConnectionType::DIRECT, ends_with: None }
    }

    /// Returns true if the connection is direct, and its link finds out by itself that the receiver
    /// is gone.
    #[inline(always)]
    pub(super) fn is_plain(&self) -> bool {
        self.kind == ConnectionType::DIRECT && self.ends_with.is_none()
    }

    /// Lets the end of an object close the connection.
    pub(super) fn ending_with(self, receiver: ObjectKey) -> Self {
        Self { ends_with: Some(receiver), ..self }
    }

    /// Makes the connection one of this type.
    pub(super) fn of_kind(self, kind: ConnectionType) -> Self
    where
        A: Clone,
    {
        let link: Box<dyn Link<A, World>> = if kind.contains(ConnectionType::QUEUED) {
            Box::new(QueuedLink::new(self.link))
        } else {
            self.link
        };
        Self { link, kind, ..self }
    }
}
