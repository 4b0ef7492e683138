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
    tests_of(function, &[("native", false), ("simulated", true)])
}

/// Makes four tests of a function: those of [`macro@on_every_network`], and on each of the two
/// networks one with a layer on the connections to the test's own listeners.
///
/// The tests are `NAME::native`, `NAME::simulated`, `NAME::native_with_layer` and
/// `NAME::simulated_with_layer`. With `#[on_every_network_and_layer(but = "reason")]` there are the
/// first two alone: the reason says what no layer can carry.
#[proc_macro_attribute]
pub fn on_every_network_and_layer(exception: TokenStream, function: TokenStream) -> TokenStream {
    let networks = [
        ("native", false),
        ("simulated", true),
        ("native_with_layer", false),
        ("simulated_with_layer", true),
    ];
    let count = if exception.is_empty() { networks.len() } else { 2 };
    tests_of(function, &networks[..count])
}

/// Makes tests of a function, one for each of the networks. The second value tells whether that is a
/// simulated network.
fn tests_of(function: TokenStream, networks: &[(&str, bool)]) -> TokenStream {
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
        .map(|(network, is_simulated)| {
            let feature = if *is_simulated { "#[cfg(feature = \"sim\")]" } else { "" };
            format!(
                "{feature} #[test] {of_tests}
                fn {network}() {{ super::{name}(&super::Net::{network}()); }}"
            )
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
