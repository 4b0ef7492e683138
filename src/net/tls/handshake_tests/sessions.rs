//! Sessions that are resumed, and those that must not be.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::time_provider::TimeProvider as _;

use super::authority::{Authority, Identity, params, valid};
use super::pair::{Pair, Terms, year};
use crate::net::tls::hearing::hear;
use crate::net::tls::hearing::{self, HearingClock};
use crate::net::tls::session_store::{Kept, SESSIONS};
use crate::net::tls::{PeerVerifyMode, SslConfiguration, SslError, SslErrorKind, SslProtocol};

const PROTOCOLS: [SslProtocol; 2] = [SslProtocol::TlsV1_3, SslProtocol::TlsV1_2];

fn only(protocol: SslProtocol, configuration: SslConfiguration) -> SslConfiguration {
    configuration.with_protocol(protocol).expect("there are ciphers for it")
}

fn scene() -> (Authority, Identity) {
    let root = Authority::root("Root");
    let server = root.issue_server();
    (root, server)
}

/// Shakes hands twice; returns true if the second handshake resumes the session of the first one.
#[track_caller]
fn resumes(client: [&SslConfiguration; 2], server: [&SslConfiguration; 2]) -> bool {
    let first = Pair::new(client[0], server[0], Terms::strict());
    assert!(first.is_established() && !first.is_resumed());
    let second = Pair::new(client[1], server[1], Terms::strict());
    assert!(second.is_established());
    second.is_resumed()
}

#[test]
fn sockets_with_clones_of_a_configuration_resume_sessions() {
    let (root, server) = scene();
    for protocol in PROTOCOLS {
        let (client, server) = (only(protocol, root.trusted()), server.server());
        assert!(resumes([&client, &client.clone()], [&server, &server.clone()]), "{protocol}");
    }
}

#[test]
fn a_changed_configuration_begins_without_sessions() {
    let (root, server) = scene();
    for protocol in PROTOCOLS {
        let (client, server) = (only(protocol, root.trusted()), server.server());
        let changed = client.clone().with_peer_verify_mode(PeerVerifyMode::Verify);
        assert!(!resumes([&client, &changed], [&server, &server]));
        let changed = server.clone().with_peer_verify_depth(3);
        assert!(!resumes(
            [&client.clone().with_peer_verify_depth(4), &client],
            [&server, &changed]
        ));
    }
}

#[test]
fn resumption_can_be_turned_off_at_both_ends() {
    let (root, server) = scene();
    for protocol in PROTOCOLS {
        let client = only(protocol, root.trusted());
        let server = server.server();
        let (no_client, no_server) = (
            client.clone().with_session_resumption(false),
            server.clone().with_session_resumption(false),
        );
        assert!(!resumes([&no_client, &no_client], [&server, &server]), "{protocol}");
        assert!(!resumes([&client, &client], [&no_server, &no_server]), "{protocol}");
    }
}

#[test]
fn the_tickets_are_counted() {
    let (root, server) = scene();
    let tickets = |client: SslConfiguration, server: SslConfiguration| {
        Pair::new(&client, &server, Terms::strict()).client.heard.tickets
    };
    assert_eq!(tickets(root.trusted(), server.server()), 2);
    assert_eq!(tickets(root.trusted().with_session_resumption(false), server.server()), 2);
    assert_eq!(tickets(root.trusted(), server.server().with_session_resumption(false)), 0);
    assert_eq!(tickets(only(SslProtocol::TlsV1_2, root.trusted()), server.server()), 0);
}

/// Returns true if a session is resumed on these terms.
#[track_caller]
fn resumes_on(terms: Terms, client: &SslConfiguration, server: &SslConfiguration) -> bool {
    assert!(Pair::new(client, server, Terms::strict()).is_established());
    let second = Pair::new(client, server, terms);
    assert!(second.is_established());
    second.is_resumed()
}

#[test]
fn no_client_offers_and_no_server_takes_a_session_of_yesterday() {
    let young = Duration::from_secs(23 * 3600);
    let old = Duration::from_secs(25 * 3600);
    for protocol in PROTOCOLS {
        let resumes = |terms| {
            let (root, server) = scene();
            resumes_on(terms, &only(protocol, root.trusted()), &server.server())
        };
        assert!(resumes(Terms::after(young)), "{protocol}");
        assert!(!resumes(Terms::after(old)), "{protocol}");
        // By its own clock the client's session is a new one.
        let terms = Terms { server_is_ahead: young, ..Terms::strict() };
        assert!(resumes(terms), "{protocol}");
        let terms = Terms { server_is_ahead: old, ..Terms::strict() };
        assert!(!resumes(terms), "{protocol}");
    }
}

#[test]
fn a_session_that_begins_later_than_now_is_not_resumed() {
    for protocol in PROTOCOLS {
        let (root, server) = scene();
        let (client, server) = (only(protocol, root.trusted()), server.server());
        assert!(!resumes_on(Terms::in_year(2029), &client, &server), "{protocol}");
    }
}

#[test]
fn a_client_keeps_few_sessions_with_one_server_and_drops_the_oldest_of_many() {
    let kept = Kept::new(2);
    let name = |number: usize| ServerName::try_from(format!("host{number}")).expect("a name");
    for session in 0..3 {
        kept.put(name(0), session);
    }
    assert_eq!(kept.newest(&name(0)), Some(2));
    assert_eq!([(); 3].map(|()| kept.take_newest(&name(0))), [Some(2), Some(1), None]);
    for number in 0..=SESSIONS {
        kept.put(name(number), number);
    }
    assert_eq!(kept.newest(&name(0)), None);
    assert_eq!(kept.newest(&name(1)), Some(1));
    assert_eq!(kept.newest(&name(SESSIONS)), Some(SESSIONS));
}

#[test]
fn a_session_whose_errors_were_let_pass_is_not_resumed() {
    let root = Authority::root("Root");
    let expired = root.issue(valid(params("Server", &["example.org"]), 2020, 2025));
    for protocol in PROTOCOLS {
        let (client, server) = (only(protocol, root.trusted()), expired.server());
        let lenient = Pair::new(&client, &server, Terms::lenient());
        assert!(lenient.is_established());
        // Nothing was let pass here, so the certificate is looked at again.
        let strict = Pair::new(&client, &server, Terms::strict());
        assert_eq!(strict.client.kinds(), [SslErrorKind::CertificateExpired], "{protocol}");
        assert!(!strict.is_established());
    }
}

#[test]
fn a_session_with_a_client_whose_errors_were_let_pass_is_not_resumed() {
    let (root, server) = scene();
    let expired = root.issue(valid(params("Client", &[]), 2020, 2025));
    for (identity, kind) in
        [(Some(expired), SslErrorKind::CertificateExpired), (None, SslErrorKind::NoPeerCertificate)]
    {
        for protocol in PROTOCOLS {
            let client = only(protocol, root.trusted());
            let client = match &identity {
                Some(identity) => identity.of(client),
                None => client,
            };
            let server = server.of(root.trusted()).with_peer_verify_mode(PeerVerifyMode::Verify);
            assert!(Pair::new(&client, &server, Terms::lenient()).is_established());
            let strict = Pair::new(&client, &server, Terms::strict());
            assert_eq!(strict.server.kinds(), [kind], "{protocol}");
            assert!(!strict.is_established());
        }
    }
}

#[test]
fn a_session_with_a_client_that_was_verified_is_resumed() {
    let (root, server) = scene();
    let client = root.issue(params("Client", &[]));
    for protocol in PROTOCOLS {
        let client = client.of(only(protocol, root.trusted()));
        let server = server.of(root.trusted()).with_peer_verify_mode(PeerVerifyMode::Verify);
        assert!(resumes([&client, &client], [&server, &server]), "{protocol}");
    }
}

#[test]
fn one_client_with_a_wrong_certificate_takes_no_session_from_others() {
    let (root, server) = scene();
    let server = server.of(root.trusted());
    let stranger = Authority::root("Other").issue(params("Client", &[])).of(root.trusted());
    assert!(Pair::new(&stranger, &server, Terms::strict()).is_established());
    let client = root.trusted();
    assert!(resumes([&client, &client], [&server, &server]));
}

#[test]
fn what_is_heard_belongs_to_one_call() {
    let error = SslError::new(SslErrorKind::NoPeerCertificate, None);
    let errors = std::slice::from_ref(&error);
    let (inner, outer) = hear(year(2030), true, || {
        assert!(hearing::note(errors));
        let ((), inner) = hear(year(2031), false, || {
            assert!(!hearing::note(errors));
            hearing::note_ticket();
            assert_eq!(HearingClock.current_time(), Some(year(2031)));
        });
        assert_eq!(HearingClock.current_time(), Some(year(2030)));
        inner
    });
    assert_eq!((inner.errors.len(), inner.tickets), (1, 1));
    assert_eq!((outer.errors.len(), outer.tickets), (1, 0));
    assert!(!hearing::note(errors), "nobody hears");
}

#[test]
fn a_panic_leaves_no_hearing_behind() {
    let errors = [SslError::new(SslErrorKind::NoPeerCertificate, None)];
    let ((), outer) = hear(year(2030), true, || {
        let work = || hear(year(2031), false, || panic!("the work fails"));
        assert!(catch_unwind(AssertUnwindSafe(work)).is_err());
        assert_eq!(HearingClock.current_time(), Some(year(2030)));
        assert!(hearing::note(&errors));
    });
    assert_eq!(outer.errors, errors);
    assert_ne!(HearingClock.current_time(), Some(year(2030)));
}
