//! What the sockets of one runtime share.
//!
//! The [`Facilities`] of a runtime are made when its first socket enters the runtime; for a runtime
//! on another network than the kernel's, they are made before. A socket keeps the facilities as its
//! [`Home`]. They know the network, and know sockets only by their keys.

mod application_proxy;
mod buffer_pool;
mod facilities;
mod look_up_host;
mod newcomers;

pub(crate) use facilities::Facilities;
pub(in crate::net) use facilities::Home;
pub(in crate::net) use newcomers::Newcomers;
