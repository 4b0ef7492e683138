//! The stage: two hosts, with the application on one and its peers on the other, where a program is
//! carried out one operation after the other.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::sim::{Link, NameAnswer, Route, SimHost, SimListener, SimNetwork, Unrest};

use super::application::{Application, OPEN, Plan, SWALLOWING, TAKEN};
use super::calls::Call;
use super::model::Look;
use super::observer::{Utterance, look_at};
use super::peers::Peers;
use super::program::{Action, Awaited, DatagramAction, NetworkAction, Op, PeerAction, Quality};
use super::sayings::Said;

/// How many turns of the loop may find something to do while no time passes.
const MOST_TURNS: usize = 3_000;

/// An object for its methods.
#[derive(QObject)]
struct Hand {}

/// Where a program is carried out.
pub(crate) struct Stage {
    pub(crate) network: SimNetwork,
    pub(crate) near: SimHost,
    pub(crate) far: SimHost,
    pub(crate) rt: Runtime,
    hand: Obj<Hand>,
    pub(crate) app: Rc<Application>,
    pub(crate) peers: Rc<RefCell<Peers>>,
    pub(crate) is_up: bool,
    /// Has a port of the application's host.
    pub(crate) neighbour: Option<SimListener>,
}

impl Stage {
    pub(crate) fn new(seed: u64) -> Self {
        let network = SimNetwork::new(seed);
        let (near, far) = (network.add_host("near"), network.add_host("far"));
        let addresses = network.addresses(far);
        let nobody = IpAddr::from([10, 0, 99, 98]);
        let slow = NameAnswer::found(addresses.iter().copied());
        network.set_name("slow", slow.after(Duration::from_secs(3)));
        network.set_name("mixed", NameAnswer::found([nobody, addresses[0]]));
        network.set_name("silent", NameAnswer::never());
        network.close_port(far, SWALLOWING);
        let neighbour = network.listen(near, TAKEN).expect("the port is free");
        let mut rt = network.runtime(near).expect("the system has a poller");
        let hand = rt.add(Hand {});
        let app = Rc::new(Application::new(&network, far));
        for _ in 0..2 {
            let client = rt.add(QTcpSocket::new());
            app.add_client(&mut rt, client, None);
            app.add_datagrams(&mut rt);
        }
        app.add_server(&mut rt);
        let peers = Rc::new(RefCell::new(Peers::new(&network, near, far)));
        Self { network, near, far, rt, hand, app, peers, is_up: true, neighbour: Some(neighbour) }
    }

    /// Carries out an operation.
    pub(crate) fn perform(&mut self, op: Op) {
        self.app.notebook.note(format_args!("{op:?}"));
        match op {
            Op::Do(client, Action::Destroy) | Op::Record(client, Action::Destroy) => {
                let client = self.app.client(client);
                self.by_hand(|app, world| app.act(world, client, Action::Destroy));
            }
            Op::Do(client, action) => {
                let client = self.app.client(client);
                self.app.act(&mut self.rt, client, action);
                self.deliver();
            }
            Op::Record(client, action) => {
                let client = self.app.client(client);
                self.app.act(&mut self.rt, client, action);
            }
            Op::InSlot(client, heard, action) => {
                let who = self.app.clients.borrow()[self.app.client(client)].who;
                self.app.plans.borrow_mut().push((who, heard, Plan::Stream(action)));
            }
            Op::Datagram(number, DatagramAction::Destroy) => {
                let who = self.app.datagrams.who(number);
                self.by_hand(|app, world| {
                    app.act_on_datagrams(world, who, DatagramAction::Destroy);
                });
            }
            Op::Datagram(number, action) => {
                let who = self.app.datagrams.who(number);
                self.app.act_on_datagrams(&mut self.rt, who, action);
                self.deliver();
            }
            Op::DatagramInSlot(number, heard, action) => {
                let who = self.app.datagrams.who(number);
                self.app.plans.borrow_mut().push((who, heard, Plan::Datagram(action)));
            }
            Op::Wait(number, awaited, time) => self.wait(number, awaited, time),
            Op::Serve(action) => {
                self.app.serve(&mut self.rt, action);
                self.deliver();
            }
            Op::Peer(_, PeerAction::Greet(size)) => self.greet(size),
            Op::Peer(number, action) => self.peers.borrow_mut().act(&self.app, number, action),
            Op::Network(action) => self.happen(action),
            Op::Pass(time) => self.pass(time),
        }
        self.replace_the_dead();
    }

    /// Acts in a method, which what is done takes effect after: the end of a socket, from outside,
    /// would come before the model has heard of it.
    pub(super) fn by_hand(&mut self, act: impl FnOnce(&Rc<Application>, &mut World)) {
        let app = &self.app;
        self.rt.with(self.hand, |_, cx| act(app, cx));
        self.deliver();
    }

    /// Carries out what was recorded.
    fn deliver(&mut self) {
        self.app.notebook.expect(self.rt.deliver(), || "one turn is not enough".to_owned());
        self.expect_rest();
    }

    /// Everything that was called for has been said.
    fn expect_rest(&self) {
        self.app.notebook.check(self.app.model.borrow_mut().rest());
    }

    fn replace_the_dead(&mut self) {
        let clients = self.app.clients.borrow();
        let alive = clients.iter().filter(|client| self.rt.contains(client.socket)).count();
        drop(clients);
        for _ in alive..2 {
            let client = self.rt.add(QTcpSocket::new());
            self.app.add_client(&mut self.rt, client, None);
        }
        for _ in self.app.datagrams.count_alive(&self.rt)..2 {
            self.app.add_datagrams(&mut self.rt);
        }
    }

    /// Lets time pass, and everybody do what there is to do meanwhile.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.network.elapsed() + time;
        let (mut turns, mut moment) = (0, self.network.elapsed());
        while self.app.notebook.fault().is_none() {
            if self.network.elapsed() > moment {
                (turns, moment) = (0, self.network.elapsed());
            }
            turns += 1;
            if turns > MOST_TURNS {
                return self.app.notebook.blame("the loop does not come to rest");
            }
            if self.rt.process_events(Some(Duration::ZERO)).expect("the poller works") {
                continue;
            }
            self.expect_rest();
            let left = end.saturating_sub(self.network.elapsed());
            if left.is_zero() {
                break;
            }
            self.rt.process_events(Some(left)).expect("the poller works");
        }
        self.app.check_counts(&self.rt);
        self.peers.borrow_mut().accept();
    }

    fn wait(&mut self, number: usize, awaited: Awaited, time: Duration) {
        match awaited {
            Awaited::Connection => self.wait_for_call(time),
            Awaited::Datagram => self.wait_for_datagram(number, time),
            _ => self.wait_for_stream(number, awaited, time),
        }
        self.expect_rest();
    }

    /// Waits for a call: it is answered with true if one is accepted meanwhile, and no sooner than
    /// the time is over with false, while there is a server that may accept.
    fn wait_for_call(&mut self, time: Duration) {
        let server = self.app.server.socket.get().expect("there is a server");
        let accepted = self.app.server.accepted.get();
        let end = self.network.elapsed() + time;
        let came = self.rt.wait_for_new_connection(server, Some(time));
        self.app.notebook.note(format_args!("    a connection came: {came}"));
        let is_accepted = self.app.server.accepted.get() > accepted;
        self.app.notebook.expect(came == is_accepted, || {
            format!("a wait for a call gives {came}, and one was accepted: {is_accepted}")
        });
        let is_early = self.network.elapsed() < end;
        let server = &self.rt[server];
        let may_accept = server.is_listening()
            && server.server_error() != Some(SocketError::SocketResource)
            && self.app.server.has_room();
        self.app.notebook.expect(came || !is_early || !may_accept, || {
            "a wait for a call gives up early".to_owned()
        });
    }

    fn wait_for_datagram(&mut self, number: usize, time: Duration) {
        let who = self.app.datagrams.who(number);
        self.app.model.borrow_mut().set_waited_for(Some(who));
        let socket = self.app.datagrams.socket(number);
        let was_announced = self.app.datagrams.is_announced(number);
        self.app.heard.borrow_mut().clear();
        let came = self.rt.wait_for_ready_read(socket, Some(time));
        self.app.notebook.note(format_args!("    it came: {came}"));
        let heard = self.count_heard(who, |heard| heard == Utterance::ReadyRead) > 0;
        self.app.notebook.expect(if came { heard || was_announced } else { !heard }, || {
            format!("#{who}: a wait for a datagram gives {came}, and it was announced: {heard}")
        });
        self.app.model.borrow_mut().set_waited_for(None);
    }

    /// Waits for a TCP socket. What the wait has promised is compared with what is heard meanwhile.
    fn wait_for_stream(&mut self, number: usize, awaited: Awaited, time: Duration) {
        let client = self.app.client(number);
        let (who, socket) = {
            let client = &self.app.clients.borrow()[client];
            (client.who, client.socket)
        };
        let is_meant = |heard: Utterance| match (awaited, heard) {
            (Awaited::Connected, Utterance::Said(Said::State(SocketState::Connected)))
            | (Awaited::Written, Utterance::Said(Said::Written(_)))
            | (Awaited::Disconnected, Utterance::Said(Said::Disconnected)) => true,
            (Awaited::ReadyRead, heard) => heard == Utterance::ReadyRead,
            _ => false,
        };
        let before = self.rt.get(socket).map(look_at);
        let outdated =
            self.app.model.borrow().outdated(who, |said| is_meant(Utterance::Said(said)));
        let is_unbuffered = self.app.clients.borrow()[client].is_unbuffered;
        self.app.model.borrow_mut().set_waited_for(Some(who));
        self.app.heard.borrow_mut().clear();
        let end = self.network.elapsed() + time;
        let time = Some(time);
        let came = match awaited {
            Awaited::Connected => self.rt.wait_for_connected(socket, time),
            Awaited::ReadyRead => self.rt.wait_for_ready_read(socket, time),
            Awaited::Written => self.rt.wait_for_bytes_written(socket, time),
            _ => self.rt.wait_for_disconnected(socket, time),
        };
        self.app.notebook.note(format_args!("    it came: {came}"));
        let heard = self.count_heard(who, is_meant);
        let was_connected = before.is_some_and(|before| before.state == SocketState::Connected);
        let is_promised = heard > outdated || awaited == Awaited::Connected && was_connected;
        // A slot may destroy the socket before it has said what has happened.
        let is_cut_short = !self.rt.contains(socket);
        // A socket that is not buffered answers for what was announced before as well.
        let is_kept = came == is_promised
            || came && is_cut_short
            || came && is_unbuffered && awaited == Awaited::ReadyRead;
        self.app.notebook.expect(is_kept, || {
            format!("#{who}: a wait for {awaited:?} gives {came}, and was heard {heard} times")
        });
        let after = self.rt.get(socket).map(look_at);
        let is_early = self.network.elapsed() < end;
        // If there was nothing to end, a connection that a slot begins is another matter.
        let is_unbegun = awaited == Awaited::Disconnected
            && before.is_some_and(|before| before.state == SocketState::Unconnected);
        let may_come = !is_unbegun && is_under_way(awaited, after);
        self.app.notebook.expect(came || !is_early || !may_come, || {
            format!("#{who}: a wait for {awaited:?} gives up early, {after:?}")
        });
        self.app.model.borrow_mut().set_waited_for(None);
        self.expect_rest();
        if let Some(socket) = self.rt.get(socket) {
            let look = look_at(socket);
            let called = self.app.model.borrow_mut().called(who, Call::Other, look);
            self.app.notebook.check(called);
        }
    }

    /// How often a socket has said this since the wait began.
    fn count_heard(&self, who: usize, is_meant: impl Fn(Utterance) -> bool) -> usize {
        let heard = self.app.heard.borrow();
        heard.iter().filter(|&&(of, heard)| of == who && is_meant(heard)).count()
    }

    /// Whoever calls a peer in the next milliseconds is greeted.
    fn greet(&self, size: usize) {
        for moment in 1..=20 {
            let (app, peers) = (Rc::downgrade(&self.app), Rc::downgrade(&self.peers));
            self.network.after(Duration::from_millis(moment), move |_| {
                if let (Some(app), Some(peers)) = (app.upgrade(), peers.upgrade()) {
                    peers.borrow_mut().greet(&app, size);
                }
            });
        }
    }

    fn happen(&mut self, action: NetworkAction) {
        let Self { network, near, far, .. } = self;
        let (near, far) = (*near, *far);
        match action {
            NetworkAction::Link(quality) => network.set_link(near, far, link(quality)),
            NetworkAction::Partition => network.partition(near, far),
            NetworkAction::Repair => network.repair(near, far),
            NetworkAction::Unreachable => network.set_route(near, far, Route::Unreachable),
            NetworkAction::Crash if self.is_up => {
                self.is_up = false;
                network.crash(far);
                self.peers.borrow_mut().crash();
            }
            NetworkAction::Boot if !self.is_up => {
                self.is_up = true;
                network.boot(far);
                self.peers.borrow_mut().listen();
            }
            NetworkAction::Crash | NetworkAction::Boot => {}
            NetworkAction::ClosePort => network.close_port(far, OPEN),
            NetworkAction::OpenPort => {
                network.open_port(far, OPEN);
                if self.is_up {
                    self.peers.borrow_mut().listen();
                }
            }
            NetworkAction::StopListening => {
                self.peers.borrow_mut().accept();
                self.peers.borrow_mut().listener = None;
            }
            NetworkAction::Unrest(delay, alarms) => {
                let alarms = f64::from(alarms) / 512.0;
                network.set_unrest(Unrest::new().with_delay(delay).with_false_alarms(alarms));
            }
            NetworkAction::LimitDescriptors(more) => {
                let limit = more.map(|more| network.descriptors(near) + more);
                network.set_descriptor_limit(near, limit);
            }
        }
    }
}

/// Says whether more can come of waiting for this, though nobody does anything.
fn is_under_way(awaited: Awaited, look: Option<Look>) -> bool {
    let Some(look) = look else { return false };
    match (awaited, look.state) {
        // Somebody has to write first.
        (Awaited::Written, _) if look.unsent == 0 => false,
        (_, SocketState::HostLookup | SocketState::Connecting) => true,
        (Awaited::Written, SocketState::Connected | SocketState::Closing) => true,
        (Awaited::Disconnected, SocketState::Closing) => true,
        // Somebody may have to read first.
        _ => false,
    }
}

/// A link of that quality.
pub(crate) fn link(quality: Quality) -> Link {
    let latency = Link::new().with_latency(Duration::from_millis(20));
    match quality {
        Quality::Good => Link::new(),
        Quality::Far => latency.with_latency(Duration::from_millis(300)),
        Quality::Shaky => latency.with_jitter(Duration::from_millis(30)).with_duplication(0.2),
        Quality::Lossy => latency.with_loss(0.1).with_jitter(Duration::from_millis(5)),
        Quality::Crumbling => latency.with_splitting(0.7).with_mtu(576),
        Quality::Narrow => latency.with_bandwidth(Some(50_000)),
    }
}
