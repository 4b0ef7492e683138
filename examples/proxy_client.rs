//! A client that reaches its server through a SOCKS5 proxy, and prints what the server says.
//!
//! Run it with `cargo run --example proxy_client -- PROXY PORT HOST PORT [USER PASSWORD]`. The user
//! and the password are used if the proxy asks for them. `socks5_server` is a proxy to try it with.

use slotwire::prelude::*;
use slotwire::{NetworkProxy, ProxyAuthentication};

#[derive(QObject)]
struct ProxyClient {
    socket: Obj<QTcpSocket>,
    credentials: Option<(String, String)>,
}

#[slots]
impl ProxyClient {
    #[slot(socket.proxy_authentication_required)]
    fn answer(&mut self, asked: &ProxyAuthentication) {
        // If the proxy has refused these, the same ones end the attempt.
        if let Some((user, password)) = &self.credentials {
            asked.authenticator.set_user(user);
            asked.authenticator.set_password(password);
        }
    }

    #[slot(socket.ready_read)]
    fn print(&mut self, cx: &mut Context<Self>) {
        while let Some(line) = cx[self.socket].read_line_string() {
            println!("{line}");
        }
    }

    #[slot(socket.error_occurred)]
    fn report(&mut self, cx: &mut Context<Self>, error: SocketError) {
        if error != SocketError::RemoteHostClosed {
            eprintln!("{}", cx[self.socket].error_string());
            cx.exit(1);
        }
    }

    #[slot(socket.disconnected)]
    fn end(&mut self, cx: &mut Context<Self>) {
        cx.quit();
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some([proxy, proxy_port, host, port]), rest) =
        (arguments.first_chunk(), &arguments[arguments.len().min(4)..])
    else {
        eprintln!("usage: proxy_client PROXY PORT HOST PORT [USER PASSWORD]");
        std::process::exit(2);
    };
    let mut rt = Runtime::new()?;
    let credentials = match rest {
        [user, password] => Some((user.clone(), password.clone())),
        _ => None,
    };
    let client =
        rt.add_with(|cx| ProxyClient { socket: cx.add_child(QTcpSocket::new()), credentials });
    let socket = rt[client].socket;
    rt[socket].set_proxy(NetworkProxy::socks5(proxy, proxy_port.parse()?));
    rt[socket].connect_to_host(host, port.parse()?);
    std::process::exit(rt.exec()?);
}
