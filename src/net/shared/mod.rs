//! What the sockets of one runtime share.
//!
//! The [`Facilities`] of a runtime are made when its first socket enters it, or before, if it is to
//! be on another network than the kernel's. A socket keeps them as its [`Home`]. They know the
//! network and no socket: what is to be done for a socket goes by its key.

mod buffer_pool;
mod facilities;
mod look_up_host;
mod newcomers;

pub(crate) use facilities::Facilities;
pub(in crate::net) use facilities::Home;
pub(in crate::net) use newcomers::Newcomers;
