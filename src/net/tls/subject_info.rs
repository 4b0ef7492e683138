//! `SubjectInfo`: the parts of the names in a certificate.

use x509_cert::der::asn1::Any;
use x509_cert::der::{Tag, Tagged};
use x509_cert::name::Name;
use x509_cert::spki::ObjectIdentifier;

/// A part of the name of a certificate's subject or issuer: the argument of
/// [`SslCertificate::subject_info`](crate::SslCertificate::subject_info).
#[doc(alias = "QSslCertificate::SubjectInfo")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubjectInfo {
    /// The name of the organization.
    #[doc(alias = "QSslCertificate::Organization")]
    Organization,
    /// The common name: of a person, or of a host in old certificates.
    #[doc(alias = "QSslCertificate::CommonName")]
    CommonName,
    /// The locality, mostly a city.
    #[doc(alias = "QSslCertificate::LocalityName")]
    LocalityName,
    /// The name of the unit in the organization.
    #[doc(alias = "QSslCertificate::OrganizationalUnitName")]
    OrganizationalUnitName,
    /// The country, mostly as two letters.
    #[doc(alias = "QSslCertificate::CountryName")]
    CountryName,
    /// The state or the province.
    #[doc(alias = "QSslCertificate::StateOrProvinceName")]
    StateOrProvinceName,
    /// What makes the name differ from others that would be the same.
    #[doc(alias = "QSslCertificate::DistinguishedNameQualifier")]
    DistinguishedNameQualifier,
    /// The serial number of the subject, which is not that of the certificate.
    #[doc(alias = "QSslCertificate::SerialNumber")]
    SerialNumber,
    /// The e-mail address.
    #[doc(alias = "QSslCertificate::EmailAddress")]
    EmailAddress,
}

impl SubjectInfo {
    /// Returns the identifier of RFC 5280, appendix A.1.
    fn oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::Organization => "2.5.4.10",
            Self::CommonName => "2.5.4.3",
            Self::LocalityName => "2.5.4.7",
            Self::OrganizationalUnitName => "2.5.4.11",
            Self::CountryName => "2.5.4.6",
            Self::StateOrProvinceName => "2.5.4.8",
            Self::DistinguishedNameQualifier => "2.5.4.46",
            Self::SerialNumber => "2.5.4.5",
            Self::EmailAddress => "1.2.840.113549.1.9.1",
        })
    }

    /// Returns the values of this part in a name, in the name's order.
    pub(super) fn of(self, name: &Name) -> Vec<String> {
        let oid = self.oid();
        name.iter().filter(|part| part.oid == oid).map(|part| text(&part.value)).collect()
    }
}

/// Returns the text of a value of a name. What is no text in its encoding is replaced by U+FFFD.
fn text(value: &Any) -> String {
    let bytes = value.value();
    match value.tag() {
        Tag::BmpString => {
            let units = bytes.chunks(2).map(|pair| match *pair {
                [high, low] => u16::from_be_bytes([high, low]),
                _ => u16::from(u8::MAX) << 8 | 0xfd,
            });
            char::decode_utf16(units)
                .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        Tag::TeletexString => bytes.iter().copied().map(char::from).collect(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}
