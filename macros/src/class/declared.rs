//! The code of `declared`: the constructor that the attributes of the fields describe.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::ast::{Class, Part, Start};

/// Writes `declared`, if the class has a field with `#[child]` or `#[init]`.
pub(crate) fn declared(class: &Class<'_>) -> Option<TokenStream> {
    if !class.is_declared {
        return None;
    }
    let vis = class.vis;
    let inherent = class.head.inherent();
    let by_trait = class.head.of_trait(quote!(::slotwire::__private::v1::Declared));
    // The expressions of the attributes see the context by this name.
    let cx = Ident::new("cx", Span::call_site());
    let locals: Vec<_> = class.parts.iter().map(|part| local(part.field)).collect();
    let starts = class.parts.iter().map(|part| start(part, &cx));
    let (fields, types) =
        (class.parts.iter().map(|part| part.field), class.parts.iter().map(|part| part.ty));
    Some(quote! {
        #[allow(dead_code, deprecated, non_snake_case, unreachable_code, unreachable_pub)]
        #[allow(unused_imports, unused_qualifications, unused_variables)]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
        #inherent {
            /// Returns the object as its struct declares it. Adds the children to it, and gives
            /// each other field its start value, in the order of the fields.
            #vis fn declared(#cx: &mut ::slotwire::__private::v1::Context<'_, Self>) -> Self {
                use ::slotwire::__private::v1::StartsByDefault as _;
                #(let #locals: #types = #starts;)*
                Self { #(#fields: #locals),* }
            }
        }

        #[automatically_derived]
        #by_trait {
            fn by_declaration(cx: &mut ::slotwire::__private::v1::Context<'_, Self>) -> Self {
                Self::declared(cx)
            }
        }
    })
}

/// Returns the variable for a field. The expressions of later fields see it by the name of the
/// field, unless that is the name of the context.
fn local(field: &Ident) -> Ident {
    if field == "cx" { Ident::new("cx", Span::mixed_site()) } else { field.clone() }
}

/// Returns the expression by which a field starts. The compiler reports a type without a start
/// value at the type.
fn start(part: &Part<'_>, cx: &Ident) -> TokenStream {
    let path = path();
    // The attributes cannot see this name.
    let value = Ident::new("value", Span::mixed_site());
    match &part.start {
        Start::Child(class, None) => {
            let add = quote_spanned! {class.span()=>
                ::slotwire::__private::v1::Start::<#class>::add_child
            };
            ask(&add, cx)
        }
        Start::Child(Type::TraitObject(_), Some(child)) => quote!({
            let #value = #child;
            #path::add_child_as(#cx, #value)
        }),
        Start::Child(class, Some(child)) => quote!({
            let #value: #class = #child;
            #path::Context::add_child(#cx, #value)
        }),
        Start::Value(ty, start) => quote!({
            let #value: #ty = #start;
            ::core::convert::From::from(#value)
        }),
        Start::Init(start) => quote!(#start),
        Start::Base => {
            let class = part.ty;
            let base = quote_spanned! {class.span()=>
                ::slotwire::__private::v1::Start::<#class>::base
            };
            ask(&base, cx)
        }
        Start::Default => {
            let ty = part.ty;
            let start = quote_spanned! {ty.span()=>
                <#ty as ::slotwire::__private::v1::StartOfField>::start_of_field
            };
            quote!(#start())
        }
        Start::Mistaken => quote!(::core::unimplemented!()),
    }
}

/// Calls the function with the context. It is assigned to a function pointer before, so that the
/// compiler reports at the type what the function asks of it.
fn ask(function: &TokenStream, cx: &Ident) -> TokenStream {
    let path = path();
    let start = Ident::new("start", Span::mixed_site());
    quote!({
        let #start: fn(&mut #path::Context<'_, Self>) -> _ = #function;
        #start(#cx)
    })
}

fn path() -> TokenStream {
    quote!(::slotwire::__private::v1)
}
