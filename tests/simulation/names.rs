//! Names: several addresses, slow answers and none.

use super::*;
use slotwire::{HostInfo, HostInfoError};

fn look_up(sim: &mut Simulation, host: SimHost, name: &str) -> HostInfo {
    let answers = std::rc::Rc::new(std::cell::RefCell::new(None));
    let heard = answers.clone();
    sim[host].look_up_host(name, move |_, info| *heard.borrow_mut() = Some(info));
    assert!(sim.run_until(HOUR, |_| answers.borrow().is_some()).unwrap());
    answers.take().unwrap()
}

#[test]
fn hosts_are_found_by_their_names() {
    let (mut sim, near, far) = two_hosts(4);
    let info = look_up(&mut sim, near, "far");
    assert_eq!(info.addresses(), sim.addresses(far));
    assert_eq!(look_up(&mut sim, near, "FAR.").addresses(), sim.addresses(far));
    let localhost = look_up(&mut sim, near, "localhost");
    assert_eq!(localhost.addresses(), [IpAddr::from([127, 0, 0, 1])]);
    let nobody = look_up(&mut sim, near, "nobody");
    assert_eq!(nobody.error(), Some(HostInfoError::HostNotFound));
}

#[test]
fn an_answer_takes_its_time_and_is_remembered_for_a_minute() {
    let (mut sim, near, _) = two_hosts(4);
    let address = IpAddr::from([10, 0, 0, 77]);
    sim.set_name("slow", NameAnswer::found([address]).after(4 * SECOND));
    let time_of = |sim: &mut Simulation| {
        let began = sim.elapsed();
        assert_eq!(look_up(sim, near, "slow").addresses(), [address]);
        sim.elapsed() - began
    };
    assert_eq!(time_of(&mut sim), 4 * SECOND);
    assert_eq!(time_of(&mut sim), Duration::ZERO);
    sim.run_for(MINUTE).unwrap();
    assert_eq!(time_of(&mut sim), 4 * SECOND);
}

#[test]
fn a_server_that_fails_is_no_name_that_is_not_there() {
    let (mut sim, near, _) = two_hosts(4);
    sim.set_name("broken", NameAnswer::failing(ErrorKind::Other));
    assert_eq!(look_up(&mut sim, near, "broken").error(), Some(HostInfoError::Unknown));
}

#[test]
fn a_name_that_is_never_answered_ends_with_the_time_for_connecting() {
    let (mut sim, near, _) = two_hosts(4);
    sim.set_name("silent", NameAnswer::never());
    let socket = sim[near].add(QTcpSocket::new());
    let journal = journal_of(&mut sim[near], socket);
    sim[near][socket].connect_to_host("silent", 80);
    sim.run_for(HOUR).unwrap();
    let said = ["HostLookup", "Unconnected", "SocketTimeout while Unconnected"];
    assert_eq!(journal.take(), said);
}

#[test]
fn a_wait_for_a_name_that_is_never_answered_ends_as_the_socket_says() {
    let network = SimNetwork::new(4);
    let host = network.add_host("host");
    network.set_name("silent", NameAnswer::never());
    let mut rt = network.runtime(host).unwrap();
    let socket = rt.add(QTcpSocket::new());
    let journal = journal_of(&mut rt, socket);
    rt[socket].connect_to_host("silent", 80);
    assert!(!rt.wait_for_connected(socket, None));
    let said = ["HostLookup", "Unconnected", "SocketTimeout while Unconnected"];
    assert_eq!(journal.take(), said);
    assert_eq!(network.elapsed(), 30 * SECOND);
}

/// What becomes of an attempt to connect to a name that leads elsewhere afterwards.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Attempt {
    Refused,
    TimedOut,
    WaitedForInVain,
    Aborted,
    Connected,
}

/// Connects to a name that leads to one host, and looks it up when it leads to another.
fn look_up_after(attempt: Attempt) -> (Simulation, HostInfo) {
    let (mut sim, near, old) = two_hosts(4);
    let new = sim.add_host("new").unwrap();
    sim.set_name("service", NameAnswer::found(sim.addresses(old)));
    let _listener = (attempt == Attempt::Connected).then(|| sim.listen(old, 80).unwrap());
    if matches!(attempt, Attempt::TimedOut | Attempt::WaitedForInVain | Attempt::Aborted) {
        sim.close_port(old, 80);
    }
    let socket = sim[near].add(QTcpSocket::new());
    sim[near][socket].set_connect_timeout(Some(20 * SECOND));
    sim[near][socket].connect_to_host("service", 80);
    match attempt {
        Attempt::WaitedForInVain => {
            assert!(!sim[near].wait_for_connected(socket, Some(2 * SECOND)));
        }
        Attempt::Aborted => {
            sim.run_for(2 * SECOND).unwrap();
            assert_eq!(sim[near][socket].state(), SocketState::Connecting);
            sim[near][socket].abort();
        }
        _ => sim.run_for(30 * SECOND).unwrap(),
    }
    let error = match attempt {
        Attempt::Refused => Some(SocketError::ConnectionRefused),
        Attempt::TimedOut | Attempt::WaitedForInVain => Some(SocketError::SocketTimeout),
        Attempt::Aborted | Attempt::Connected => None,
    };
    assert_eq!(sim[near][socket].error(), error);
    sim.set_name("service", NameAnswer::found(sim.addresses(new)));
    let info = look_up(&mut sim, near, "Service");
    (sim, info)
}

#[test]
fn a_name_whose_addresses_have_all_failed_is_asked_for_again() {
    for attempt in [Attempt::Refused, Attempt::TimedOut, Attempt::WaitedForInVain] {
        let (sim, info) = look_up_after(attempt);
        let new = sim.host("new").unwrap();
        assert_eq!(info.addresses(), sim.addresses(new), "{attempt:?}");
    }
}

#[test]
fn a_name_stays_known_if_its_addresses_have_not_failed() {
    for attempt in [Attempt::Aborted, Attempt::Connected] {
        let (sim, info) = look_up_after(attempt);
        let old = sim.host("far").unwrap();
        assert_eq!(info.addresses(), sim.addresses(old), "{attempt:?}");
    }
}

#[test]
fn a_slot_that_hears_of_the_failure_reaches_the_host_to_which_the_name_leads_now() {
    let (mut sim, near, old) = two_hosts(4);
    let new = sim.add_host("new").unwrap();
    let _listener = sim.listen(new, 80).unwrap();
    sim.set_name("service", NameAnswer::found(sim.addresses(old)));
    let socket = sim[near].add(QTcpSocket::new());
    sim[near].connect_fn(socket, QTcpSocket::error_occurred, move |cx, _| {
        cx[socket].connect_to_host("service", 80);
    });
    sim[near][socket].connect_to_host("service", 80);
    let addresses = sim.addresses(new);
    sim.after(Duration::from_millis(2), move |network| {
        network.set_name("service", NameAnswer::found(addresses));
    });
    let stands = |sim: &Simulation| sim[near][socket].state() == SocketState::Connected;
    assert!(sim.run_until(SECOND, stands).unwrap());
}

#[test]
fn of_several_addresses_the_first_that_answers_wins() {
    let (mut sim, near, far) = two_hosts(4);
    let _listener = sim.listen(far, 80).unwrap();
    sim.add_address(far, [10, 0, 1, 1].into());
    let dead = IpAddr::from([10, 0, 9, 9]);
    sim.set_name("several", NameAnswer::found([dead, [10, 0, 1, 1].into()]));
    let socket = sim[near].add(QTcpSocket::new());
    sim[near][socket].connect_to_host("several", 80);
    let stands = |sim: &Simulation| sim[near][socket].state() == SocketState::Connected;
    assert!(sim.run_until(MINUTE, stands).unwrap());
    // The second gets its turn after the head start of the first.
    assert_eq!(sim.elapsed(), Duration::from_millis(1 + 250 + 2));
    assert_eq!(sim[near][socket].peer_address(), Some([10, 0, 1, 1].into()));
}

#[test]
fn a_bound_socket_that_one_address_has_refused_tries_the_next_from_its_port() {
    let (mut sim, near, far) = two_hosts(4);
    let (refuses, answers) = (sim.addresses(far)[0], IpAddr::from([10, 0, 1, 1]));
    sim.add_address(far, answers);
    let server = sim[far].add(QTcpServer::new());
    sim[far][server].listen((answers, 80)).unwrap();
    sim.set_name("several", NameAnswer::found([refuses, answers]));
    let socket = sim[near].add(QTcpSocket::new());
    sim[near][socket].bind(BindAddress::AnyIpv4, 5555, BindMode::DEFAULT).unwrap();
    sim[near][socket].connect_to_host("several", 80);
    let stands = |sim: &Simulation| sim[near][socket].state() == SocketState::Connected;
    assert!(sim.run_until(MINUTE, stands).unwrap());
    assert_eq!(sim[near][socket].peer_address(), Some(answers));
    assert_eq!(sim[near][socket].local_port(), Some(5555));
}

#[test]
fn a_name_is_the_same_with_and_without_the_dot_of_the_root() {
    let (mut sim, near, _) = two_hosts(4);
    let address = IpAddr::from([10, 0, 0, 77]);
    sim.set_name("printer.example.", NameAnswer::found([address]));
    for name in ["printer.example", "printer.example."] {
        assert_eq!(look_up(&mut sim, near, name).addresses(), [address], "{name}");
    }
}

mod internationalised {
    use super::*;

    /// The spellings of one name, in letters beyond ASCII and without.
    const SPELLINGS: [&str; 5] = [
        "bücher.test",
        "BÜCHER.test.",
        "bu\u{308}cher。test",
        "xn--bcher-kva.test",
        "XN--BCHER-KVA.Test",
    ];

    #[test]
    fn a_host_is_found_by_its_internationalised_name_in_every_spelling() {
        for given in ["bücher.test", "xn--bcher-kva.test"] {
            let (mut sim, near, _) = two_hosts(4);
            let shop = sim.add_host(given).unwrap();
            assert_eq!(sim.host_name(shop), given);
            for name in SPELLINGS {
                assert_eq!(sim.host(name), Some(shop), "{name}");
                let info = look_up(&mut sim, near, name);
                assert_eq!(info.addresses(), sim.addresses(shop), "{name}");
                assert_eq!(info.host_name(), name);
            }
        }
    }

    #[test]
    fn an_answer_can_be_set_for_an_internationalised_name_in_every_spelling() {
        for (given, port) in SPELLINGS.into_iter().zip(80..) {
            let (mut sim, near, far) = two_hosts(4);
            let _listener = sim.listen(far, port).unwrap();
            sim.set_name(given, NameAnswer::found(sim.addresses(far)));
            for name in SPELLINGS {
                let socket = sim[near].add(QTcpSocket::new());
                sim[near][socket].connect_to_host(name, port);
                assert!(sim[near].wait_for_connected(socket, None), "{name}");
                assert_eq!(sim[near][socket].peer_name(), name);
            }
        }
    }

    #[test]
    fn two_spellings_of_one_name_are_one_host() {
        let network = SimNetwork::new(4);
        network.add_host("bücher.test");
        for name in SPELLINGS {
            let said = panic_of(|| network.add_host(name));
            assert!(said.contains("already"), "{said}");
        }
    }
}
