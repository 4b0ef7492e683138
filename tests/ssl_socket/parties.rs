//! The parties of a conversation: an authority that issues certificates, a server and a client.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, IsCa,
    KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ED25519, RevokedCertParams, SerialNumber,
    date_time_ymd,
};
use slotwire::prelude::*;
use slotwire::{Incoming, QSslSocket, SslCertificate, SslConfiguration, SslKey};

use support::{DEADLINE, Journal, Net, journal_of};

/// An authority that issues certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        Self::named("slotwire authority")
    }

    /// A root of this name.
    pub(crate) fn named(name: &str) -> Self {
        let (params, key) = with_key(authority_params(name));
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// An authority of this name, whose certificate this one issues.
    pub(crate) fn below(&self, name: &str) -> Self {
        let (params, key) = with_key(authority_params(name));
        Self(CertifiedIssuer::signed_by(params, key, &self.0).unwrap())
    }

    /// The list, in DER, by which this authority has revoked a certificate. It is valid in the years
    /// 1999 to 2098.
    pub(crate) fn revokes(&self, certificate: &SslCertificate) -> Vec<u8> {
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(1999, 1, 1),
            next_update: date_time_ymd(2099, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![RevokedCertParams {
                serial_number: SerialNumber::from_slice(certificate.serial_number()),
                revocation_time: date_time_ymd(1999, 1, 1),
                reason_code: None,
                invalidity_date: None,
            }],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.0).unwrap().der().to_vec()
    }

    /// What trusts this authority alone.
    pub(crate) fn trusted(&self) -> SslConfiguration {
        SslConfiguration::default().with_ca_certificates([self.certificate()]).unwrap()
    }

    pub(crate) fn certificate(&self) -> SslCertificate {
        SslCertificate::from_der(self.0.der().to_vec()).unwrap()
    }

    /// A certificate for a host of this name, and its private key.
    pub(crate) fn issued_to(&self, name: &str) -> (Vec<u8>, Vec<u8>) {
        let (params, key) = with_key(CertificateParams::new([name.to_owned()]).unwrap());
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (certificate.der().to_vec(), key.serialized_der().to_vec())
    }

    /// What proves to be a host of this name.
    pub(crate) fn proves(&self, name: &str) -> SslConfiguration {
        self.proves_by(contents(name), &[])
    }

    /// What proves to be who a certificate with these contents names, and shows the certificates of
    /// these authorities too.
    pub(crate) fn proves_by(&self, params: CertificateParams, shown: &[&Self]) -> SslConfiguration {
        let (params, key) = with_key(params);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let mut chain = vec![SslCertificate::from_der(certificate.der().to_vec()).unwrap()];
        chain.extend(shown.iter().map(|authority| authority.certificate()));
        let key = SslKey::from_der(key.serialized_der()).unwrap();
        SslConfiguration::default().with_local_certificate(chain, key).unwrap()
    }
}

/// The contents of a certificate for a host of this name.
pub(crate) fn contents(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params
}

/// What a certificate proves that nobody but itself has signed.
pub(crate) fn proves_itself(params: &CertificateParams) -> SslConfiguration {
    let (params, key) = with_key(params.clone());
    let certificate = params.self_signed(&key).unwrap();
    let certificate = SslCertificate::from_der(certificate.der().to_vec()).unwrap();
    let key = SslKey::from_der(key.serialized_der()).unwrap();
    SslConfiguration::default().with_local_certificate([certificate], key).unwrap()
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params
}

/// The contents of a certificate, and a key for it. Both make always as many bytes: rcgen's own serial
/// numbers are a byte shorter if they begin with a zero, and so are the signatures of other keys.
fn with_key(mut params: CertificateParams) -> (CertificateParams, KeyPair) {
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let mut number = key.public_key_raw()[..16].to_vec();
    number[0] = number[0] & 0x7f | 0x40;
    params.serial_number.get_or_insert_with(|| SerialNumber::from(number));
    (params, key)
}

/// A server whose connections are encrypted at once.
#[derive(QObject)]
pub(crate) struct Server {
    #[qobject(base)]
    server: QTcpServer,
    configuration: SslConfiguration,
    is_plain: bool,
    pub(crate) callers: Vec<Obj<QSslSocket>>,
    /// What happens to the last caller.
    pub(crate) journal: Journal,
}

#[slots]
impl Server {
    pub(crate) fn new(configuration: SslConfiguration) -> Self {
        let server = QTcpServer::with_incoming(Self::take_in);
        let (callers, journal) = Default::default();
        Self { server, configuration, is_plain: false, callers, journal }
    }

    /// A server whose connections are plain at first.
    pub(crate) fn plain(configuration: SslConfiguration) -> Self {
        Self { is_plain: true, ..Self::new(configuration) }
    }

    fn take_in(&mut self, cx: &mut Context<Self>, incoming: Incoming) {
        let mut socket = QSslSocket::of(incoming.into_socket());
        socket.set_ssl_configuration(self.configuration.clone());
        let socket = cx.add_child(socket);
        self.journal = all_signals_of(cx, socket);
        if !self.is_plain {
            cx[socket].start_server_encryption();
        }
        self.callers.push(socket);
    }

    /// Proves something else to those who call from now on.
    pub(crate) fn set_configuration(&mut self, configuration: SslConfiguration) {
        self.configuration = configuration;
    }
}

/// Lets a server listen. Returns its port.
pub(crate) fn listen(rt: &mut Runtime, server: Obj<Server>) -> u16 {
    rt[server].server.listen(([127, 0, 0, 1], 0)).unwrap();
    rt[server].server.server_port().unwrap()
}

/// Both ends of a connection, and what happens to the client.
pub(crate) struct Pair {
    pub(crate) rt: Runtime,
    pub(crate) server: Obj<Server>,
    pub(crate) client: Obj<QSslSocket>,
    pub(crate) journal: Journal,
}

impl Pair {
    /// A client that does not connect yet, and a server that listens.
    pub(crate) fn new(net: &Net, client: SslConfiguration, server: SslConfiguration) -> Self {
        Self::in_runtime(net.runtime(), client, server)
    }

    pub(crate) fn in_runtime(
        mut rt: Runtime,
        client: SslConfiguration,
        server: SslConfiguration,
    ) -> Self {
        let server = rt.add(Server::new(server));
        rt[server].server.listen(([127, 0, 0, 1], 0)).unwrap();
        let mut socket = QSslSocket::new();
        socket.set_ssl_configuration(client);
        socket.set_peer_verify_name("localhost");
        let client = rt.add(socket);
        let journal = ssl_journal_of(&mut rt, client);
        Self { rt, server, client, journal }
    }

    /// A client that trusts who has issued the server's certificate.
    pub(crate) fn trusting(net: &Net) -> Self {
        let authority = Authority::new();
        Self::new(net, authority.trusted(), authority.proves("localhost"))
    }

    pub(crate) fn connect(&mut self) {
        let port = self.rt[self.server].server.server_port().unwrap();
        self.rt[self.client].connect_to_host_encrypted("127.0.0.1", port);
    }

    /// Connects, and runs the loop until both ends are encrypted.
    #[track_caller]
    pub(crate) fn connected(mut self) -> Self {
        self.connect();
        let client = self.client;
        self.until(|world| world[client].is_encrypted());
        let server = self.server;
        self.until(|world| world[server].callers.iter().any(|&end| world[end].is_encrypted()));
        self
    }

    #[track_caller]
    pub(crate) fn until(&mut self, condition: impl FnMut(&World) -> bool) {
        let happened = self.rt.run_until(DEADLINE, condition).unwrap();
        assert!(happened, "what is waited for does not happen: {:?}", self.journal.take());
    }

    /// The server's end.
    #[track_caller]
    pub(crate) fn end(&self) -> Obj<QSslSocket> {
        *self.rt[self.server].callers.last().expect("nobody has called")
    }
}

/// Notes the signals that a `QTcpSocket` has too, `encrypted` and `mode_changed`.
pub(crate) fn ssl_journal_of(world: &mut World, socket: Obj<QSslSocket>) -> Journal {
    let journal = journal_of(world, socket);
    let note = journal.clone();
    world.connect_fn(socket, QSslSocket::encrypted, move |_, _| note.note("encrypted"));
    let note = journal.clone();
    world.connect_fn(socket, QSslSocket::mode_changed, move |_, mode| {
        note.note(format!("mode_changed {mode:?}"));
    });
    journal
}

/// Notes every signal of a socket with its argument, but for those that change what it does if
/// somebody listens: `ssl_errors`, `handshake_interrupted_on_error`, `encrypted_bytes_written`.
pub(crate) fn all_signals_of(world: &mut World, socket: Obj<QSslSocket>) -> Journal {
    let journal = ssl_journal_of(world, socket);
    let note = journal.clone();
    world.connect_fn(socket, QSslSocket::peer_verify_error, move |_, error| {
        note.note(format!("peer_verify_error {:?}", error.kind()));
    });
    let note = journal.clone();
    world.connect_fn(socket, QSslSocket::alert_sent, move |_, (level, alert)| {
        note.note(format!("alert_sent {level:?} {alert:?}"));
    });
    let note = journal.clone();
    world.connect_fn(socket, QSslSocket::alert_received, move |_, (level, alert)| {
        note.note(format!("alert_received {level:?} {alert:?}"));
    });
    let note = journal.clone();
    world.connect_fn(socket, QSslSocket::new_session_ticket_received, move |_, _| {
        note.note("ticket");
    });
    journal
}
