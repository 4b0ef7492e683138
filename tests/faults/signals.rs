//! Signals of the operating system, which interrupt its calls and end processes that do not care.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use nix::sys::pthread::{pthread_kill, pthread_self};
use nix::sys::signal::Signal;
use signal_hook::consts::{SIGPIPE, SIGUSR1};
use signal_hook::flag;

use super::*;

/// A thread that sends signals to the one that began it, each as soon as the one before was
/// handled.
struct Storm {
    handled: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    sender: Option<JoinHandle<()>>,
}

impl Storm {
    fn begin() -> Self {
        let arrived = Arc::new(AtomicBool::new(false));
        flag::register(SIGUSR1, arrived.clone()).unwrap();
        let (handled, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, over) = (handled.clone(), is_over.clone());
        let target = pthread_self();
        let sender = std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                pthread_kill(target, Signal::SIGUSR1).unwrap();
                while !arrived.swap(false, Ordering::Relaxed) && !over.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { handled, is_over, sender: Some(sender) }
    }

    /// How many signals were handled.
    fn handled(&self) -> usize {
        self.handled.load(Ordering::Relaxed)
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let sent = self.sender.take().map(JoinHandle::join);
        assert!(matches!(sent, Some(Ok(()))) || std::thread::panicking());
    }
}

/// How many signals a test is to get by with.
const MANY: usize = 2000;

#[test]
fn a_loop_that_is_interrupted_goes_on_and_no_byte_is_lost() {
    in_own_process("signals::a_loop_that_is_interrupted_goes_on_and_no_byte_is_lost", || {
        let mut rt = Runtime::new().unwrap();
        let storm = Storm::begin();
        // The signals do interrupt the loop: nothing else could end this turn.
        assert!(!rt.process_events(None).unwrap());
        let (_, port) = server(&mut rt, echo);
        let socket = rt.add(QTcpSocket::new());
        let journal = journal_of(&mut rt, socket);
        rt[socket].connect_to_host("127.0.0.1", port);
        wait_until(&mut rt, |world| world[socket].state() == SocketState::Connected);
        let data = noise(1 << 20);
        while storm.handled() < MANY {
            rt[socket].write_all(&data).unwrap();
            wait_until(&mut rt, |world| world[socket].bytes_available() >= data.len());
            assert!(rt[socket].read_all() == data);
            // With nothing to do but to be interrupted.
            assert!(!rt.run_until(Duration::from_millis(1), |_| false).unwrap());
        }
        assert_eq!(rt[socket].error(), None);
        assert!(journal.take().iter().all(|entry| !entry.contains("while")));
    });
}

#[test]
fn a_wait_that_is_interrupted_goes_on_and_no_byte_is_lost() {
    in_own_process("signals::a_wait_that_is_interrupted_goes_on_and_no_byte_is_lost", || {
        let mut rt = Runtime::new().unwrap();
        let (listener, port) = std_listener();
        let storm = Storm::begin();
        let handled = storm.handled.clone();
        let echoing = std::thread::spawn(move || {
            let mut peer = listener.accept().unwrap().0;
            let mut bytes = [0; 1000];
            while peer.read_exact(&mut bytes).is_ok() {
                // Who waits for the answer is interrupted before it comes.
                let enough = handled.load(Ordering::Relaxed) + 20;
                while handled.load(Ordering::Relaxed) < enough {
                    std::thread::yield_now();
                }
                peer.write_all(&bytes).unwrap();
            }
        });
        let socket = rt.add(QTcpSocket::new());
        rt[socket].connect_to_host("127.0.0.1", port);
        assert!(rt.wait_for_connected(socket, Some(DEADLINE)));
        let (data, mut answer) = (noise(1000), [0; 1000]);
        while storm.handled() < MANY {
            rt[socket].write_all(&data).unwrap();
            assert!(rt.wait_for_bytes_written(socket, Some(DEADLINE)));
            assert!(rt.wait_for_ready_read(socket, Some(DEADLINE)));
            rt.blocking(socket).read_exact(&mut answer).unwrap();
            assert!(answer[..] == data);

            let mut blocking = rt.blocking(socket);
            blocking.write_all(&data).unwrap();
            blocking.flush().unwrap();
            blocking.read_exact(&mut answer).unwrap();
            assert!(answer[..] == data);
        }
        rt[socket].abort();
        echoing.join().unwrap();
    });
}

#[test]
fn writing_to_peers_that_have_reset_raises_no_signal() {
    in_own_process("signals::writing_to_peers_that_have_reset_raises_no_signal", || {
        // The system's default for this signal ends the process; here it is only noted.
        let raised = Arc::new(AtomicBool::new(false));
        flag::register(SIGPIPE, raised.clone()).unwrap();
        let (reader, mut writer) = std::io::pipe().unwrap();
        drop(reader);
        assert!(writer.write_all(b"?").is_err());
        assert!(raised.swap(false, Ordering::Relaxed), "the signal is not ignored");

        let mut rt = Runtime::new().unwrap();
        let (listener, port) = std_listener();
        let data = vec![0; 64 * 1024];
        for number in 0..1000 {
            let socket = rt.add(QTcpSocket::new());
            let (state, mode) = (SocketState::Connected, OpenMode::READ_WRITE);
            let mode = if number % 2 == 0 { mode } else { mode | OpenMode::UNBUFFERED };
            let peer = dial(port);
            let descriptor = listener.accept().unwrap().0.into();
            rt[socket].set_socket_descriptor(descriptor, state, mode).unwrap();
            let journal = journal_of(&mut rt, socket);
            reset(peer);
            // The first attempt is told of the reset. It is the next that the signal is for.
            for _ in 0..3 {
                let _ = rt[socket].write(&data);
            }
            settle(&mut rt);
            assert_eq!(journal.count("RemoteHostClosed while Connected"), 1);
            assert_eq!(journal.count("disconnected"), 1);
            rt.destroy(socket);
        }
        assert!(!raised.load(Ordering::Relaxed));
    });
}
