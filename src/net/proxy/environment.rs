//! `EnvironmentProxies`: the proxies that the environment of the process names.

use std::env;
use std::ffi::OsString;

use super::exceptions::Exceptions;
use super::network_proxy::NetworkProxy;
use super::proxy_factory::{ProxyFactory, ProxyQuery};
use super::proxy_url::ParseProxyError;

/// The proxies that the environment variables `ALL_PROXY`, `HTTPS_PROXY` and `NO_PROXY` name.
///
/// No socket uses them by itself. A program that wants them sets them as the factory of a runtime:
///
/// ```no_run
/// use slotwire::EnvironmentProxies;
/// use slotwire::prelude::*;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut rt = Runtime::new()?;
/// rt.set_application_proxy_factory(EnvironmentProxies::from_env()?);
/// # Ok(())
/// # }
/// ```
///
/// - `ALL_PROXY` is the URL of the proxy for all connections, and `HTTPS_PROXY` of that for
///   connections of sockets with the [protocol tag](crate::QAbstractSocket::set_protocol_tag)
///   `https`. If one of them is not set, the other one stands for it. How such a URL is written, see
///   [`NetworkProxy`'s `FromStr`](NetworkProxy#impl-FromStr-for-NetworkProxy).
/// - `NO_PROXY` lists the peers that are reached without a proxy, with commas or spaces between
///   them: `*` for all; `example.com` for this host and all below it, also written `.example.com` and
///   `*.example.com`; an address, or a block of addresses such as `10.0.0.0/8`. A name or an address
///   may have a port behind it, and is then meant for this port only: `example.com:8080`,
///   `[2001:db8::1]:8080`. A peer that the program names by its name is not looked up, so that only
///   names in the list concern it.
/// - Each variable may also be written in lower case. The one in lower case counts, as in curl, and a
///   variable without a value counts as not set.
///
/// `HTTP_PROXY` is not read: it is for requests that a proxy forwards, and mostly names a proxy that
/// makes no connections; and programs behind a web server find in it what a client has sent.
///
/// As with every proxy of the application, peers on this host are reached directly.
#[doc(alias = "setUseSystemConfiguration")]
#[doc(alias = "systemProxyForQuery")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentProxies {
    all: Option<NetworkProxy>,
    https: Option<NetworkProxy>,
    exceptions: Exceptions,
}

/// A variable of the environment that cannot be used.
///
/// The text names the variable, and says what is wrong in it. Neither the error nor its text shows
/// credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {variable} is not valid: {fault}")]
pub struct ProxyEnvironmentError {
    variable: &'static str,
    fault: ProxyVariableFault,
}

/// What is wrong in a variable of the environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyVariableFault {
    /// The value is not UTF-8.
    #[error("its value is not valid UTF-8")]
    NotUtf8,
    /// The value is not the URL of a proxy.
    #[error("{0}")]
    Url(ParseProxyError),
    /// The list of exceptions has this entry, which is not valid.
    #[error(
        "its entry {0:?} is not a host: write a name, an address or a block of addresses, as in \
         `example.com`, `example.com:8080`, `10.0.0.1` and `10.0.0.0/8`, or `*` for all"
    )]
    Exception(String),
}

impl EnvironmentProxies {
    /// Reads the variables of this process.
    ///
    /// # Errors
    ///
    /// Fails if one of the variables cannot be used. A program that goes on then without a proxy may
    /// tell its peers more than its user wants.
    pub fn from_env() -> Result<Self, ProxyEnvironmentError> {
        Self::from_variables(env::vars_os())
    }

    /// Reads the variables from pairs of names and values, of which all others are ignored.
    ///
    /// ```
    /// use slotwire::EnvironmentProxies;
    ///
    /// let error = EnvironmentProxies::from_variables([("all_proxy", "https://ann:pw@proxy.example")]);
    /// assert_eq!(
    ///     error.unwrap_err().to_string(),
    ///     "the environment variable all_proxy is not valid: the scheme `https` is not supported: \
    ///      write `http://` if the proxy takes connections without TLS"
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    pub fn from_variables<N, V>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, ProxyEnvironmentError>
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        let variables: Vec<(OsString, OsString)> = variables.collect();
        let proxy = |names| {
            let Some(variable) = Variable::find(names, &variables)? else { return Ok(None) };
            let parsed = variable.value.parse();
            parsed.map(Some).map_err(|error| variable.fault(ProxyVariableFault::Url(error)))
        };
        let exceptions = match Variable::find(["no_proxy", "NO_PROXY"], &variables)? {
            None => Exceptions::default(),
            Some(variable) => Exceptions::parse(variable.value).map_err(|_| {
                // What is before an `@` has no place here, and may be a password, with commas and
                // spaces in it.
                let shown = variable.value.rsplit('@').next().unwrap_or_default();
                let entry = Exceptions::parse(shown).err();
                let entry = entry.or_else(|| shown.split([',', ' ']).next()).unwrap_or_default();
                variable.fault(ProxyVariableFault::Exception(entry.to_owned()))
            })?,
        };
        let all = proxy(["all_proxy", "ALL_PROXY"])?;
        let https = proxy(["https_proxy", "HTTPS_PROXY"])?;
        Ok(Self { all, https, exceptions })
    }
}

impl ProxyFactory for EnvironmentProxies {
    fn query_proxy(&self, query: &ProxyQuery) -> Vec<NetworkProxy> {
        if self.exceptions.has(&query.peer_host_name, query.peer_port) {
            return Vec::new();
        }
        let proxy = match query.protocol_tag.as_str() {
            "https" => self.https.as_ref().or(self.all.as_ref()),
            _ => self.all.as_ref().or(self.https.as_ref()),
        };
        proxy.cloned().into_iter().collect()
    }
}

/// A variable that has a value.
struct Variable<'a> {
    name: &'static str,
    value: &'a str,
}

impl<'a> Variable<'a> {
    /// Returns the first of the variables with these names that has a value.
    fn find(
        names: [&'static str; 2],
        variables: &'a [(OsString, OsString)],
    ) -> Result<Option<Self>, ProxyEnvironmentError> {
        let found = names.into_iter().find_map(|name| {
            let value = |(given, value): &'a (OsString, OsString)| {
                (given == name && !value.is_empty()).then_some(value)
            };
            Some((name, variables.iter().find_map(value)?))
        });
        let Some((name, value)) = found else { return Ok(None) };
        match value.to_str() {
            Some(value) => Ok(Some(Self { name, value })),
            None => Err(Self { name, value: "" }.fault(ProxyVariableFault::NotUtf8)),
        }
    }

    fn fault(&self, fault: ProxyVariableFault) -> ProxyEnvironmentError {
        ProxyEnvironmentError { variable: self.name, fault }
    }
}

impl ProxyEnvironmentError {
    /// Returns the name of the variable, as the environment has it.
    pub fn variable(&self) -> &'static str {
        self.variable
    }

    /// Returns what is wrong in the variable.
    pub fn fault(&self) -> &ProxyVariableFault {
        &self.fault
    }
}
