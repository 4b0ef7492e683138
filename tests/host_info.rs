//! `HostInfo`: who asks for a host's addresses, and what is answered when.
//!
//! No name server is asked for anything here that exists: `localhost` is in the machine's own
//! list, and names under `.invalid` are nobody's (RFC 6761).
//!
//! Who asks without a runtime asks this machine, on the kernel's network alone.

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

use slotwire::prelude::*;
use slotwire::{HostInfo, HostInfoError, HostLookup};
use support::{Net, on_every_network, settle, turn, wait_until, watched};

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Collects the answers of lookups.
#[derive(Clone, Default)]
struct Answers(Rc<RefCell<Vec<HostInfo>>>);

impl Answers {
    fn ask(&self, rt: &mut World, name: &str) -> HostLookup {
        let answers = self.clone();
        rt.look_up_host(name, move |_, info| answers.0.borrow_mut().push(info))
    }

    fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Waits for the next answer and takes it.
    #[track_caller]
    fn next(&self, rt: &mut Runtime) -> HostInfo {
        wait_until(rt, |_| self.len() > 0);
        self.0.borrow_mut().remove(0)
    }
}

/// An object that looks up hosts.
#[derive(QObject, Default)]
struct Dialler {
    heard: Vec<HostInfo>,
}

#[slots]
impl Dialler {
    #[slot]
    fn hear(&mut self, info: HostInfo) {
        self.heard.push(info);
    }

    #[slot]
    fn dial(&mut self, cx: &mut Context<Self>) {
        cx.look_up_host_to("127.0.0.1", cx.this(), Self::hear);
    }
}

#[on_every_network]
fn a_literal_is_answered_from_the_loop_and_keeps_its_name(net: &Net) {
    let mut rt = net.runtime();
    let answers = Answers::default();
    for (name, address) in [("127.0.0.1", LOCALHOST), ("::1", Ipv6Addr::LOCALHOST.into())] {
        let id = answers.ask(&mut rt, name);
        assert_eq!(answers.len(), 0, "it is answered inside the call");
        turn(&mut rt);
        let info = answers.next(&mut rt);
        assert_eq!(info.addresses(), [address]);
        assert_eq!(info.host_name(), name);
        assert_eq!((info.error(), info.error_string()), (None, ""));
        assert_eq!(info.lookup_id(), Some(id));
    }
}

#[test]
fn a_mapped_literal_is_the_ipv4_address_that_it_is() {
    assert_eq!(HostInfo::from_name("::ffff:127.0.0.1").addresses(), [LOCALHOST]);
}

/// What is an address once the name is written in ASCII.
#[on_every_network]
fn a_literal_in_the_digits_of_another_width_is_the_address_that_it_is(net: &Net) {
    const NAME: &str = "１２７。０．０.１";
    let mut rt = net.runtime();
    let answers = Answers::default();
    answers.ask(&mut rt, NAME);
    for info in [answers.next(&mut rt), HostInfo::from_name(NAME)] {
        assert_eq!(info.addresses(), [LOCALHOST]);
        assert_eq!(info.host_name(), NAME);
    }
    let (_listener, port) = net.listener();
    for waits in [false, true] {
        let socket = rt.add(QTcpSocket::new());
        rt[socket].connect_to_host(NAME, port);
        if waits {
            assert!(rt.wait_for_connected(socket, Some(support::DEADLINE)));
        } else {
            wait_until(&mut rt, |world| world[socket].state() == SocketState::Connected);
        }
        assert_eq!(rt[socket].peer_name(), NAME);
        assert_eq!(rt[socket].peer_address(), Some(LOCALHOST));
    }
}

#[on_every_network]
fn what_is_no_internationalised_name_is_not_found_and_says_why(net: &Net) {
    let mut rt = net.runtime();
    let answers = Answers::default();
    let cases = [
        ("bücher and more.test", "cannot contain ' '"),
        ("bücher..test", "label 2 of an internationalised host name is empty"),
        ("אa.test", "label 1 of an internationalised host name is not valid"),
    ];
    for (name, reason) in cases {
        answers.ask(&mut rt, name);
        assert_eq!(answers.len(), 0, "it is answered inside the call");
        for info in [answers.next(&mut rt), HostInfo::from_name(name)] {
            assert_eq!(info.error(), Some(HostInfoError::HostNotFound));
            assert!(info.error_string().contains(reason), "{:?}", info.error_string());
            assert_eq!(info.host_name(), name);
        }
        let socket = rt.add(QTcpSocket::new());
        rt[socket].connect_to_host(name, 1);
        wait_until(&mut rt, |world| world[socket].state() == SocketState::Unconnected);
        assert_eq!(rt[socket].error(), Some(SocketError::HostNotFound));
        let said = rt[socket].error_string();
        assert!(said.contains(reason), "{said:?}");
    }
}

#[test]
fn an_address_of_one_link_is_found_with_its_interface() {
    let name = format!("fe80::1%{}", Net::native().loopback().name());
    let info = watched(move || HostInfo::from_name(&name));
    let address: IpAddr = "fe80::1".parse().unwrap();
    assert_eq!(info.addresses(), [address]);
}

#[test]
fn an_address_in_brackets_is_no_literal() {
    let info = watched(|| HostInfo::from_name("[::1]"));
    assert!(info.addresses().is_empty());
    assert!(info.error().is_some());
}

#[on_every_network]
fn localhost_is_found_and_is_here(net: &Net) {
    let mut rt = net.runtime();
    let answers = Answers::default();
    answers.ask(&mut rt, "localhost");
    assert_eq!(answers.len(), 0, "it is answered inside the call");
    let info = answers.next(&mut rt);
    assert_eq!(info.error(), None);
    assert_eq!(info.host_name(), "localhost");
    assert!(!info.addresses().is_empty());
    assert!(info.addresses().iter().all(IpAddr::is_loopback), "{:?}", info.addresses());
}

#[on_every_network]
fn names_below_localhost_are_here_as_well(net: &Net) {
    let mut rt = net.runtime();
    let answers = Answers::default();
    answers.ask(&mut rt, "localhost");
    let here = answers.next(&mut rt);
    for name in ["localhost.", "app.localhost", "LocalHost", "a.b.LOCALHOST."] {
        answers.ask(&mut rt, name);
        let info = answers.next(&mut rt);
        assert_eq!(info.addresses(), here.addresses(), "{name}: {info:?}");
        assert_eq!(info.host_name(), name);
    }
    let (_listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connect_to_host("app.localhost", port);
    assert!(rt.wait_for_connected(socket, Some(support::DEADLINE)));
    assert_eq!(rt[socket].peer_name(), "app.localhost");
}

#[on_every_network]
fn the_interface_of_an_address_does_not_make_it_this_host(net: &Net) {
    let mut rt = net.runtime();
    let answers = Answers::default();
    answers.ask(&mut rt, "fe80::1%nosuch0.localhost");
    let info = answers.next(&mut rt);
    assert!(info.addresses().is_empty() && info.error().is_some(), "{info:?}");
}

#[test]
fn who_asks_without_a_runtime_finds_names_below_localhost_here() {
    let [here, below] =
        ["localhost", "app.localhost"].map(|name| watched(move || HostInfo::from_name(name)));
    assert_eq!(below.addresses(), here.addresses());
    assert!(below.addresses().iter().all(IpAddr::is_loopback) && below.error().is_none());
}

#[test]
fn who_waits_for_a_name_hears_what_the_loop_hears() {
    let mut rt = Runtime::new().unwrap();
    let answers = Answers::default();
    answers.ask(&mut rt, "localhost");
    let info = answers.next(&mut rt);
    let waited = watched(|| HostInfo::from_name("localhost"));
    assert_eq!(waited.addresses(), info.addresses());
    assert_eq!(waited.lookup_id(), None);
}

#[on_every_network]
fn a_name_that_nobody_has_is_an_error_with_a_reason(net: &Net) {
    let mut rt = net.runtime();
    let answers = Answers::default();
    answers.ask(&mut rt, "nosuch.invalid");
    let info = answers.next(&mut rt);
    assert!(info.addresses().is_empty());
    // A machine without any name server cannot tell that there is no such name.
    let errors = [Some(HostInfoError::HostNotFound), Some(HostInfoError::Unknown)];
    assert!(errors.contains(&info.error()), "{info:?}");
    assert!(info.error_string().contains("nosuch.invalid"), "{:?}", info.error_string());
}

#[on_every_network]
fn what_cannot_be_a_name_is_not_found_and_says_why(net: &Net) {
    let mut rt = net.runtime();
    let answers = Answers::default();
    let long = "n".repeat(256);
    let longer = "ü".repeat(3000);
    let cases = [
        ("", "empty"),
        ("a\0b", "NUL"),
        (&*long, "longer than 255"),
        (&*longer, "6000 bytes is longer than 4096"),
    ];
    for (name, reason) in cases {
        answers.ask(&mut rt, name);
        assert_eq!(answers.len(), 0, "it is answered inside the call");
        for info in [answers.next(&mut rt), HostInfo::from_name(name)] {
            assert_eq!(info.error(), Some(HostInfoError::HostNotFound));
            assert!(info.error_string().contains(reason), "{:?}", info.error_string());
            assert_eq!(info.host_name(), name);
        }
    }
}

#[on_every_network]
fn every_asker_of_one_name_is_answered_once_under_a_number_of_its_own(net: &Net) {
    let mut rt = net.runtime();
    let answers = Answers::default();
    let asked: Vec<_> = (0..10).map(|_| answers.ask(&mut rt, "localhost")).collect();
    assert!(asked.is_sorted_by(|a, b| a < b), "{asked:?}");
    wait_until(&mut rt, |_| answers.len() == asked.len());
    settle(&mut rt);
    let mut answered: Vec<_> =
        answers.0.borrow().iter().map(|info| info.lookup_id().unwrap()).collect();
    answered.sort();
    assert_eq!(answered, asked);
}

#[on_every_network]
fn an_aborted_lookup_is_never_answered(net: &Net) {
    let mut rt = net.runtime();
    let answers = Answers::default();
    // The answer is known from now on, so it is under way as soon as it is asked for.
    answers.ask(&mut rt, "localhost");
    answers.next(&mut rt);
    for name in ["localhost", "127.0.0.1", ""] {
        let id = answers.ask(&mut rt, name);
        assert!(rt.abort_host_lookup(id));
        assert!(!rt.abort_host_lookup(id));
        answers.ask(&mut rt, name);
        assert_ne!(answers.next(&mut rt).lookup_id(), Some(id));
        settle(&mut rt);
        assert_eq!(answers.len(), 0);
    }
    rt.clear_host_cache();
    let id = answers.ask(&mut rt, "localhost");
    assert!(rt.abort_host_lookup(id));
    answers.ask(&mut rt, "localhost");
    assert_ne!(answers.next(&mut rt).lookup_id(), Some(id));
}

#[on_every_network]
fn a_lookup_that_was_answered_cannot_be_aborted(net: &Net) {
    let mut rt = net.runtime();
    let answers = Answers::default();
    let id = answers.ask(&mut rt, "127.0.0.1");
    answers.next(&mut rt);
    assert!(!rt.abort_host_lookup(id));
}

#[on_every_network]
fn a_slot_hears_of_what_it_asked_for(net: &Net) {
    let mut rt = net.runtime();
    let dialler = rt.add(Dialler::default());
    rt.with(dialler, |dialler, cx| dialler.dial(cx));
    wait_until(&mut rt, |world| !world[dialler].heard.is_empty());
    assert_eq!(rt[dialler].heard[0].addresses(), [LOCALHOST]);
}

#[on_every_network]
fn a_receiver_that_is_gone_hears_nothing(net: &Net) {
    let mut rt = net.runtime();
    let (dialler, other) = (rt.add(Dialler::default()), rt.add(Dialler::default()));
    for receiver in [dialler, other] {
        rt.look_up_host_to("127.0.0.1", receiver, Dialler::hear);
    }
    rt.destroy(dialler);
    wait_until(&mut rt, |world| !world[other].heard.is_empty());
    assert_eq!(rt[other].heard.len(), 1);
}

#[on_every_network]
fn an_answer_may_ask_and_abort_anew(net: &Net) {
    let mut rt = net.runtime();
    let answers = Answers::default();
    let collected = answers.clone();
    rt.look_up_host("127.0.0.1", move |world, _| {
        let aborted = collected.ask(world, "127.0.0.2");
        let kept = collected.ask(world, "127.0.0.3");
        assert!(kept > aborted && world.abort_host_lookup(aborted));
    });
    assert_eq!(answers.next(&mut rt).host_name(), "127.0.0.3");
    settle(&mut rt);
    assert_eq!(answers.len(), 0);
}

#[on_every_network]
fn a_runtime_that_goes_leaves_its_lookups_behind(net: &Net) {
    let answered = Rc::new(Cell::new(false));
    let mut rt = net.runtime();
    for number in 0..30 {
        let answered = answered.clone();
        rt.look_up_host(&format!("{number}.invalid"), move |_, _| answered.set(true));
    }
    drop(rt);
    assert!(!answered.get());
    assert_eq!(Rc::strong_count(&answered), 1, "what the lookups held is let go");
}

#[test]
fn a_wait_ends_with_the_answer_long_before_its_time_is_up() {
    let info = watched(|| HostInfo::from_name_timeout("localhost", support::DEADLINE));
    assert_eq!(info.error(), None);
}

#[test]
fn this_machine_has_the_name_that_the_system_says() {
    let said = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_eq!(HostInfo::local_host_name(), said.trim());
    assert!(!HostInfo::local_domain_name().contains(char::is_whitespace));
}

#[test]
fn an_address_that_comes_twice_is_taken_once() {
    let info = HostInfo::found("here", [LOCALHOST, Ipv6Addr::LOCALHOST.into(), LOCALHOST]);
    assert_eq!(info.addresses(), [LOCALHOST, Ipv6Addr::LOCALHOST.into()]);
}
