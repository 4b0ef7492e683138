//! A client that reaches its server through a proxy, and prints what the server says.
//!
//! Run it with `cargo run --features http-proxy --example proxy_client -- PROXY HOST PORT`. The proxy
//! is a URL: `socks5://127.0.0.1:1080` (`socks5_server` is such a proxy), or
//! `http://user:password@proxy.example:3128`; or it is `environment`, for the one that `ALL_PROXY`
//! names. A user and a password may follow the port instead: they are given if the proxy asks.

use slotwire::prelude::*;
use slotwire::{EnvironmentProxies, NetworkProxy, ProxyAuthentication};

#[derive(QObject)]
struct ProxyClient {
    #[child]
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

    #[slot(socket.connected)]
    fn announce(&mut self, cx: &mut Context<Self>) {
        match cx[self.socket].chosen_proxy() {
            Some(proxy) => eprintln!("connected by {}:{}", proxy.host_name(), proxy.port()),
            None => eprintln!("connected directly"),
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
    let (proxy, host, port, credentials) = match &arguments[..] {
        [proxy, host, port] => (proxy, host, port, None),
        [proxy, host, port, user, password] => {
            (proxy, host, port, Some((user.clone(), password.clone())))
        }
        _ => {
            eprintln!("usage: proxy_client PROXY HOST PORT [USER PASSWORD]");
            std::process::exit(2);
        }
    };
    let mut rt = Runtime::new()?;
    match proxy.as_str() {
        "environment" => rt.set_application_proxy_factory(EnvironmentProxies::from_env()?),
        url => rt.set_application_proxy(url.parse::<NetworkProxy>()?.for_loopback()),
    }
    let client = rt.add_with(|cx| ProxyClient { credentials, ..ProxyClient::declared(cx) });
    let socket = rt[client].socket;
    rt[socket].connect_to_host(host, port.parse()?);
    std::process::exit(rt.exec()?);
}
