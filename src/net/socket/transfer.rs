//! Transfer: reading what the peer sends and sending what was written.

use std::io::{self, ErrorKind};

use super::core::SocketCore;
use super::step::Step;
use crate::event_loop::Readiness;
use crate::net::error::SocketError;
use crate::net::socket_state::SocketState;

/// How much is sent in one turn of the loop before others get theirs. More than most writes, so
/// that they take one system call.
const SENT_PER_TURN: usize = 1 << 20;

/// What is known of the traffic on the connection, and begins anew with each.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// The kernel has more than one read could take.
    pub(super) has_more: bool,
    /// There is urgent data, before which a read ends.
    is_urgent: bool,
    /// The peer has closed its end, which the next read that finds nothing will tell.
    peer_closed: bool,
    /// The kernel took all it could; it tells when there is room again.
    send_blocked: bool,
}

impl SocketCore {
    pub(super) fn on_ready(&mut self, readiness: Readiness) {
        self.traffic.peer_closed |= readiness.read_closed;
        self.traffic.is_urgent |= readiness.priority;
        match self.state {
            SocketState::Connecting => self.check_attempt(),
            SocketState::Connected | SocketState::Closing => {
                if readiness.writable && std::mem::take(&mut self.traffic.send_blocked) {
                    self.send();
                }
                if readiness.readable {
                    self.receive();
                }
            }
            _ => {}
        }
    }

    pub(super) fn on_flush(&mut self) {
        self.flush_queued = false;
        if !self.traffic.send_blocked {
            self.flush();
        }
        if self.traffic.has_more {
            self.receive();
        }
    }

    /// Reads once, and tells what came of it.
    pub(super) fn receive(&mut self) {
        self.traffic.has_more = false;
        let (Some(engine), Some(home)) = (&mut self.engine, &self.home) else { return };
        let mut scratch = home.facilities.scratch.borrow_mut();
        let size = scratch.len();
        match engine.read(&mut scratch) {
            // The peer sends no more. What is still to go out may go.
            Ok(0) if self.state == SocketState::Closing => {}
            Ok(0) => {
                drop(scratch);
                self.lost(SocketError::RemoteHostClosed, None);
            }
            Ok(count) => {
                // What comes while the socket closes is dropped. If it were left to the kernel,
                // the peer would get a reset instead of the rest.
                if self.state == SocketState::Connected {
                    self.device.receive(&scratch[..count]);
                }
                drop(scratch);
                // A short read has emptied the kernel's buffer, unless it ended before urgent data, or
                // the end is still in there.
                let is_urgent = std::mem::take(&mut self.traffic.is_urgent);
                if count == size || self.traffic.peer_closed || is_urgent {
                    self.traffic.has_more = true;
                    self.queue_flush();
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => {
                drop(scratch);
                self.lost(SocketError::of_transfer(&error), Some(error));
            }
        }
    }

    /// Writes what the kernel takes, and tells how much that was.
    pub(super) fn send(&mut self) {
        let Some(engine) = &mut self.engine else { return };
        let mut sent = 0;
        let failure = loop {
            let outgoing = self.device.outgoing();
            let next = &outgoing[..outgoing.len().min(SENT_PER_TURN - sent)];
            if next.is_empty() {
                break None;
            }
            match engine.write(next) {
                Ok(0) => {
                    self.traffic.send_blocked = true;
                    break None;
                }
                Ok(count) => {
                    sent += count;
                    self.device.sent(count);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.traffic.send_blocked = true;
                    break None;
                }
                Err(error) => break Some(error),
            }
        };
        self.device.announce_written(sent);
        match failure {
            // What the peer sent before it went is still in the kernel's buffer.
            Some(error) if self.state == SocketState::Connected => {
                self.receive();
                if self.engine.is_some() && !self.traffic.has_more {
                    self.lost(SocketError::of_transfer(&error), Some(error));
                }
            }
            Some(error) => self.lost(SocketError::of_transfer(&error), Some(error)),
            None if self.state == SocketState::Closing
                && self.device.outgoing().is_empty()
                && !self.steps.contains(Step::Closed) =>
            {
                self.record(Step::Closed);
            }
            None if sent == SENT_PER_TURN && !self.traffic.send_blocked => self.queue_flush(),
            None => {}
        }
    }

    /// The connection is gone: tells so while it still looks as it was, then closes.
    pub(super) fn lost(&mut self, kind: SocketError, source: Option<io::Error>) {
        self.engine = None;
        self.device.drop_outgoing();
        self.fail(kind, source);
        self.record(if self.state == SocketState::Closing { Step::Closed } else { Step::Closing });
    }

    /// Asks for a turn when the running slots are done, to send and to read on.
    pub(super) fn queue_flush(&mut self) {
        if let Some(home) = &self.home
            && !std::mem::replace(&mut self.flush_queued, true)
        {
            home.facilities.flush_list.add(home.stepper.key(), self.hooks.flush);
        }
    }
}
