//! `Authenticator`: what a proxy wants to know, and the answer of the program.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use super::network_proxy::NetworkProxy;

/// A question for a user and a password. Slots put the answer into it.
///
/// Clones share the answer.
#[doc(alias = "QAuthenticator")]
#[derive(Clone, Default)]
pub struct Authenticator(Rc<RefCell<Answer>>);

#[derive(Default)]
struct Answer {
    user: String,
    password: String,
    /// What the proxy says of the credentials: names and values.
    options: Vec<(&'static str, String)>,
}

impl Authenticator {
    /// Sets the user.
    #[doc(alias = "setUser")]
    pub fn set_user(&self, user: impl Into<String>) {
        self.0.borrow_mut().user = user.into();
    }

    /// Sets the password.
    #[doc(alias = "setPassword")]
    pub fn set_password(&self, password: impl Into<String>) {
        self.0.borrow_mut().password = password.into();
    }

    /// Returns the user; empty if no slot has set one.
    pub fn user(&self) -> String {
        self.0.borrow().user.clone()
    }

    /// Returns the password; empty if no slot has set one.
    pub fn password(&self) -> String {
        self.0.borrow().password.clone()
    }

    /// Returns the realm: what the proxy calls the things that the credentials are for. Empty for
    /// SOCKS5, which has no realms.
    pub fn realm(&self) -> String {
        self.option("realm").unwrap_or_default()
    }

    /// Returns an option of the challenge: what the proxy says of the credentials that it wants. An
    /// HTTP proxy says its `scheme`, `Basic` or `Digest`, its `realm`, and, for `Digest`, the
    /// `algorithm`. SOCKS5 has no options.
    ///
    /// So a program can refuse to give its password to `Basic`, which sends it in plain text:
    ///
    /// ```
    /// use slotwire::ProxyAuthentication;
    ///
    /// fn answer(asked: &ProxyAuthentication) {
    ///     if asked.authenticator.option("scheme").as_deref() == Some("Digest") {
    ///         asked.authenticator.set_user("ann");
    ///         asked.authenticator.set_password("secret");
    ///     }
    /// }
    /// # let _ = answer;
    /// ```
    pub fn option(&self, name: &str) -> Option<String> {
        self.options().into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Returns all [options](Self::option) of the challenge, with their names.
    pub fn options(&self) -> Vec<(&'static str, String)> {
        self.0.borrow().options.clone()
    }
}

/// Shows neither the user nor the password.
impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answer = self.0.borrow();
        f.debug_struct("Authenticator").field("options", &answer.options).finish_non_exhaustive()
    }
}

/// A proxy that wants a user and a password: the argument of
/// [`proxy_authentication_required`](crate::QAbstractSocket::proxy_authentication_required).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProxyAuthentication {
    /// The proxy, as the program has set it.
    pub proxy: NetworkProxy,
    /// The question, into which a slot puts the answer.
    pub authenticator: Authenticator,
}

impl ProxyAuthentication {
    pub(super) fn of(proxy: NetworkProxy, options: Vec<(&'static str, String)>) -> Self {
        let answer = Answer { options, ..Answer::default() };
        Self { proxy, authenticator: Authenticator(Rc::new(RefCell::new(answer))) }
    }
}
