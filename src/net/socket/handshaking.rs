//! Handshaking: from the first connection to the peer, through the layers above it.
//!
//! The layers shake hands one after another, from the lowest to the highest. A layer may ask for
//! another link, or for an answer of the program: this module gets both. The handshakes are part of
//! the attempt to connect, so its deadline includes them.

use std::io;
use std::net::SocketAddr;
use std::vec;

use super::attempt::{open_prepared, start};
use super::core::{Fault, SocketCore};
use super::phase::Phase;
use super::step::Step;
use crate::io::ByteQueue;
use crate::net::engine::{
    Address, Awaited, Handshake, Interest, Layer, Link, Progress, Question, Settled, SocketEngine,
};
use crate::net::values::SocketError;
use crate::readiness::{Readiness, SourceId};

/// Layers that shake hands.
pub(super) struct Handshaking {
    /// The outermost engine so far.
    engine: Box<dyn SocketEngine>,
    /// Bytes that the layers below have read beyond their handshakes, for the next layer or for the
    /// socket.
    early: Vec<u8>,
    /// The layers above it, from the lowest.
    layers: vec::IntoIter<Layer>,
    /// Where the first connection leads.
    hop: Option<SocketAddr>,
    /// A link that the outermost engine has asked for and that is not connected yet.
    link: Option<Box<dyn SocketEngine>>,
}

/// How far the handshakes have come.
enum Stage {
    /// The layers wait for the readiness of their sources.
    Waits(Handshaking),
    NeedsLink(Handshaking, Link),
    Asks(Handshaking, Question),
    Done(Settled),
}

impl Handshaking {
    /// Begins with the lowest layer, on a connection to `hop`.
    pub(super) fn begin(
        engine: Box<dyn SocketEngine>,
        layers: Vec<Layer>,
        hop: Option<SocketAddr>,
    ) -> Self {
        let mut this =
            Self { engine, early: Vec::new(), layers: layers.into_iter(), hop, link: None };
        if let Some(lowest) = this.layers.next() {
            this = this.stand(lowest);
        }
        this
    }

    /// Puts the next layer on the outermost engine.
    fn stand(self, layer: Layer) -> Self {
        let Self { engine, early, .. } = self;
        Self { engine: layer.stand_on(engine, early), early: Vec::new(), ..self }
    }

    /// Goes on with the handshakes as far as is possible now.
    fn go_on(mut self) -> io::Result<Stage> {
        loop {
            if let Some(mut link) = self.link.take() {
                match link.progress()? {
                    Progress::Pending => {
                        self.link = Some(link);
                        return Ok(Stage::Waits(self));
                    }
                    Progress::Connected => self.engine.add_link(link),
                }
            }
            match self.engine.shake_hands()? {
                Handshake::Pending => return Ok(Stage::Waits(self)),
                Handshake::NeedsLink(link) => return Ok(Stage::NeedsLink(self, link)),
                Handshake::Asks(question) => return Ok(Stage::Asks(self, question)),
                Handshake::Done => {}
            }
            let Settled { engine, early } = match self.engine.into_below() {
                Ok(below) => below,
                Err(engine) => Settled { engine, early: Vec::new() },
            };
            match self.layers.next() {
                Some(layer) => self = Self { engine, early, ..self }.stand(layer),
                None => return Ok(Stage::Done(Settled { engine, early })),
            }
        }
    }

    /// Adds the sockets to wait for until the layers can go on. Waits for room to write only if a
    /// layer holds bytes back, because most connections can be written to at once. Does not wait for
    /// bytes while a link is made, because nothing reads them until then.
    pub(super) fn add_awaited<'a>(&'a self, sockets: &mut Vec<Awaited<'a>>) {
        let interest =
            Interest { to_read: self.link.is_none(), to_write: self.engine.holds_back() };
        if interest.to_read || interest.to_write {
            Awaited::collect(&*self.engine, interest, sockets);
        }
        if let Some(link) = &self.link {
            let interest = Interest { to_read: true, to_write: true };
            Awaited::collect(&**link, interest, sockets);
        }
    }

    /// Returns the engines that may be ready.
    pub(super) fn engines(&self) -> impl Iterator<Item = &dyn SocketEngine> {
        std::iter::once(&*self.engine).chain(self.link.as_deref())
    }

    /// Returns the engines that may be ready, mutably.
    pub(super) fn engines_mut(&mut self) -> impl Iterator<Item = &mut Box<dyn SocketEngine>> {
        std::iter::once(&mut self.engine).chain(&mut self.link)
    }
}

impl SocketCore {
    /// Called when a source of the attempt is ready. Returns false, and does nothing, if no layers
    /// shake hands.
    pub(super) fn on_ready_to_shake_hands(
        &mut self,
        source: Option<SourceId>,
        readiness: Readiness,
    ) -> bool {
        let Some(handshake) = self.phase.handshake_mut() else { return false };
        handshake.engine.ready(source, readiness);
        self.shake_hands();
        true
    }

    /// Called when the slots that could answer a layer's question have run.
    pub(super) fn on_question_answered(&mut self) {
        if let Some(handshake) = self.phase.handshake_mut() {
            handshake.engine.answered();
            self.shake_hands();
        }
    }

    /// Goes on with the handshakes as far as is possible now.
    pub(super) fn shake_hands(&mut self) {
        loop {
            // The attempt is taken out first: if a layer panics, the socket is unconnected.
            let Some(mut attempt) = self.phase.take_attempt() else { return };
            let stage = attempt.handshake.take().map(Handshaking::go_on);
            let (handshake, link) = match stage {
                None => (None, None),
                Some(Ok(Stage::Done(Settled { engine, early }))) => {
                    self.phase = Phase::Connecting(attempt);
                    self.establish(engine, None);
                    return self.take_early(early);
                }
                Some(Ok(Stage::Waits(handshake))) => (Some(handshake), None),
                Some(Ok(Stage::Asks(handshake, question))) => {
                    self.needed_extra().question_asked.emit(question);
                    self.record(Step::Answered);
                    (Some(handshake), None)
                }
                Some(Ok(Stage::NeedsLink(handshake, link))) => (Some(handshake), Some(link)),
                Some(Err(error)) => {
                    self.phase = Phase::Connecting(attempt);
                    return self.fail_to_shake_hands(Fault::of_connecting(error));
                }
            };
            attempt.handshake = handshake;
            self.phase = Phase::Connecting(attempt);
            let Some(link) = link else { return };
            if let Err(fault) = self.begin_link(link) {
                return self.fail_to_shake_hands(fault);
            }
        }
    }

    /// Ends the attempt because of this fault.
    fn fail_to_shake_hands(&mut self, fault: Fault) {
        if let Some(attempt) = self.phase.attempt_mut() {
            attempt.failure = Some(fault);
        }
        self.give_up(SocketError::Network);
    }

    /// Begins to connect a link that a layer has asked for.
    fn begin_link(&mut self, Link { kind, to, .. }: Link) -> Result<(), Fault> {
        let (Some(attempt), Some(home)) = (self.phase.attempt(), &self.home) else {
            return Ok(());
        };
        let Some(handshake) = &attempt.handshake else { return Ok(()) };
        let to = to.map_or(handshake.hop, Address::internet);
        let to = to.ok_or_else(|| Fault::of_connecting(io::ErrorKind::Unsupported.into()))?;
        let options = [self.kept_options(), Some(&attempt.options)];
        let mut engine = open_prepared(&*home.network, kind, to, options)?;
        start(home, &mut *engine, to).map_err(|error| Fault::of_connecting_to(to, error))?;
        if let Some(handshake) = self.phase.handshake_mut() {
            handshake.link = Some(engine);
        }
        Ok(())
    }

    /// Puts into the buffer what the layers have read beyond their handshakes. `ready_read` is
    /// emitted for these bytes after the slots of `connected` have run.
    fn take_early(&mut self, early: Vec<u8>) {
        if !early.is_empty() {
            let mut queue = ByteQueue::default();
            queue.push(&early);
            // `adopt` returns the memory if it has copied the bytes.
            drop(self.device.adopt(queue));
            self.announcement.come_early();
        }
    }
}
