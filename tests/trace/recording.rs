//! What is written, in which words and when.

use std::io::Write;
use std::net::Ipv4Addr;
use std::time::Duration;

use slotwire::QBuffer;

use super::people::run_posted;
use super::*;

#[test]
fn a_signal_that_nobody_listens_to_is_recorded() {
    let mut rt = runtime();
    let early = rt.add(Door::default());
    let trace = traced(&mut rt);
    let late = rt.add(Door::default());
    rt.emit(early, Door::opened, 1);
    rt[late].closed.emit(());
    rt.with(late, |door, _| door.opened.emit(2));
    rt.emit(late, Door::closed, ());
    assert_eq!(
        lines(&trace),
        ["Door 1v1 opened(1)", "Door 2v1 closed()", "Door 2v1 opened(2)", "Door 2v1 closed()"]
    );
}

#[test]
fn what_was_emitted_before_is_not_recorded() {
    let mut rt = runtime();
    let door = rt.add(Door::default());
    let spy = rt.spy(door, Door::opened);
    rt[door].opened.emit(1);
    let trace = traced(&mut rt);
    rt.deliver();
    assert_eq!(spy.take(), [1]);
    assert!(trace.is_empty());
}

#[test]
fn an_emission_is_recorded_when_it_is_made() {
    let (mut rt, trace, door) = traced_door();
    let chime = rt.add(Door::default());
    rt.connect(door, Door::opened, chime, Door::open);
    rt.with(door, |door, _| {
        door.open(10);
        assert_eq!(trace.len(), 3);
    });
    assert_eq!(
        trace.to_string(),
        "1 Door 1v1 opened(11)\n\
         1 Door 1v1 closed()\n\
         1 Door 1v1 opened(12)\n\
         1 Door 2v1 opened(12)\n\
         1 Door 2v1 closed()\n\
         1 Door 2v1 opened(13)\n\
         1 Door 2v1 opened(13)\n\
         1 Door 2v1 closed()\n\
         1 Door 2v1 opened(14)\n"
    );
}

#[test]
fn a_signal_that_is_connected_to_a_signal_is_recorded_behind_it() {
    let (mut rt, trace, door) = traced_door();
    let other = rt.add(Door::default());
    rt.connect_signal(door, Door::opened, other, Door::opened);
    rt.emit(door, Door::opened, 1);
    assert_eq!(trace.to_string(), "1 Door 1v1 opened(1)\n1 Door 2v1 opened(1)\n");
}

fn turns(trace: &Trace) -> Vec<u64> {
    trace.entries().iter().map(|entry| entry.turn).collect()
}

#[test]
fn turns_are_counted_in_which_something_is_emitted() {
    let (mut rt, trace, door) = traced_door();
    let other = rt.add(Door::default());
    rt.connect_with(ConnectionType::QUEUED, door, Door::opened, other, Door::open);
    rt.emit(door, Door::opened, 1);
    rt.with(door, |_, _| ());
    run_posted(&mut rt);
    rt.post(|_| ());
    run_posted(&mut rt);
    rt[door].closed.emit(());
    rt[door].closed.emit(());
    rt.with(door, |door, _| door.closed.emit(()));
    rt.emit(door, Door::closed, ());
    assert_eq!(turns(&trace), [1, 2, 2, 2, 3, 3, 3, 4]);
}

#[test]
fn what_is_blocked_is_no_emission() {
    let (mut rt, trace, door) = traced_door();
    rt.block_signals(door, true);
    rt.emit(door, Door::opened, 1);
    rt[door].opened.emit(2);
    rt[door].set_locked(true);
    rt.block_signals(door, false);
    rt.emit(door, Door::opened, 3);
    assert_eq!(lines(&trace), ["Door 1v1 opened(3)"]);
}

#[test]
fn what_was_blocked_before_recording_began_stays_blocked() {
    let mut rt = runtime();
    let door = rt.add(Door::default());
    rt.block_signals(door, true);
    let trace = traced(&mut rt);
    assert!(rt.signals_blocked(door));
    rt.emit(door, Door::opened, 1);
    assert!(trace.is_empty());
}

#[test]
fn a_property_that_changes_is_recorded() {
    let (mut rt, trace, door) = traced_door();
    rt[door].set_locked(true);
    rt[door].set_locked(true);
    rt.set_property(door, "locked", false).unwrap();
    assert_eq!(lines(&trace), ["Door 1v1 locked_changed(true)", "Door 1v1 locked_changed(false)"]);
}

#[test]
fn a_class_has_the_signals_of_what_it_extends() {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let front = rt.add(FrontDoor::default());
    let door: Obj<Door> = rt.downcast(front).expect("a front door is a door");
    rt.emit(front, FrontDoor::delivered, vec![1, 2]);
    rt.emit(door, Door::opened, 7);
    rt[front].set_number(12);
    rt[door].set_locked(true);
    assert_eq!(
        lines(&trace),
        [
            "FrontDoor 1v1 delivered([1, 2])",
            "FrontDoor 1v1 opened(7)",
            "FrontDoor 1v1 number_changed(12)",
            "FrontDoor 1v1 locked_changed(true)",
        ]
    );
}

#[test]
fn an_object_with_a_name_goes_by_it() {
    let mut rt = runtime();
    let [front, back] = [rt.add(Door::default()), rt.add(Door::default())];
    rt.set_object_name(front, "front");
    let trace = traced(&mut rt);
    rt.set_object_name(back, "\"back\"\n");
    rt.emit(front, Door::closed, ());
    rt.emit(back, Door::closed, ());
    rt.set_object_name(back, "");
    rt.emit(back, Door::closed, ());
    assert_eq!(
        lines(&trace),
        [
            r#"Door "\"back\"\n" object_name_changed("\"back\"\n")"#,
            r#"Door "front" closed()"#,
            r#"Door "\"back\"\n" closed()"#,
            r#"Door 2v1 object_name_changed("")"#,
            r#"Door 2v1 closed()"#,
        ]
    );
}

#[test]
fn the_end_of_an_object_is_recorded_be_it_blocked_or_not() {
    let (mut rt, trace, door) = traced_door();
    let child = rt.add_child_of(door, Door::default());
    rt.block_signals(child, true);
    rt.destroy(door);
    let again = rt.add(Door::default());
    rt.emit(again, Door::closed, ());
    assert_eq!(
        lines(&trace),
        [
            "Door 1v1 destroyed(Obj<QObject> 1v1)",
            "Door 2v1 destroyed(Obj<QObject> 2v1)",
            "Door 1v3 closed()",
        ]
    );
}

/// Emits as it is made, and as it goes.
#[derive(QObject)]
struct Clerk {
    #[signal]
    hired: Signal<u32>,
    #[signal]
    greeted: Signal<&'static str>,
    #[signal]
    left: Signal<()>,
}

impl Clerk {
    fn new(cx: &mut Context<Self>) -> Self {
        let clerk = Self { hired: Signal::new(), greeted: Signal::new(), left: Signal::new() };
        cx.set_object_name(cx.this(), "clerk");
        clerk.hired.emit(1);
        clerk.hired.connect_fn(cx, |_, _| ());
        clerk.greeted.connect_fn(cx, |_, _| ());
        clerk.greeted.emit("hello");
        clerk.hired.emit(2);
        clerk
    }
}

impl Drop for Clerk {
    fn drop(&mut self) {
        self.left.emit(());
    }
}

#[test]
fn what_a_constructor_emits_to_those_whom_it_connected_has_its_name() {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let clerk = rt.add_with(Clerk::new);
    rt.destroy(clerk);
    assert_eq!(
        lines(&trace),
        [
            r#"Clerk "clerk" greeted("hello")"#,
            r#"Clerk "clerk" hired(2)"#,
            r#"Clerk "clerk" destroyed(Obj<QObject> 1v1)"#,
            r#"Clerk "clerk" left()"#,
        ]
    );
}

#[test]
fn a_constructor_that_fails_leaves_signals_without_a_name() {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let failed = rt.try_add_with(|cx| {
        drop(Clerk::new(cx));
        Err::<Clerk, _>("no room")
    });
    assert_eq!(failed, Err("no room"));
    assert_eq!(lines(&trace), [r#"Clerk "clerk" ?("hello")"#, r#"Clerk "clerk" ?(2)"#]);
}

/// Runs a server and a client on loopback until the client has the server's line.
fn fetch_a_line(trace: &Trace) {
    let mut rt = runtime();
    rt.record_into(trace);
    let server = rt.add(QTcpServer::new());
    rt[server].listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
    rt.connect_fn(server, QTcpServer::new_connection, move |world, _| {
        let socket = world[server].next_pending_connection().expect("there is one");
        world[socket].write_all(b"hello\n")?;
        world[socket].disconnect_from_host();
        std::io::Result::Ok(())
    });
    let client = rt.add(QTcpSocket::new());
    rt.set_object_name(client, "client");
    let gone = rt.spy(client, QTcpSocket::disconnected);
    let port = rt[server].server_port().expect("it listens");
    rt[client].connect_to_host("127.0.0.1", port);
    assert!(rt.run_until(Duration::from_secs(30), |_| !gone.is_empty()).unwrap());
    assert_eq!(rt[client].read_line_string().as_deref(), Some("hello"));
}

#[test]
fn our_classes_show_what_they_emit() {
    let trace = Trace::new();
    fetch_a_line(&trace);
    let client: Vec<_> = lines(&trace)
        .into_iter()
        .filter_map(|line| line.strip_prefix(r#"QTcpSocket "client" "#).map(str::to_owned))
        .collect();
    assert_eq!(
        client,
        [
            r#"object_name_changed("client")"#,
            "state_changed(HostLookup)",
            "state_changed(Connecting)",
            "host_found()",
            "state_changed(Connected)",
            "connected()",
            "ready_read()",
            "channel_ready_read(0)",
            "error_occurred(RemoteHostClosed)",
            "state_changed(Closing)",
            "state_changed(Unconnected)",
            "read_channel_finished()",
            "disconnected()",
        ]
    );
    assert!(lines(&trace).contains(&"QTcpServer 1v1 pending_connection_available()".to_owned()));
    assert!(lines(&trace).contains(&"QTcpSocket 3v1 bytes_written(6)".to_owned()));
}

#[test]
fn a_device_in_memory_shows_what_it_emits() {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let buffer = rt.add(QBuffer::new());
    rt[buffer].open(OpenMode::READ_WRITE).unwrap();
    rt[buffer].write_all(b"abc").unwrap();
    run_posted(&mut rt);
    rt[buffer].close();
    assert!(!rt[buffer].is_open());
    assert_eq!(
        lines(&trace),
        [
            "QBuffer 1v1 bytes_written(3)",
            "QBuffer 1v1 channel_bytes_written((0, 3))",
            "QBuffer 1v1 ready_read()",
            "QBuffer 1v1 channel_ready_read(0)",
            "QBuffer 1v1 about_to_close()",
        ]
    );
}
