//! The macros of [slotwire](https://docs.rs/slotwire): `#[derive(QObject)]`, `#[slots]`,
//! `#[derive(ToDataStream)]` and `#[derive(FromDataStream)]`.
//!
//! Use them through slotwire, which exports and documents them.
//!
//! `#[derive(QObject)]` and `#[slots]` work in the same four steps. `ast` reads the tokens into a tree, with the help of
//! `attr` for attributes. `valid` reports what cannot work. `expand` writes the code. Each mistake
//! becomes one error, at the token where it was made. Code is still written as far as possible
//! (`fallback` writes it if the tree cannot be read), so that no second error follows from the
//! first.

mod class;
mod mistake;
mod slots;
mod stream;
mod text;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Exported as `slotwire::QObject`.
#[proc_macro_derive(QObject, attributes(signal, property, qobject, child, init))]
pub fn derive_qobject(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as syn::DeriveInput);
    class::derive(&input).into()
}

/// Exported as `slotwire::stream::ToDataStream`.
#[proc_macro_derive(ToDataStream)]
pub fn derive_to_data_stream(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as syn::DeriveInput);
    stream::derive(&input, stream::Direction::To).into()
}

/// Exported as `slotwire::stream::FromDataStream`.
#[proc_macro_derive(FromDataStream)]
pub fn derive_from_data_stream(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as syn::DeriveInput);
    stream::derive(&input, stream::Direction::From).into()
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
