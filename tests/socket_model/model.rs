//! The model: what the sockets of an application have to say, and in which order.
//!
//! What a slot does is carried out when it has returned, before what was to be said besides. So the
//! model is a stack: each slot lays on it what its calls lead to by the table of transitions, and
//! whatever a socket says has to be what lies on top. When nothing lies there, the network has
//! spoken, and the table knows what it can say. The bytes are the business of others.

use std::collections::VecDeque;

use slotwire::{SocketError, SocketState};

use super::table::{Cause, Row, Say, Step, row_for};

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

/// How a socket looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) state: SocketState,
    /// It has an engine.
    pub(crate) is_valid: bool,
    pub(crate) unread: usize,
    pub(crate) unsent: usize,
    pub(crate) error: Option<SocketError>,
}

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
    /// A datagram was sent, or was not and that is to be said.
    Sent(Result<usize, bool>),
    /// A datagram was received, or was not and that is to be said.
    Received(Result<(), bool>),
    /// Something else.
    Other,
}

/// What has to be said, or happens, next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Effect {
    Say(Due),
    Step { who: usize, number: u32 },
    Destroy { who: usize },
    Gone { who: usize },
}

/// What has to be said by somebody, and how often he had been called when that was so.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Due {
    who: usize,
    say: Expected,
    calls: u32,
}

/// What has to be said.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expected {
    Say(Say),
    Written(usize),
    /// It may be said.
    Perhaps(Perhaps),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Perhaps {
    Error,
    Written,
    ReadFinished,
}

/// A socket, as the model sees it.
#[derive(Debug)]
struct Socket {
    is_datagrams: bool,
    state: SocketState,
    is_alive: bool,
    is_open: bool,
    is_closing: bool,
    close_when_connected: bool,
    /// The connection is gone, and that is being said.
    is_broken: bool,
    read_finished: bool,
    write_finished: bool,
    allows_half_open: bool,
    unsent: usize,
    steps: VecDeque<(u32, Step)>,
    steps_recorded: u32,
    /// How often something was called.
    calls: u32,
}

impl Socket {
    /// Says whether both ends have nothing more to say.
    fn has_finished(&self) -> bool {
        self.read_finished && self.write_finished && self.unsent == 0 && !self.is_broken
    }
}

#[derive(Debug, Default)]
pub(crate) struct Model {
    sockets: Vec<Socket>,
    stack: Vec<VecDeque<Effect>>,
    /// Who is waited for.
    pub(crate) waited_for: Option<usize>,
}

impl Model {
    pub(crate) fn add(&mut self, is_datagrams: bool, look: Look) -> usize {
        self.sockets.push(Socket {
            is_datagrams,
            state: look.state,
            is_alive: true,
            is_open: look.state == SocketState::Connected,
            is_closing: false,
            close_when_connected: false,
            is_broken: false,
            read_finished: false,
            write_finished: false,
            allows_half_open: false,
            unsent: look.unsent,
            steps: VecDeque::new(),
            steps_recorded: 0,
            calls: 0,
        });
        self.sockets.len() - 1
    }

    pub(crate) fn state(&self, who: usize) -> SocketState {
        self.sockets[who].state
    }

    pub(crate) fn is_open(&self, who: usize) -> bool {
        self.sockets[who].is_open
    }

    pub(crate) fn has_finished_writing(&self, who: usize) -> bool {
        self.sockets[who].write_finished
    }

    pub(crate) fn set_half_open(&mut self, who: usize, allow: bool) {
        self.sockets[who].allows_half_open = allow;
    }

    /// A slot begins, or the program goes on outside of all.
    pub(crate) fn enter(&mut self) {
        self.stack.push(VecDeque::new());
    }

    /// Says whether nothing that was called remains to be carried out.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.stack.iter().flatten().all(|effect| match *effect {
            Effect::Say(Due { who, say, .. }) => {
                !self.sockets[who].is_alive || matches!(say, Expected::Perhaps(_))
            }
            Effect::Step { who, number } => {
                let steps = &self.sockets[who].steps;
                !steps.iter().any(|&(waits, step)| waits == number && changes_state(step))
            }
            Effect::Destroy { who } | Effect::Gone { who } => !self.sockets[who].is_alive,
        })
    }
}

fn changes_state(step: Step) -> bool {
    matches!(step, Step::Resolved | Step::Closing)
}

/// What is called.
impl Model {
    /// Something was called, after which the socket looks like this.
    pub(crate) fn called(&mut self, who: usize, call: Call, look: Look) -> Result<(), String> {
        self.sockets[who].calls += 1;
        match call {
            Call::Bind { is_bound } => {
                self.settle(who, look)?;
                self.sockets[who].calls += 1;
                let cause = if is_bound { Cause::Bind } else { Cause::BindFails };
                self.take(who, cause)?;
            }
            Call::Connect { is_literal } => {
                self.settle(who, look)?;
                let socket = &mut self.sockets[who];
                if matches!(socket.state, SocketState::Unconnected | SocketState::Bound) {
                    // The last error is forgotten.
                    socket.calls += 1;
                    (socket.is_open, socket.is_closing) = (true, false);
                    (socket.unsent, socket.is_broken) = (0, false);
                    (socket.read_finished, socket.write_finished) = (false, false);
                    socket.close_when_connected = false;
                }
                let cause = if is_literal { Cause::ConnectToAddress } else { Cause::ConnectToName };
                self.take(who, cause)?;
            }
            Call::Disconnect => self.disconnect(who, look)?,
            Call::Close => self.close(who, look)?,
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
                if self.sockets[who].allows_half_open && !self.sockets[who].read_finished {
                    self.say(who, Expected::Perhaps(Perhaps::ReadFinished));
                }
                self.notice(who, look)?;
            }
            Call::Sent(sent) => self.sent_datagram(who, sent, look)?,
            Call::Received(Err(true)) => self.say(who, Expected::Say(Say::Error)),
            Call::Received(_) | Call::Other => {}
        }
        let state = self.sockets[who].state;
        match look.state == state {
            true => Ok(()),
            false => Err(format!("{call:?} leaves it {:?} instead of {state:?}", look.state)),
        }
    }

    fn disconnect(&mut self, who: usize, look: Look) -> Result<(), String> {
        self.settle(who, look)?;
        let socket = &mut self.sockets[who];
        match socket.state {
            SocketState::HostLookup | SocketState::Connecting => {
                socket.close_when_connected = true;
                Ok(())
            }
            SocketState::Connected | SocketState::Bound if socket.unsent > 0 => {
                self.take(who, Cause::DisconnectUnsent)
            }
            SocketState::Connected | SocketState::Bound => self.take(who, Cause::Disconnect),
            _ => Ok(()),
        }
    }

    fn close(&mut self, who: usize, look: Look) -> Result<(), String> {
        let socket = &mut self.sockets[who];
        if !socket.is_open {
            return self.disconnect(who, look);
        }
        if !std::mem::replace(&mut socket.is_closing, true) {
            self.say(who, Expected::Say(Say::AboutToClose));
        }
        if !self.sockets[who].steps.iter().any(|&(_, step)| step == Step::Close) {
            self.record(who, Step::Close);
        }
        Ok(())
    }

    fn abort(&mut self, who: usize) -> Result<(), String> {
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
        self.close_both_ends(who);
        let socket = &self.sockets[who];
        let closes = socket.state == SocketState::Closing && socket.unsent == 0;
        if closes && !socket.steps.iter().any(|&(_, step)| step == Step::Closed) {
            self.record(who, Step::Closed);
        }
        Ok(())
    }

    /// Both ends have finished, and so has the connection.
    fn close_both_ends(&mut self, who: usize) {
        let socket = &self.sockets[who];
        let closes = socket.state == SocketState::Connected && socket.has_finished();
        if closes && !socket.steps.iter().any(|&(_, step)| step == Step::Closing) {
            self.record(who, Step::Closing);
        }
    }

    /// A call that went to the network may have found something.
    fn notice(&mut self, who: usize, look: Look) -> Result<(), String> {
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
        sent: Result<usize, bool>,
        look: Look,
    ) -> Result<(), String> {
        let state = self.sockets[who].state;
        if matches!(state, SocketState::HostLookup | SocketState::Connecting) {
            self.settle(who, look)?;
        }
        if self.sockets[who].state == SocketState::Unconnected && look.state == SocketState::Bound {
            self.take(who, Cause::Bind)?;
        }
        match sent {
            Ok(count) => self.say(who, Expected::Written(count)),
            Err(true) => self.say(who, Expected::Say(Say::Error)),
            Err(false) => {}
        }
        Ok(())
    }
}

/// Steps and rows.
impl Model {
    /// Takes all steps now, because something new begins, after which the socket looks like this.
    fn settle(&mut self, who: usize, look: Look) -> Result<(), String> {
        while let Some((_, step)) = self.sockets[who].steps.pop_front() {
            match (step, look.state) {
                (Step::Try, SocketState::Connected | SocketState::Closing) => {
                    self.come_to(who, SocketState::Connected)?;
                }
                (Step::Try, SocketState::Connecting) => {}
                (Step::Try, _) => self.come_to(who, SocketState::Unconnected)?,
                _ => self.step(who, step, None)?,
            }
        }
        Ok(())
    }

    /// What trying an address has come to at once.
    fn come_to(&mut self, who: usize, state: SocketState) -> Result<(), String> {
        match state {
            SocketState::Connected if self.sockets[who].is_datagrams => {
                self.take(who, Cause::Established)
            }
            SocketState::Unconnected => self.fail(who),
            _ => Ok(()),
        }
    }

    /// Does a step, after which the socket says something, if it is known what.
    fn step(&mut self, who: usize, step: Step, then: Option<(Said, Look)>) -> Result<(), String> {
        let nothing = Look {
            state: self.sockets[who].state,
            is_valid: true,
            unread: 0,
            unsent: 0,
            error: None,
        };
        let look = then.map_or(nothing, |(_, look)| look);
        match step {
            Step::Resolved => self.take(who, Cause::Found),
            Step::Try => match then {
                Some((Said::State(state), look)) if look.state == state => self.come_to(who, state),
                _ => Ok(()),
            },
            Step::Begin => match std::mem::take(&mut self.sockets[who].close_when_connected) {
                true => self.disconnect(who, look),
                false => Ok(()),
            },
            Step::Close => {
                let socket = &mut self.sockets[who];
                (socket.is_open, socket.is_closing) = (false, false);
                self.disconnect(who, look)
            }
            Step::Closing => match self.sockets[who].state {
                SocketState::Connected => self.take(who, Cause::BeginsToClose),
                _ => Ok(()),
            },
            Step::Closed => {
                let socket = &self.sockets[who];
                // A slot may have written since, and that may have been sent.
                let waits = socket.unsent > 0 && !socket.is_broken;
                match waits || socket.state != SocketState::Closing {
                    true => Ok(()),
                    false => self.take(who, Cause::IsClosed),
                }
            }
        }
    }

    fn fail(&mut self, who: usize) -> Result<(), String> {
        self.sockets[who].close_when_connected = false;
        self.take(who, Cause::Failed)?;
        // Whoever waits for a connection in vain is told by the answer alone.
        if self.waited_for == Some(who) {
            for effect in self.stack.iter_mut().flatten() {
                if let Effect::Say(Due { who: of, say, .. }) = effect
                    && (*of, *say) == (who, Expected::Say(Say::Error))
                {
                    *say = Expected::Perhaps(Perhaps::Error);
                }
            }
        }
        Ok(())
    }

    fn lose(&mut self, who: usize) -> Result<(), String> {
        let socket = &mut self.sockets[who];
        (socket.is_broken, socket.unsent) = (true, 0);
        self.take(who, Cause::Lost)
    }

    /// Moves by a row of the table.
    fn take(&mut self, who: usize, cause: Cause) -> Result<(), String> {
        let state = self.sockets[who].state;
        let Some(row) = row_for(state, cause) else {
            return Err(format!("{cause:?} cannot happen to a socket that is {state:?}"));
        };
        let Row { says, then, .. } = row;
        for &say in *says {
            let socket = &mut self.sockets[who];
            match say {
                Say::AboutToClose if !socket.is_open || socket.is_closing => continue,
                Say::ReadFinished if std::mem::replace(&mut socket.read_finished, true) => continue,
                Say::State(state) => {
                    socket.state = state;
                    if state == SocketState::Unconnected {
                        (socket.unsent, socket.is_broken) = (0, false);
                    }
                }
                _ => {}
            }
            self.say(who, Expected::Say(say));
        }
        let socket = &mut self.sockets[who];
        if socket.state == SocketState::Unconnected {
            (socket.read_finished, socket.write_finished) = (false, false);
        }
        if let Some(step) = *then {
            self.record(who, step);
        }
        Ok(())
    }

    fn record(&mut self, who: usize, step: Step) {
        let socket = &mut self.sockets[who];
        socket.steps_recorded += 1;
        let number = socket.steps_recorded;
        socket.steps.push_back((number, step));
        self.lay(Effect::Step { who, number });
    }

    fn say(&mut self, who: usize, say: Expected) {
        let calls = self.sockets[who].calls;
        self.lay(Effect::Say(Due { who, say, calls }));
    }

    fn lay(&mut self, effect: Effect) {
        if self.stack.is_empty() {
            self.enter();
        }
        self.stack.last_mut().expect("there is one now").push_back(effect);
    }
}

/// What is said.
impl Model {
    /// A socket says something, and looks like this meanwhile.
    pub(crate) fn hear(&mut self, who: usize, said: Said, look: Look) -> Result<(), String> {
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
            match self.next_say(Some((who, said, look)))? {
                None => {
                    self.network_says(who, said, look)?;
                    break;
                }
                Some(Due { who: of, say, calls }) if of == who && say.fits(said) => {
                    self.sockets[who].read_finished |=
                        say == Expected::Perhaps(Perhaps::ReadFinished);
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
    pub(crate) fn rest(&mut self) -> Result<(), String> {
        while let Some(Due { who, say, .. }) = self.next_say(None)? {
            if !matches!(say, Expected::Perhaps(_)) {
                return Err(format!("#{who} does not say {say:?}"));
            }
        }
        Ok(())
    }

    /// What has to be said next by somebody who is there, if anything; what happens before happens.
    fn next_say(&mut self, said: Option<(usize, Said, Look)>) -> Result<Option<Due>, String> {
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
                    let said = said.filter(|&(of, ..)| of == who);
                    self.enter();
                    self.step(who, step, said.map(|(_, said, look)| (said, look)))?;
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
        let socket = &mut self.sockets[who];
        if count > socket.unsent {
            return Err(format!("{count} bytes written, of {} that are to go", socket.unsent));
        }
        socket.unsent -= count;
        self.hear_traffic(who, look)?;
        self.close_both_ends(who);
        let socket = &self.sockets[who];
        if socket.state == SocketState::Closing && socket.unsent == 0 && !socket.is_broken {
            self.record(who, Step::Closed);
        }
        Ok(())
    }

    /// A socket tells of its traffic. What was found along with it is said next.
    pub(crate) fn hear_traffic(&mut self, who: usize, look: Look) -> Result<(), String> {
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

impl Expected {
    fn fits(self, said: Said) -> bool {
        match self {
            Self::Written(count) => said == Said::Written(count),
            Self::Perhaps(Perhaps::Error) => matches!(said, Said::Error(_)),
            Self::Perhaps(Perhaps::Written) => matches!(said, Said::Written(_)),
            Self::Perhaps(Perhaps::ReadFinished) => said == Said::ReadFinished,
            Self::Say(say) => match say {
                Say::State(state) => said == Said::State(state),
                Say::HostFound => said == Said::HostFound,
                Say::Connected => said == Said::Connected,
                Say::Error => matches!(said, Said::Error(_)),
                Say::AboutToClose => said == Said::AboutToClose,
                Say::ReadFinished => said == Said::ReadFinished,
                Say::Disconnected => said == Said::Disconnected,
            },
        }
    }
}
