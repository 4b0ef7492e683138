//! `#[on_every_network]`: a test that is written once and runs on every network that there is.

use proc_macro::{Delimiter, TokenStream, TokenTree};

/// Makes tests of a function: one on the kernel's network, and with the feature `sim` one on the
/// simulated network.
///
/// ```text
/// #[on_every_network]
/// fn a_refused_connection_says_so(net: &Net) {
///     let mut rt = net.runtime();
///     // ...
/// }
/// ```
///
/// The tests are `a_refused_connection_says_so::native` and
/// `a_refused_connection_says_so::simulated`, so `cargo test simulated` runs the latter alone.
/// `#[should_panic]` and `#[ignore]` below the attribute are those of the tests. `Net` is what the
/// file of the test calls by that name.
#[proc_macro_attribute]
pub fn on_every_network(_: TokenStream, function: TokenStream) -> TokenStream {
    tests_of(function, &NETWORKS)
}

/// Makes eight tests of a function: those of [`macro@on_every_network`], and on each of the two
/// networks one with a layer on the connections to the test's own listeners, one with TLS on them
/// (with the feature `tls`), and one with a proxy between the sockets and all their peers.
///
/// The tests are `NAME::native`, `NAME::simulated`, `NAME::native_with_layer`,
/// `NAME::simulated_with_layer`, `NAME::native_with_tls`, `NAME::simulated_with_tls`,
/// `NAME::native_with_proxy` and `NAME::simulated_with_proxy`. In parentheses there may be
/// exceptions:
///
/// - `no_layer = "reason"`: no tests with a layer, and none with TLS. The reason says what no layer
///   can carry.
/// - `no_proxy = "reason"`: no tests with a proxy. The reason says what no proxy can carry.
/// - `proxy_carries = "words"`: the tests with a proxy are run only if that carries what the words
///   name, which `tests/support/proxied_network.rs` explains.
#[proc_macro_attribute]
pub fn on_every_network_and_layer(exceptions: TokenStream, function: TokenStream) -> TokenStream {
    let exceptions: Vec<TokenTree> = exceptions.into_iter().collect();
    let is_known = |token: &TokenTree| match token {
        TokenTree::Ident(word) => EXCEPTIONS.contains(&word.to_string().as_str()),
        _ => true,
    };
    if !exceptions.iter().all(is_known) {
        let error = format!("compile_error!(\"the exceptions are {}\");", EXCEPTIONS.join(", "));
        return error.parse().unwrap_or_default();
    }
    let exceptions: Vec<String> = exceptions.iter().map(ToString::to_string).collect();
    let place_of = |word| exceptions.iter().position(|token| token == word);
    let mut networks = NETWORKS.to_vec();
    if place_of("no_layer").is_none() {
        networks.extend([
            Network::new("native_with_layer"),
            Network::new("simulated_with_layer"),
            Network::new("native_with_tls"),
            Network::new("simulated_with_tls"),
        ]);
    }
    if place_of("no_proxy").is_none() {
        // The words stand behind the sign of equality.
        let carried = place_of("proxy_carries").and_then(|place| exceptions.get(place + 2));
        let carried = Some(carried.map_or("\"\"", String::as_str));
        networks.extend([
            Network { name: "native_with_proxy", carried },
            Network { name: "simulated_with_proxy", carried },
        ]);
    }
    tests_of(function, &networks)
}

/// The words that may be in the parentheses of `#[on_every_network_and_layer]`.
const EXCEPTIONS: [&str; 3] = ["no_layer", "no_proxy", "proxy_carries"];

/// A network, as its tests call it.
#[derive(Clone, Copy)]
struct Network<'a> {
    name: &'static str,
    /// What its proxy has to carry, as a literal, if there is one.
    carried: Option<&'a str>,
}

impl Network<'_> {
    const fn new(name: &'static str) -> Self {
        Self { name, carried: None }
    }
}

const NETWORKS: [Network<'static>; 2] = [Network::new("native"), Network::new("simulated")];

/// Makes tests of a function, one for each of the networks.
fn tests_of(function: TokenStream, networks: &[Network<'_>]) -> TokenStream {
    let tokens: Vec<TokenTree> = function.into_iter().collect();
    let mut kept = TokenStream::new();
    let mut of_tests = String::new();
    let mut name = None;
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        let is_hash = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#');
        let attribute = rest.next_if(|next| is_hash && is_of_tests(next));
        if let Some(attribute) = attribute {
            of_tests += &format!("#{attribute}");
            continue;
        }
        let is_fn = matches!(&token, TokenTree::Ident(word) if word.to_string() == "fn");
        if is_fn && name.is_none() {
            name = rest.peek().map(ToString::to_string);
        }
        kept.extend([token]);
    }
    let Some(name) = name else {
        let error = "compile_error!(\"#[on_every_network] stands above a function\");";
        return error.parse().unwrap_or_default();
    };
    let tests: String = networks
        .iter()
        .map(|Network { name: network, carried }| {
            let body = match carried {
                None => format!("super::{name}(&super::Net::{network}());"),
                Some(words) => format!(
                    "if let Some(net) = super::Net::{network}({words}) {{ super::{name}(&net); }}"
                ),
            };
            format!("#[test] {of_tests} fn {network}() {{ {body} }}")
        })
        .collect();
    let tests = format!("mod {name} {{ {tests} }}");
    kept.extend(tests.parse::<TokenStream>().unwrap_or_default());
    kept
}

/// Says whether this is `[should_panic ...]` or `[ignore ...]`.
fn is_of_tests(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    let first = group.stream().into_iter().next().map(|first| first.to_string());
    group.delimiter() == Delimiter::Bracket
        && matches!(first.as_deref(), Some("should_panic" | "ignore"))
}
