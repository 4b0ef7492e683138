//! Looking up host names, in threads of their own: the system's resolver blocks.

use std::cell::{Cell, OnceCell};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::engine::OnResolved;

/// How many names are looked up at the same time; further ones wait.
const MAX_WORKERS: usize = 4;

/// A name to look up, and who wants to know.
struct Request {
    name: String,
    on_resolved: OnResolved,
}

/// The two ends of the line in which requests wait.
struct Queue {
    send: Sender<Request>,
    receive: Arc<Mutex<Receiver<Request>>>,
}

/// Looks up names by the system's resolver. Its threads start when they are needed and end with
/// it; one that still waits for the system then is left behind and harms nobody.
pub(super) struct Resolver {
    queue: OnceCell<Queue>,
    workers: Cell<usize>,
}

impl Resolver {
    pub(super) fn new() -> Self {
        Self { queue: OnceCell::new(), workers: Cell::new(0) }
    }

    pub(super) fn resolve(&self, name: &str, on_resolved: OnResolved) {
        let Queue { send, receive } = self.queue.get_or_init(|| {
            let (send, receive) = mpsc::channel();
            Queue { send, receive: Arc::new(Mutex::new(receive)) }
        });
        if self.workers.get() < MAX_WORKERS {
            let receive = receive.clone();
            let named = thread::Builder::new().name("slotwire-resolver".to_owned());
            match named.spawn(move || work(&receive)) {
                Ok(_) => self.workers.set(self.workers.get() + 1),
                Err(error) if self.workers.get() == 0 => return on_resolved(Err(error)),
                Err(_) => {}
            }
        }
        let request = Request { name: name.to_owned(), on_resolved };
        // The receiving end is held here as well, so it is there.
        let _ = send.send(request);
    }
}

/// Answers requests until the resolver is gone.
fn work(requests: &Mutex<Receiver<Request>>) {
    loop {
        let request = requests.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Request { name, on_resolved }) = request else { return };
        on_resolved(look_up(&name));
    }
}

fn look_up(name: &str) -> io::Result<Vec<SocketAddr>> {
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in (name, 0).to_socket_addrs()? {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}
