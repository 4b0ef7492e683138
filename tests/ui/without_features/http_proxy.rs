use slotwire::NetworkProxy;

fn main() {
    let _ = NetworkProxy::http("proxy.example", 3128);
}
