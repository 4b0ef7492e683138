//! The code for something that cannot be a class: enough to be used as one.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, parse_quote};

use super::ast::Class;
use super::expand;

/// Writes a class with lifetime parameters: its accessors, so that code that uses it compiles.
pub(crate) fn generic_class(class: &Class<'_>, input: &DeriveInput) -> TokenStream {
    let accessors = expand::accessors(class);
    let class = self::class(input);
    quote!(#accessors #class)
}

/// Writes a class without any members.
pub(crate) fn class(input: &DeriveInput) -> TokenStream {
    let ident = &input.ident;
    let name = ident.to_string();
    let mut generics = input.generics.clone();
    if !generics.params.is_empty() {
        generics.make_where_clause().predicates.push(parse_quote!(Self: 'static));
    }
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics ::slotwire::__private::v1::QObject for #ident #ty_generics
        #where_clause
        {
            fn static_meta_object() -> &'static ::slotwire::__private::v1::MetaObject {
                static META: ::slotwire::__private::v1::MetaObject =
                    ::slotwire::__private::v1::MetaObject::new(#name);
                &META
            }
            fn meta_object(&self) -> &'static ::slotwire::__private::v1::MetaObject {
                <Self as ::slotwire::__private::v1::QObject>::static_meta_object()
            }
        }
    }
}
