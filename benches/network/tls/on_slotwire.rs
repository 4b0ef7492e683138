//! A listener whose connections are encrypted, in place of a plain one.

use slotwire::prelude::*;
use slotwire::{
    Incoming, QSslSocket, QTcpServer, QTcpSocket, SslCertificate, SslConfiguration, SslKey,
};

use super::certificate;

/// A server whose connections are encrypted at once.
#[derive(QObject)]
struct EncryptedListener {
    #[qobject(base)]
    server: QTcpServer,
    configuration: SslConfiguration,
}

#[slots]
impl EncryptedListener {
    fn new() -> Self {
        let (certificate, key) = certificate();
        let certificate = SslCertificate::from_der(certificate.to_vec()).expect("a certificate");
        let key = SslKey::from_der(key.secret_der()).expect("a key");
        let configuration = SslConfiguration::default().with_local_certificate([certificate], key);
        let server = QTcpServer::with_incoming(Self::take_in);
        Self { server, configuration: configuration.expect("a certificate and its key") }
    }

    fn take_in(&mut self, cx: &mut Context<Self>, incoming: Incoming) {
        let mut socket = QSslSocket::of(incoming.into_socket());
        socket.set_ssl_configuration(self.configuration.clone());
        socket.start_server_encryption();
        let socket: Obj<QTcpSocket> = cx.add_child(socket).upcast();
        self.server.add_pending_connection(socket);
    }
}

/// Adds such a listener.
pub(crate) fn listener<T: QObject>(cx: &mut Context<'_, T>) -> Obj<QTcpServer> {
    cx.add_child(EncryptedListener::new()).upcast()
}
