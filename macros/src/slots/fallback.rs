//! The code for something that cannot have slots: the same item without the attributes.

use proc_macro2::TokenStream;
use quote::ToTokens;

use super::ast::Block;

/// Writes the impl block alone.
pub(crate) fn block(block: &Block) -> TokenStream {
    block.to_token_stream()
}

/// Writes the item as it was.
pub(crate) fn item(item: TokenStream) -> TokenStream {
    item
}
