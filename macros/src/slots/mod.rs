//! `#[slots]`, and the `#[slot]` inside it.

mod ast;
mod attr;
mod expand;
mod fallback;
mod valid;

use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::mistake::Mistakes;

/// Writes an impl block with slots.
pub(crate) fn attribute(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    if !arguments.is_empty() {
        mistakes.at(&arguments, "`#[slots]` has no options: write them into the `#[slot(…)]`s");
    }
    let code = match ast::Block::read(item.clone(), &mut mistakes) {
        Some(block) if block.is_class => expand::block(&block),
        Some(block) => fallback::block(&block),
        None => fallback::item(item),
    };
    quote!(#mistakes #code)
}

/// Writes a method whose `#[slot]` is not in a block with `#[slots]`.
pub(crate) fn misplaced(item: TokenStream) -> TokenStream {
    let error = syn::Error::new(
        Span::call_site(),
        "`#[slot]` works only in an impl block with `#[slots]`: write `#[slots]` above \
         the `impl`",
    )
    .into_compile_error();
    quote!(#error #item)
}
