//! Classes that extend a socket or a device, in the way in which one subclasses in Qt.

use std::io::{BufRead, ErrorKind, Read, Write};

use slotwire::prelude::*;
use slotwire::{Device, OpenMode, QBuffer, QTcpSocket, RawDevice};
use support::{
    Journal, Net, Peer, on_every_network_and_layer, read_exactly, read_to_end, settle, wait_until,
};

/// A socket that speaks in lines, and greets.
#[derive(QObject, Default)]
struct LineSocket {
    #[qobject(base: QAbstractSocket)]
    socket: QTcpSocket,
    greetings: u32,
    /// Emitted with each line that has come.
    #[signal]
    line: Signal<String>,
}

#[slots]
impl LineSocket {
    #[slot(self.connected)]
    fn greet(&mut self) {
        self.greetings += 1;
        self.say("hello");
    }

    #[slot(self.ready_read)]
    #[slot(self.read_channel_finished)]
    fn split(&mut self) {
        while let Some(line) = self.read_line_string() {
            self.line.emit(line);
        }
    }

    fn say(&mut self, text: &str) {
        writeln!(self, "{text}").unwrap();
    }
}

/// A class that extends one that extends a socket.
#[derive(QObject, Default)]
struct Chatter {
    #[qobject(base: QAbstractSocket)]
    lines: LineSocket,
    heard: Vec<String>,
}

#[slots]
impl Chatter {
    #[slot(self.ready_read)]
    fn count(&mut self) {
        self.heard.push(format!("{} bytes", self.bytes_available()));
    }
}

/// Hears of every socket.
#[derive(QObject, Default)]
struct Ear {
    heard: Vec<String>,
}

#[slots]
impl Ear {
    #[slot]
    fn hear_line(&mut self, line: &str) {
        self.heard.push(line.to_owned());
    }

    #[slot]
    fn hear_state(&mut self, state: SocketState) {
        self.heard.push(format!("{state:?}"));
    }

    #[slot]
    fn hear_bytes(&mut self) {
        self.heard.push("bytes".to_owned());
    }
}

fn connected<S: QAbstractSocket + Default>(net: &Net, rt: &mut Runtime) -> (Obj<S>, Peer) {
    let (listener, port) = net.listener();
    let socket = rt.add(S::default());
    rt[socket].connect_to_host("127.0.0.1", port);
    wait_until(rt, |world| world[socket].state() == SocketState::Connected);
    settle(rt);
    (socket, listener.accept().0)
}

#[on_every_network_and_layer]
fn an_own_socket_connects_reads_writes_and_ends(net: &Net) {
    let mut rt = net.runtime();
    let ear = rt.add(Ear::default());
    let (listener, port) = net.listener();
    let own = rt.add(LineSocket::default());
    rt.connect(own, LineSocket::line, ear, Ear::hear_line);
    rt.connect(own, LineSocket::state_changed, ear, Ear::hear_state);
    rt.connect(own, LineSocket::ready_read, ear, Ear::hear_bytes);

    rt[own].connect_to_host("127.0.0.1", port);
    wait_until(&mut rt, |world| world[own].state() == SocketState::Connected);
    let (mut peer, _) = listener.accept();
    assert_eq!(read_exactly(&mut rt, &mut peer, 6), b"hello\n");
    assert_eq!(rt[own].greetings, 1);

    peer.write_all(b"one\ntwo\nrest").unwrap();
    drop(peer);
    wait_until(&mut rt, |world| world[own].state() == SocketState::Unconnected);
    settle(&mut rt);
    let mut heard = rt[ear].heard.clone();
    heard.retain(|heard| heard != "bytes");
    assert!(heard.len() < rt[ear].heard.len());
    assert_eq!(
        heard,
        ["HostLookup", "Connecting", "Connected", "one", "two", "Closing", "Unconnected", "rest"]
    );
    assert_eq!(rt[own].error(), Some(SocketError::RemoteHostClosed));
}

#[on_every_network_and_layer]
fn an_own_socket_is_reached_as_everything_that_it_is(net: &Net) {
    let mut rt = net.runtime();
    let (own, mut peer) = connected::<LineSocket>(net, &mut rt);
    let device: Obj<dyn QIODevice> = own.upcast();
    let socket: Obj<dyn QAbstractSocket> = own.upcast();
    let plain: Obj<QTcpSocket> = own.upcast();

    rt[device].write_all(b"1").unwrap();
    rt[socket].write_all(b"2").unwrap();
    rt[plain].write_all(b"3").unwrap();
    let written = rt.spy(device, <dyn QIODevice>::bytes_written);
    assert_eq!(read_exactly(&mut rt, &mut peer, 9), b"hello\n123");
    assert_eq!(written.take(), [3]);

    peer.write_all(b"to all").unwrap();
    wait_until(&mut rt, |world| world[plain].bytes_available() == 6);
    assert_eq!(rt[device].peek(2), b"to");
    assert_eq!(rt[socket].skip(3), 3);
    assert_eq!(rt[plain].read_all(), b"all");
    assert_eq!(rt[socket].peer_port(), rt[own].peer_port());

    let ended = rt.spy(socket, <dyn QAbstractSocket>::disconnected);
    rt[socket].disconnect_from_host();
    assert_eq!(read_to_end(&mut rt, &mut peer), b"");
    settle(&mut rt);
    assert_eq!(ended.take().len(), 1);
}

#[on_every_network_and_layer]
fn classes_extend_each_other_in_turn(net: &Net) {
    let mut rt = net.runtime();
    let (chatter, mut peer) = connected::<Chatter>(net, &mut rt);
    let lines = rt.spy(chatter.upcast::<LineSocket>(), LineSocket::line);
    assert_eq!(read_exactly(&mut rt, &mut peer, 6), b"hello\n");
    peer.write_all(b"unfinished").unwrap();
    wait_until(&mut rt, |world| !world[chatter].heard.is_empty());
    assert_eq!(rt[chatter].heard, ["10 bytes"]);
    peer.write_all(b" no more\n").unwrap();
    wait_until(&mut rt, |world| world[chatter].heard.len() == 2);
    settle(&mut rt);
    assert_eq!(lines.take(), ["unfinished no more"]);

    let names: Vec<_> =
        std::iter::successors(Some(rt[chatter].meta_object()), |class| class.super_class())
            .map(|class| class.class_name())
            .collect();
    assert_eq!(names, ["Chatter", "LineSocket", "QTcpSocket", "QAbstractSocket", "QIODevice"]);
    assert!(rt[chatter].meta_object().signal("error_occurred").is_some());
}

#[on_every_network_and_layer]
fn an_own_socket_that_is_destroyed_says_goodbye(net: &Net) {
    let mut rt = net.runtime();
    let (own, mut peer) = connected::<Chatter>(net, &mut rt);
    let journal = Journal::new();
    let noted = journal.clone();
    rt.connect_fn(own, Chatter::disconnected, move |_, ()| noted.note("disconnected"));
    read_exactly(&mut rt, &mut peer, 6);
    rt.destroy(own);
    assert_eq!(read_to_end(&mut rt, &mut peer), b"");
    assert_eq!(journal.take(), ["disconnected"]);
}

#[on_every_network_and_layer]
fn an_own_socket_closes_as_its_base_does(net: &Net) {
    let mut rt = net.runtime();
    let (own, mut peer) = connected::<LineSocket>(net, &mut rt);
    rt[own].say("bye");
    rt[own].flush().unwrap();
    rt[own].close();
    assert!(!rt[own].is_open());
    assert_eq!(rt[own].write(b"x").unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!(rt[own].read(&mut [0]).unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!(read_to_end(&mut rt, &mut peer), b"hello\nbye\n");
    wait_until(&mut rt, |world| world[own].state() == SocketState::Unconnected);
}

#[test]
fn a_class_that_extends_a_buffer_is_one() {
    #[derive(QObject, Default)]
    struct Log {
        #[qobject(base: QIODevice)]
        buffer: QBuffer,
        told: usize,
    }

    #[slots]
    impl Log {
        #[slot(self.bytes_written)]
        fn count(&mut self, bytes: usize) {
            self.told += bytes;
        }
    }

    let mut rt = Runtime::new().unwrap();
    let log = rt.add(Log::default());
    rt[log].open(OpenMode::READ_WRITE).unwrap();
    writeln!(rt[log], "first").unwrap();
    writeln!(rt[log], "second").unwrap();
    settle(&mut rt);
    assert_eq!(rt[log].told, 13);
    let log = &mut rt[log];
    assert!(!log.is_sequential());
    assert_eq!((log.pos(), log.size()), (13, 13));
    log.seek_to(6).unwrap();
    assert!(log.can_read_line());
    assert_eq!(log.lines().map(Result::unwrap).collect::<Vec<_>>(), ["second"]);
    assert_eq!(log.buffer.data(), b"first\nsecond\n");
}

#[test]
fn a_class_that_extends_a_device_is_asked_what_that_one_is_asked() {
    /// Remembers what it was asked.
    #[derive(QObject, Default)]
    struct Asked {
        #[qobject(device)]
        device: Device,
        asked: Vec<&'static str>,
    }

    impl RawDevice for Asked {
        fn read_data(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            self.asked.push("read_data");
            Ok(0)
        }
        fn write_data(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.asked.push("write_data");
            Ok(bytes.len())
        }
        fn flush_data(&mut self) -> std::io::Result<()> {
            self.asked.push("flush_data");
            Ok(())
        }
        fn skip_data(&mut self, max: usize) -> std::io::Result<usize> {
            self.asked.push("skip_data");
            Ok(max)
        }
        fn data_available(&self) -> usize {
            70
        }
        fn line_available(&self) -> bool {
            true
        }
        fn data_to_write(&self) -> usize {
            30
        }
        fn data_size(&self) -> u64 {
            20
        }
        fn open_data(&mut self, _: OpenMode) -> std::io::Result<()> {
            self.asked.push("open_data");
            Ok(())
        }
        fn close_data(&mut self) {
            self.asked.push("close_data");
        }
        fn buffer_consumed(&mut self) {
            self.asked.push("buffer_consumed");
        }
        fn error_text(&self) -> Option<String> {
            Some("asked too much".to_owned())
        }
    }

    #[derive(QObject, Default)]
    struct Outer {
        #[qobject(base: QIODevice)]
        inner: Asked,
    }

    let mut outer = Outer::default();
    outer.open(OpenMode::READ_WRITE).unwrap();
    assert_eq!(outer.read(&mut [0]).unwrap(), 0);
    outer.put_char(b'x').unwrap();
    outer.flush().unwrap();
    assert_eq!(outer.skip(5), 5);
    outer.unget_char(b'x');
    assert_eq!((outer.bytes_available(), outer.bytes_to_write()), (71, 30));
    assert!(outer.can_read_line());
    assert_eq!(outer.skip(1), 1);
    outer.close();
    assert_eq!(outer.error_string(), "asked too much");
    assert_eq!((outer.data_size(), outer.is_sequential()), (20, true));
    assert_eq!(
        outer.inner.asked,
        [
            "open_data",
            "read_data",
            "write_data",
            "flush_data",
            "skip_data",
            "buffer_consumed",
            "close_data"
        ]
    );
}
