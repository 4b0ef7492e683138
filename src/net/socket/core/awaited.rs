//! Waits: what a socket tells a wait that polls it, and the news that the wait looks for.

use std::cell::Cell;
use std::rc::Rc;

use super::core::SocketCore;
use crate::net::engine::{Awaited, Interest};
use crate::net::socket::news::News;
use crate::net::socket::step::DELIVERED;
use crate::readiness::Readiness;

impl SocketCore {
    /// Returns the sockets of the network to wait for until this socket is ready.
    pub(in crate::net) fn awaited(&self, interest: Interest) -> Vec<Awaited<'_>> {
        let mut sockets = Vec::new();
        self.add_awaited(interest, &mut sockets);
        sockets
    }

    /// Returns what the socket's engine is ready for even if none of its sources is ready.
    pub(in crate::net) fn ready_now(&self) -> Readiness {
        let mut ready = self.engine().map_or(Readiness::default(), |engine| engine.ready_now());
        ready.readable |= self.announcement().has_early();
        ready
    }

    /// Returns true if `ready_read` was emitted for a socket without a buffer, and the program has
    /// not read since.
    pub(in crate::net) fn has_pending(&self) -> bool {
        self.announcement().is_announced()
    }

    /// Returns what has happened since [`begin_to_be_awaited`](Self::begin_to_be_awaited).
    pub(in crate::net) fn news(&self) -> News {
        self.news.news()
    }

    /// Begins a wait for this socket. What is not delivered yet counts as news. If the socket is
    /// destroyed before the wait ends, it puts the news into `legacy`.
    pub(in crate::net) fn begin_to_be_awaited(&mut self, legacy: &Rc<Cell<News>>) {
        self.news.begin_wait();
        self.extra_mut().legacy = Rc::downgrade(legacy);
    }

    /// Lets a socket with a layer tell the layer what the program wants to hear of: a wait does not
    /// wake the socket otherwise.
    #[cfg(feature = "tls")]
    pub(in crate::net) fn tell_engine_wishes(&self) {
        let has_layer = match self.phase.attempt() {
            Some(attempt) => attempt.has_layers(),
            None => self.phase.engine().is_some_and(|engine| engine.below().is_some()),
        };
        if let Some(home) = self.home.as_ref().filter(|_| has_layer) {
            home.step(crate::net::tls::REPORTED);
        }
    }

    /// Adds news that the loop delivers in this pass.
    #[inline]
    pub(in crate::net::socket) fn add_news(&mut self, news: News) {
        self.news.add(news);
    }

    /// Adds news for which a signal was emitted. News from outside the passes of the loop count as
    /// undelivered until the slots of the signal have run.
    pub(in crate::net::socket) fn note(&mut self, news: News) {
        self.news.add(news);
        if let Some(home) = &self.home
            && !home.in_turn()
            && !news.is_empty()
        {
            self.news.add_undelivered(news);
            home.step(DELIVERED);
        }
    }

    /// Sets the news aside, so that the caller can see what is added from now on.
    #[inline]
    pub(in crate::net::socket) fn set_news_aside(&mut self) -> News {
        self.news.take()
    }

    /// Puts back the news that were set aside. Returns what was added since, which is not among the
    /// news any more.
    #[inline]
    pub(in crate::net::socket) fn news_since(&mut self, aside: News) -> News {
        let since = self.news.news();
        self.news.add(aside);
        since
    }

    /// Called when the emissions from outside the passes of the loop are delivered.
    pub(in crate::net::socket) fn on_delivered(&mut self) {
        self.news.deliver();
    }
}
