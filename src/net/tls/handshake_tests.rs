//! Handshakes of two configurations in memory: which errors in certificates are noted, and which
//! handshakes end.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::Connection;
use rustls::pki_types::UnixTime;

use super::hearing::{Heard, hear};
use super::{PeerVerifyMode, SslCertificate, SslConfiguration, SslKey};

/// 1 January 2030, in seconds since 1970.
const IN_2030: u64 = 1_893_456_000;

fn date(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// An authority, and what it issues.
struct Authority {
    certificate: SslCertificate,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn named(name: &str) -> Self {
        let params = ca_params(name);
        let issuer = CertifiedIssuer::self_signed(params, key_pair()).expect("it signs itself");
        let certificate = parsed(issuer.der());
        Self { certificate, issuer }
    }

    /// Issues a certificate.
    fn issue(&self, params: CertificateParams) -> (SslCertificate, SslKey) {
        issued_by(&self.issuer, params)
    }
}

fn issued_by(issuer: &Issuer<'_, KeyPair>, params: CertificateParams) -> (SslCertificate, SslKey) {
    let pair = key_pair();
    let certificate = params.signed_by(&pair, issuer).expect("the issuer signs");
    (parsed(certificate.der()), key_of(&pair))
}

fn key_pair() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key is generated")
}

fn key_of(pair: &KeyPair) -> SslKey {
    SslKey::from_der(&pair.serialize_der()).expect("the key can be used")
}

fn parsed(der: &[u8]) -> SslCertificate {
    SslCertificate::from_der(der).expect("the certificate is valid")
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = params_for(name, &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// The parameters of a certificate with a name of its own, for these hosts.
fn params_for(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).expect("the names are valid");
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2040, 1, 1);
    params
}

fn server_with((certificate, key): (SslCertificate, SslKey)) -> SslConfiguration {
    SslConfiguration::new().with_local_certificate([certificate], key).expect("the key fits")
}

fn client_with(root: &Authority) -> SslConfiguration {
    let roots = [root.certificate.clone()];
    SslConfiguration::new().with_ca_certificates(roots).expect("the root can be used")
}

/// An end of a handshake, and what it has noted.
struct End {
    connection: Connection,
    is_lenient: bool,
    heard: Heard,
    error: Option<rustls::Error>,
}

impl End {
    /// Takes what the peer has to send. Returns true if there was something.
    fn take_from(&mut self, peer: &mut Self, now: UnixTime) -> bool {
        let mut bytes = Vec::new();
        while peer.connection.wants_write() {
            peer.connection.write_tls(&mut bytes).expect("a vector takes all");
        }
        let mut rest = &*bytes;
        while !rest.is_empty() && self.error.is_none() {
            let (result, heard) = hear(now, self.is_lenient, || {
                self.connection.read_tls(&mut rest).expect("a slice never fails");
                self.connection.process_new_packets().map(|_| ())
            });
            self.heard.errors.extend(heard.errors);
            self.heard.tickets += heard.tickets;
            self.error = result.err();
        }
        !bytes.is_empty()
    }
}

/// Two ends that have said all that they have to say.
struct Pair {
    client: End,
    server: End,
}

impl Pair {
    fn new(client: &SslConfiguration, server: &SslConfiguration) -> Self {
        Self::at(date(IN_2030), client, server, false)
    }

    fn at(
        now: UnixTime,
        client: &SslConfiguration,
        server: &SslConfiguration,
        is_lenient: bool,
    ) -> Self {
        let end = |connection| End { connection, is_lenient, heard: Heard::default(), error: None };
        let (connection, _) = hear(now, false, || client.client("example.org"));
        let client = end(connection.expect("the client is configured"));
        let (connection, _) = hear(now, false, || server.server());
        let server = end(connection.expect("the server is configured"));
        let mut pair = Self { client, server };
        loop {
            let to_server = pair.server.take_from(&mut pair.client, now);
            let to_client = pair.client.take_from(&mut pair.server, now);
            if !to_server && !to_client {
                return pair;
            }
        }
    }

    fn is_established(&self) -> bool {
        [&self.client, &self.server]
            .iter()
            .all(|end| end.error.is_none() && !end.connection.is_handshaking())
    }
}

#[test]
fn a_server_with_a_certificate_of_a_known_root_is_accepted() {
    let root = Authority::named("Root");
    let server = server_with(root.issue(params_for("Server", &["example.org"])));
    let pair = Pair::new(&client_with(&root), &server);
    assert!(pair.is_established(), "{:?}", pair.client.error);
    assert_eq!(pair.client.heard.errors, []);
    assert!(pair.client.heard.tickets > 0);
    let none = client_with(&root).with_peer_verify_mode(PeerVerifyMode::None);
    assert!(Pair::new(&none, &server).is_established());
}
