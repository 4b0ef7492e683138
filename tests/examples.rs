//! The examples, run as their heads say: as programs of their own that talk over loopback.
//!
//! `cargo test` builds them first; `cargo test -p slotwire-tests --test examples` does not, so `cargo build --workspace --examples --all-features`
//! goes before it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::thread;

use slotwire::stream::QDataStream;
use support::program::{DEADLINE, Program};

/// The fortune "Somebody is waiting for your signal.", as Qt 6.12 has written it: `writeQString` in
/// the version `Qt_6_5`.
const RECORDED: &[u8] = b"\0\0\0\x48\
    \0S\0o\0m\0e\0b\0o\0d\0y\0 \0i\0s\0 \0w\0a\0i\0t\0i\0n\0g\0 \
    \0f\0o\0r\0 \0y\0o\0u\0r\0 \0s\0i\0g\0n\0a\0l\0.";

/// Connects, and calls itself lost as everything else here.
fn connect(port: &str) -> TcpStream {
    let port: u16 = port.parse().expect("a port is a number");
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("it listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a time-out can be set");
    stream.set_write_timeout(Some(DEADLINE)).expect("a time-out can be set");
    stream
}

/// Returns all that a server sends, up to the end of the connection.
fn answer(port: &str) -> Vec<u8> {
    let mut answer = Vec::new();
    connect(port).read_to_end(&mut answer).expect("it tells and hangs up");
    answer
}

/// Returns the port of a server for one connection, which writes these pieces and hangs up.
fn server_that_writes(pieces: Vec<Vec<u8>>) -> (String, thread::JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a port");
    let port = listener.local_addr().expect("it is bound").port().to_string();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody connects");
        stream.set_nodelay(true).expect("it stands");
        for piece in pieces {
            stream.write_all(&piece).expect("it reads");
        }
    });
    (port, server)
}

/// Bytes that differ from one place to the next.
fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|index| (index * 31 + index / 251) as u8).collect()
}

#[test]
fn a_fortune_server_tells_each_kind_of_client_its_fortune() {
    let (server, port) = Program::serve("fortune_server", &["0", "3"]);
    let told: Vec<String> = ["fortune_client", "blocking_fortune_client", "fortune_client"]
        .iter()
        .map(|client| {
            let client = Program::start(client, &["localhost", &port]);
            let fortune = client.line();
            assert!(client.end().success());
            fortune
        })
        .collect();
    assert_eq!(told[0], "You will find a lost semicolon in an unexpected place.");
    assert_ne!(told[0], told[1]);
    let expected: Vec<String> =
        told.iter().map(|fortune| format!("told 127.0.0.1: {fortune}")).collect();
    assert_eq!(server.rest(), expected);
    assert!(server.end().success());
}

#[test]
fn a_fortune_is_the_bytes_that_qt_writes() {
    for server in ["fortune_server", "threaded_fortune_server"] {
        let (server, port) = Program::serve(server, &["0", "3"]);
        let told = [answer(&port), answer(&port), answer(&port)];
        assert_eq!(told.iter().filter(|told| *told == RECORDED).count(), 1, "{told:?}");
        assert!(server.end().success());
    }
}

#[test]
fn a_fortune_client_understands_the_bytes_of_qt_in_one_piece_or_in_many() {
    for client in ["fortune_client", "blocking_fortune_client"] {
        for size in [RECORDED.len(), 5, 1] {
            let pieces = RECORDED.chunks(size).map(<[u8]>::to_vec).collect();
            let (port, server) = server_that_writes(pieces);
            let client = Program::start(client, &["127.0.0.1", &port]);
            assert_eq!(client.rest(), ["Somebody is waiting for your signal."]);
            assert!(client.end().success());
            server.join().expect("the server has finished");
        }
    }
}

#[test]
fn a_fortune_that_has_not_come_whole_is_none() {
    for client in ["fortune_client", "blocking_fortune_client"] {
        for bytes in [&RECORDED[..RECORDED.len() - 1], &[]] {
            let (port, server) = server_that_writes(vec![bytes.to_vec()]);
            let client = Program::start(client, &["127.0.0.1", &port]);
            assert_eq!(client.rest(), [""; 0]);
            assert_eq!(client.end().code(), Some(1));
            server.join().expect("the server has finished");
        }
    }
}

#[test]
fn a_fortune_client_without_a_server_says_why_and_fails() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a port");
    let port = listener.local_addr().expect("it is bound").port().to_string();
    drop(listener);
    for client in ["fortune_client", "blocking_fortune_client"] {
        let client = Program::start(client, &["127.0.0.1", &port]);
        assert_eq!(client.rest(), [""; 0]);
        assert_eq!(client.end().code(), Some(1));
    }
}

#[test]
fn a_threaded_fortune_server_shares_its_guests_among_its_threads() {
    let (server, port) = Program::serve("threaded_fortune_server", &["0", "6"]);
    for _ in 0..6 {
        let fortune: String = QDataStream::from_bytes(&answer(&port)).read().expect("a fortune");
        assert!(fortune.ends_with('.'), "{fortune}");
    }
    let mut told = server.rest();
    told.sort();
    let expected: Vec<String> =
        (0..6).map(|guest| format!("teller {} told 127.0.0.1", guest / 2)).collect();
    assert_eq!(told, expected);
    assert!(server.end().success());
}

#[test]
fn an_echo_server_gives_back_every_byte_also_to_those_who_read_late() {
    let (server, port) = Program::serve("echo_server", &["0", "2"]);
    for size in [6, 20_000_000] {
        let sent = pattern(size);
        let mut stream = connect(&port);
        let mut sender = stream.try_clone().expect("a stream can be shared");
        let writer = thread::spawn({
            let sent = sent.clone();
            move || {
                sender.write_all(&sent).expect("it takes all");
                sender.shutdown(Shutdown::Write).expect("it stands");
            }
        });
        let mut back = Vec::new();
        stream.read_to_end(&mut back).expect("it answers all and hangs up");
        writer.join().expect("the writer has finished");
        assert!(back == sent, "{} bytes came back of {size}", back.len());
    }
    assert_eq!(server.rest(), ["127.0.0.1 has gone", "127.0.0.1 has gone"]);
    assert!(server.end().success());
}

#[test]
fn an_async_client_reconnects_and_sends_again_what_was_not_answered() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a port");
    let port = listener.local_addr().expect("it is bound").port().to_string();
    let client = Program::start("async_client", &["127.0.0.1", &port, "one", "two"]);
    // The first server answers one line and hangs up on the second one.
    let (mut first, _) = listener.accept().expect("it connects");
    let mut lines = BufReader::new(first.try_clone().expect("a stream can be shared"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("it sends a line");
    first.write_all(line.as_bytes()).expect("it reads");
    lines.read_line(&mut line).expect("it sends another line");
    assert_eq!(line, "one\ntwo\n");
    drop((first, lines));
    let (second, _) = listener.accept().expect("it connects again");
    line.clear();
    BufReader::new(&second).read_line(&mut line).expect("it sends the line again");
    (&second).write_all(line.as_bytes()).expect("it reads");
    let answers = ["connected", "one", "the server has hung up", "connected", "two"];
    assert_eq!(client.rest(), answers);
    assert!(client.end().success());
}

#[test]
fn http_get_prints_the_page_and_nothing_else() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a port");
    let address = listener.local_addr().expect("it is bound");
    let page: Vec<String> = (0..20_000).map(|line| format!("line {line}")).collect();
    let body = page.join("\n");
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody asks");
        stream.set_read_timeout(Some(DEADLINE)).expect("a time-out can be set");
        let mut request = Vec::new();
        let mut lines = BufReader::new(stream.try_clone().expect("a stream can be shared"));
        while !request.ends_with(b"\r\n\r\n") {
            assert_ne!(lines.read_until(b'\n', &mut request).expect("it asks"), 0);
        }
        write!(stream, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n{body}").expect("taken");
        String::from_utf8(request).expect("it is text")
    });
    let get = Program::start("http_get", &[&format!("http://{address}/some/page")]);
    assert!(get.rest() == page, "the page is another");
    assert!(get.end().success());
    let request = server.join().expect("the server has finished");
    assert_eq!(request, "GET /some/page HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
}

#[test]
fn http_get_fails_if_there_is_no_page() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a port");
    let address = listener.local_addr().expect("it is bound");
    let server = thread::spawn(move || drop(listener.accept().expect("somebody asks")));
    let get = Program::start("http_get", &[&format!("http://{address}/")]);
    assert_eq!(get.rest(), [""; 0]);
    assert_eq!(get.end().code(), Some(1));
    server.join().expect("the server has finished");
}

#[test]
fn a_port_forwarder_carries_both_directions_and_makes_a_fast_writer_wait_for_a_slow_reader() {
    const SIZE: usize = 48_000_000;
    let target = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a port");
    let target_port = target.local_addr().expect("it is bound").port().to_string();
    let (forwarder, port) =
        Program::serve("port_forwarder", &["0", "127.0.0.1", &target_port, "3"]);
    let before = forwarder.peak_memory();

    // One direction at a time, so that each has a writer that is faster than its reader.
    for answers in [false, true] {
        let sent = pattern(SIZE);
        let mut near = connect(&port);
        let (far, _) = target.accept().expect("it connects to the target");
        far.set_read_timeout(Some(DEADLINE)).expect("a time-out can be set");
        far.set_write_timeout(Some(DEADLINE)).expect("a time-out can be set");
        let (mut source, mut sink) = if answers { (far, near) } else { (near, far) };
        near = sink.try_clone().expect("a stream can be shared");
        let writer = thread::spawn({
            let sent = sent.clone();
            move || {
                source.write_all(&sent).expect("it takes all");
                source.shutdown(Shutdown::Write).expect("it stands");
                let mut word = String::new();
                source.read_to_string(&mut word).expect("the other direction is open still");
                word
            }
        });
        let mut arrived = Vec::with_capacity(SIZE);
        let mut piece = [0; 4096];
        loop {
            match sink.read(&mut piece).expect("it forwards") {
                0 => break,
                count => arrived.extend_from_slice(&piece[..count]),
            }
        }
        assert!(arrived == sent, "{} bytes arrived of {SIZE}", arrived.len());
        near.write_all(b"thanks").expect("the other direction is open still");
        near.shutdown(Shutdown::Write).expect("it stands");
        assert_eq!(writer.join().expect("the writer has finished"), "thanks");
        assert_eq!(forwarder.line(), "a connection has ended");
        let grown = forwarder.peak_memory().saturating_sub(before);
        assert!(grown < 4096, "it does not hold the writer back: {grown} KiB more");
    }
    drop(connect(&port));
    drop(target.accept().expect("it connects to the target"));
    assert_eq!(forwarder.rest(), ["a connection has ended"]);
    assert!(forwarder.end().success());
}

#[test]
fn a_proxy_client_reaches_its_server_through_a_proxy() {
    let (port, server) = server_that_writes(vec![b"You have come far.\n".to_vec()]);
    let (proxy, proxy_port) = Program::serve("socks5_server", &[]);
    let url = format!("socks5://127.0.0.1:{proxy_port}");
    let client = Program::start("proxy_client", &[&url, "localhost", &port]);
    assert_eq!(proxy.line(), format!("connected to localhost:{port}"));
    assert_eq!(client.line(), "You have come far.");
    assert!(client.end().success());
    server.join().expect("the server has finished");
}

/// An HTTP proxy for one connection, which wants the password of `ann`. Returns its port.
fn http_proxy() -> (u16, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a port");
    let port = listener.local_addr().expect("it is bound").port();
    let plays = thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("the client comes");
        client.set_read_timeout(Some(DEADLINE)).expect("a time-out can be set");
        let mut reader = BufReader::new(client.try_clone().expect("a stream can be shared"));
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("the client speaks");
            lines.push(line.trim_end().to_owned());
            let proof = "Proxy-Authorization: Basic YW5uOnNAY3JldA=="; // ann:s@cret
            match line.as_str() {
                "\r\n" if lines.iter().any(|line| line == proof) => break,
                "\r\n" => write!(
                    client,
                    "HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm=\"zone\"\r\n\
                     Content-Length: 0\r\n\r\n"
                )
                .expect("the client hears"),
                "" => return lines,
                _ => {}
            }
        }
        let target = lines[0].split(' ').nth(1).expect("CONNECT HOST:PORT HTTP/1.1");
        let mut server = TcpStream::connect(target).expect("the server listens");
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").expect("the client hears");
        std::io::copy(&mut server, &mut client).expect("the server tells and hangs up");
        lines
    });
    (port, plays)
}

#[test]
fn a_proxy_client_gives_the_credentials_of_the_url_to_an_http_proxy() {
    let (port, server) = server_that_writes(vec![b"You have come far.\n".to_vec()]);
    let (proxy_port, plays) = http_proxy();
    let url = format!("http://ann:s%40cret@127.0.0.1:{proxy_port}");
    let client = Program::start("proxy_client", &[&url, "localhost", &port]);
    assert_eq!(client.line(), "You have come far.");
    assert!(client.end().success());
    server.join().expect("the server has finished");
    let heard = plays.join().expect("the proxy does not fail");
    let request = format!("CONNECT localhost:{port} HTTP/1.1");
    assert_eq!(heard.iter().filter(|line| **line == request).count(), 2, "{heard:?}");
}

#[test]
fn a_proxy_client_fails_without_the_credentials_that_the_proxy_wants() {
    for arguments in [&[][..], &["ann", "wrong"]] {
        let (proxy_port, plays) = http_proxy();
        let url = format!("127.0.0.1:{proxy_port}");
        let arguments = [&[url.as_str(), "localhost", "80"], arguments].concat();
        let client = Program::start("proxy_client", &arguments);
        assert_eq!(client.rest(), [""; 0]);
        assert_eq!(client.end().code(), Some(1));
        plays.join().expect("the proxy does not fail");
    }
}

#[test]
fn a_chat_carries_what_one_says_to_all_others() {
    let (server, port) = Program::serve("chat", &["server", "0", "2"]);
    let mut alice = Program::start("chat", &["client", &port, "alice"]);
    assert_eq!(server.line(), "alice has come");
    let mut bob = Program::start("chat", &["client", &port, "bob"]);
    assert_eq!(server.line(), "bob has come");
    assert_eq!(alice.line(), "* bob has come");

    alice.say("hello, bob");
    assert_eq!(bob.line(), "alice: hello, bob");
    bob.say("good day");
    assert_eq!(alice.line(), "bob: good day");

    assert!(bob.end().success());
    assert_eq!(alice.line(), "* bob has gone");
    assert!(alice.end().success());
    assert_eq!(server.rest(), ["bob has gone", "alice has gone"]);
    assert!(server.end().success());
}

#[test]
fn a_broadcast_is_heard_by_all_receivers() {
    let (first, port) = Program::serve("broadcast_receiver", &["0", "2"]);
    let (second, _) = Program::serve("broadcast_receiver", &[&port, "2"]);
    let sender = Program::start("broadcast_sender", &[&port, "127.255.255.255", "2"]);
    for receiver in [first, second] {
        assert_eq!(receiver.rest(), ["127.0.0.1 says: message 1", "127.0.0.1 says: message 2"]);
        assert!(receiver.end().success());
    }
    assert_eq!(sender.rest(), ["sent: message 1", "sent: message 2"]);
    assert!(sender.end().success());
}

#[test]
fn what_is_sent_to_a_group_is_heard_by_all_who_joined_it() {
    let (first, port) = Program::serve("multicast_receiver", &["0", "lo", "2"]);
    let (second, _) = Program::serve("multicast_receiver", &[&port, "lo", "2"]);
    let sender = Program::start("multicast_sender", &[&port, "lo", "2"]);
    for receiver in [first, second] {
        assert_eq!(receiver.rest(), ["127.0.0.1 says: message 1", "127.0.0.1 says: message 2"]);
        assert!(receiver.end().success());
    }
    assert_eq!(sender.rest(), ["sent: message 1", "sent: message 2"]);
    assert!(sender.end().success());
}

#[test]
fn a_generic_channel_prints_what_its_head_says() {
    let channel = Program::start("generic_channel", &[]);
    let source = include_str!("../examples/generic_channel.rs");
    let (_, said) = source.split_once("//! ```text\n").expect("the head has a text");
    let (said, _) = said.split_once("//! ```\n").expect("the text ends");
    let said: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("//! ")).collect();
    assert_eq!(said.len(), 9);
    assert_eq!(channel.rest(), said);
    assert!(channel.end().success());
}
