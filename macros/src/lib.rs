//! The macros of [slotwire](https://docs.rs/slotwire): `#[derive(QObject)]` and `#[slots]`.
//!
//! Use them through slotwire, which exports them and shows in its docs what they do.
//!
//! Each macro works in the same four steps: `ast` reads the tokens into a tree of our own, with
//! the help of `attr` for what stands in attributes; `valid` looks for what cannot work; `expand`
//! writes the code. A mistake becomes one error, at the token where it was made, and the code is
//! written all the same, as well as it can be (`fallback` does so where there is nothing to go by),
//! so that no second error follows from the first.

mod class;
mod mistake;
mod slots;
mod text;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Exported as `slotwire::QObject`.
#[proc_macro_derive(QObject, attributes(signal, property, qobject))]
pub fn derive_qobject(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as syn::DeriveInput);
    class::derive(&input).into()
}

/// Exported as `slotwire::slots`.
#[proc_macro_attribute]
pub fn slots(arguments: TokenStream, item: TokenStream) -> TokenStream {
    slots::attribute(arguments.into(), item.into()).into()
}

/// Exported as `slotwire::slot`.
#[proc_macro_attribute]
pub fn slot(_: TokenStream, item: TokenStream) -> TokenStream {
    slots::misplaced(item.into()).into()
}
