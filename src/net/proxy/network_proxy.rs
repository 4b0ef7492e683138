//! `NetworkProxy`: a proxy, and how to get through it.

use std::fmt;

/// How a proxy is spoken to.
#[doc(alias = "QNetworkProxy::ProxyType")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyType {
    /// The proxy of the application: see
    /// [`World::set_application_proxy`](crate::World::set_application_proxy).
    #[default]
    #[doc(alias = "DefaultProxy")]
    Default,
    /// No proxy: the socket connects to its peer directly.
    NoProxy,
    /// A SOCKS5 proxy (RFC 1928), with user and password (RFC 1929) or without. The proxy looks the
    /// name of the peer up.
    #[doc(alias = "Socks5Proxy")]
    Socks5,
    /// An HTTP proxy, by CONNECT (RFC 9110), with user and password (Basic, and Digest with MD5 or
    /// SHA-256) or without. The proxy looks the name of the peer up.
    #[cfg(feature = "http-proxy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http-proxy")))]
    #[doc(alias = "HttpProxy")]
    Http,
}

impl ProxyType {
    /// Returns true if this names a protocol, so that there is a proxy.
    pub(super) fn is_proxy(self) -> bool {
        !matches!(self, Self::Default | Self::NoProxy)
    }
}

/// A proxy, by which sockets reach their peers.
///
/// The value says what to use; a socket connects by it after
/// [`set_proxy`](crate::QAbstractSocket::set_proxy).
///
/// ```
/// use slotwire::{NetworkProxy, ProxyType};
///
/// let proxy = NetworkProxy::socks5("proxy.example", 1080).with_credentials("ann", "secret");
/// assert_eq!(proxy.proxy_type(), ProxyType::Socks5);
/// assert_eq!(proxy.host_name(), "proxy.example");
/// // Neither the user nor the password is shown.
/// assert!(!format!("{proxy:?}").contains("ann"));
/// assert!(!format!("{proxy:?}").contains("secret"));
/// // A URL says the same.
/// assert_eq!("socks5://ann:secret@proxy.example:1080".parse(), Ok(proxy));
/// ```
#[doc(alias = "QNetworkProxy")]
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct NetworkProxy {
    proxy_type: ProxyType,
    host_name: String,
    port: u16,
    user: String,
    password: String,
    is_for_loopback: bool,
    /// The headers that the program adds: names and values.
    #[cfg(feature = "http-proxy")]
    raw_headers: Vec<(String, String)>,
}

impl NetworkProxy {
    pub(super) const DEFAULT: Self = Self {
        proxy_type: ProxyType::Default,
        host_name: String::new(),
        port: 0,
        user: String::new(),
        password: String::new(),
        is_for_loopback: false,
        #[cfg(feature = "http-proxy")]
        raw_headers: Vec::new(),
    };

    /// Creates the value that stands for no proxy.
    #[doc(alias = "NoProxy")]
    pub fn none() -> Self {
        Self { proxy_type: ProxyType::NoProxy, ..Self::default() }
    }

    /// Creates a SOCKS5 proxy at this host, which may be a name or an address. The usual port is
    /// 1080.
    #[doc(alias = "Socks5Proxy")]
    pub fn socks5(host_name: impl Into<String>, port: u16) -> Self {
        let host_name = host_name.into();
        Self { proxy_type: ProxyType::Socks5, host_name, port, ..Self::default() }
    }

    /// Creates an HTTP proxy at this host, which may be a name or an address. The usual ports are
    /// 3128 and 8080.
    ///
    /// ```
    /// use slotwire::{NetworkProxy, ProxyType};
    ///
    /// let proxy = NetworkProxy::http("proxy.example", 3128)
    ///     .with_credentials("ann", "secret")
    ///     .with_raw_header("User-Agent", "news reader");
    /// assert_eq!(proxy.proxy_type(), ProxyType::Http);
    /// assert_eq!(proxy.raw_header("user-agent"), Some("news reader"));
    /// ```
    #[cfg(feature = "http-proxy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http-proxy")))]
    #[doc(alias = "HttpProxy")]
    pub fn http(host_name: impl Into<String>, port: u16) -> Self {
        let host_name = host_name.into();
        Self { proxy_type: ProxyType::Http, host_name, port, ..Self::default() }
    }

    /// Returns this proxy with a user and a password. SOCKS5 takes up to 255 bytes of each. An HTTP
    /// proxy gets them when it asks for them, and neither may have a line feed, a carriage return or
    /// a NUL: then a connection by the proxy fails with
    /// [`ProxyAuthenticationRequired`](crate::SocketError::ProxyAuthenticationRequired).
    #[doc(alias = "setUser")]
    #[doc(alias = "setPassword")]
    #[must_use]
    pub fn with_credentials(
        mut self,
        user: impl Into<String>,
        password: impl Into<String>,
    ) -> Self {
        (self.user, self.password) = (user.into(), password.into());
        self
    }

    /// Returns this proxy with a header that an HTTP proxy gets with each request. It replaces the
    /// header of this name that was set before, in whatever case, and that of the library's own:
    /// `Host`, `Proxy-Connection` and `User-Agent`.
    ///
    /// The name may have only letters, digits and some signs (a token of RFC 9110), and the value no
    /// line feed, carriage return or NUL. Otherwise a connection by the proxy fails with
    /// [`UnsupportedSocketOperation`](crate::SocketError::UnsupportedSocketOperation).
    #[cfg(feature = "http-proxy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http-proxy")))]
    #[doc(alias = "setRawHeader")]
    #[must_use]
    pub fn with_raw_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.raw_headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        self.raw_headers.push((name, value));
        self
    }

    /// Returns the value of a header that was added; `None` if there is no header of this name. The
    /// case of the name does not matter.
    #[cfg(feature = "http-proxy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http-proxy")))]
    #[doc(alias = "rawHeader")]
    #[doc(alias = "hasRawHeader")]
    pub fn raw_header(&self, name: &str) -> Option<&str> {
        self.raw_headers().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }

    /// Returns the names and the values of the headers that were added.
    #[cfg(feature = "http-proxy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http-proxy")))]
    #[doc(alias = "rawHeaderList")]
    pub fn raw_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.raw_headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns this proxy for peers on this host too. A proxy of the application is otherwise not
    /// used for `localhost` and for loopback addresses, as in Qt. A proxy that is set on a socket is
    /// used for every peer.
    #[must_use]
    pub fn for_loopback(mut self) -> Self {
        self.is_for_loopback = true;
        self
    }

    /// Returns how the proxy is spoken to.
    #[doc(alias = "type")]
    pub fn proxy_type(&self) -> ProxyType {
        self.proxy_type
    }

    /// Returns the name or the address of the proxy's host.
    #[doc(alias = "hostName")]
    pub fn host_name(&self) -> &str {
        &self.host_name
    }

    /// Returns the port of the proxy.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the user; empty if there is none.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Returns the password; empty if there is none.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Returns true if the proxy of the application is used for peers on this host too.
    pub fn is_for_loopback(&self) -> bool {
        self.is_for_loopback
    }
}

/// Shows neither the user nor the password, and no headers, which may have secrets in them.
impl fmt::Debug for NetworkProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkProxy")
            .field("proxy_type", &self.proxy_type)
            .field("host_name", &self.host_name)
            .field("port", &self.port)
            .field("is_for_loopback", &self.is_for_loopback)
            .finish_non_exhaustive()
    }
}
