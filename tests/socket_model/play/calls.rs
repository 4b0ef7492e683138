//! Calls: what an application has done to a socket, and what that leads to.

use slotwire::SocketState;

use super::model::{Effect, Expected, Look, Model, Perhaps};
use super::table::{Cause, Say, Step};

/// What was called, as far as it can lead to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Bind {
        is_bound: bool,
    },
    Connect {
        is_literal: bool,
    },
    Disconnect,
    Close,
    Abort,
    ShutDownWriting,
    Destroy,
    Flush,
    /// So many bytes were taken, to be sent later.
    Queue(usize),
    /// Something was read or written past the buffers.
    Direct {
        unsent_before: usize,
    },
    /// A datagram was sent, or was not and that is to be said. If it was given an address, the socket
    /// is bound for it.
    Sent {
        is_addressed: bool,
        sent: Result<usize, bool>,
    },
    /// A datagram was received, or was not and that is to be said.
    Received(Result<(), bool>),
    /// Something else.
    Other,
}

impl Model {
    /// Something was called, after which the socket looks like this.
    pub(super) fn called(&mut self, who: usize, call: Call, look: Look) -> Result<(), String> {
        self.sockets[who].calls += 1;
        match call {
            Call::Bind { is_bound } => {
                self.settle(who)?;
                self.sockets[who].calls += 1;
                if is_bound {
                    self.sockets[who].began = self.sockets[who].calls;
                }
                let cause = if is_bound { Cause::Bind } else { Cause::BindFails };
                self.take(who, cause)?;
            }
            Call::Connect { is_literal } => {
                self.settle(who)?;
                let socket = &mut self.sockets[who];
                if matches!(socket.state, SocketState::Unconnected | SocketState::Bound) {
                    // The last error is forgotten.
                    socket.calls += 1;
                    socket.began = socket.calls;
                    (socket.is_open, socket.is_closing) = (true, false);
                    (socket.unsent, socket.is_broken) = (0, false);
                    (socket.read_finished, socket.write_finished) = (false, false);
                    socket.close_when_connected = false;
                }
                let cause = if is_literal { Cause::ConnectToAddress } else { Cause::ConnectToName };
                self.take(who, cause)?;
            }
            Call::Disconnect => self.disconnect(who)?,
            Call::Close => self.close(who)?,
            Call::Abort => self.abort(who)?,
            Call::ShutDownWriting => {
                let socket = &mut self.sockets[who];
                socket.write_finished |= matches!(
                    socket.state,
                    SocketState::Connected | SocketState::Connecting | SocketState::HostLookup
                );
            }
            Call::Destroy => self.lay(Effect::Destroy { who }),
            Call::Flush => self.flushed(who, look)?,
            Call::Queue(count) => self.sockets[who].unsent += count,
            Call::Direct { unsent_before } => {
                let socket = &mut self.sockets[who];
                socket.unsent += look.unsent.saturating_sub(unsent_before);
                let may_end = socket.state == SocketState::Connected
                    && socket.allows_half_open
                    && !socket.read_finished;
                if may_end && self.choices.choose() {
                    // It has found the end.
                    self.take(who, Cause::PeerFinished)?;
                    self.close_both_ends(who);
                }
                self.notice(who, look)?;
            }
            Call::Sent { is_addressed, sent } => {
                self.sent_datagram(who, is_addressed, sent, look)?;
            }
            Call::Received(Err(true)) => self.say(who, Expected::Say(Say::Error)),
            Call::Received(_) | Call::Other => {}
        }
        let state = self.sockets[who].state;
        match look.state == state {
            true => Ok(()),
            false => Err(format!("{call:?} leaves it {:?} instead of {state:?}", look.state)),
        }
    }

    pub(super) fn disconnect(&mut self, who: usize) -> Result<(), String> {
        self.settle(who)?;
        let socket = &mut self.sockets[who];
        match socket.state {
            SocketState::HostLookup | SocketState::Connecting => {
                socket.close_when_connected = true;
                Ok(())
            }
            SocketState::Connected | SocketState::Bound if socket.unsent > 0 => {
                self.take(who, Cause::DisconnectUnsent)
            }
            SocketState::Connected | SocketState::Bound => {
                // What is only bound has nobody to write to.
                socket.write_finished |= socket.state == SocketState::Bound && !socket.is_datagrams;
                self.take(who, Cause::Disconnect)
            }
            _ => Ok(()),
        }
    }

    fn close(&mut self, who: usize) -> Result<(), String> {
        let socket = &mut self.sockets[who];
        if !socket.is_open {
            return self.disconnect(who);
        }
        if !std::mem::replace(&mut socket.is_closing, true) {
            self.say(who, Expected::Say(Say::AboutToClose));
        }
        if !self.sockets[who].steps.iter().any(|&(_, step)| step == Step::Close) {
            self.record(who, Step::Close);
        }
        Ok(())
    }

    pub(super) fn abort(&mut self, who: usize) -> Result<(), String> {
        let socket = &mut self.sockets[who];
        socket.unsent = 0;
        if socket.state == SocketState::Unconnected {
            let announces = socket.is_open && !socket.is_closing;
            (socket.is_open, socket.is_closing) = (false, false);
            if announces {
                self.say(who, Expected::Say(Say::AboutToClose));
            }
            return Ok(());
        }
        socket.steps.clear();
        self.take(who, Cause::Abort)?;
        let socket = &mut self.sockets[who];
        (socket.is_open, socket.is_closing) = (false, false);
        Ok(())
    }

    /// What could be sent was sent, and whoever called was not told yet.
    fn flushed(&mut self, who: usize, look: Look) -> Result<(), String> {
        let socket = &mut self.sockets[who];
        if !matches!(socket.state, SocketState::Connected | SocketState::Closing)
            || socket.is_broken
        {
            return Ok(());
        }
        if !look.is_valid {
            self.say(who, Expected::Perhaps(Perhaps::Written));
            return self.notice(who, look);
        }
        let sent = socket.unsent.saturating_sub(look.unsent);
        socket.unsent -= sent;
        if sent > 0 {
            self.say(who, Expected::Written(sent));
        }
        self.notice(who, look)?;
        self.close_both_ends_now(who);
        let socket = &self.sockets[who];
        let closes = socket.state == SocketState::Closing && socket.unsent == 0;
        if closes && !socket.steps.iter().any(|&(_, step)| step == Step::Closed) {
            self.record(who, Step::Closed);
        }
        Ok(())
    }

    /// The peer has finished. If this end has finished as well, the connection ends; but the end that
    /// was asked for may still have to be sent, and then that comes later.
    pub(super) fn close_both_ends(&mut self, who: usize) {
        if self.sockets[who].has_finished() && self.choices.choose() {
            self.close_both_ends_now(who);
        }
    }

    /// Both ends have finished, and so has the connection.
    pub(super) fn close_both_ends_now(&mut self, who: usize) {
        let socket = &self.sockets[who];
        let closes = socket.state == SocketState::Connected && socket.has_finished();
        if closes && !socket.steps.iter().any(|&(_, step)| step == Step::Closing) {
            self.record(who, Step::Closing);
        }
    }

    /// A call that went to the network may have found something.
    pub(super) fn notice(&mut self, who: usize, look: Look) -> Result<(), String> {
        let socket = &self.sockets[who];
        let is_lost = !look.is_valid && !socket.is_broken;
        match socket.state {
            SocketState::Connected | SocketState::Closing if is_lost => self.lose(who),
            _ => Ok(()),
        }
    }

    fn sent_datagram(
        &mut self,
        who: usize,
        is_addressed: bool,
        sent: Result<usize, bool>,
        look: Look,
    ) -> Result<(), String> {
        let state = self.sockets[who].state;
        if matches!(state, SocketState::HostLookup | SocketState::Connecting) {
            self.settle(who)?;
        }
        if self.sockets[who].state == SocketState::Unconnected && is_addressed {
            // It is bound first.
            self.settle(who)?;
            if look.state == SocketState::Bound {
                self.take(who, Cause::Bind)?;
            }
        }
        match sent {
            Ok(count) => self.say(who, Expected::Written(count)),
            Err(true) => self.say(who, Expected::Say(Say::Error)),
            Err(false) => {}
        }
        Ok(())
    }
}
