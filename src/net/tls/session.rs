//! `Session`: what a socket and the TLS engine of its connection share.
//!
//! The engine reports what has happened, and the session wakes the socket, which emits the signals.
//! The session outlives the engine, so that a report is not lost if the connection ends at once.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustls::pki_types::UnixTime;

use super::alert::{AlertLevel, AlertType};
use super::certificate::SslCertificate;
use super::cipher::SslCipher;
use super::error::SslError;
use super::hearing::hear;
use super::mode::SslMode;
use super::protocol::SslProtocol;
use crate::net::shared::{Facilities, Home};

/// The number of the step in which the socket takes the reports. It waits in no queue of steps.
pub(in crate::net) const REPORTED: u32 = 2;

/// What a socket and the TLS engine of its connection share.
#[derive(Default)]
pub(in crate::net) struct Session {
    reports: RefCell<VecDeque<Report>>,
    home: OnceCell<Home>,
    /// What a layer of a route has in place of a socket: nobody takes reports.
    route: Option<Rc<Facilities>>,
    /// How many sessions have ended.
    ended: Cell<u32>,
    mode: Cell<SslMode>,
    is_encrypted: Cell<bool>,
    wants_errors: Cell<bool>,
    wants_counts: Cell<bool>,
}

/// What an engine reports to its socket.
#[derive(Debug)]
pub(in crate::net) enum Report {
    /// The handshake has begun.
    Began(SslMode),
    /// The certificates of the peer, if it has sent some, have errors. If they are fatal, the engine
    /// waits for the decision of the socket.
    Doubts {
        errors: Vec<SslError>,
        peer_chain: Vec<SslCertificate>,
    },
    /// The handshake is over.
    Encrypted(Box<Agreed>),
    /// The server has given so many tickets, by which later sessions can be resumed.
    Tickets(usize),
    AlertSent(AlertLevel, AlertType),
    AlertReceived(AlertLevel, AlertType),
    /// So many encrypted bytes went out.
    Written(usize),
    /// The deadline of the engine has changed.
    Deadline,
    /// The program resumes the socket.
    Resumed,
}

/// What the ends of a session have agreed on.
#[derive(Clone, Debug, Default)]
pub(in crate::net) struct Agreed {
    pub(in crate::net) cipher: Option<SslCipher>,
    pub(in crate::net) protocol: Option<SslProtocol>,
    pub(in crate::net) next_protocol: Option<Vec<u8>>,
    /// The certificate of the peer, and those by which it is signed.
    pub(in crate::net) peer_chain: Vec<SslCertificate>,
    pub(in crate::net) is_resumed: bool,
}

impl Session {
    /// Creates the session of a layer of a route, which shakes hands within the attempt to connect.
    pub(super) fn of_route(facilities: Rc<Facilities>) -> Self {
        Self { route: Some(facilities), ..Self::default() }
    }

    /// Returns true if the engine is a layer of a route, of which no socket hears.
    pub(super) fn is_of_route(&self) -> bool {
        self.route.is_some()
    }

    /// Called when the socket enters its runtime.
    pub(in crate::net) fn enter(&self, home: Home) {
        let home = self.home.get_or_init(|| home);
        if !self.reports.borrow().is_empty() {
            home.step(REPORTED);
        }
    }

    /// Returns the runtime of the socket, if the socket is in one.
    pub(in crate::net) fn home(&self) -> Option<&Home> {
        self.home.get()
    }

    /// Takes the first report.
    pub(in crate::net) fn next_report(&self) -> Option<Report> {
        self.reports.borrow_mut().pop_front()
    }

    /// Makes this the first report, since a part of it is left.
    pub(in crate::net) fn put_back(&self, report: Report) {
        self.reports.borrow_mut().push_front(report);
    }

    /// Returns true if there are more reports.
    pub(in crate::net) fn has_reports(&self) -> bool {
        !self.reports.borrow().is_empty()
    }

    /// Drops the reports of a session that is of no interest any more.
    pub(in crate::net) fn forget_reports(&self) {
        self.reports.borrow_mut().clear();
    }

    /// Returns how many sessions of this socket have ended.
    pub(in crate::net) fn ended(&self) -> u32 {
        self.ended.get()
    }

    pub(in crate::net) fn mode(&self) -> SslMode {
        self.mode.get()
    }

    pub(in crate::net) fn is_encrypted(&self) -> bool {
        self.is_encrypted.get()
    }

    /// Sets whether the program may decide to go on although the certificate has errors. If not, the
    /// handshake fails at once, and the peer gets an alert.
    pub(in crate::net) fn set_wants_errors(&self, wants_errors: bool) {
        self.wants_errors.set(wants_errors);
    }

    /// Sets whether the engine reports how many encrypted bytes went out.
    pub(in crate::net) fn set_wants_counts(&self, wants_counts: bool) {
        self.wants_counts.set(wants_counts);
    }

    pub(super) fn wants_errors(&self) -> bool {
        self.wants_errors.get()
    }

    pub(super) fn begin(&self, mode: SslMode) {
        self.mode.set(mode);
        self.is_encrypted.set(false);
    }

    pub(super) fn become_encrypted(&self) {
        self.is_encrypted.set(true);
    }

    /// Called when the engine is gone.
    pub(super) fn end(&self) {
        self.mode.set(SslMode::Unencrypted);
        self.is_encrypted.set(false);
        self.ended.set(self.ended.get().wrapping_add(1));
    }

    /// Adds a report, and wakes the socket. Drops the report if there is no socket.
    pub(super) fn report(&self, report: Report) {
        if self.is_of_route() {
            return;
        }
        let mut reports = self.reports.borrow_mut();
        match (reports.back_mut(), report) {
            (Some(Report::Written(before)), Report::Written(count))
            | (Some(Report::Tickets(before)), Report::Tickets(count)) => *before += count,
            (last, report) => {
                let is_first = last.is_none();
                reports.push_back(report);
                if is_first && let Some(home) = self.home.get() {
                    home.step(REPORTED);
                }
            }
        }
    }

    /// Adds the number of encrypted bytes that went out, if somebody wants to know it.
    pub(super) fn report_written(&self, count: usize) {
        if self.wants_counts.get() {
            self.report(Report::Written(count));
        }
    }

    /// Calls `work`, which begins a session, with the time of the runtime's clock: a session that is
    /// resumed must not be too old.
    pub(in crate::net) fn hear<T>(&self, work: impl FnOnce() -> T) -> T {
        hear(self.now(), false, work).0
    }

    /// Returns the time of day, by the clock of the runtime.
    pub(super) fn now(&self) -> UnixTime {
        let facilities = self.route.as_ref().or(self.home.get().map(Home::parts));
        let now = facilities.map_or_else(SystemTime::now, |parts| parts.timers.system_time());
        UnixTime::since_unix_epoch(now.duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    /// Returns the moment after this delay, if the socket is in a runtime.
    pub(super) fn after(&self, delay: Duration) -> Option<Instant> {
        self.home.get().map(|home| home.timers.after(delay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_that_wait_are_one_report() {
        let session = Session::default();
        session.set_wants_counts(true);
        for _ in 0..1000 {
            session.report(Report::Tickets(3));
        }
        session.report_written(10);
        session.report_written(5);
        session.report(Report::Tickets(1));
        let mut counts = Vec::new();
        while let Some(report) = session.next_report() {
            match report {
                Report::Tickets(count) => counts.push(("tickets", count)),
                Report::Written(count) => counts.push(("written", count)),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(counts, [("tickets", 3000), ("written", 15), ("tickets", 1)]);
    }
}
