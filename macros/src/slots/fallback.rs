//! The code for something that cannot have slots: the same item without the attributes.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::ast::Block;
use super::expand;

/// Writes the impl block alone. If the class has lifetime parameters, which its derive reports, asks
/// the compiler for the derive.
pub(crate) fn block(block: &Block) -> TokenStream {
    if block.head.of_trait.is_some() {
        return block.to_token_stream();
    }
    let question = expand::ask_for_class(block);
    quote! {
        #block

        #question
    }
}

/// Writes the item as it was.
pub(crate) fn item(item: TokenStream) -> TokenStream {
    item
}
