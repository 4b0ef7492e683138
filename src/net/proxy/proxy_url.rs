//! The URL of a proxy: `socks5://user:password@host:port`.
//!
//! Keeps one promise: of a URL, an error shows nothing but the scheme, since all else may be a part
//! of a user or a password.

use std::str::FromStr;

use super::network_proxy::NetworkProxy;
use crate::net::names::HostName;
use crate::net::values::parse_address;

/// The port of a SOCKS proxy whose URL has none.
const SOCKS_PORT: u16 = 1080;

/// The port of an HTTP proxy whose URL has none: that of the scheme `http` (RFC 9110, 4.2.1).
#[cfg(feature = "http-proxy")]
const HTTP_PORT: u16 = 80;

/// Why a text is not the URL of a proxy. Of the URL, neither the error nor its text shows more than
/// the scheme, so that no password gets into a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseProxyError {
    /// What is before `://` cannot be a scheme.
    #[error(
        "the text before `://` is not a scheme: write `socks5://host:port` or `http://host:port`"
    )]
    InvalidScheme,
    /// No proxy is spoken to by this scheme here.
    #[error("the scheme `{scheme}` is not supported: {}", advice(.0), scheme = .0)]
    UnsupportedScheme(String),
    /// There is no host.
    #[error("the URL has no host: write `socks5://host:port` or `http://host:port`")]
    NoHost,
    /// The host is neither a name nor an address, for this reason.
    #[error("the host is not valid: {0}")]
    InvalidHost(String),
    /// What is behind the host is not a port.
    #[error("the port is not a number from 1 to 65535")]
    InvalidPort,
    /// There is a path, a query or a fragment.
    #[error(
        "only a `/` may follow the host and the port, and in a user or a password `/` is `%2F`, \
         `?` is `%3F` and `#` is `%23`"
    )]
    UnexpectedPath,
    /// A percent sign in the user or in the password has no two hexadecimal digits behind it.
    #[error(
        "a `%` in the user or the password needs two hexadecimal digits behind it: write `%25` \
             for a percent sign"
    )]
    InvalidEscape,
    /// The user or the password is not UTF-8.
    #[error("the user or the password, with its percent escapes replaced, is not valid UTF-8")]
    NotUtf8,
}

/// Returns what to do about a scheme.
fn advice(scheme: &str) -> &'static str {
    match scheme {
        "http" => "HTTP proxies need slotwire's feature `http-proxy`, which is off",
        "https" => "write `http://` if the proxy takes connections without TLS",
        "socks" | "socks4" | "socks4a" => "write `socks5://` if the proxy speaks SOCKS5",
        _ => "write `socks5://` or `http://`",
    }
}

/// Parses the URL of a proxy, such as `socks5://ann:secret@proxy.example:1080`.
///
/// - The scheme is `socks5`, `socks5h` or `http`; a URL without one is of `http`, as in curl.
///   `socks5` and `socks5h` mean the same here: the proxy looks names up.
/// - Without a port, SOCKS5 has 1080, and HTTP has 80. (curl takes 1080 for both, and Qt 8080 for
///   HTTP.)
/// - In a user and in a password, percent escapes are replaced: `%40` is `@`. A user ends at the
///   first colon, and a password at the last `@`.
/// - An IPv6 address is in brackets. Space around the URL is ignored.
///
/// ```
/// use slotwire::{NetworkProxy, ParseProxyError, ProxyType};
///
/// # fn main() -> Result<(), ParseProxyError> {
/// let proxy: NetworkProxy = "socks5://ann:p%40ss@proxy.example".parse()?;
/// assert_eq!(proxy, NetworkProxy::socks5("proxy.example", 1080).with_credentials("ann", "p@ss"));
/// let error = "ftp://proxy.example".parse::<NetworkProxy>().unwrap_err();
/// assert_eq!(error, ParseProxyError::UnsupportedScheme("ftp".to_owned()));
/// # Ok(())
/// # }
/// ```
impl FromStr for NetworkProxy {
    type Err = ParseProxyError;

    fn from_str(url: &str) -> Result<Self, ParseProxyError> {
        let url = url.trim();
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => ("http".to_owned(), url),
        };
        if !is_scheme(&scheme) {
            return Err(ParseProxyError::InvalidScheme);
        }
        type Make = fn(String, u16) -> NetworkProxy;
        let (make, default_port): (Make, u16) = match scheme.as_str() {
            "socks5" | "socks5h" => (NetworkProxy::socks5, SOCKS_PORT),
            #[cfg(feature = "http-proxy")]
            "http" => (NetworkProxy::http, HTTP_PORT),
            _ => return Err(ParseProxyError::UnsupportedScheme(scheme)),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if !matches!(path, "" | "/") {
            return Err(ParseProxyError::UnexpectedPath);
        }
        let (credentials, place) = match authority.rsplit_once('@') {
            Some((credentials, place)) => (credentials, place),
            None => ("", authority),
        };
        let (host, port) = split_port(place)?;
        let proxy = make(parse_host(host)?, port.unwrap_or(default_port));
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
        Ok(proxy.with_credentials(unescaped(user)?, unescaped(password)?))
    }
}

/// Returns true for the name of a scheme (RFC 3986, 3.1).
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Splits a host, which has brackets if it is an IPv6 address, from the port behind it.
pub(super) fn split_port(place: &str) -> Result<(&str, Option<u16>), ParseProxyError> {
    let in_brackets = place.find(']').map_or(0, |end| end + 1);
    let Some(colon) = place[in_brackets..].rfind(':') else { return Ok((place, None)) };
    let (host, port) = place.split_at(in_brackets + colon);
    let digits = &port[1..];
    if digits.is_empty() {
        return Ok((host, None));
    }
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse() {
        Ok(port @ 1..) if is_number => Ok((host, Some(port))),
        _ => Err(ParseProxyError::InvalidPort),
    }
}

/// Parses a host: a name, an IPv4 address, or an IPv6 address in brackets. Returns it without
/// brackets.
fn parse_host(host: &str) -> Result<String, ParseProxyError> {
    let invalid = |reason: &str| Err(ParseProxyError::InvalidHost(reason.to_owned()));
    if host.is_empty() {
        return Err(ParseProxyError::NoHost);
    }
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        // In a URL, the percent sign before an interface is escaped (RFC 6874).
        let address = inner.replacen("%25", "%", 1);
        // Whatever interface it is: the indices are not known here.
        return match parse_address(&address, &|_| Some(1)) {
            Some(_) if inner.contains(':') => Ok(address),
            _ => invalid("what is in brackets is not an IPv6 address"),
        };
    }
    if !host.chars().all(|letter| letter == ':' || may_be_in_a_name(letter)) {
        return invalid("a host name consists of letters, digits, `-`, `.`, `_` and `~`");
    }
    if host.contains(':') {
        return invalid("an IPv6 address is in brackets, as in `socks5://[::1]:1080`");
    }
    match HostName::parse(host) {
        Ok(_) => Ok(host.to_owned()),
        Err(failure) => invalid(&failure.to_string()),
    }
}

/// Returns true if a character may be in the name of a host. The rules of the domain name system
/// are stricter, and not followed everywhere.
pub(super) fn may_be_in_a_name(letter: char) -> bool {
    !letter.is_ascii() || letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_' | '~')
}

/// Replaces percent escapes.
fn unescaped(text: &str) -> Result<String, ParseProxyError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err(ParseProxyError::InvalidEscape);
        };
        bytes.extend(u8::try_from(high * 16 + low));
    }
    String::from_utf8(bytes).map_err(|_| ParseProxyError::NotUtf8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(url: &str) -> Result<NetworkProxy, ParseProxyError> {
        url.parse()
    }

    fn socks(host: &str, port: u16) -> NetworkProxy {
        NetworkProxy::socks5(host, port)
    }

    #[test]
    fn a_url_names_a_proxy() {
        for (url, expected) in [
            ("socks5://proxy.example:9050", socks("proxy.example", 9050)),
            ("SOCKS5H://proxy.example", socks("proxy.example", 1080)),
            (" socks5://proxy.example:/\n", socks("proxy.example", 1080)),
            ("socks5://10.0.0.1:1", socks("10.0.0.1", 1)),
            ("socks5://[2001:db8::1]:65535", socks("2001:db8::1", 65535)),
            ("socks5://[::1]", socks("::1", 1080)),
            ("socks5://[fe80::1%25eth0]:8", socks("fe80::1%eth0", 8)),
            ("socks5://[fe80::1%eth0]:8", socks("fe80::1%eth0", 8)),
            ("socks5://my_proxy", socks("my_proxy", 1080)),
            ("socks5://ann@h", socks("h", 1080).with_credentials("ann", "")),
            ("socks5://:pw@h", socks("h", 1080).with_credentials("", "pw")),
            ("socks5://@h", socks("h", 1080)),
            ("socks5://ann:a:b@c@h:2", socks("h", 2).with_credentials("ann", "a:b@c")),
            (
                "socks5://a%3an%6E:%2f%3F%23%40%25%C3%BC@h",
                socks("h", 1080).with_credentials("a:nn", "/?#@%ü"),
            ),
        ] {
            assert_eq!(parsed(url), Ok(expected), "{url}");
        }
    }

    #[test]
    #[cfg(feature = "http-proxy")]
    fn a_url_without_a_scheme_is_one_of_http() {
        for (url, expected) in [
            ("http://proxy.example/", NetworkProxy::http("proxy.example", 80)),
            ("proxy.example:3128", NetworkProxy::http("proxy.example", 3128)),
            ("ann:pw@10.0.0.1", NetworkProxy::http("10.0.0.1", 80).with_credentials("ann", "pw")),
            ("[::1]:3128", NetworkProxy::http("::1", 3128)),
        ] {
            assert_eq!(parsed(url), Ok(expected), "{url}");
        }
    }

    #[test]
    #[cfg(not(feature = "http-proxy"))]
    fn without_the_feature_http_is_refused_and_the_text_says_so() {
        for url in ["http://proxy.example", "proxy.example:3128"] {
            assert!(parsed(url).unwrap_err().to_string().contains("`http-proxy`"), "{url}");
        }
    }

    #[test]
    fn what_is_no_url_of_a_proxy_is_refused_for_its_reason() {
        let unsupported = |scheme: &str| ParseProxyError::UnsupportedScheme(scheme.to_owned());
        for (url, expected) in [
            ("://h", ParseProxyError::InvalidScheme),
            ("5socks://h", ParseProxyError::InvalidScheme),
            ("ann:pw://x@h", ParseProxyError::InvalidScheme),
            ("FTP://h", unsupported("ftp")),
            ("https://h", unsupported("https")),
            ("socks4a://h", unsupported("socks4a")),
            ("socks5://", ParseProxyError::NoHost),
            ("socks5://ann:pw@", ParseProxyError::NoHost),
            ("socks5://:1080", ParseProxyError::NoHost),
            ("socks5://h:0", ParseProxyError::InvalidPort),
            ("socks5://h:65536", ParseProxyError::InvalidPort),
            ("socks5://h:+80", ParseProxyError::InvalidPort),
            ("socks5://h:x", ParseProxyError::InvalidPort),
            ("socks5://ann:secret", ParseProxyError::InvalidPort),
            ("socks5://h/path", ParseProxyError::UnexpectedPath),
            ("socks5://ann:12/34@h", ParseProxyError::UnexpectedPath),
            ("socks5://h?q", ParseProxyError::UnexpectedPath),
            ("socks5://h#f", ParseProxyError::UnexpectedPath),
            ("socks5://a%@h", ParseProxyError::InvalidEscape),
            ("socks5://a%4@h", ParseProxyError::InvalidEscape),
            ("socks5://a:b%+1@h", ParseProxyError::InvalidEscape),
            ("socks5://a%ff@h", ParseProxyError::NotUtf8),
        ] {
            assert_eq!(parsed(url), Err(expected), "{url}");
        }
        let long = format!("socks5://{}", "a".repeat(256));
        for (url, reason) in [
            ("socks5://::1:1080", "brackets"),
            ("socks5://[10.0.0.1]:1080", "not an IPv6 address"),
            ("socks5://[proxy]", "not an IPv6 address"),
            ("socks5://[::1]x:1", "consists of letters"),
            ("socks5://a b", "consists of letters"),
            ("socks5://a%41", "consists of letters"),
            (&long, "longer than 255"),
        ] {
            let error = parsed(url).unwrap_err();
            assert!(matches!(error, ParseProxyError::InvalidHost(_)), "{url}: {error:?}");
            assert!(error.to_string().contains(reason), "{url}: {error}");
        }
    }

    #[test]
    fn a_scheme_that_cannot_be_used_has_advice() {
        for (url, advice) in [
            ("https://h", "`http://` if the proxy takes connections without TLS"),
            ("socks://h", "`socks5://` if the proxy speaks SOCKS5"),
            ("socks4://h", "`socks5://` if the proxy speaks SOCKS5"),
            ("ftp://h", "`socks5://` or `http://`"),
        ] {
            let text = parsed(url).unwrap_err().to_string();
            assert!(text.contains(advice), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_error_shows_credentials(
            scheme in prop::sample::select(vec!["socks5://", "http://", "ftp://", "", "x y://", "://"]),
            between in "[/?#@:%\\[\\]]{0,3}",
            end in prop::sample::select(vec!["@h:1080", "@h:x", "@", "@[", "/@h", "", "@h/x", "%@h"]),
        ) {
            prop_assume!(!between.contains("://"), "a scheme is shown");
            let url = format!("{scheme}SeCrEt{between}SeCrEt{end}");
            if let Err(error) = parsed(&url) {
                let shown = format!("{error} {error:?}").to_ascii_lowercase();
                prop_assert!(!shown.contains("secret"), "{} of {}", shown, url);
            }
        }

        #[test]
        fn any_text_is_parsed_or_refused(url in "\\PC{0,40}") {
            let _ = parsed(&url);
            let _ = parsed(&format!("socks5://{url}"));
        }
    }
}
