//! What a tunnel costs once it is established: an echoed message takes as much work through a proxy
//! as on a direct connection.

use support::echo::{self, Way};

use super::callgrind;

/// The test, as the harness calls it.
const TEST: &str = "tunnel::a_message_through_a_tunnel_takes_as_much_work_as_a_direct_one";

/// How many messages are echoed, in two runs. The difference is without the handshake.
const SIZES: [usize; 2] = [50, 250];

/// How much more work a message may take through a tunnel, as a part of that of a direct one.
const MOST: f64 = 0.03;

fn directly(size: usize) {
    echo::echo(Way::Direct, size);
}

fn by_socks5(size: usize) {
    echo::echo(Way::Socks5, size);
}

fn by_http(size: usize) {
    echo::echo(Way::Http, size);
}

/// The functions above that go through a tunnel.
const TUNNELS: &[&str] = &["by_socks5", "by_http"];

#[test]
fn a_message_through_a_tunnel_takes_as_much_work_as_a_direct_one() {
    let work = |size| {
        directly(size);
        by_socks5(size);
        by_http(size);
    };
    let Some([few, many]) = callgrind::count(TEST, SIZES, work) else { return };
    let each = |name| (many[name] - few[name]) as f64 / (SIZES[1] - SIZES[0]) as f64;
    let direct = each("directly");
    for &name in TUNNELS {
        let tunnel = each(name);
        println!("{name}: {tunnel:.0} instructions for a message, and {direct:.0} directly");
        assert!((tunnel - direct).abs() <= MOST * direct, "{name}: {tunnel} and {direct}");
    }
}
