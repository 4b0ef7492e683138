//! The code for something that cannot have slots: the same item without the attributes.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::parse_quote;
use syn::spanned::Spanned;

use super::ast::Block;

/// Writes the impl block alone. If the class has generic parameters, which its derive reports, asks
/// the compiler for the derive.
pub(crate) fn block(block: &Block) -> TokenStream {
    let head = &block.head;
    if head.of_trait.is_some() {
        return block.to_token_stream();
    }
    let class = &head.class;
    let mut generics = head.generics.clone();
    generics.make_where_clause().predicates.push(parse_quote!(#class: 'static));
    let (parameters, _, where_clause) = generics.split_for_impl();
    let is_class = quote_spanned!(class.span()=> ::slotwire::__private::v1::is_class::<#class>());
    quote! {
        #block

        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
        const _: () = {
            #[allow(dead_code)]
            fn ask #parameters () #where_clause {
                #is_class;
            }
        };
    }
}

/// Writes the item as it was.
pub(crate) fn item(item: TokenStream) -> TokenStream {
    item
}
