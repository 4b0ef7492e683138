//! Servers whose certificates are wrong, each in its own way: exactly which signals come, at both
//! ends, and that a socket which has refused one of them is as good as new.

use std::io::Write;
use std::time::Duration;

use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};
use slotwire::prelude::*;
use slotwire::{
    AlertType, QSslSocket, SslCertificate, SslConfiguration, SslErrorKind, SslMode, SslProtocol,
};

use crate::parties::{Authority, Pair, all_signals_of, contents, proves_itself};
use support::*;

/// A server that proves something wrong, and a client that knows better.
struct Impostor {
    server: SslConfiguration,
    client: SslConfiguration,
    errors: Vec<SslErrorKind>,
    /// What the client says if nobody wants to decide.
    alert: AlertType,
}

/// Everything that can be wrong with a server called `localhost`. All of it is wrong in the years 2000
/// to 2049: the runtimes of both networks have such a date.
fn impostors(root: &Authority) -> Vec<Impostor> {
    use SslErrorKind as Kind;
    let client = || root.trusted();
    let wrong = |server: SslConfiguration, client, errors: &[Kind], alert| Impostor {
        server,
        client,
        errors: errors.to_vec(),
        alert,
    };
    let valid_in = |from, to, name| {
        let mut params = contents(name);
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        root.proves_by(params, &[])
    };
    let mut for_clients = contents("localhost");
    for_clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let stranger = Authority::named("stranger");
    let middle = root.below("middle");
    let below_middle = middle.proves_by(contents("localhost"), &[&middle]);
    let revoked = root.proves("localhost");
    let list = root.revokes(revoked.local_certificate().unwrap());
    let revoking = client().with_revocation_lists(list).unwrap();
    vec![
        wrong(
            valid_in(1980, 1990, "localhost"),
            client(),
            &[Kind::CertificateExpired],
            AlertType::CertificateExpired,
        ),
        wrong(
            valid_in(2050, 2060, "localhost"),
            client(),
            &[Kind::CertificateNotYetValid],
            AlertType::CertificateExpired,
        ),
        wrong(
            root.proves("example.org"),
            client(),
            &[Kind::HostNameMismatch],
            AlertType::BadCertificate,
        ),
        wrong(
            valid_in(1980, 1990, "example.org"),
            client(),
            &[Kind::CertificateExpired, Kind::HostNameMismatch],
            AlertType::CertificateExpired,
        ),
        wrong(
            proves_itself(&contents("localhost")),
            client(),
            &[Kind::SelfSignedCertificate],
            AlertType::UnknownCa,
        ),
        wrong(
            stranger.proves("localhost"),
            client(),
            &[Kind::UnableToGetLocalIssuerCertificate, Kind::UnableToVerifyFirstCertificate],
            AlertType::UnknownCa,
        ),
        wrong(
            stranger.proves_by(contents("localhost"), &[&stranger]),
            client(),
            &[Kind::SelfSignedCertificateInChain],
            AlertType::UnknownCa,
        ),
        wrong(revoked, revoking, &[Kind::CertificateRevoked], AlertType::CertificateRevoked),
        wrong(
            root.proves_by(for_clients, &[]),
            client(),
            &[Kind::InvalidPurpose],
            AlertType::UnsupportedCertificate,
        ),
        wrong(
            with_broken_signature(&root.proves("localhost")),
            client(),
            &[Kind::CertificateSignatureFailed],
            AlertType::DecryptError,
        ),
        wrong(
            below_middle,
            client().with_peer_verify_depth(1),
            &[Kind::PathLengthExceeded],
            AlertType::UnknownCa,
        ),
    ]
}

/// The same certificate, with another signature.
fn with_broken_signature(configuration: &SslConfiguration) -> SslConfiguration {
    let mut der = configuration.local_certificate().unwrap().to_der().to_vec();
    *der.last_mut().unwrap() ^= 1;
    let certificate = SslCertificate::from_der(der).unwrap();
    let key = configuration.private_key().unwrap().clone();
    configuration.clone().with_local_certificate([certificate], key).unwrap()
}

/// Lets a client meet each impostor, in each version of TLS, and an honest server afterwards. `prepare`
/// sets the client up. `story` says what happens between the beginning and the end of the connection:
/// at the client, and at the server.
#[track_caller]
fn meet(
    net: &Net,
    prepare: fn(&mut Runtime, Obj<QSslSocket>, &Journal),
    story: fn(&Impostor) -> [Vec<String>; 2],
) {
    let root = Authority::named("root");
    for impostor in impostors(&root) {
        for protocol in [SslProtocol::TlsV1_2, SslProtocol::TlsV1_3] {
            let client = impostor.client.clone().with_protocol(protocol).unwrap();
            let mut pair = Pair::new(net, client, impostor.server.clone());
            let client = pair.client;
            let told = all_signals_of(&mut pair.rt, client);
            prepare(&mut pair.rt, client, &told);
            pair.connect();
            pair.rt[client].write_all(b"secret").unwrap();
            pair.until(|_| told.has("disconnected"));
            let served = pair.rt[pair.server].journal.clone();
            pair.until(|_| served.has("disconnected"));
            settle(&mut pair.rt);

            let place = format!("{:?} by {protocol}", impostor.errors);
            let [at_client, at_server] = story(&impostor);
            assert_eq!(told.take(), ended(&CONNECTING, at_client), "{place}");
            assert_eq!(served.take(), ended(&["mode_changed Server"], at_server), "{place}");
            let end = pair.end();
            assert_eq!(pair.rt[end].bytes_available(), 0, "{place}");
            has_refused(&pair.rt[client], &impostor.errors);
            is_as_good_as_new(&mut pair, &told, root.proves("localhost"));
        }
    }
}

/// A connection from its beginning to its end.
fn ended(beginning: &[&str], middle: Vec<String>) -> Vec<String> {
    let owned = |part: &[&str]| part.iter().map(ToString::to_string).collect::<Vec<_>>();
    [owned(beginning), middle, owned(&ENDING)].concat()
}

/// What a client tells of each error by itself.
fn each_error(impostor: &Impostor) -> impl Iterator<Item = String> {
    impostor.errors.iter().map(|kind| format!("peer_verify_error {kind:?}"))
}

fn all_errors(impostor: &Impostor) -> String {
    format!("ssl_errors {:?}", impostor.errors)
}

const REFUSED: &str = "SslHandshakeFailed while Connected";
const LEFT: &str = "RemoteHostClosed while Connected";

/// Notes `ssl_errors`, and checks what the socket knows in its slot.
fn hear_of_errors(rt: &mut Runtime, socket: Obj<QSslSocket>, told: &Journal) {
    let told = told.clone();
    rt.connect_fn(socket, QSslSocket::ssl_errors, move |world, errors| {
        let kinds: Vec<_> = errors.iter().map(|error| error.kind()).collect();
        told.note(format!("ssl_errors {kinds:?}"));
        assert_eq!(world[socket].ssl_handshake_errors(), *errors);
        assert!(!world[socket].is_encrypted());
        let shown = world[socket].peer_certificate();
        assert!(shown.is_some(), "the certificate can be shown to the user");
        assert!(world[socket].peer_certificate_chain().contains(errors[0].certificate().unwrap()));
    });
}

#[on_every_network]
fn a_wrong_certificate_of_which_nobody_wants_to_hear_is_refused_with_an_alert(net: &Net) {
    meet(
        net,
        |_, _, _| (),
        |impostor| {
            let alert = impostor.alert;
            let sent = [format!("alert_sent Fatal {alert:?}"), REFUSED.to_owned()];
            let received = [format!("alert_received Fatal {alert:?}"), REFUSED.to_owned()];
            [each_error(impostor).chain(sent).collect(), received.to_vec()]
        },
    );
}

/// Once the program is asked, no alert can be sent: the handshake is over for the TLS library.
#[on_every_network]
fn a_slot_hears_of_what_is_wrong_and_the_socket_refuses_it(net: &Net) {
    meet(net, hear_of_errors, |impostor| {
        let told = [all_errors(impostor), REFUSED.to_owned()];
        [each_error(impostor).chain(told).collect(), vec![LEFT.to_owned()]]
    });
}

#[on_every_network]
fn a_slot_that_interrupts_the_handshake_hears_of_the_first_error(net: &Net) {
    meet(
        net,
        |rt, socket, told| {
            let configuration = rt[socket].ssl_configuration().clone();
            let interrupting = configuration.with_handshake_must_interrupt_on_error(true);
            rt[socket].set_ssl_configuration(interrupting);
            hear_of_errors(rt, socket, told);
            let told = told.clone();
            let interrupted = QSslSocket::handshake_interrupted_on_error;
            rt.connect_fn(socket, interrupted, move |_, error| {
                told.note(format!("interrupted {:?}", error.kind()));
            });
        },
        |impostor| {
            let told = [format!("interrupted {:?}", impostor.errors[0]), REFUSED.to_owned()];
            [each_error(impostor).chain(told).collect(), vec![LEFT.to_owned()]]
        },
    );
}

/// What is ignored belongs to one certificate: the honest server, who comes next, has another one.
#[on_every_network]
fn exactly_the_errors_that_are_ignored_are_let_pass(net: &Net) {
    let root = Authority::named("root");
    for impostor in impostors(&root) {
        for left_out in [false, true] {
            let mut pair = Pair::new(net, impostor.client.clone(), impostor.server.clone());
            let client = pair.client;
            let told = all_signals_of(&mut pair.rt, client);
            hear_of_errors(&mut pair.rt, client, &told);
            pair.rt.connect_fn(client, QSslSocket::ssl_errors, move |world, errors| {
                world[client].ignore_ssl_errors(&errors[usize::from(left_out)..]);
            });
            pair.connect();
            pair.until(|_| told.has("encrypted") || told.has("disconnected"));
            let mut noted = told.take();
            noted.retain(|entry| entry != "ticket");
            let heard = each_error(&impostor).chain([all_errors(&impostor)]).collect::<Vec<_>>();
            if left_out {
                assert_eq!(noted, ended(&CONNECTING, [heard, vec![REFUSED.to_owned()]].concat()));
                continue;
            }
            assert_eq!(noted[CONNECTING.len()..], [heard, vec!["encrypted".to_owned()]].concat());
            let socket = &pair.rt[client];
            assert_eq!(socket.peer_certificate(), impostor.server.local_certificate());
            assert_eq!(socket.peer_certificate_chain(), impostor.server.local_certificate_chain());
            assert_eq!(socket.error(), None);
            pair.rt[client].abort();
            settle(&mut pair.rt);
            told.take();
            is_as_good_as_new(&mut pair, &told, root.proves("localhost"));
        }
    }
}

/// Both clocks show 1 January 2000 at first.
#[on_every_network]
fn a_certificate_expires_while_the_program_runs(net: &Net) {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let root = Authority::named("root");
    let mut params = contents("localhost");
    params.not_before = date_time_ymd(2000, 1, 2);
    params.not_after = date_time_ymd(2000, 1, 4);
    let (rt, _) = net.timed_runtime();
    let client = root.trusted().with_session_resumption(false);
    let mut pair = Pair::in_runtime(rt, client, root.proves_by(params, &[]));
    let client = pair.client;
    let told = all_signals_of(&mut pair.rt, client);
    for expected in [
        Some(SslErrorKind::CertificateNotYetValid),
        None,
        None,
        Some(SslErrorKind::CertificateExpired),
    ] {
        pair.connect();
        pair.until(|_| told.has("encrypted") || told.has("disconnected"));
        let error = expected.map(|kind| format!("peer_verify_error {kind:?}"));
        let noted = told.take();
        let found = noted.iter().find(|entry| entry.starts_with("peer_verify_error"));
        assert_eq!(found, error.as_ref());
        assert_eq!(noted.contains(&"encrypted".to_owned()), expected.is_none());
        pair.rt[client].abort();
        let night = pair.rt.add(QTimer::new());
        pair.rt[night].start_with(DAY + Duration::from_secs(1));
        let over = pair.rt.spy(night, QTimer::timeout);
        assert!(pair.rt.run_until(2 * DAY, |_| over.len() == 1).unwrap());
        pair.rt.destroy(night);
        told.take();
    }
}

/// Checks that of the session only the reason of its end is left.
#[track_caller]
fn has_refused(socket: &QSslSocket, errors: &[SslErrorKind]) {
    assert_eq!(socket.state(), SocketState::Unconnected);
    assert_eq!(socket.error(), Some(SocketError::SslHandshakeFailed));
    assert_eq!((socket.mode(), socket.is_encrypted()), (SslMode::Unencrypted, false));
    assert_eq!((socket.bytes_available(), socket.bytes_to_write()), (0, 0));
    assert_eq!((socket.encrypted_bytes_available(), socket.encrypted_bytes_to_write()), (0, 0));
    let kinds: Vec<_> = socket.ssl_handshake_errors().iter().map(|error| error.kind()).collect();
    assert_eq!(kinds, errors);
}

/// Connects to a server that proves this, and checks that nothing is left of the session before.
#[track_caller]
fn is_as_good_as_new(pair: &mut Pair, told: &Journal, server: SslConfiguration) {
    let (client, honest) = (pair.client, server.local_certificate().cloned());
    pair.rt[pair.server].set_configuration(server);
    pair.connect();
    let socket = &pair.rt[client];
    assert_eq!((socket.session_cipher(), socket.session_protocol()), (None, None));
    assert_eq!((socket.peer_certificate(), socket.peer_certificate_chain().len()), (None, 0));
    assert_eq!(socket.ssl_handshake_errors(), []);
    assert_eq!(socket.error(), None);
    pair.until(|_| told.has("encrypted"));
    let mut noted = told.take();
    noted.retain(|entry| entry != "ticket");
    assert_eq!(noted, [&CONNECTING[..], &["encrypted"]].concat());
    assert_eq!(pair.rt[client].peer_certificate(), honest.as_ref());
    pair.rt[client].write_all(b"hello").unwrap();
    let end = pair.end();
    pair.until(|world| world[end].bytes_available() == 5);
    assert_eq!(pair.rt[end].read_all(), b"hello");
}
