//! The names for which the compiler says that a handle is not its object: all methods of the
//! classes.

use std::collections::BTreeSet;
use std::fs;

use syn::{FnArg, ImplItem, Item, Signature, TraitItem, Visibility};

/// The files of the classes, and of the traits of their methods.
const CLASSES: [&str; 14] = [
    "io/io_device.rs",
    "io/buffer.rs",
    "message/messages.rs",
    "net/socket/abstract_socket.rs",
    "net/socket/tcp_socket.rs",
    "net/socket/udp_socket.rs",
    "net/socket/ssl_socket.rs",
    "net/socket/ssl_settings.rs",
    "net/socket/ssl_doubts.rs",
    "net/server/tcp_server.rs",
    "net/server/ssl_server.rs",
    "event_loop/timer.rs",
    "event_loop/socket_notifier.rs",
    "event_loop/thread.rs",
];

fn source(file: &str) -> String {
    let path = format!("{}/src/{file}", concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn takes_self(signature: &Signature) -> bool {
    matches!(signature.inputs.first(), Some(FnArg::Receiver(_)))
}

fn is_hidden(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|attr| match &attr.meta {
        syn::Meta::List(list) if attr.path().is_ident("doc") => list.tokens.to_string() == "hidden",
        _ => false,
    })
}

/// Adds the names of the methods of an item that users call.
fn add_methods(item: Item, names: &mut BTreeSet<String>) {
    match item {
        Item::Impl(block) if block.trait_.is_none() && !is_hidden(&block.attrs) => {
            for item in block.items {
                if let ImplItem::Fn(method) = item
                    && matches!(method.vis, Visibility::Public(_))
                    && takes_self(&method.sig)
                    && !is_hidden(&method.attrs)
                    && !is_of_runtime(&block.self_ty)
                {
                    names.insert(method.sig.ident.to_string());
                }
            }
        }
        Item::Trait(item) => {
            for method in item.items {
                if let TraitItem::Fn(method) = method
                    && takes_self(&method.sig)
                    && !is_hidden(&method.attrs)
                {
                    names.insert(method.sig.ident.to_string());
                }
            }
        }
        Item::Struct(class) => {
            let signals = class
                .fields
                .into_iter()
                .filter(|field| field.attrs.iter().any(|attr| attr.path().is_ident("signal")));
            names.extend(signals.filter_map(|field| Some(field.ident?.to_string())));
        }
        _ => {}
    }
}

/// Returns true for the methods that a class's file adds to `Runtime`.
fn is_of_runtime(ty: &syn::Type) -> bool {
    matches!(ty, syn::Type::Path(path) if path.path.is_ident("Runtime"))
}

/// Returns the names in the blocks `names! { … }`.
fn listed() -> BTreeSet<String> {
    let text = source("mistakes.rs");
    let blocks = text.split("names! {").skip(1);
    let blocks = blocks.map(|block| block.split_once('}').expect("the block ends").0);
    blocks.flat_map(str::split_whitespace).map(str::to_owned).collect()
}

#[test]
fn every_method_of_a_class_is_listed_as_no_method_of_a_handle() {
    let mut names = BTreeSet::new();
    for file in CLASSES {
        let file = syn::parse_file(&source(file)).expect("the source can be parsed");
        file.items.into_iter().for_each(|item| add_methods(item, &mut names));
    }
    assert!(names.len() > 120, "only {} methods are found", names.len());
    let missing: Vec<_> = names.difference(&listed()).cloned().collect();
    assert!(missing.is_empty(), "src/mistakes.rs lacks {missing:?}");
}

#[test]
fn no_method_of_handles_is_listed() {
    let listed = listed();
    for own in ["upcast", "erase", "clone", "eq", "ne", "hash", "fmt", "to_owned", "into"] {
        assert!(!listed.contains(own), "{own}");
    }
}
