//! `OwnProxy`: the proxy that is set on one socket or server.

use super::network_proxy::NetworkProxy;

/// The proxy that is set on one socket or server. Takes one word as long as none is set.
#[derive(Default)]
pub(in crate::net) struct OwnProxy(Option<Box<NetworkProxy>>);

/// The proxy where none was set.
static DEFAULT_PROXY: NetworkProxy = NetworkProxy::DEFAULT;

impl OwnProxy {
    /// The default proxy.
    pub(in crate::net) const UNSET: Self = Self(None);

    pub(in crate::net) fn get(&self) -> &NetworkProxy {
        self.0.as_deref().unwrap_or(&DEFAULT_PROXY)
    }

    pub(in crate::net) fn set(&mut self, proxy: NetworkProxy) {
        self.0 = (proxy != DEFAULT_PROXY).then(|| Box::new(proxy));
    }
}
