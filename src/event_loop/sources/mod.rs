//! Sources: what may become ready outside the program, and which object the loop wakes for it.

mod poller;
mod reactor;
mod ready_list;
mod source_table;

pub(in crate::event_loop) use poller::EVENTS;
pub(crate) use poller::{KernelPoller, Polled, Poller};
pub(crate) use reactor::Reactor;
pub(in crate::event_loop) use ready_list::ReadyList;
