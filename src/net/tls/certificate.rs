//! `SslCertificate`: an X.509 certificate, parsed once.
//!
//! Keeps one promise: there is no value of this type whose bytes are not the DER of a certificate.
//! If the certificate can be trusted is decided in `verifier/` alone.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use webpki::EndEntityCert;
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, SubjectAltName};

use super::parse_error::SslParseError;
use super::pem_text;
use super::subject_info::SubjectInfo;

/// A name or an address for which a certificate is valid: an item of
/// [`SslCertificate::subject_alternative_names`].
#[doc(alias = "QSsl::AlternativeNameEntryType")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AlternativeName {
    /// The name of a host. It may begin with `*.`, which stands for one label.
    #[doc(alias = "DnsEntry")]
    Dns(String),
    /// The address of a host.
    #[doc(alias = "IpAddressEntry")]
    Ip(IpAddr),
    /// An e-mail address.
    #[doc(alias = "EmailEntry")]
    Email(String),
}

/// An X.509 certificate: who somebody is, for how long this holds, and who says so.
///
/// The value is parsed and can be read. Whether it can be trusted is found out in a handshake, and
/// depends on the roots of an [`SslConfiguration`](crate::SslConfiguration). A clone is cheap: both
/// share the bytes.
#[doc(alias = "QSslCertificate")]
#[derive(Clone)]
pub struct SslCertificate {
    inner: Arc<Inner>,
}

struct Inner {
    der: CertificateDer<'static>,
    parsed: Certificate,
}

impl SslCertificate {
    /// Parses a certificate in DER.
    ///
    /// # Errors
    ///
    /// Fails with [`SslParseError::Der`] if the bytes are no certificate, or more than one.
    #[doc(alias = "fromData")]
    pub fn from_der(der: impl Into<Vec<u8>>) -> Result<Self, SslParseError> {
        let der = der.into();
        let parsed = Certificate::from_der(&der)
            .map_err(|error| SslParseError::der("a certificate", error))?;
        Ok(Self { inner: Arc::new(Inner { der: der.into(), parsed }) })
    }

    /// Parses the certificates of a text in PEM, in the text's order. Other sections, such as a
    /// private key, are skipped.
    ///
    /// # Errors
    ///
    /// Fails if the text is not valid, if one of the certificates is not, and if there is none.
    #[doc(alias = "fromData")]
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Vec<Self>, SslParseError> {
        let mut found = Vec::new();
        for section in CertificateDer::pem_slice_iter(pem.as_ref()) {
            let section = section.map_err(pem_text::fault)?;
            found.push(Self::from_der(section.to_vec())?);
        }
        match found.is_empty() {
            true => {
                Err(SslParseError::NothingFound { thing: "a certificate", label: "CERTIFICATE" })
            }
            false => Ok(found),
        }
    }

    /// Reads the certificates of a file, in PEM or in DER.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, and as [`from_pem`](Self::from_pem) and
    /// [`from_der`](Self::from_der).
    #[doc(alias = "fromPath")]
    #[doc(alias = "fromFile")]
    pub fn from_file(path: impl AsRef<Path>) -> Result<Vec<Self>, SslParseError> {
        let bytes = pem_text::read(path.as_ref())?;
        match pem_text::is_pem(&bytes) {
            true => Self::from_pem(&bytes),
            false => Ok(vec![Self::from_der(bytes)?]),
        }
    }

    /// Takes a certificate of the TLS library.
    pub(in crate::net) fn from_rustls(der: &CertificateDer<'_>) -> Result<Self, SslParseError> {
        Self::from_der(der.to_vec())
    }

    /// Returns the bytes in DER.
    #[doc(alias = "toDer")]
    #[doc(alias = "handle")]
    pub fn to_der(&self) -> &[u8] {
        &self.inner.der
    }

    /// Returns the bytes as the TLS library takes them.
    pub(in crate::net) fn der(&self) -> &CertificateDer<'static> {
        &self.inner.der
    }

    /// Returns the certificate as a text in PEM.
    #[doc(alias = "toPem")]
    pub fn to_pem(&self) -> String {
        pem_text::write("CERTIFICATE", self.to_der())
    }

    /// Returns a part of the subject's name: the values in the order of the certificate, and
    /// nothing if the name does not have this part.
    #[doc(alias = "subjectInfo")]
    #[doc(alias = "subjectInfoAttributes")]
    pub fn subject_info(&self, part: SubjectInfo) -> Vec<String> {
        part.of(self.tbs().subject())
    }

    /// Returns a part of the issuer's name: the values in the order of the certificate, and nothing
    /// if the name does not have this part.
    #[doc(alias = "issuerInfo")]
    #[doc(alias = "issuerInfoAttributes")]
    pub fn issuer_info(&self, part: SubjectInfo) -> Vec<String> {
        part.of(self.tbs().issuer())
    }

    /// Returns the whole name of the subject, in the form of RFC 4514: `CN=example.org,O=Example`.
    #[doc(alias = "subjectDisplayName")]
    pub fn subject_name(&self) -> String {
        self.tbs().subject().to_string()
    }

    /// Returns the whole name of the issuer, in the form of RFC 4514.
    #[doc(alias = "issuerDisplayName")]
    pub fn issuer_name(&self) -> String {
        self.tbs().issuer().to_string()
    }

    /// Returns the serial number that the issuer has given to the certificate, with the most
    /// significant byte first.
    #[doc(alias = "serialNumber")]
    pub fn serial_number(&self) -> &[u8] {
        self.tbs().serial_number().as_bytes()
    }

    /// Returns the time from which the certificate is valid.
    #[doc(alias = "effectiveDate")]
    pub fn effective_date(&self) -> SystemTime {
        self.tbs().validity().not_before.to_system_time()
    }

    /// Returns the last moment at which the certificate is valid.
    #[doc(alias = "expiryDate")]
    pub fn expiry_date(&self) -> SystemTime {
        self.tbs().validity().not_after.to_system_time()
    }

    /// Returns the names and addresses for which the certificate is valid. A name of another kind
    /// is left out.
    #[doc(alias = "subjectAlternativeNames")]
    pub fn subject_alternative_names(&self) -> Vec<AlternativeName> {
        let Ok(Some((_, SubjectAltName(names)))) = self.tbs().get_extension::<SubjectAltName>()
        else {
            return Vec::new();
        };
        names.iter().filter_map(alternative_name).collect()
    }

    /// Returns the SHA-256 digest of the certificate in DER, which is known as its fingerprint.
    #[doc(alias = "fingerprint")]
    pub fn digest(&self) -> [u8; 32] {
        let suite = rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
        let hash = suite.tls13().map(|suite| suite.common.hash_provider.hash(self.to_der()));
        let digest = hash.and_then(|hash| hash.as_ref().try_into().ok());
        digest.expect("the suite is one of TLS 1.3, and its hash is SHA-256")
    }

    /// Returns true if the certificate is signed with its own key.
    #[doc(alias = "isSelfSigned")]
    pub fn is_self_signed(&self) -> bool {
        self.is_issued_by(self) && self.is_signed_by(self)
    }

    /// Returns true if the certificate is that of an authority, which may issue others (basic
    /// constraints of RFC 5280, section 4.2.1.9).
    pub fn is_ca(&self) -> bool {
        let constraints = self.tbs().get_extension::<BasicConstraints>();
        matches!(constraints, Ok(Some((_, BasicConstraints { ca: true, .. }))))
    }

    /// Returns true if the name of the issuer is that of `issuer`.
    pub(super) fn is_issued_by(&self, issuer: &Self) -> bool {
        self.tbs().issuer() == issuer.tbs().subject()
    }

    /// Returns true if the key of `issuer` has signed this certificate.
    fn is_signed_by(&self, issuer: &Self) -> bool {
        let (Ok(key), Ok(signed), Ok(algorithm)) = (
            EndEntityCert::try_from(&issuer.inner.der),
            self.tbs().to_der(),
            self.inner.parsed.signature_algorithm().to_der(),
        ) else {
            return false;
        };
        let signature = self.inner.parsed.signature().raw_bytes();
        let algorithms = default_provider().signature_verification_algorithms.all;
        // The identifiers of the TLS library are without the tag and the length of the sequence.
        let mut fitting =
            algorithms.iter().filter(|known| algorithm.ends_with(&known.signature_alg_id()));
        fitting.any(|known| key.verify_signature(*known, &signed, signature).is_ok())
    }

    fn tbs(&self) -> &x509_cert::TbsCertificate {
        self.inner.parsed.tbs_certificate()
    }
}

fn alternative_name(name: &GeneralName) -> Option<AlternativeName> {
    match name {
        GeneralName::DnsName(name) => Some(AlternativeName::Dns(name.to_string())),
        GeneralName::Rfc822Name(name) => Some(AlternativeName::Email(name.to_string())),
        GeneralName::IpAddress(address) => {
            let bytes = address.as_bytes();
            let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
            let address = v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from));
            address.ok().map(AlternativeName::Ip)
        }
        _ => None,
    }
}

/// Compares the bytes.
impl PartialEq for SslCertificate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner) || self.inner.der == other.inner.der
    }
}

impl Eq for SslCertificate {}

impl Hash for SslCertificate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.der.hash(state);
    }
}

/// Shows the name of the subject, or the first name of a host if the subject has none.
impl fmt::Display for SslCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.tbs().subject().is_empty() {
            return write!(f, "{}", self.tbs().subject());
        }
        match self.subject_alternative_names().first() {
            Some(AlternativeName::Dns(name) | AlternativeName::Email(name)) => f.write_str(name),
            Some(AlternativeName::Ip(address)) => write!(f, "{address}"),
            None => f.write_str("a certificate without a name"),
        }
    }
}

impl fmt::Debug for SslCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SslCertificate")
            .field("subject", &self.subject_name())
            .field("issuer", &self.issuer_name())
            .field("serial_number", &self.tbs().serial_number().to_string())
            .field("subject_alternative_names", &self.subject_alternative_names())
            .field("effective_date", &self.tbs().validity().not_before.to_string())
            .field("expiry_date", &self.tbs().validity().not_after.to_string())
            .finish_non_exhaustive()
    }
}
