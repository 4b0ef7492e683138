//! `#[derive(QObject)]`.

mod ast;
mod attr;
mod declared;
mod device;
mod device_signal;
mod expand;
mod fallback;
pub(crate) mod head;
mod hook;
mod meta;
mod valid;

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::mistake::Mistakes;

/// Writes what the derive adds to a class.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let code = match ast::Class::read(input, &mut mistakes) {
        Some(class) if !class.has_lifetimes => expand::class(&class),
        Some(class) => fallback::generic_class(&class, input),
        None => fallback::class(input),
    };
    quote!(#mistakes #code)
}
