//! The model: what the sockets of an application have to say, and in which order.
//!
//! What a slot does is carried out when it has returned, before what was to be said besides. So the
//! model is a stack: each slot lays on it what its calls lead to by the table of transitions, and
//! whatever a socket says has to be what lies on top. When nothing lies there, the network has
//! spoken, and the table knows what it can say. The bytes are the business of others.

use std::collections::VecDeque;

use slotwire::{SocketError, SocketState};

use super::possibilities::Choices;
use super::sayings::Said;
use super::table::{Cause, Row, Say, Step, row_for};

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

/// What has to be said, or happens, next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Effect {
    Say(Due),
    Step { who: usize, number: u32 },
    Destroy { who: usize },
    Gone { who: usize },
}

/// What has to be said by somebody, and how often he had been called when that was so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Due {
    pub(super) who: usize,
    pub(super) say: Expected,
    pub(super) calls: u32,
}

/// What has to be said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Expected {
    Say(Say),
    Written(usize),
    /// It may be said.
    Perhaps(Perhaps),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Perhaps {
    Error,
    Written,
}

/// A socket, as the model sees it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Socket {
    pub(super) is_datagrams: bool,
    pub(super) state: SocketState,
    pub(super) is_alive: bool,
    pub(super) is_open: bool,
    pub(super) is_closing: bool,
    pub(super) close_when_connected: bool,
    /// The connection is gone, and that is being said.
    pub(super) is_broken: bool,
    pub(super) read_finished: bool,
    pub(super) write_finished: bool,
    pub(super) allows_half_open: bool,
    pub(super) unsent: usize,
    pub(super) steps: VecDeque<(u32, Step)>,
    pub(super) steps_recorded: u32,
    /// How often something was called.
    pub(super) calls: u32,
    /// How often something had been called when it last began to connect, or was bound.
    pub(super) began: u32,
}

impl Socket {
    /// Says whether both ends have nothing more to say.
    pub(super) fn has_finished(&self) -> bool {
        self.read_finished && self.write_finished && self.unsent == 0 && !self.is_broken
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Model {
    pub(super) sockets: Vec<Socket>,
    pub(super) stack: Vec<VecDeque<Effect>>,
    /// Who is waited for.
    pub(super) waited_for: Option<usize>,
    /// Which way it goes where it cannot know.
    pub(super) choices: Choices,
}

impl Model {
    pub(super) fn add(&mut self, is_datagrams: bool, look: Look) {
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
            began: 0,
        });
    }

    /// How much of this kind has still to be said that belongs to the time before the socket last
    /// began to connect, or was bound.
    pub(super) fn outdated(&self, who: usize, is_meant: impl Fn(Said) -> bool) -> usize {
        let began = self.sockets[who].began;
        let is_outdated = |effect: &&Effect| match **effect {
            Effect::Say(Due { who: of, say, calls }) => {
                of == who && calls < began && say.said().is_some_and(&is_meant)
            }
            _ => false,
        };
        self.stack.iter().flatten().filter(is_outdated).count()
    }

    /// A slot begins, or the program goes on outside of all.
    pub(super) fn enter(&mut self) {
        self.stack.push(VecDeque::new());
    }

    /// Says whether nothing that was called remains to be carried out.
    pub(super) fn is_at_rest(&self) -> bool {
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

/// Steps and rows.
impl Model {
    /// Takes all steps now, because something new begins.
    pub(super) fn settle(&mut self, who: usize) -> Result<(), String> {
        while let Some((_, step)) = self.sockets[who].steps.pop_front() {
            self.step(who, step)?;
        }
        Ok(())
    }

    /// Does a step.
    pub(super) fn step(&mut self, who: usize, step: Step) -> Result<(), String> {
        match step {
            Step::Resolved => self.take(who, Cause::Found),
            Step::Try => match (self.choices.choose(), self.sockets[who].is_datagrams) {
                (true, true) => self.take(who, Cause::Established),
                (true, false) => Ok(()),
                (false, _) => self.fail(who),
            },
            Step::Begin => match std::mem::take(&mut self.sockets[who].close_when_connected) {
                true => self.disconnect(who),
                false => Ok(()),
            },
            Step::Close => {
                let socket = &mut self.sockets[who];
                (socket.is_open, socket.is_closing) = (false, false);
                self.disconnect(who)
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

    pub(super) fn fail(&mut self, who: usize) -> Result<(), String> {
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

    pub(super) fn lose(&mut self, who: usize) -> Result<(), String> {
        let socket = &mut self.sockets[who];
        (socket.is_broken, socket.unsent) = (true, 0);
        self.take(who, Cause::Lost)
    }

    /// Moves by a row of the table.
    pub(super) fn take(&mut self, who: usize, cause: Cause) -> Result<(), String> {
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

    pub(super) fn record(&mut self, who: usize, step: Step) {
        let socket = &mut self.sockets[who];
        socket.steps_recorded += 1;
        let number = socket.steps_recorded;
        socket.steps.push_back((number, step));
        self.lay(Effect::Step { who, number });
    }

    pub(super) fn say(&mut self, who: usize, say: Expected) {
        let calls = self.sockets[who].calls;
        self.lay(Effect::Say(Due { who, say, calls }));
    }

    pub(super) fn lay(&mut self, effect: Effect) {
        if self.stack.is_empty() {
            self.enter();
        }
        self.stack.last_mut().expect("there is one now").push_back(effect);
    }
}

impl Expected {
    /// What is said when this is, if it can be only one thing.
    fn said(self) -> Option<Said> {
        match self {
            Self::Written(count) => Some(Said::Written(count)),
            Self::Say(Say::State(state)) => Some(Said::State(state)),
            Self::Say(Say::Connected) => Some(Said::Connected),
            Self::Say(Say::Disconnected) => Some(Said::Disconnected),
            _ => None,
        }
    }

    pub(super) fn fits(self, said: Said) -> bool {
        match self {
            Self::Written(count) => said == Said::Written(count),
            Self::Perhaps(Perhaps::Error) => matches!(said, Said::Error(_)),
            Self::Perhaps(Perhaps::Written) => matches!(said, Said::Written(_)),
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
