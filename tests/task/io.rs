//! Devices and sockets by the traits of `futures_io`, and on both networks.

use std::cell::RefCell;
use std::future::Future;
use std::io::{ErrorKind, Read};
use std::rc::Rc;
use std::time::Duration;

use futures_lite::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt,
};
use slotwire::prelude::*;
use slotwire::task::{TaskOutput, WorldError};
use slotwire::{JoinHandle, QBuffer, TaskContext};

use support::*;

/// Runs a task to its end, and returns its output.
#[track_caller]
fn run<T>(rt: &mut Runtime, task: impl FnOnce(TaskContext) -> T + 'static) -> T::Output
where
    T: Future<Output: TaskOutput> + 'static,
{
    let handle = rt.spawn(task);
    join(rt, handle)
}

/// Runs the loop until a task has ended, and returns its output.
#[track_caller]
fn join<O: TaskOutput>(rt: &mut Runtime, handle: JoinHandle<O>) -> O {
    wait_until(rt, |_| handle.is_finished());
    let output = Rc::new(RefCell::new(None));
    let noted = output.clone();
    rt.spawn(async move |_| *noted.borrow_mut() = Some(handle.await.expect("it has an output")));
    wait_until(rt, |_| output.borrow().is_some());
    output.take().unwrap()
}

/// Writes, and reads to the end, by the traits alone.
async fn exchange(
    mut io: impl AsyncRead + AsyncWrite + Unpin,
    bytes: &[u8],
) -> std::io::Result<Vec<u8>> {
    io.write_all(bytes).await?;
    io.flush().await?;
    let mut heard = Vec::new();
    io.read_to_end(&mut heard).await?;
    io.close().await?;
    Ok(heard)
}

#[on_every_network_and_layer]
fn bytes_go_to_a_peer_and_come_back(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
    let errand = peer.go([Deed::Read(5), Deed::Write(b"world".to_vec()), Deed::Close]);
    let heard = run(&mut rt, async move |task| exchange(task.socket(socket), b"hello").await);
    assert_eq!(heard.unwrap(), b"world");
    assert_eq!(errand.end(&mut rt), b"hello");
}

#[on_every_network]
fn lines_are_read_up_to_the_end(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
    let errand = peer.go([Deed::Write(b"one\ntwo\nthr".to_vec()), Deed::Close]);
    let lines = run(&mut rt, async move |task| {
        let mut lines = Vec::new();
        let mut all = task.socket(socket).lines();
        while let Some(line) = all.next().await {
            lines.push(line?);
        }
        Ok::<_, std::io::Error>(lines)
    });
    assert_eq!(lines.unwrap(), ["one", "two", "thr"]);
    errand.end(&mut rt);
}

#[on_every_network]
fn lines_are_read_without_the_traits_of_another_crate(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
    let text = b"one\r\ntwo\n\nthree".to_vec();
    let errand = peer.go([Deed::Write(text), Deed::Close]);
    let lines = run(&mut rt, async move |task| {
        let (mut io, mut lines) = (task.socket(socket), Vec::new());
        while let Some(line) = io.next_line().await? {
            lines.push(line);
        }
        Ok::<_, std::io::Error>(lines)
    });
    assert_eq!(lines.unwrap(), ["one", "two", "", "three"]);
    errand.end(&mut rt);
}

#[on_every_network]
fn a_line_without_end_is_an_error(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
    let errand = peer.go([Deed::Flood, Deed::Close]);
    let error = run(&mut rt, async move |task| {
        let mut io = task.socket(socket);
        let error = io.next_line().await.unwrap_err();
        task.with(|world| world[socket].abort());
        error.to_string()
    });
    assert_eq!(error, "the line is longer than 65536 bytes");
    errand.end(&mut rt);
}

#[on_every_network]
fn a_line_whose_wait_has_timed_out_is_read_whole_afterwards(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    peer.write_all(b"transfer 1").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() > 0);
    let io = run(&mut rt, async move |task| {
        let mut io = task.socket(socket);
        assert!(task.timeout(Duration::ZERO, io.next_line()).await.is_err());
        Rc::new(RefCell::new(Some(io)))
    });
    peer.write_all(b"000 to ada\nnext").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() > 0);
    drop(peer);
    let lines = run(&mut rt, async move |_| {
        let mut io = io.take().expect("it was kept");
        let mut rest = String::new();
        let line = io.next_line().await?;
        io.read_to_string(&mut rest).await?;
        Ok::<_, std::io::Error>((line, rest))
    });
    let (line, rest) = lines.unwrap();
    assert_eq!(line.as_deref(), Some("transfer 1000 to ada"));
    assert_eq!(rest, "next");
}

#[on_every_network]
fn what_follows_in_a_line_that_is_too_long_is_no_line(net: &Net) {
    const MOST: usize = 64 * 1024;
    for (length, end, is_taken) in [
        (MOST, "\n", true),
        (MOST, "\r\n", true),
        (MOST + 1, "\n", false),
        (MOST + 1, "\r\n", false),
        (9 * 8192, "\n", false),
    ] {
        let mut rt = net.runtime();
        let (socket, peer) = net.connected_pair(&mut rt);
        let text = format!("{}{end}admin\n", "x".repeat(length)).into_bytes();
        let errand = peer.go([Deed::Write(text), Deed::Close]);
        let lines = run(&mut rt, async move |task| {
            let mut io = task.socket(socket);
            let mut lines = Vec::new();
            for _ in 0..3 {
                lines.push(io.next_line().await.map_err(|error| error.kind()));
            }
            lines
        });
        errand.end(&mut rt);
        if is_taken {
            let long = "x".repeat(length);
            assert_eq!(lines, [Ok(Some(long)), Ok(Some("admin".to_owned())), Ok(None)]);
        } else {
            assert_eq!(lines, vec![Err(ErrorKind::InvalidData); 3], "{length}");
        }
    }
}

#[on_every_network]
fn an_error_that_ended_no_connection_is_none_of_a_connection_that_ends_in_order(net: &Net) {
    type Mistake = fn(&mut Runtime, Obj<QTcpSocket>);
    let mistakes: [(Mistake, SocketError); 2] = [
        (|rt, socket| rt[socket].connect_to_host("elsewhere", 1), SocketError::Operation),
        (
            |rt, socket| assert!(!rt.wait_for_ready_read(socket, Some(Duration::ZERO))),
            SocketError::SocketTimeout,
        ),
    ];
    for (make, error) in mistakes {
        let mut rt = net.runtime();
        let (socket, peer) = net.connected_pair(&mut rt);
        make(&mut rt, socket);
        assert_eq!(rt[socket].error(), Some(error));
        let errand = peer.go([Deed::Read(5), Deed::Close]);
        let end = run(&mut rt, async move |task| {
            let mut io = task.socket(socket);
            io.write_all(b"hello").await?;
            io.flush().await?;
            io.close().await?;
            io.next_line().await
        });
        assert_eq!(end.unwrap(), None);
        errand.end(&mut rt);
    }
}

#[on_every_network]
fn a_lost_connection_stays_lost_whatever_fails_afterwards(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
    peer.go([Deed::Reset]).end(&mut rt);
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Unconnected);
    assert!(!rt.wait_for_connected(socket, Some(Duration::ZERO)));
    let error = run(&mut rt, async move |task| task.socket(socket).next_line().await);
    let text = error.unwrap_err().to_string();
    assert!(text.starts_with("cannot read from the socket: "), "{text}");
}

#[on_every_network]
fn connecting_a_socket_that_is_connected_elsewhere_is_an_error(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _peer) = net.connected_pair(&mut rt);
    let port = rt[socket].peer_port();
    let error = run(&mut rt, async move |task| task.connect_to_host(socket, "elsewhere", 1).await);
    let text = error.unwrap_err().to_string();
    assert!(text.starts_with("cannot connect to elsewhere:1: "), "{text}");
    assert_eq!((rt[socket].peer_port(), rt[socket].state()), (port, SocketState::Connected));
    // Somebody who begins anew while a task waits has another connection than the task.
    let (_listener, port) = net.listener();
    rt[socket].abort();
    rt.deliver();
    let waiting = rt.spawn(async move |task| task.connect_to_host(socket, "127.0.0.1", port).await);
    let takes_over = rt.spawn(async move |task| {
        task.with(|world| world[socket].abort());
        task.connect_to_host(socket, "elsewhere.invalid", 1).await
    });
    let [first, second] = [waiting, takes_over].map(|handle| join(&mut rt, handle).unwrap_err());
    assert_eq!(
        first.to_string(),
        format!("cannot connect to 127.0.0.1:{port}: the socket has begun anew meanwhile")
    );
    assert!(second.to_string().starts_with("cannot connect to elsewhere.invalid:1: "), "{second}");
}

/// A socket that has nothing left to send still closes, and can begin anew at once.
#[on_every_network]
fn a_socket_that_is_about_to_end_connects_anew(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _peer) = net.connected_pair(&mut rt);
    let (_listener, port) = net.listener();
    run(&mut rt, async move |task| {
        task.with(|world| {
            world[socket].disconnect_from_host();
            assert_eq!(world[socket].state(), SocketState::Closing);
        });
        task.connect_to_host(socket, "127.0.0.1", port).await
    })
    .unwrap();
    assert_eq!((rt[socket].peer_port(), rt[socket].state()), (Some(port), SocketState::Connected));
}

/// A wait that gives up ends the attempt: what was written for it is lost, which the writer hears.
#[test]
fn what_was_written_for_a_connection_that_has_not_come_about_is_not_flushed() {
    let mut rt = Runtime::simulated(1).unwrap();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connect_to_host("192.0.2.1", 7000);
    rt[socket].write_all(b"hello").unwrap();
    assert!(!rt.wait_for_connected(socket, Some(Duration::ZERO)));
    let flushed = run(&mut rt, async move |task| task.socket(socket).flush().await);
    assert_eq!(flushed.unwrap_err().kind(), ErrorKind::TimedOut);
}

/// Settings that are refused before there is an attempt.
#[test]
fn a_connection_that_its_settings_refuse_is_an_error_of_each_call() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(slotwire::QSslSocket::new());
    let (flushed, read) = run(&mut rt, async move |task| {
        task.with(|world| world[socket].connect_to_host_encrypted("no host name", 1));
        let mut io = task.socket(socket);
        let has_reason = |done: std::io::Result<()>| {
            let error = done.unwrap_err();
            error.get_ref().is_some_and(|error| error.is::<NetError>())
        };
        (has_reason(io.flush().await), has_reason(io.next_line().await.map(drop)))
    });
    assert!(flushed && read);
}

#[on_every_network]
fn a_writer_waits_while_much_is_not_sent(net: &Net) {
    const MUCH: usize = 8 * 1024 * 1024;
    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
    let most = Rc::new(RefCell::new(0));
    let noted = most.clone();
    let handle = rt.spawn(async move |task| {
        let mut io = task.socket(socket);
        let block = vec![7; 100_000];
        let mut left = MUCH;
        while left > 0 {
            left -= io.write(&block[..block.len().min(left)]).await?;
            let waits = task.with(|world| world[socket].bytes_to_write());
            let mut most = noted.borrow_mut();
            *most = waits.max(*most);
        }
        io.close().await
    });
    let errand = peer.go([Deed::Read(MUCH), Deed::Close]);
    join(&mut rt, handle).unwrap();
    assert_eq!(errand.end(&mut rt).len(), MUCH);
    assert_eq!(rt[socket].state(), SocketState::Unconnected);
    assert!(*most.borrow() <= 64 * 1024, "{} bytes wait", most.borrow());
}

#[on_every_network]
fn closing_ends_the_connection_after_all_bytes(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    run(&mut rt, async move |task| {
        let mut io = task.socket(socket);
        io.write_all(b"farewell").await?;
        io.close().await?;
        assert_eq!(task.with(|world| world[socket].state()), SocketState::Unconnected);
        io.close().await
    })
    .unwrap();
    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).unwrap();
    assert_eq!(heard, b"farewell");
}

#[on_every_network]
fn a_reset_is_an_error_with_the_cause_inside(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
    let errand = peer.go([Deed::Reset]);
    let error = run(&mut rt, async move |task| {
        let mut heard = [0; 8];
        task.socket(socket).read(&mut heard).await
    })
    .unwrap_err();
    errand.end(&mut rt);
    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
}

#[on_every_network]
fn a_refused_connection_ends_each_wait_with_the_reason(net: &Net) {
    let mut rt = net.runtime();
    let port = net.closed_port();
    let socket = rt.add(QTcpSocket::new());
    let reading = rt.spawn(async move |task| {
        let mut heard = [0; 8];
        task.yield_now().await;
        task.socket(socket).read(&mut heard).await
    });
    let writing = rt.spawn(async move |task| {
        task.with(|world| world[socket].connect_to_host("127.0.0.1", port));
        let mut io = task.socket(socket);
        io.write_all(b"never sent").await?;
        io.flush().await
    });
    for error in [join(&mut rt, reading).unwrap_err(), join(&mut rt, writing).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{error}");
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<NetError>());
        assert_eq!(cause.map(NetError::kind), Some(SocketError::ConnectionRefused));
    }
}

#[on_every_network]
fn connecting_is_awaited(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    let closed = net.closed_port();
    let handle = rt.spawn(async move |task| {
        let refused = task.connect_to_host(socket, "127.0.0.1", closed).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "{refused}");
        task.connect_to_host(socket, "127.0.0.1", port).await?;
        task.socket(socket).write_all(b"here").await
    });
    let mut peer = caller(&mut rt, &listener);
    join(&mut rt, handle).unwrap();
    settle(&mut rt);
    let mut heard = [0; 4];
    peer.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"here");
}

#[on_every_network]
fn connecting_a_socket_that_is_destroyed_is_an_error(net: &Net) {
    let mut rt = net.runtime();
    let (_listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    let handle = rt.spawn(async move |task| task.connect_to_host(socket, "localhost", port).await);
    turn(&mut rt);
    rt.destroy(socket);
    let error = join(&mut rt, handle).unwrap_err();
    assert!(error.to_string().ends_with("the socket is gone"), "{error}");
}

#[on_every_network]
fn a_socket_that_is_destroyed_ends_a_read(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _peer) = net.connected_pair(&mut rt);
    let handle = rt.spawn(async move |task| task.socket(socket).read(&mut [0; 8]).await);
    settle(&mut rt);
    assert!(!handle.is_finished());
    rt.destroy(socket);
    let error = join(&mut rt, handle).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotConnected);
    assert!(error.to_string().starts_with("Obj<QTcpSocket> "), "{error}");
}

#[on_every_network]
fn two_tasks_read_and_write_one_socket(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
    let errand = peer.go([Deed::Read(4), Deed::Write(b"pong".to_vec()), Deed::Close]);
    let reading = rt.spawn(async move |task| {
        let mut heard = Vec::new();
        task.socket(socket).read_to_end(&mut heard).await.map(|_| heard)
    });
    settle(&mut rt);
    run(&mut rt, async move |task| task.socket(socket).write_all(b"ping").await).unwrap();
    assert_eq!(join(&mut rt, reading).unwrap(), b"pong");
    errand.end(&mut rt);
}

#[test]
fn a_buffer_is_read_and_written_in_tasks() {
    let mut rt = Runtime::new().unwrap();
    let buffer = rt.add(QBuffer::new());
    rt[buffer].open(OpenMode::READ_WRITE).unwrap();
    let text = run(&mut rt, async move |task| {
        let mut io = task.device(buffer);
        io.write_all(b"kept").await?;
        io.flush().await?;
        task.with(|world| world[buffer].seek_to(0))?;
        let mut text = String::new();
        io.read_to_string(&mut text).await?;
        io.close().await?;
        assert!(!task.with(|world| world[buffer].is_open()));
        assert!(io.read(&mut [0; 4]).await.is_err());
        Ok::<_, std::io::Error>(text)
    });
    assert_eq!(text.unwrap(), "kept");
}

#[test]
fn a_device_that_another_executor_polls_fails_and_says_so() {
    let mut rt = Runtime::new().unwrap();
    let buffer = rt.add(QBuffer::new());
    let given = Rc::new(RefCell::new(None));
    let kept = given.clone();
    rt.spawn(async move |task| *kept.borrow_mut() = Some(task.device(buffer)));
    settle(&mut rt);
    let mut io = given.take().unwrap();
    let error = futures_lite::future::block_on(io.read(&mut [0; 4])).unwrap_err();
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<WorldError>());
    assert_eq!(cause, Some(&WorldError::NotLent));
}

#[test]
fn a_stream_is_a_stream_of_futures_core() {
    let mut rt = Runtime::with_clock(slotwire::VirtualClock::new()).unwrap();
    let timer = rt.add(QTimer::new());
    rt[timer].start_with(Duration::from_secs(1));
    let ticks = rt.stream(timer, QTimer::timeout, 4);
    let count = run(&mut rt, async move |_| ticks.take(3).count().await);
    assert_eq!(count, 3);
}

#[on_every_network]
fn the_traits_of_tokio_do_the_same(net: &Net) {
    use tokio::io::AsyncWriteExt as _;

    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
    let errand = peer.go([
        Deed::Read(5),
        Deed::Write(b"line\nrest".to_vec()),
        Deed::Finish,
        Deed::Read(usize::MAX),
        Deed::Close,
    ]);
    let heard = run(&mut rt, async move |task| {
        let mut io = task.socket(socket);
        tokio::io::AsyncWriteExt::write_all(&mut io, b"hello").await?;
        let (mut line, mut rest) = (String::new(), Vec::new());
        tokio::io::AsyncBufReadExt::read_line(&mut io, &mut line).await?;
        tokio::io::AsyncReadExt::read_to_end(&mut io, &mut rest).await?;
        io.shutdown().await?;
        Ok::<_, std::io::Error>((line, rest))
    });
    assert_eq!(heard.unwrap(), ("line\n".to_owned(), b"rest".to_vec()));
    assert_eq!(errand.end(&mut rt), b"hello");
}
