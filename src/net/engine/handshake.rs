//! The handshake of a layer: what the layer may ask the socket for.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use super::address::Address;
use crate::net::values::SocketType;

/// How far the handshake of a layer has come, and what it needs to go on.
#[derive(Debug)]
#[non_exhaustive]
pub enum Handshake {
    /// The layer waits for the readiness of its sources.
    Pending,
    /// The layer needs another link. Once the link is connected,
    /// [`add_link`](super::SocketEngine::add_link) is called with it.
    NeedsLink(Link),
    /// The layer needs an answer of the program. The socket emits the question, and after the slots
    /// have run, it calls [`answered`](super::SocketEngine::answered).
    Asks(Question),
    /// The handshake is over, and the next layer may begin above this one.
    Done,
}

/// A link that a layer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Link {
    /// What the link carries.
    pub kind: SocketType,
    /// Where the link leads. `None` means where the first link of this connection leads.
    pub to: Option<Address>,
}

impl Link {
    /// Asks for another connection to where the first one leads.
    pub fn again() -> Self {
        Self { kind: SocketType::Tcp, to: None }
    }

    /// Asks for a link of this kind to another address.
    pub fn new(kind: SocketType, to: impl Into<Address>) -> Self {
        Self { kind, to: Some(to.into()) }
    }
}

/// A question that a layer asks the program. The layer and the slots share the question, and the
/// slots put their answer into it.
#[derive(Clone)]
pub struct Question(Rc<dyn Any>);

impl Question {
    /// Makes a question of a value that has room for the answer, for example a `Cell`.
    pub fn new<T: 'static>(question: Rc<T>) -> Self {
        Self(question)
    }

    /// Returns the value, if it is of this type.
    pub fn as_value<T: 'static>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question").finish_non_exhaustive()
    }
}
