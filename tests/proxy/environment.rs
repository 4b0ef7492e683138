//! Proxies that the environment names.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use super::*;
use slotwire::{EnvironmentProxies, ParseProxyError, ProxyVariableFault};

/// Connects to a host by these variables, and returns the call that comes to `listener`, if the
/// connection goes there.
fn call(
    net: &Net,
    variables: &[(&str, &str)],
    tag: &str,
    (host, port): (&str, u16),
) -> (Runtime, Obj<QTcpSocket>) {
    let mut rt = net.runtime();
    let proxies = EnvironmentProxies::from_variables(variables.iter().copied()).unwrap();
    rt.set_application_proxy_factory(proxies);
    let socket = rt.add(QTcpSocket::new());
    rt[socket].set_protocol_tag(tag);
    rt[socket].connect_to_host(host, port);
    (rt, socket)
}

#[on_every_network]
fn a_socket_goes_by_the_proxy_that_the_environment_names(net: &Net) {
    let (listener, port) = net.listener();
    let url = format!("socks5://jo%65:s%65cret@127.0.0.1:{port}/");
    let (mut rt, socket) = call(net, &[("ALL_PROXY", &url)], "", ("example.invalid", 80));
    let mut proxy = caller(&mut rt, &listener);
    let_joe_through(&mut rt, &mut proxy);
    wait_until(&mut rt, is(SocketState::Connected, socket));
}

#[on_every_network]
fn a_variable_without_a_port_means_the_usual_one_of_its_scheme(net: &Net) {
    for (url, port) in [
        ("socks5://ann:p%40ss@proxy.invalid", 1080),
        ("socks5h://ann:p%40ss@proxy.invalid/", 1080),
        ("http://ann:p%40ss@proxy.invalid", 80),
        ("ann:p%40ss@proxy.invalid", 80),
    ] {
        let (rt, socket) = call(net, &[("ALL_PROXY", url)], "", ("example.invalid", 80));
        let chosen = rt[socket].chosen_proxy().unwrap();
        assert_eq!((chosen.host_name(), chosen.port()), ("proxy.invalid", port), "{url}");
        assert_eq!((chosen.user(), chosen.password()), ("ann", "p@ss"), "{url}");
    }
}

#[on_every_network]
fn an_exception_is_reached_directly(net: &Net) {
    let (listener, port) = net.listener();
    let url = format!("socks5://127.0.0.1:{port}");
    let variables = [("ALL_PROXY", url.as_str()), ("NO_PROXY", "10.0.0.0/8,.direct.invalid")];
    let (mut rt, socket) = call(net, &variables, "", ("name.direct.invalid", 80));
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    assert_eq!(rt[socket].error(), Some(SocketError::HostNotFound), "it is looked up here");
    assert!(listener.accept_now().is_none());
}

#[on_every_network]
fn the_tag_https_and_lower_case_have_the_first_word(net: &Net) {
    for (names, tag) in [
        (["ALL_PROXY", "HTTPS_PROXY"], ""),
        (["HTTPS_PROXY", "ALL_PROXY"], "https"),
        (["all_proxy", "ALL_PROXY"], ""),
        (["https_proxy", "HTTPS_PROXY"], "https"),
        (["https_proxy", "HTTP_PROXY"], ""),
        (["ALL_PROXY", "https_proxy"], "news"),
    ] {
        let (listener, port) = net.listener();
        let (other, other_port) = net.listener();
        let [url, other_url] = [port, other_port].map(|port| format!("socks5h://127.0.0.1:{port}"));
        // The order does not matter.
        let variables = [(names[1], other_url.as_str()), (names[0], &url)];
        let (mut rt, _) = call(net, &variables, tag, ("example.invalid", 80));
        caller(&mut rt, &listener);
        assert!(other.accept_now().is_none(), "{names:?}");
    }
}

#[on_every_network]
fn a_variable_without_a_value_counts_as_not_set(net: &Net) {
    let (listener, port) = net.listener();
    let url = format!("socks5://127.0.0.1:{port}");
    let variables = [("all_proxy", ""), ("ALL_PROXY", url.as_str()), ("no_proxy", "")];
    let (mut rt, _) = call(net, &variables, "", ("example.invalid", 80));
    caller(&mut rt, &listener);
}

#[on_every_network]
fn this_host_is_reached_directly_whatever_the_environment_says(net: &Net) {
    let (peer, port) = net.listener();
    for variables in [&[][..], &[("ALL_PROXY", "socks5://proxy.invalid")]] {
        let (mut rt, _) = call(net, variables, "", ("127.0.0.1", port));
        caller(&mut rt, &peer);
    }
}

#[test]
fn an_error_names_the_variable_and_what_is_wrong_in_it() {
    for (name, value, text) in [
        ("ALL_PROXY", "https://ann:pw@h", "the scheme `https` is not supported"),
        ("https_proxy", "ftp://ann:pw@h", "the scheme `ftp` is not supported"),
        ("all_proxy", "socks5://ann:pw@h:99999", "the port is not a number from 1 to 65535"),
        ("HTTPS_PROXY", "socks5://ann:p%w@h", "write `%25` for a percent sign"),
        ("NO_PROXY", "example.com,ann:pw@192.168.*", "its entry \"192.168.*\" is not a host"),
        ("NO_PROXY", "socks5://ann:pw,x@h", "its entry \"h\" is not a host"),
        ("no_proxy", "ann:pw x@h, 192.168.*", "its entry \"192.168.*\" is not a host"),
    ] {
        let error = EnvironmentProxies::from_variables([(name, value)]).unwrap_err();
        let shown = error.to_string();
        assert!(shown.starts_with(&format!("the environment variable {name} is not valid: ")));
        assert!(shown.contains(text), "{shown}");
        assert!(!format!("{shown}{error:?}").contains("pw"), "{shown}");
        assert_eq!(error.variable(), name);
    }
    let error = EnvironmentProxies::from_variables([("ALL_PROXY", "socks5://")]).unwrap_err();
    assert_eq!(*error.fault(), ProxyVariableFault::Url(ParseProxyError::NoHost));
    for name in ["ALL_PROXY", "no_proxy"] {
        let value = OsString::from_vec(vec![b'a', 0xff]);
        let error = EnvironmentProxies::from_variables([(name, value)]).unwrap_err();
        assert_eq!((error.variable(), error.fault()), (name, &ProxyVariableFault::NotUtf8));
    }
}

#[test]
fn what_the_environment_names_is_shown_without_credentials() {
    let variables = [("ALL_PROXY", "socks5://ann:secret@proxy.example"), ("PATH", "/bin")];
    let proxies = EnvironmentProxies::from_variables(variables).unwrap();
    let shown = format!("{proxies:?}");
    assert!(shown.contains("proxy.example"), "{shown}");
    assert!(!shown.contains("ann") && !shown.contains("secret"), "{shown}");
}
