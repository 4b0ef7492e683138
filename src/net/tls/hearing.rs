//! `hear`: calls of the TLS library whose checks of certificates are heard.
//!
//! The library calls its verifiers, its clock and its store of sessions without a word about the
//! connection that it works for. So `hear` keeps what they need in a variable of the thread while
//! the call runs, and returns what they have noted there. The variable is as before afterwards,
//! also after a panic.

use std::cell::RefCell;

use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

use super::certificate::SslCertificate;
use super::error::{SslError, SslErrorKind};

/// What was noted while the TLS library ran.
#[derive(Debug, Default)]
pub(in crate::net) struct Heard {
    /// The errors in the peer's certificate.
    pub(in crate::net) errors: Vec<SslError>,
    /// The certificates that the peer has sent, if there are errors in them.
    pub(in crate::net) chain: Vec<SslCertificate>,
    /// The number of session tickets that came (TLS 1.3).
    pub(in crate::net) tickets: usize,
}

struct Hearing {
    now: UnixTime,
    is_lenient: bool,
    heard: Heard,
}

thread_local! {
    static HEARING: RefCell<Option<Hearing>> = const { RefCell::new(None) };
}

/// Runs `work`, which calls the TLS library, with the time `now` for all checks of certificates. If
/// `is_lenient`, an error in the peer's certificate does not end the handshake. The errors are
/// returned in both cases.
pub(in crate::net) fn hear<T>(
    now: UnixTime,
    is_lenient: bool,
    work: impl FnOnce() -> T,
) -> (T, Heard) {
    let place = Place::take(Hearing { now, is_lenient, heard: Heard::default() });
    let result = work();
    (result, place.give_back())
}

/// The place of the thread's hearing, which this one has taken. Gives it back when it is dropped.
struct Place {
    before: Option<Hearing>,
    is_given_back: bool,
}

impl Place {
    fn take(hearing: Hearing) -> Self {
        Self { before: HEARING.replace(Some(hearing)), is_given_back: false }
    }

    fn give_back(mut self) -> Heard {
        self.is_given_back = true;
        HEARING.replace(self.before.take()).map(|hearing| hearing.heard).unwrap_or_default()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.is_given_back {
            HEARING.set(self.before.take());
        }
    }
}

/// Notes errors in the peer's certificate. Returns true if the handshake goes on in spite of them.
pub(super) fn note(errors: &[SslError]) -> bool {
    HEARING.with_borrow_mut(|hearing| {
        let Some(hearing) = hearing else { return false };
        hearing.heard.errors.extend_from_slice(errors);
        hearing.is_lenient
    })
}

/// Notes the certificates in which there are errors.
pub(super) fn note_chain(chain: impl FnOnce() -> Vec<SslCertificate>) {
    HEARING.with_borrow_mut(|hearing| {
        if let Some(hearing) = hearing {
            hearing.heard.chain = chain();
        }
    });
}

/// Takes back the note that the peer has no certificate.
pub(super) fn forget_no_certificate() {
    HEARING.with_borrow_mut(|hearing| {
        if let Some(hearing) = hearing {
            hearing.heard.errors.retain(|error| error.kind() != SslErrorKind::NoPeerCertificate);
        }
    });
}

/// Notes that a session ticket came.
pub(super) fn note_ticket() {
    HEARING.with_borrow_mut(|hearing| {
        if let Some(hearing) = hearing {
            hearing.heard.tickets += 1;
        }
    });
}

/// The clock of the TLS library: that of the present hearing, or the system's outside of all.
#[derive(Debug)]
pub(super) struct HearingClock;

impl TimeProvider for HearingClock {
    fn current_time(&self) -> Option<UnixTime> {
        let now = HEARING.with_borrow(|hearing| hearing.as_ref().map(|hearing| hearing.now));
        Some(now.unwrap_or_else(UnixTime::now))
    }
}
