//! Sayings: what a socket says, against what it has to say.

use std::collections::VecDeque;

use slotwire::{SocketError, SocketState};

use super::model::{Due, Effect, Expected, Look, Model, Perhaps};
use super::table::{Cause, Step};

/// What a socket of the application says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    State(SocketState),
    HostFound,
    Connected,
    Error(SocketError),
    AboutToClose,
    ReadFinished,
    Disconnected,
    Written(usize),
}

impl Model {
    /// A socket says something, and looks like this meanwhile.
    pub(super) fn hear(&mut self, who: usize, said: Said, look: Look) -> Result<(), String> {
        let foresees = |model: &Self| {
            let effects = model.stack.iter().flatten();
            effects.into_iter().any(|effect| matches!(
                *effect,
                Effect::Say(Due { who: of, say: Expected::Written(_) | Expected::Perhaps(Perhaps::Written), .. })
                    if of == who
            ))
        };
        if let Said::Written(count) = said
            && !self.sockets[who].is_datagrams
            && !foresees(self)
        {
            return self.hear_written(who, count, look);
        }
        loop {
            match self.next_say()? {
                None => {
                    self.network_says(who, said, look)?;
                    break;
                }
                Some(Due { who: of, say, calls }) if of == who && say.fits(said) => {
                    self.compare_error(who, said, look, calls)?;
                    break;
                }
                Some(Due { say: Expected::Perhaps(_), .. }) => {}
                Some(Due { who: of, say, .. }) => {
                    return Err(format!("{said:?} instead of {say:?} of #{of}"));
                }
            }
        }
        let state = self.sockets[who].state;
        match look.state == state {
            true => Ok(()),
            false => Err(format!("{said:?} finds it {:?} instead of {state:?}", look.state)),
        }
    }

    /// Everything that was called for has been said.
    pub(super) fn rest(&mut self) -> Result<(), String> {
        while let Some(Due { who, say, .. }) = self.next_say()? {
            if !matches!(say, Expected::Perhaps(_)) {
                return Err(format!("#{who} does not say {say:?}"));
            }
        }
        Ok(())
    }

    /// Does what happens before anything has to be said.
    fn catch_up(&mut self) -> Result<(), String> {
        if let Some(due) = self.next_say()?
            && let Some(top) = self.stack.last_mut()
        {
            top.push_front(Effect::Say(due));
        }
        Ok(())
    }

    /// What has to be said next by somebody who is there, if anything; what happens before happens.
    fn next_say(&mut self) -> Result<Option<Due>, String> {
        while let Some(top) = self.stack.last_mut() {
            match top.pop_front() {
                None => drop(self.stack.pop()),
                Some(Effect::Say(due)) if self.sockets[due.who].is_alive => return Ok(Some(due)),
                Some(Effect::Say(_)) => {}
                Some(Effect::Step { who, number }) => {
                    let socket = &mut self.sockets[who];
                    let place = socket.steps.iter().position(|&(waits, _)| waits == number);
                    let Some(place) = place.filter(|_| socket.is_alive) else { continue };
                    let Some((_, step)) = socket.steps.remove(place) else { continue };
                    self.enter();
                    self.step(who, step)?;
                }
                Some(Effect::Destroy { who }) => {
                    self.enter();
                    if self.sockets[who].state != SocketState::Unconnected {
                        self.abort(who)?;
                    }
                    self.lay(Effect::Gone { who });
                }
                Some(Effect::Gone { who }) => self.sockets[who].is_alive = false,
            }
        }
        Ok(None)
    }

    /// Nothing that was called leads to this.
    fn network_says(&mut self, who: usize, said: Said, look: Look) -> Result<(), String> {
        self.enter();
        let socket = &mut self.sockets[who];
        let is_waited_for = self.waited_for == Some(who);
        if !socket.is_alive {
            return Err(format!("{said:?} of a socket that is gone"));
        }
        match (socket.state, said) {
            (SocketState::HostLookup, Said::State(SocketState::Connecting)) => {
                self.take(who, Cause::Found)?;
            }
            (
                SocketState::HostLookup | SocketState::Connecting,
                Said::State(SocketState::Unconnected),
            ) => {
                self.fail(who)?;
            }
            (SocketState::Connecting, Said::State(SocketState::Connected)) => {
                self.take(who, Cause::Established)?;
            }
            (SocketState::Connected | SocketState::Closing, Said::Error(_))
                if !socket.is_datagrams && !look.is_valid && !socket.is_broken =>
            {
                self.lose(who)?;
            }
            (_, Said::Error(SocketError::SocketTimeout)) if is_waited_for => {
                self.take(who, Cause::Complaint)?;
            }
            (SocketState::Connected | SocketState::Bound, Said::Error(_))
                if socket.is_datagrams =>
            {
                self.take(who, Cause::Complaint)?;
            }
            (SocketState::Connected, Said::ReadFinished) if socket.allows_half_open => {
                self.take(who, Cause::PeerFinished)?;
                self.close_both_ends(who);
            }
            // Both ends have finished.
            (SocketState::Connected, Said::State(SocketState::Closing))
                if socket.has_finished() =>
            {
                socket.steps.clear();
                self.take(who, Cause::BeginsToClose)?;
            }
            // All is sent.
            (SocketState::Closing, Said::State(SocketState::Unconnected)) if socket.unsent == 0 => {
                socket.steps.clear();
                self.take(who, Cause::IsClosed)?;
            }
            (state, _) => return Err(format!("{said:?} of a socket that is {state:?}")),
        }
        let calls = self.sockets[who].calls;
        let first = self.stack.last_mut().and_then(VecDeque::pop_front);
        match first {
            Some(Effect::Say(Due { say, .. })) if say.fits(said) => {
                self.compare_error(who, said, look, calls)
            }
            other => Err(format!("{said:?} instead of {other:?}")),
        }
    }

    fn hear_written(&mut self, who: usize, count: usize, look: Look) -> Result<(), String> {
        self.catch_up()?;
        let socket = &mut self.sockets[who];
        if count > socket.unsent {
            return Err(format!("{count} bytes written, of {} that are to go", socket.unsent));
        }
        socket.unsent -= count;
        self.hear_traffic(who, look)?;
        self.close_both_ends_now(who);
        let socket = &self.sockets[who];
        if socket.state == SocketState::Closing && socket.unsent == 0 && !socket.is_broken {
            self.record(who, Step::Closed);
        }
        Ok(())
    }

    /// A socket tells of its traffic. What was found along with it is said next.
    pub(super) fn hear_traffic(&mut self, who: usize, look: Look) -> Result<(), String> {
        self.catch_up()?;
        self.enter();
        self.notice(who, look)
    }

    /// Nobody has called anything since: the error is the one that is told.
    fn compare_error(&self, who: usize, said: Said, look: Look, calls: u32) -> Result<(), String> {
        match said {
            Said::Error(error) if calls == self.sockets[who].calls && look.error != Some(error) => {
                Err(format!("{said:?} while the last error is {:?}", look.error))
            }
            _ => Ok(()),
        }
    }
}
