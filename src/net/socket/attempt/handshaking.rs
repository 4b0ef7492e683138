//! Handshaking: from the first connection to the peer, through the layers above it.
//!
//! The layers shake hands one after another, from the lowest to the highest. A layer may ask for
//! another link, or for an answer of the program: the attempt gets both.

use std::io;
use std::net::SocketAddr;
use std::vec;

use crate::net::engine::{
    Awaited, Ends, Handshake, Interest, Layer, Link, Progress, Question, Settled, SocketEngine,
};
use crate::readiness::{Readiness, SourceId};

/// Layers that shake hands.
pub(super) struct Handshaking {
    /// The outermost engine so far.
    engine: Box<dyn SocketEngine>,
    /// Bytes that the layers below have read beyond their handshakes, for the next layer or for the
    /// socket.
    early: Vec<u8>,
    /// The ends of the connection, if a layer that is gone knew them better than its engine does.
    ends: Option<Ends>,
    /// The layers above it, from the lowest.
    layers: vec::IntoIter<Layer>,
    /// Where the first connection leads.
    hop: Option<SocketAddr>,
    /// A link that the outermost engine has asked for and that is not connected yet.
    link: Option<Box<dyn SocketEngine>>,
}

/// How far the handshakes have come.
pub(super) enum Stage {
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
        let mut this = Self {
            engine,
            early: Vec::new(),
            ends: None,
            layers: layers.into_iter(),
            hop,
            link: None,
        };
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

    /// Called when a source of an engine is ready.
    pub(super) fn on_ready(&mut self, source: Option<SourceId>, readiness: Readiness) {
        self.engine.ready(source, readiness);
    }

    /// Called when the slots that could answer a question have run.
    pub(super) fn on_question_answered(&mut self) {
        self.engine.answered();
    }

    /// Takes a link that the outermost engine has asked for, and that is being connected.
    pub(super) fn add_link(&mut self, link: Box<dyn SocketEngine>) {
        self.link = Some(link);
    }

    /// Returns where the first connection leads.
    pub(super) fn hop(&self) -> Option<SocketAddr> {
        self.hop
    }

    /// Goes on with the handshakes as far as is possible now.
    pub(super) fn go_on(mut self) -> io::Result<Stage> {
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
            let Settled { engine, early, ends } = match self.engine.into_below() {
                Ok(below) => below,
                Err(engine) => Settled { engine, early: Vec::new(), ends: None },
            };
            let ends = ends.or(self.ends);
            match self.layers.next() {
                Some(layer) => self = Self { engine, early, ends, ..self }.stand(layer),
                None => return Ok(Stage::Done(Settled { engine, early, ends })),
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
