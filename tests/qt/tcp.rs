//! Connections: whoever the client is, both ends get the same bytes and announce the same signals.

use super::end::{End, OurEnd, QtEnd, Role, Story, connected};
use super::*;

/// How many words of four bytes are sent: 4 MiB.
const MANY: u32 = 1 << 20;

const CONNECTING: [&str; 5] = ["HostLookup", "Connecting", "host_found", "Connected", "connected"];

/// The signals at an end whose peer has ended the connection.
const LEFT: [&str; 5] = [
    "RemoteHostClosed while Connected",
    "Closing",
    "Unconnected",
    "read_channel_finished",
    "disconnected",
];

/// Plays a scene with our client, and with our server: each end must tell the same both times.
/// Returns the signals of the client, after those of connecting, and of the server.
#[track_caller]
fn play(qt: Qt, scene: impl Fn(&mut Runtime, &mut End, &mut End)) -> [Vec<String>; 2] {
    let [with_our_client, with_our_server] = [Role::Client, Role::Server].map(|role| {
        let mut rt = Runtime::new().unwrap();
        let (mut client, mut server) = connected(&mut rt, qt, role);
        scene(&mut rt, &mut client, &mut server);
        [client.story(), server.story()]
    });
    assert_eq!(with_our_client, with_our_server, "one of the ends is another with Qt");
    let [client, server] = with_our_client.map(|Story { signals, .. }| signals);
    [after_connecting(client), server]
}

#[track_caller]
fn after_connecting(mut signals: Vec<String>) -> Vec<String> {
    let rest = signals.split_off(CONNECTING.len());
    assert_eq!(signals, CONNECTING);
    rest
}

#[test]
fn megabytes_pass_both_ways_at_once_and_the_client_ends_the_connection() {
    let Some(qt) = Qt::find() else { return };
    let [client, server] = play(qt, |rt, client, server| {
        client.write(rt, 0, MANY);
        server.write(rt, MANY, MANY);
        client.expect(rt, MANY, MANY);
        server.expect(rt, 0, MANY);
        client.disconnect_from_host(rt);
        client.wait_for(rt, "disconnected");
        server.wait_for(rt, "disconnected");
    });
    assert_eq!(client, ["Closing", "Unconnected", "read_channel_finished", "disconnected"]);
    assert_eq!(server, LEFT);
}

#[test]
fn what_was_written_before_a_disconnection_arrives_before_the_end() {
    let Some(qt) = Qt::find() else { return };
    let [client, server] = play(qt, |rt, client, server| {
        server.write(rt, 0, MANY);
        server.disconnect_from_host(rt);
        client.expect(rt, 0, MANY);
        client.wait_for(rt, "disconnected");
        server.wait_for(rt, "disconnected");
    });
    assert_eq!(client, LEFT);
    assert_eq!(server, ["Closing", "Unconnected", "read_channel_finished", "disconnected"]);
}

#[test]
fn a_closed_socket_announces_it_and_sends_what_was_written() {
    let Some(qt) = Qt::find() else { return };
    let [client, server] = play(qt, |rt, client, server| {
        client.write(rt, 0, MANY);
        client.close(rt);
        server.expect(rt, 0, MANY);
        server.wait_for(rt, "disconnected");
        client.wait_for(rt, "disconnected");
    });
    let closing =
        ["about_to_close", "Closing", "Unconnected", "read_channel_finished", "disconnected"];
    assert_eq!(client, closing);
    assert_eq!(server, LEFT);
}

#[test]
fn an_aborted_connection_ends_at_once() {
    let Some(qt) = Qt::find() else { return };
    let [client, server] = play(qt, |rt, client, server| {
        client.write(rt, 0, 1);
        server.expect(rt, 0, 1);
        client.abort(rt);
        client.wait_for(rt, "disconnected");
        server.wait_for(rt, "disconnected");
    });
    let aborting = ["about_to_close", "Unconnected", "read_channel_finished", "disconnected"];
    assert_eq!(client, aborting);
    assert_eq!(server, LEFT);
}

#[test]
fn a_port_without_a_server_refuses() {
    let Some(qt) = Qt::find() else { return };
    let mut rt = Runtime::new().unwrap();
    let port = closed_port();
    let ours = End::Ours(OurEnd::connecting_to(&mut rt, port));
    let qts = End::Qts(QtEnd::connecting_to(&rt, qt, port));
    let [ours, qts] = [ours, qts].map(|mut end| {
        end.wait_for(&mut rt, "ConnectionRefused while Unconnected");
        end.story().signals
    });
    assert_eq!(ours, qts);
    assert_eq!(ours[..4], ["HostLookup", "Connecting", "host_found", "Unconnected"]);
}

/// Qt has no halves: its socket ends a connection when one direction has ended.
#[test]
fn the_end_of_our_direction_ends_the_connection_at_qt() {
    let Some(qt) = Qt::find() else { return };
    for role in [Role::Client, Role::Server] {
        let mut rt = Runtime::new().unwrap();
        let (mut ours, mut qts) = ours_and_qts(&mut rt, qt, role);
        ours.write(&mut rt, 0, MANY);
        ours.shutdown_write(&mut rt);
        qts.expect(&mut rt, 0, MANY);
        qts.wait_for(&mut rt, "disconnected");
        ours.wait_for(&mut rt, "disconnected");
        let (client, server) = match role {
            Role::Client => (ours, qts),
            Role::Server => (qts, ours),
        };
        assert_eq!(after_connecting(client.story().signals), LEFT);
        assert_eq!(server.story().signals, LEFT);
    }
}

#[test]
fn a_reset_is_an_end_for_qt() {
    let Some(qt) = Qt::find() else { return };
    for role in [Role::Client, Role::Server] {
        let mut rt = Runtime::new().unwrap();
        let (mut ours, mut qts) = ours_and_qts(&mut rt, qt, role);
        ours.abort_with_reset(&mut rt);
        qts.wait_for(&mut rt, "disconnected");
        let signals = qts.story().signals;
        assert_eq!(&signals[signals.len() - LEFT.len()..], LEFT);
    }
}

#[track_caller]
fn ours_and_qts(rt: &mut Runtime, qt: Qt, ours: Role) -> (End, End) {
    let (client, server) = connected(rt, qt, ours);
    match ours {
        Role::Client => (client, server),
        Role::Server => (server, client),
    }
}
