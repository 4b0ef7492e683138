//! Encrypted connections: whoever the client is, both ends get the same bytes, and announce the same
//! signals but for the differences that a test names.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde_json::{Value, json};
use slotwire::{Incoming, PauseMode, PeerVerifyMode, QSslSocket, SslConfiguration, SslProtocol};

use super::end::Role;
use super::papers::Papers;
use super::*;

/// A server of ours, which has one caller.
#[derive(QObject)]
struct Server {
    #[qobject(base)]
    server: QTcpServer,
    configuration: SslConfiguration,
    caller: Option<Ours>,
}

#[slots]
impl Server {
    fn take_in(&mut self, cx: &mut Context<Self>, incoming: Incoming) {
        let mut socket = QSslSocket::of(incoming.into_socket());
        socket.set_ssl_configuration(self.configuration.clone());
        let socket = cx.add_child(socket);
        self.caller = Some(Ours::new(cx, socket));
        cx[socket].start_server_encryption();
    }
}

/// Our end of a connection.
#[derive(Clone)]
struct Ours {
    socket: Obj<QSslSocket>,
    journal: Journal,
    received: Rc<RefCell<Vec<u8>>>,
    /// True if all errors of the peer's certificate are ignored in the slot that hears of them.
    ignores: Rc<Cell<bool>>,
    /// True if there were errors.
    has_errors: Rc<Cell<bool>>,
}

impl Ours {
    fn new(world: &mut World, socket: Obj<QSslSocket>) -> Self {
        let journal = journal_of(world, socket);
        let (received, ignores) = (Rc::new(RefCell::new(Vec::new())), Rc::new(Cell::new(false)));
        let note = journal.clone();
        world.connect_fn(socket, QSslSocket::encrypted, move |_, _| note.note("encrypted"));
        let note = journal.clone();
        world.connect_fn(socket, QSslSocket::mode_changed, move |_, mode| {
            note.note(format!("mode_changed {mode:?}"));
        });
        let note = journal.clone();
        world.connect_fn(socket, QSslSocket::peer_verify_error, move |_, error| {
            note.note(format!("peer_verify_error {:?}", error.kind()));
        });
        let (note, is_ignoring) = (journal.clone(), Rc::clone(&ignores));
        let has_errors = Rc::new(Cell::new(false));
        let heard = Rc::clone(&has_errors);
        world.connect_fn(socket, QSslSocket::ssl_errors, move |world, errors| {
            let kinds: Vec<String> = errors.iter().map(|it| format!("{:?}", it.kind())).collect();
            note.note(format!("ssl_errors [{}]", kinds.join(", ")));
            heard.set(true);
            if is_ignoring.get() {
                world[socket].dangerously_ignore_all_ssl_errors();
            }
        });
        let keep = Rc::clone(&received);
        world.connect_fn(socket, QSslSocket::ready_read, move |world, _| {
            keep.borrow_mut().extend(world[socket].read_all());
        });
        Self { socket, journal, received, ignores, has_errors }
    }
}

/// Both ends of a connection, and what they have told.
struct Pair {
    rt: Runtime,
    role: Role,
    ours: Ours,
    /// Our server, if we have that part.
    server: Option<Obj<Server>>,
    qt: QtPeer,
    signals: Vec<String>,
}

impl Pair {
    /// Begins a connection. The client trusts `root`, and the server has the certificate of this name.
    /// `prepare` sets up the client before it connects.
    #[track_caller]
    fn begin(qt: Qt, papers: &Papers, role: Role, name: &str, prepare: fn(&mut Self)) -> Self {
        Self::prepared(qt, papers, role, name, prepare)
    }

    #[track_caller]
    fn prepared(
        qt: Qt,
        papers: &Papers,
        role: Role,
        name: &str,
        prepare: impl FnOnce(&mut Self),
    ) -> Self {
        let mut rt = Runtime::new().unwrap();
        let chain = papers.path(&format!("{name}.pem"));
        let mut this = match role {
            Role::Client => {
                let key = papers.path(&format!("{name}.key"));
                let qt = qt.start(&rt, "tls.py", &["listen", &chain, &key]);
                let port: u16 = qt.told(&mut rt, "port");
                let mut socket = QSslSocket::new();
                socket.set_ssl_configuration(papers.trusting("root"));
                socket.set_peer_verify_name("localhost");
                let socket = rt.add(socket);
                let ours = Ours::new(&mut rt, socket);
                let mut this = Self::of(rt, role, ours, qt);
                prepare(&mut this);
                this.rt[socket].connect_to_host_encrypted("127.0.0.1", port);
                this
            }
            Role::Server => {
                let server = QTcpServer::with_incoming(Server::take_in);
                let configuration = papers.proving_by(&format!("{name}.pem"), name);
                let server = rt.add(Server { server, configuration, caller: None });
                rt[server].server.listen(any_port()).unwrap();
                let port = rt[server].server.server_port().unwrap().to_string();
                let root = papers.path("root.pem");
                let qt = qt.start(&rt, "tls.py", &["connect", &port, &root]);
                // Nobody has called yet, and the end of this socket is not used.
                let unused = rt.add(QSslSocket::new());
                let ours = Ours::new(&mut rt, unused);
                let mut this = Self::of(rt, role, ours, qt);
                this.server = Some(server);
                prepare(&mut this);
                this.qt.order(&json!({"do": "connect"}));
                wait_until(&mut this.rt, |world| world[server].caller.is_some());
                this.ours = this.rt[server].caller.clone().unwrap();
                this
            }
        };
        if matches!(role, Role::Client) {
            this.until("accepted", |answer| answer["accepted"] == true);
        }
        this
    }

    fn of(rt: Runtime, role: Role, ours: Ours, qt: QtPeer) -> Self {
        Self { rt, role, ours, server: None, qt, signals: Vec::new() }
    }

    /// Runs the loop until Qt's end gives such an answer.
    #[track_caller]
    fn until(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) {
        loop {
            let answer = self.qt.answer(&mut self.rt);
            if let Some(signal) = answer["signal"].as_str() {
                self.signals.push(signal.to_owned());
            }
            if is_it(&answer) {
                return;
            }
            assert!(answer["signal"].is_string(), "{answer} instead of {what}");
        }
    }

    #[track_caller]
    fn until_qt(&mut self, signal: &str) {
        if !self.signals.iter().any(|it| it == signal) {
            self.until(signal, |answer| answer["signal"] == signal);
        }
    }

    #[track_caller]
    fn until_ours(&mut self, signal: &str) {
        let journal = self.ours.journal.clone();
        let emits = self.rt.run_until(DEADLINE, |_| journal.has(signal)).unwrap();
        assert!(emits, "no {signal} after {:?}", self.ours.journal.take());
    }

    #[track_caller]
    fn until_both(&mut self, signal: &str) {
        self.until_qt(signal);
        self.until_ours(signal);
    }

    /// Sends as many bytes each way.
    #[track_caller]
    fn exchange(&mut self, text: &str, times: usize) {
        let bytes = text.repeat(times).into_bytes();
        self.rt[self.ours.socket].write_all(&bytes).unwrap();
        self.qt.order(&json!({"do": "write", "text": text, "times": times}));
        self.qt.order(&json!({"do": "expect", "text": text, "times": times}));
        self.until("bytes", |answer| answer["equal"] == true);
        let received = Rc::clone(&self.ours.received);
        wait_until(&mut self.rt, |_| received.borrow().len() >= bytes.len());
        assert!(received.take() == bytes, "other bytes have come");
    }

    /// Has a talk, and ends the session at one end.
    #[track_caller]
    fn disconnect(&mut self, end: Role) {
        self.until_both("encrypted");
        self.exchange("talk", 1);
        if matches!((self.role, end), (Role::Client, Role::Client) | (Role::Server, Role::Server)) {
            self.rt[self.ours.socket].disconnect_from_host();
        } else {
            self.qt.order(&json!({"do": "disconnect_from_host"}));
        }
        self.until_both("disconnected");
    }

    /// Changes our configuration, before we connect or somebody calls.
    fn change_ours(&mut self, change: impl FnOnce(SslConfiguration) -> SslConfiguration) {
        match self.server {
            Some(server) => {
                let server = &mut self.rt[server];
                server.configuration = change(server.configuration.clone());
            }
            None => {
                let socket = &mut self.rt[self.ours.socket];
                let changed = change(socket.ssl_configuration().clone());
                socket.set_ssl_configuration(changed);
            }
        }
    }

    /// Changes Qt's configuration, before it connects or somebody calls.
    #[track_caller]
    fn change_qts(&mut self, settings: Value) {
        let mut order = settings;
        order["do"] = "configure".into();
        self.qt.order(&order);
        self.until("configuration", |answer| answer["configured"] == true);
    }

    /// Returns what Qt's end says of the session.
    #[track_caller]
    fn agreed_by_qt(&mut self) -> Value {
        self.qt.order(&json!({"do": "agreed"}));
        let mut agreed = Value::Null;
        while agreed["agreed"] != true {
            agreed = self.qt.answer(&mut self.rt);
        }
        agreed
    }

    /// Lets the client ignore all errors.
    fn ignore(&mut self) {
        match self.role {
            Role::Client => self.ours.ignores.set(true),
            Role::Server => self.qt.order(&json!({"do": "ignore", "all": true})),
        }
    }

    /// Lets the client pause if there are errors.
    fn pause(&mut self) {
        match self.role {
            Role::Client => {
                self.rt[self.ours.socket].set_pause_mode(PauseMode::ON_SSL_ERRORS);
            }
            Role::Server => self.qt.order(&json!({"do": "pause"})),
        }
    }

    /// Waits until the client has paused, and resumes it.
    #[track_caller]
    fn resume(&mut self, is_ignoring: bool) {
        match self.role {
            Role::Client => {
                let (socket, has_errors) = (self.ours.socket, Rc::clone(&self.ours.has_errors));
                wait_until(&mut self.rt, |_| has_errors.get());
                settle(&mut self.rt);
                if is_ignoring {
                    self.rt[socket].dangerously_ignore_all_ssl_errors();
                }
                self.rt[socket].resume();
            }
            Role::Server => {
                let has_errors = |it: &Value| {
                    it["signal"].as_str().is_some_and(|it| it.starts_with("ssl_errors"))
                };
                self.until("errors", has_errors);
                self.qt.order(&json!({"do": "resume", "ignoring": is_ignoring}));
            }
        }
    }

    /// Returns the signals of the client and of the server, but those that come as often as the kernel
    /// likes.
    fn stories(&mut self) -> [Vec<String>; 2] {
        let mut ours = self.ours.journal.take();
        ours.retain(|it| it != "ready_read" && !it.starts_with("bytes_written"));
        let qts = as_ours(std::mem::take(&mut self.signals));
        match self.role {
            Role::Client => [ours, qts],
            Role::Server => [qts, ours],
        }
    }
}

/// Translates what Qt's end tells into what ours tells. The differences:
///
/// - Qt begins the handshake before it emits `connected`, and we begin it afterwards.
/// - Qt's encrypted socket has a plain one inside. The plain socket announces its end once more, after
///   the `close_notify` that is an end already, and announces once more that it closes.
fn as_ours(mut signals: Vec<String>) -> Vec<String> {
    let twice = ["RemoteHostClosed while Connected", "Closing"];
    signals.dedup_by(|next, before| next == before && twice.contains(&next.as_str()));
    let place = |name: &str| signals.iter().position(|it| it == name);
    if let (Some(mode), Some(connected)) = (place("mode_changed Client"), place("connected"))
        && mode + 1 == connected
    {
        signals.swap(mode, connected);
    }
    signals
}

/// Plays a scene with our client and with our server: each end must tell the same both times. Returns
/// the signals of the client, after those of connecting, and of the server.
#[track_caller]
fn play(
    qt: Qt,
    certificate: &str,
    prepare: fn(&mut Pair),
    scene: fn(&mut Pair),
) -> [Vec<String>; 2] {
    let papers = Papers::new();
    let [with_our_client, with_our_server] = [Role::Client, Role::Server].map(|role| {
        let mut pair = Pair::begin(qt, &papers, role, certificate, prepare);
        scene(&mut pair);
        pair.stories()
    });
    assert_eq!(with_our_client, with_our_server, "one of the ends is another with Qt");
    let [mut client, server] = with_our_client;
    let rest = client.split_off(CONNECTING.len());
    assert_eq!(client, CONNECTING);
    [rest, server]
}

#[test]
fn megabytes_pass_both_ways_at_once() {
    let Some(qt) = Qt::find() else { return };
    let [client, server] = play(
        qt,
        "server",
        |_| (),
        |pair| {
            pair.until_both("encrypted");
            pair.exchange("0123456789abcdef", 1 << 16);
        },
    );
    assert_eq!(client, ["encrypted"]);
    assert_eq!(server, ["mode_changed Server", "encrypted"]);
}

#[test]
fn either_end_ends_the_session_in_order() {
    let Some(qt) = Qt::find() else { return };
    let left = [&["encrypted", "RemoteHostClosed while Connected"][..], &ENDING].concat();
    let ended = [&["encrypted"][..], &ENDING].concat();
    let end_by: [fn(&mut Pair); 2] =
        [|pair| pair.disconnect(Role::Client), |pair| pair.disconnect(Role::Server)];
    for (scene, [at_client, at_server]) in
        end_by.into_iter().zip([[&ended, &left], [&left, &ended]])
    {
        let [client, mut server] = play(qt, "server", |_| (), scene);
        assert_eq!(client, *at_client);
        assert_eq!(server.remove(0), "mode_changed Server");
        assert_eq!(server, *at_server);
    }
}

/// For Qt an end without `close_notify` is the peer's end. Our sockets tell the two apart.
#[test]
fn an_aborted_session_is_an_end_for_qt_and_a_failure_for_us() {
    let Some(qt) = Qt::find() else { return };
    let papers = Papers::new();
    for role in [Role::Client, Role::Server] {
        for (by_us, error) in
            [(true, "RemoteHostClosed while Connected"), (false, "Network while Connected")]
        {
            let mut pair = Pair::begin(qt, &papers, role, "server", |_| ());
            pair.until_both("encrypted");
            pair.exchange("talk", 1);
            if by_us {
                let socket = pair.ours.socket;
                pair.rt[socket].abort();
            } else {
                pair.qt.order(&json!({"do": "abort"}));
            }
            pair.until_both("disconnected");
            let stories = pair.stories();
            let [client, server] = &stories;
            let left_is_client = matches!(role, Role::Client) != by_us;
            let left = if left_is_client { client } else { server };
            let expected = [&[error][..], &ENDING].concat();
            assert_eq!(left[left.len() - expected.len()..], expected);
        }
    }
}

/// The errors of the peer's certificate, in the words of both ends.
const ERRORS: [(&str, &[&str]); 3] = [
    (
        "strange",
        &[
            "peer_verify_error UnableToGetLocalIssuerCertificate",
            "peer_verify_error UnableToVerifyFirstCertificate",
            "ssl_errors [UnableToGetLocalIssuerCertificate, UnableToVerifyFirstCertificate]",
        ],
    ),
    (
        "below",
        &[
            "peer_verify_error UnableToGetLocalIssuerCertificate",
            "peer_verify_error UnableToVerifyFirstCertificate",
            "ssl_errors [UnableToGetLocalIssuerCertificate, UnableToVerifyFirstCertificate]",
        ],
    ),
    ("expired", &["peer_verify_error CertificateExpired", "ssl_errors [CertificateExpired]"]),
];

#[test]
fn a_certificate_with_errors_is_refused() {
    let Some(qt) = Qt::find() else { return };
    for (certificate, errors) in ERRORS {
        let [client, server] =
            play(qt, certificate, |_| (), |pair| pair.until_both("disconnected"));
        assert_eq!(client, [errors, &["SslHandshakeFailed while Connected"], &ENDING].concat());
        let left = ["mode_changed Server", "RemoteHostClosed while Connected"];
        assert_eq!(server, [&left[..], &ENDING].concat());
    }
}

#[test]
fn errors_are_ignored_in_the_slot_that_hears_of_them() {
    let Some(qt) = Qt::find() else { return };
    for (certificate, errors) in ERRORS {
        let [client, server] = play(qt, certificate, Pair::ignore, |pair| {
            pair.until_both("encrypted");
            pair.exchange("talk", 1);
        });
        assert_eq!(client, [errors, &["encrypted"]].concat());
        assert_eq!(server, ["mode_changed Server", "encrypted"]);
    }
}

#[test]
fn a_client_that_pauses_decides_later() {
    let Some(qt) = Qt::find() else { return };
    for (certificate, errors) in ERRORS {
        let [client, server] = play(qt, certificate, Pair::pause, |pair| {
            pair.resume(true);
            pair.until_both("encrypted");
            pair.exchange("talk", 1);
        });
        assert_eq!(client, [errors, &["encrypted"]].concat());
        assert_eq!(server, ["mode_changed Server", "encrypted"]);

        let [client, _] = play(qt, certificate, Pair::pause, |pair| {
            pair.resume(false);
            pair.until_both("disconnected");
        });
        assert_eq!(client, [errors, &["SslHandshakeFailed while Connected"], &ENDING].concat());
    }
}

const VERSIONS: [(&str, SslProtocol); 2] =
    [("TlsV1_2", SslProtocol::TlsV1_2), ("TlsV1_3", SslProtocol::TlsV1_3)];

/// Begins a connection that both ends may encrypt by this version alone.
#[track_caller]
fn begin_by(
    qt: Qt,
    papers: &Papers,
    role: Role,
    version: (&str, SslProtocol),
    settings: Value,
    change: impl FnOnce(SslConfiguration) -> SslConfiguration,
) -> Pair {
    let mut pair = Pair::prepared(qt, papers, role, "server", |pair| {
        pair.change_ours(|ours| change(ours).with_protocol(version.1).unwrap());
        let mut settings = settings;
        settings["version"] = version.0.into();
        pair.change_qts(settings);
    });
    pair.until_both("encrypted");
    pair
}

#[test]
fn ends_agree_on_a_version_and_on_a_protocol_of_the_application() {
    let Some(qt) = Qt::find() else { return };
    let papers = Papers::new();
    for role in [Role::Client, Role::Server] {
        for version in VERSIONS {
            let alpn = json!({"alpn": ["other", "common"]});
            let mut pair = begin_by(qt, &papers, role, version, alpn, |ours| {
                ours.with_allowed_next_protocols(["mine", "common"]).unwrap()
            });
            let agreed = pair.agreed_by_qt();
            assert_eq!(
                (&agreed["version"], &agreed["alpn"]),
                (&json!(version.0), &json!("common"))
            );
            let socket = &pair.rt[pair.ours.socket];
            assert_eq!(socket.session_protocol(), Some(version.1));
            assert_eq!(socket.next_negotiated_protocol(), Some(&b"common"[..]));
            pair.exchange("talk", 100);
        }
    }
}

#[test]
fn a_client_proves_who_it_is() {
    let Some(qt) = Qt::find() else { return };
    let papers = Papers::new();
    for version in VERSIONS {
        let demand = json!({"roots": papers.path("root.pem"), "demands": true});
        let mut client =
            begin_by(qt, &papers, Role::Client, version, demand, |_| papers.proving("client"));
        assert_eq!(client.agreed_by_qt()["peer"], json!(["client"]));
        client.exchange("talk", 1);

        let proof = json!({"chain": papers.path("client.pem"), "key": papers.path("client.key")});
        let mut server = begin_by(qt, &papers, Role::Server, version, proof, |ours| {
            ours.with_peer_verify_mode(PeerVerifyMode::Verify)
        });
        let peer = server.rt[server.ours.socket].peer_certificate().map(|it| it.subject_name());
        assert_eq!(peer.as_deref(), Some("CN=client"));
        server.exchange("talk", 1);
    }
}

/// In TLS 1.3 the client is encrypted before the server has looked for its certificate. An end without
/// a word is the peer's end for Qt, and a failure for us.
#[test]
fn a_client_that_proves_nothing_is_refused() {
    let Some(qt) = Qt::find() else { return };
    let papers = Papers::new();
    let verifying = |ours: SslConfiguration| ours.with_peer_verify_mode(PeerVerifyMode::Verify);
    for version in VERSIONS {
        for role in [Role::Client, Role::Server] {
            let mut pair = Pair::prepared(qt, &papers, role, "server", |pair| {
                let is_client = matches!(role, Role::Client);
                pair.change_ours(|ours| {
                    let ours = ours.with_protocol(version.1).unwrap();
                    if is_client { ours } else { verifying(ours) }
                });
                let roots = papers.path("root.pem");
                pair.change_qts(
                    json!({"version": version.0, "roots": roots, "demands": is_client}),
                );
            });
            pair.until_both("disconnected");
            let [client, server] = pair.stories();
            let refused = [
                "mode_changed Server",
                "peer_verify_error NoPeerCertificate",
                "ssl_errors [NoPeerCertificate]",
                "SslHandshakeFailed while Connected",
            ];
            assert_eq!(server, [&refused[..], &ENDING].concat());
            let left: &[&str] = match (version.1, role) {
                (SslProtocol::TlsV1_3, Role::Client) => &["encrypted", "Network while Connected"],
                (SslProtocol::TlsV1_3, _) => &["encrypted", "RemoteHostClosed while Connected"],
                _ => &["RemoteHostClosed while Connected"],
            };
            assert_eq!(client, [&CONNECTING[..], left, &ENDING].concat());
        }
    }
}
