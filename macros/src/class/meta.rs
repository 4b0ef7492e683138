//! The code of a class's meta object.
//!
//! A class without parameters has its meta object in a static. A static cannot use the parameters of
//! a class, so a class with parameters has constants, in the hidden trait `GenericClass`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use super::ast::{Class, Kind, Member};
use super::expand::{changed, fallbacks};
use super::{device, device_signal};
use crate::text::{name_self, plain, type_text};

/// Writes the body of `static_meta_object`, and the constants that it needs.
pub(super) fn static_meta_object(class: &Class<'_>) -> (TokenStream, Option<TokenStream>) {
    let name = plain(class.ident);
    let this = class.head.this();
    let fallbacks = fallbacks();
    let signals = class.members.iter().map(|member| meta_signal(class, member));
    let signals = signals.chain(device_signal::describe(class));
    let properties = class.members.iter().filter_map(|member| meta_property(class, member));
    let super_class = match &class.base {
        Some(base) => {
            let base = base.class;
            Some(quote!(.with_super_class(::slotwire::__private::v1::Base::<#base>::META)))
        }
        None => device::super_class(class),
    };
    let slots = slots(class);
    let path = quote!(::slotwire::__private::v1);
    if !class.head.is_generic() {
        let body = quote! {
            #fallbacks
            static META: #path::MetaObject = #path::MetaObject::new(#name)
                .with_type::<#this>()
                #super_class
                .with_signals(&[#(#signals),*])
                .with_slots(#slots.slots())
                .with_properties(&[#(#properties),*]);
            &META
        };
        return (body, None);
    }
    let head = class.head.of_trait(quote!(#path::GenericClass));
    // The table of the class with any arguments, if there is one, must be that of this class: the
    // block with the slots may not ask for more than the struct.
    let any = class.head.any();
    let table = quote_spanned! {class.ident.span()=>
        ::slotwire::__private::v1::Table::<#any>::SLOTS
    };
    let constants = quote! {
        #[automatically_derived]
        #[allow(deprecated, unused_qualifications)]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
        #head {
            const SLOTS: #path::Slots<Self> = {
                #fallbacks
                let slots: #path::Slots<Self> = #table;
                slots
            };
            const SIGNALS: &'static [#path::MetaSignal] = {
                #fallbacks
                &[#(#signals),*]
            };
            const PROPERTIES: &'static [#path::MetaProperty] = {
                #fallbacks
                &[#(#properties),*]
            };
            const META: &'static #path::MetaObject = {
                #fallbacks
                &#path::MetaObject::new(#name)
                    .with_type::<Self>()
                    #super_class
                    .with_signals(<Self as #path::GenericClass>::SIGNALS)
                    .with_slots(#slots.slots())
                    .with_properties(<Self as #path::GenericClass>::PROPERTIES)
            };
        }
    };
    (quote!(<Self as #path::GenericClass>::META), Some(constants))
}

/// Returns the expression for the table of the class's slots.
pub(super) fn slots(class: &Class<'_>) -> TokenStream {
    if class.head.is_generic() {
        return quote!(<Self as ::slotwire::__private::v1::GenericClass>::SLOTS);
    }
    let ident = class.ident;
    quote!(::slotwire::__private::v1::Table::<#ident>::SLOTS)
}

fn meta_signal(class: &Class<'_>, member: &Member<'_>) -> TokenStream {
    let (this, field) = (class.head.this(), member.field);
    let argument = type_text(member.carries);
    let (name, signal) = match member.kind {
        Kind::Signal => (plain(field), quote!(&object.#field)),
        Kind::Property { .. } => (plain(&changed(field)), quote!(object.#field.changed())),
    };
    let carries = without_self(class, member.carries);
    quote! {
        ::slotwire::__private::v1::MetaSignal::new(#name, #argument, |object, visit| {
            let object = ::slotwire::__private::v1::cast::<#this>(object);
            visit(#signal)
        })
        .with_text(::slotwire::__private::v1::Carried::<#carries>::TEXT)
    }
}

fn meta_property(class: &Class<'_>, member: &Member<'_>) -> Option<TokenStream> {
    let Kind::Property { read_only } = member.kind else { return None };
    let (this, field, value) = (class.head.this(), member.field, member.carries);
    let (name, type_name) = (plain(field), type_text(value));
    let value = without_self(class, value);
    let held = quote!(::slotwire::__private::v1::Held::<#value>);
    let path = quote!(::slotwire::__private::v1::MetaProperty);
    let read = quote! {
        |object| {
            let object = ::slotwire::__private::v1::cast::<#this>(object);
            #held::read(&object.#field)
        }
    };
    if read_only {
        return Some(quote!(#path::read_only(#name, #type_name, #read)));
    }
    Some(quote! {
        #path::new(
            #name,
            #type_name,
            #read,
            |object, value| {
                let object = ::slotwire::__private::v1::cast_mut::<#this>(object);
                #held::write(&mut object.#field, value)
            },
        )
    })
}

/// Returns the type as it can be written in a static, which knows no `Self`. A generic class has no
/// statics.
fn without_self(class: &Class<'_>, ty: &Type) -> TokenStream {
    let tokens = ty.to_token_stream();
    if class.head.is_generic() { tokens } else { name_self(tokens, class.ident) }
}
