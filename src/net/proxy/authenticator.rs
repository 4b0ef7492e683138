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
    realm: String,
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
        self.0.borrow().realm.clone()
    }
}

/// Shows neither the user nor the password.
impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answer = self.0.borrow();
        f.debug_struct("Authenticator").field("realm", &answer.realm).finish_non_exhaustive()
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
    pub(super) fn of(proxy: NetworkProxy, realm: String) -> Self {
        let answer = Answer { realm, ..Answer::default() };
        Self { proxy, authenticator: Authenticator(Rc::new(RefCell::new(answer))) }
    }
}
