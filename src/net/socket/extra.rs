//! The rare parts of a socket, in a box that is made when it is needed first.

use std::cell::{Cell, OnceCell};
use std::io;
use std::rc::{Rc, Weak};

use super::news::News;
use super::settings::Settings;
use super::step::EarlierSteps;
use crate::net::engine::{Layer, Question};
use crate::net::proxy::{NetworkProxy, ProxyAuthentication};
use crate::net::values::SocketState;
use crate::object::Signal;

/// The rare parts of a socket.
#[derive(Default)]
pub(super) struct Extra {
    pub(super) host_found: Signal<()>,
    pub(super) connected: Signal<()>,
    pub(super) state_changed: Signal<SocketState>,
    pub(super) write_buffer_drained: Signal<()>,
    /// Emitted when a layer of a connection that is being made asks the program a question.
    pub(super) question_asked: Signal<Question>,
    pub(super) proxy_authentication_required: Signal<ProxyAuthentication>,
    pub(super) peer_name: String,
    /// The proxy that was chosen when the socket last began to connect.
    pub(super) chosen_proxy: Option<Rc<NetworkProxy>>,
    /// The layer that stands on the next connection, above those of its route.
    pub(super) next_layer: Option<Layer>,
    /// How many connections and bindings have begun since these parts were made.
    pub(super) begun: u32,
    /// The system's error behind the last error.
    pub(super) error_source: Option<io::Error>,
    pub(super) settings: Settings,
    /// The steps for which the queue has no room.
    pub(super) earlier_steps: EarlierSteps,
    /// Where a wait finds the socket's news if the socket is destroyed meanwhile.
    pub(super) legacy: Weak<Cell<News>>,
}

/// Returns the rare parts in their place, mutably. Makes them if they were not needed before.
pub(super) fn made(extra: &mut OnceCell<Box<Extra>>) -> &mut Extra {
    extra.get_or_init(Box::default);
    extra.get_mut().expect("made in the line above")
}
