//! Authorities, and the certificates that they issue.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};

use crate::net::tls::{SslCertificate, SslConfiguration, SslKey};

/// A certificate, those of its issuers, and the key of the first one.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) chain: Vec<SslCertificate>,
    pub(super) key: SslKey,
}

impl Identity {
    /// Makes a certificate that signs itself.
    pub(super) fn self_signed(params: CertificateParams) -> Self {
        let pair = key_pair();
        let certificate = params.self_signed(&pair).expect("it signs itself");
        Self { chain: vec![parsed(certificate.der())], key: key_of(&pair) }
    }

    pub(super) fn certificate(&self) -> &SslCertificate {
        &self.chain[0]
    }

    /// Adds the certificate of the issuer to what the peer gets.
    pub(super) fn with(mut self, issuer: &Authority) -> Self {
        self.chain.push(issuer.certificate.clone());
        self
    }

    /// Returns the configuration of an end that has this certificate.
    pub(super) fn of(&self, configuration: SslConfiguration) -> SslConfiguration {
        let identified = configuration.with_local_certificate(self.chain.clone(), self.key.clone());
        identified.expect("the key is that of the certificate")
    }

    /// Returns the configuration of a server that asks for no certificate.
    pub(super) fn server(&self) -> SslConfiguration {
        self.of(SslConfiguration::new())
    }
}

/// An authority, which issues certificates.
pub(super) struct Authority {
    pub(super) certificate: SslCertificate,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// Makes a root of this name.
    pub(super) fn root(name: &str) -> Self {
        Self::of(CertifiedIssuer::self_signed(ca_params(name), key_pair()))
    }

    /// Makes an authority whose certificate this one issues.
    pub(super) fn authority(&self, params: CertificateParams) -> Self {
        Self::of(CertifiedIssuer::signed_by(params, key_pair(), &self.issuer))
    }

    fn of(issuer: Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error>) -> Self {
        let issuer = issuer.expect("the certificate is signed");
        Self { certificate: parsed(issuer.der()), issuer }
    }

    pub(super) fn issue(&self, params: CertificateParams) -> Identity {
        let pair = key_pair();
        let certificate = params.signed_by(&pair, &self.issuer).expect("the issuer signs");
        Identity { chain: vec![parsed(certificate.der())], key: key_of(&pair) }
    }

    /// Issues a certificate for `example.org`.
    pub(super) fn issue_server(&self) -> Identity {
        self.issue(params("Server", &["example.org"]))
    }

    /// Returns a list of revoked certificates, as PEM. It is valid in the years 2025 to 2035.
    pub(super) fn revoked(&self, revoked: &[&SslCertificate]) -> String {
        let revoked = revoked.iter().map(|certificate| RevokedCertParams {
            serial_number: SerialNumber::from_slice(certificate.serial_number()),
            revocation_time: date_time_ymd(2026, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2025, 1, 1),
            next_update: date_time_ymd(2035, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = params.signed_by(&self.issuer).expect("the issuer signs");
        list.pem().expect("the list is written as PEM")
    }

    /// Returns a configuration that trusts this root alone.
    pub(super) fn trusted(&self) -> SslConfiguration {
        trusting([&self.certificate])
    }
}

pub(super) fn trusting<'a>(
    roots: impl IntoIterator<Item = &'a SslCertificate>,
) -> SslConfiguration {
    let trusting = SslConfiguration::new().with_ca_certificates(roots.into_iter().cloned());
    trusting.expect("the roots can be used")
}

/// Returns the parameters of a certificate for these hosts, which is valid in the years 2020 to
/// 2039.
pub(super) fn params(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).expect("the names are valid");
    params.distinguished_name.push(DnType::CommonName, name);
    valid(params, 2020, 2040)
}

/// Returns the parameters with a validity between the beginnings of these years.
pub(super) fn valid(mut params: CertificateParams, from: i32, to: i32) -> CertificateParams {
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    params
}

/// Returns the parameters of an authority's certificate.
pub(super) fn ca_params(name: &str) -> CertificateParams {
    let mut params = params(name, &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
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
