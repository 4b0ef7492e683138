//! `Script`: what an attempt to connect and encrypt meets, and what must come of it.

use std::sync::LazyLock;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PKCS_ED25519};
use slotwire::{
    PeerVerifyMode, SocketError, SslCertificate, SslConfiguration, SslKey, SslProtocol,
};

use super::dice::Dice;

/// Which certificate an end shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    Right,
    OfAnotherName,
    OfAStranger,
    Expired,
}

/// What answers the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Server,
    /// A peer that has nothing to do with TLS.
    TalksNonsense,
    FallsSilent,
}

/// What an attempt meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) fate: Fate,
    server: Identity,
    /// A slot of the client ignores the errors of the server's certificate.
    pub(crate) ignores: bool,
    /// The server demands a certificate.
    demands: bool,
    client: Option<Identity>,
    protocols: [SslProtocol; 2],
}

impl Script {
    pub(crate) fn of(dice: &mut Dice) -> Self {
        let right = Identity::Right;
        let wrong = [Identity::OfAnotherName, Identity::OfAStranger, Identity::Expired];
        let clients = [None, Some(right), Some(right), Some(right), Some(Identity::OfAStranger)];
        let protocols = [SslProtocol::SecureProtocols, SslProtocol::TlsV1_2, SslProtocol::TlsV1_3];
        Self {
            fate: match dice.below(12) {
                0 => Fate::TalksNonsense,
                1 => Fate::FallsSilent,
                _ => Fate::Server,
            },
            server: if dice.is_one_in(4) { dice.one_of(&wrong) } else { right },
            ignores: dice.is_one_in(3),
            demands: dice.is_one_in(4),
            client: dice.one_of(&clients),
            protocols: match dice.is_one_in(2) {
                true => [dice.one_of(&protocols), dice.one_of(&protocols)],
                false => [protocols[0]; 2],
            },
        }
    }

    /// An attempt at which nothing is wrong.
    pub(crate) fn plain() -> Self {
        Self {
            fate: Fate::Server,
            server: Identity::Right,
            ignores: false,
            demands: false,
            client: None,
            protocols: [SslProtocol::SecureProtocols; 2],
        }
    }

    /// Returns the configuration of the client. `plain` is that of an attempt at which nothing is
    /// wrong, whose sessions can be resumed.
    pub(crate) fn client(&self, plain: &SslConfiguration) -> SslConfiguration {
        if self.client.is_none() && self.protocols[0] == SslProtocol::SecureProtocols {
            return plain.clone();
        }
        let base = plain.clone().with_protocol(self.protocols[0]).unwrap();
        self.client.map_or(base.clone(), |identity| PEOPLE.shown_by(identity, base))
    }

    /// Returns the configuration of the server.
    pub(crate) fn server(&self, plain: &SslConfiguration) -> SslConfiguration {
        let is_plain = (self.server, self.demands, self.protocols[1])
            == (Identity::Right, false, SslProtocol::SecureProtocols);
        if is_plain {
            return plain.clone();
        }
        let base = plain.clone().with_protocol(self.protocols[1]).unwrap();
        let mode = if self.demands { PeerVerifyMode::Verify } else { PeerVerifyMode::Auto };
        PEOPLE.shown_by(self.server, base).with_peer_verify_mode(mode)
    }

    /// Returns the errors of which one must come; none if the connection must be encrypted.
    pub(crate) fn errors(&self) -> Vec<SocketError> {
        let failed = SocketError::SslHandshakeFailed;
        match self.fate {
            Fate::TalksNonsense => return vec![failed],
            Fate::FallsSilent => return vec![SocketError::SocketTimeout],
            Fate::Server => {}
        }
        let is = |at: usize, protocol| self.protocols[at] == protocol;
        let (old, new) = (SslProtocol::TlsV1_2, SslProtocol::TlsV1_3);
        if is(0, old) && is(1, new) || is(0, new) && is(1, old) {
            return vec![failed];
        }
        if self.server != Identity::Right && !self.ignores {
            return vec![failed];
        }
        if self.demands && self.client != Some(Identity::Right) {
            // With TLS 1.3 the client hears of it when its own handshake is over. The alert may be
            // lost if the client has written meanwhile.
            return vec![
                failed,
                SocketError::SslInternal,
                SocketError::RemoteHostClosed,
                SocketError::Network,
            ];
        }
        vec![]
    }
}

/// The configurations of both ends if nothing is wrong: new ones, without any session.
pub(crate) fn plain() -> [SslConfiguration; 2] {
    let base = SslConfiguration::default()
        .with_ca_certificates([PEOPLE.authority.clone()])
        .unwrap()
        .with_handshake_timeout(Some(super::play::PATIENCE));
    [base.clone(), PEOPLE.shown_by(Identity::Right, base)]
}

/// Who there is.
struct People {
    authority: SslCertificate,
    shown: [(SslCertificate, SslKey); 4],
}

impl People {
    fn shown_by(&self, identity: Identity, base: SslConfiguration) -> SslConfiguration {
        let (certificate, key) = self.shown[identity as usize].clone();
        base.with_local_certificate([certificate], key).unwrap()
    }
}

static PEOPLE: LazyLock<People> = LazyLock::new(|| {
    let (authority, stranger) = (authority("authority"), authority("stranger"));
    let right = || CertificateParams::new(["far".to_owned()]).unwrap();
    let mut expired = right();
    expired.not_after = rcgen::date_time_ymd(1980, 1, 1);
    let other = CertificateParams::new(["other".to_owned()]).unwrap();
    People {
        authority: certificate(authority.der()),
        shown: [
            signed(right(), &authority),
            signed(other, &authority),
            signed(right(), &stranger),
            signed(expired, &authority),
        ],
    }
});

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Issuer {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, key_pair()).unwrap()
}

fn signed(params: CertificateParams, issuer: &Issuer) -> (SslCertificate, SslKey) {
    let key = key_pair();
    let signed = params.signed_by(&key, issuer).unwrap();
    (certificate(signed.der()), SslKey::from_der(key.serialized_der()).unwrap())
}

fn certificate(der: &[u8]) -> SslCertificate {
    SslCertificate::from_der(der.to_vec()).unwrap()
}

/// A key whose signatures have always the same length.
fn key_pair() -> KeyPair {
    KeyPair::generate_for(&PKCS_ED25519).unwrap()
}
