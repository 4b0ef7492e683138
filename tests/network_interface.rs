//! `NetworkInterface`: what the machine says of its interfaces, of which every one has `lo`.

use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;

use slotwire::{InterfaceError, InterfaceFlags, InterfaceType, NetworkInterface};

#[test]
fn the_loopback_is_what_it_is_everywhere() {
    let lo = NetworkInterface::from_name("lo").unwrap();
    assert_eq!((lo.name(), lo.interface_type()), ("lo", InterfaceType::Loopback));
    assert!(lo.flags().contains(InterfaceFlags::UP | InterfaceFlags::LOOPBACK));
    assert!(!lo.flags().intersects(InterfaceFlags::BROADCAST | InterfaceFlags::POINT_TO_POINT));
    assert_eq!(lo.hardware_address().unwrap().to_string(), "00:00:00:00:00:00");
    assert!(lo.maximum_transmission_unit().is_some_and(|mtu| mtu >= 1500));
    let localhost: Vec<_> =
        lo.address_entries().iter().filter(|entry| entry.ip() == Ipv4Addr::LOCALHOST).collect();
    let [entry] = localhost[..] else { panic!("{lo:?}") };
    assert_eq!(entry.prefix_length(), Some(8));
    assert_eq!(entry.netmask(), Some(IpAddr::from([255, 0, 0, 0])));
    assert_eq!((entry.broadcast(), entry.scope_id()), (None, 0));
}

#[test]
fn names_and_indices_lead_to_each_other() {
    let all = NetworkInterface::all_interfaces().unwrap();
    assert!(!all.is_empty());
    for interface in all {
        let (name, index) = (interface.name(), interface.index());
        assert_eq!(NetworkInterface::index_from_name(name).unwrap(), index);
        assert_eq!(NetworkInterface::name_from_index(index).unwrap(), name);
        assert_eq!(NetworkInterface::from_index(index).unwrap().name(), name);
        assert_eq!(NetworkInterface::from_name(name).unwrap().index(), index);
    }
}

#[test]
fn the_interfaces_are_those_that_the_system_lists() {
    let listed = std::fs::read_to_string("/proc/net/dev").unwrap();
    let mut listed: Vec<_> =
        listed.lines().filter_map(|line| Some(line.split_once(':')?.0.trim())).collect();
    let all = NetworkInterface::all_interfaces().unwrap();
    let mut names: Vec<_> = all.iter().map(NetworkInterface::name).collect();
    listed.sort();
    names.sort();
    assert_eq!(names, listed);
}

#[test]
fn what_is_not_there_is_an_error_that_names_it() {
    for name in ["nosuch0", "", "a\0b", &"n".repeat(300)] {
        let errors = [
            NetworkInterface::from_name(name).map(drop).unwrap_err(),
            NetworkInterface::index_from_name(name).map(drop).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(&error, InterfaceError::NoSuchName(named) if named == name));
        }
    }
    for index in [0, 987_654_321, u32::MAX] {
        let errors = [
            NetworkInterface::from_index(index).map(drop).unwrap_err(),
            NetworkInterface::name_from_index(index).map(drop).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, InterfaceError::NoSuchIndex(named) if named == index));
        }
    }
    let error = NetworkInterface::from_name("nosuch0").unwrap_err();
    assert_eq!(error.to_string(), "there is no network interface \"nosuch0\"");
}

#[test]
fn all_addresses_are_those_of_the_interfaces_that_are_up() {
    let addresses = NetworkInterface::all_addresses().unwrap();
    assert!(addresses.contains(&Ipv4Addr::LOCALHOST.into()));
    for interface in NetworkInterface::all_interfaces().unwrap() {
        let is_up = interface.flags().contains(InterfaceFlags::UP);
        for entry in interface.address_entries() {
            assert_eq!(addresses.contains(&entry.ip()), is_up, "{interface:?}");
        }
    }
}

#[test]
fn a_process_without_descriptors_hears_that_the_system_does_not_tell() {
    support::in_own_process(
        "a_process_without_descriptors_hears_that_the_system_does_not_tell",
        || {
            support::leave_room_for_descriptors(0);
            let errors = [
                NetworkInterface::all_interfaces().map(drop).unwrap_err(),
                NetworkInterface::from_name("lo").map(drop).unwrap_err(),
                NetworkInterface::index_from_name("lo").map(drop).unwrap_err(),
                NetworkInterface::name_from_index(1).map(drop).unwrap_err(),
            ];
            support::leave_room_for_many_descriptors();
            for error in errors {
                assert!(matches!(error, InterfaceError::System(_)), "{error:?}");
            }
            NetworkInterface::all_interfaces().unwrap();
        },
    );
}

/// Two ends of a cable, in a network namespace of their own: needs root, `ip` and `unshare`.
#[test]
fn a_cable_has_what_was_set_up() {
    const MARK: &str = "SLOTWIRE_OWN_NETWORK";
    if std::env::var_os(MARK).is_none() {
        let set_up = "ip link add left address 02:00:00:00:0a:0b mtu 1400 type veth peer right && \
                      ip address add 192.0.2.1/24 broadcast 192.0.2.255 dev left && \
                      ip address add 192.0.2.9/28 broadcast + label left:old dev left && \
                      ip link set left up";
        let available = Command::new("unshare").args(["--net", "sh", "-c", set_up]).output();
        if !available.is_ok_and(|output| output.status.success()) {
            eprintln!("cannot run: this needs root, `ip`, `unshare` and veth");
            return;
        }
        let own = std::env::current_exe().unwrap();
        let run =
            format!("{set_up} && exec \"$0\" a_cable_has_what_was_set_up --exact --nocapture");
        let said = Command::new("unshare")
            .args(["--net", "sh", "-c", &run])
            .arg(own)
            .env(MARK, "1")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&said.stdout);
        assert!(text.contains("1 passed"), "{text}{}", String::from_utf8_lossy(&said.stderr));
        return;
    }
    let left = NetworkInterface::from_name("left").unwrap();
    let right = NetworkInterface::from_name("right").unwrap();
    assert_eq!(left.interface_type(), InterfaceType::Ethernet);
    assert_eq!(left.hardware_address().unwrap().octets(), [2, 0, 0, 0, 10, 11]);
    assert_eq!(left.hardware_address().unwrap().to_string(), "02:00:00:00:0A:0B");
    assert!(
        left.flags()
            .contains(InterfaceFlags::UP | InterfaceFlags::BROADCAST | InterfaceFlags::MULTICAST)
    );
    // The other end is not up, so nothing runs.
    assert!(!left.flags().contains(InterfaceFlags::RUNNING));
    assert!(!right.flags().contains(InterfaceFlags::UP));
    let entries: Vec<_> = left
        .address_entries()
        .iter()
        .map(|entry| (entry.ip(), entry.prefix_length(), entry.broadcast()))
        .collect();
    let four = |last| IpAddr::from([192, 0, 2, last]);
    assert!(entries.contains(&(four(1), Some(24), Some(four(255)))), "{entries:?}");
    assert!(entries.contains(&(four(9), Some(28), Some(four(15)))), "{entries:?}");
    // What `/sys` shows is the namespace before, where there is no such cable.
    assert_eq!(left.maximum_transmission_unit(), None);
}

#[test]
fn an_interface_is_wireless_if_it_has_a_radio() {
    for interface in NetworkInterface::all_interfaces().unwrap() {
        let radio = format!("/sys/class/net/{}/phy80211", interface.name());
        let is_wireless = interface.interface_type() == InterfaceType::Wifi;
        assert_eq!(is_wireless, std::path::Path::new(&radio).exists(), "{}", interface.name());
    }
}
