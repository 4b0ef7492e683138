//! The code of a class: its accessors and its `QObject`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{ExprPath, Type};

use super::ast::{Class, DeviceKind, Kind, Member};
use super::{declared, device, meta};
use crate::text::{camel_case, plain};

/// Writes what the derive adds to a class.
pub(crate) fn class(class: &Class<'_>) -> TokenStream {
    let accessors = accessors(class);
    let object = object(class);
    let upcast = upcast(class);
    let device = device::device(class);
    let declared = declared::declared(class);
    let check = class.head.check();
    quote!(#accessors #object #upcast #device #declared #check)
}

/// Writes the accessors of signals and properties.
pub(super) fn accessors(class: &Class<'_>) -> TokenStream {
    if class.members.is_empty() {
        return TokenStream::new();
    }
    let head = class.head.inherent();
    let accessors = class.members.iter().map(|member| match member.kind {
        Kind::Signal => signal_accessor(class, member),
        Kind::Property { read_only } => property_accessors(class, member, read_only),
    });
    quote! {
        #[allow(dead_code, deprecated, unreachable_pub)]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
        #head {
            #(#accessors)*
        }
    }
}

fn signal_accessor(class: &Class<'_>, member: &Member<'_>) -> TokenStream {
    let (vis, name, carries) = (class.vis, member.field, member.carries);
    let docs = docs(member, &format!("The signal `{}`.", plain(name)));
    let alias = alias(name);
    let not_emitted = not_emitted(class, name);
    quote! {
        #docs
        #alias
        #[must_use = #not_emitted]
        #vis fn #name(&self) -> &::slotwire::__private::v1::Signal<#carries> {
            &self.#name
        }
    }
}

fn property_accessors(class: &Class<'_>, member: &Member<'_>, read_only: bool) -> TokenStream {
    let (vis, name, value) = (class.vis, member.field, member.carries);
    let text = plain(name);
    let getter_docs = docs(member, &format!("Returns the property `{text}`."));
    let getter_alias = alias(name);

    let changed = changed(name);
    let changed_docs =
        format!("Emitted with the new [`{text}`](Self::{text}) when its value has changed.");
    let changed_alias = alias(&changed);
    let not_emitted = not_emitted(class, &changed);

    let setter = (!read_only).then(|| {
        let set = setter(name);
        let set_docs = format!(
            "Sets [`{text}`](Self::{text}), and emits [`{changed}`](Self::{changed}) if the value \
             differs."
        );
        let set_alias = alias(&set);
        let fallbacks = fallbacks();
        quote! {
            #[doc = #set_docs]
            #set_alias
            #vis fn #set(&mut self, value: #value) {
                #fallbacks
                ::slotwire::__private::v1::Held::<#value>::set(&mut self.#name, value);
            }
        }
    });
    quote! {
        #getter_docs
        #getter_alias
        #vis fn #name(&self) -> &#value {
            self.#name.value()
        }

        #setter

        #[doc = #changed_docs]
        #changed_alias
        #[must_use = #not_emitted]
        #vis fn #changed(&self) -> &::slotwire::__private::v1::Signal<#value> {
            self.#name.changed()
        }
    }
}

/// Returns what the compiler says if the accessor of a signal is called as Qt's signals are.
fn not_emitted(class: &Class<'_>, signal: &Ident) -> String {
    let (class, signal) = (plain(class.ident), plain(signal));
    format!(
        "this returns the signal and emits nothing: write `self.{signal}().emit(…)` in a method, \
         and `rt.emit(handle, {class}::{signal}, …)` elsewhere"
    )
}

/// Returns the member's own docs, or `otherwise` if it has none.
fn docs(member: &Member<'_>, otherwise: &str) -> TokenStream {
    let docs = &member.docs;
    if docs.is_empty() { quote!(#[doc = #otherwise]) } else { quote!(#(#docs)*) }
}

/// Returns Qt's spelling as a search alias, if it differs.
fn alias(name: &Ident) -> Option<TokenStream> {
    let name = plain(name);
    let alias = camel_case(&name);
    (alias != name && !alias.is_empty()).then(|| quote!(#[doc(alias = #alias)]))
}

fn setter(name: &Ident) -> Ident {
    format_ident!("set_{}", name.unraw(), span = name.span())
}

pub(super) fn changed(name: &Ident) -> Ident {
    format_ident!("{}_changed", name.unraw(), span = name.span())
}

fn object(class: &Class<'_>) -> TokenStream {
    let head = class.head.of_trait(quote!(::slotwire::__private::v1::QObject));
    let base = class.base.as_ref().map(|base| {
        let (field, base) = (base.field, base.class);
        (field, quote!(::slotwire::__private::v1::Base::<#base>))
    });
    let (static_meta_object, constants) = meta::static_meta_object(class);
    let fallbacks = fallbacks();
    let base_access = base.as_ref().map(|(field, path)| {
        quote! {
            fn base(&self) -> ::core::option::Option<&dyn ::slotwire::__private::v1::QObject> {
                #fallbacks
                #path::shared(&self.#field)
            }

            fn base_mut(
                &mut self,
            ) -> ::core::option::Option<&mut dyn ::slotwire::__private::v1::QObject> {
                #fallbacks
                #path::exclusive(&mut self.#field)
            }
        }
    });
    let hooks = hooks(class);
    let wire_base = base.as_ref().map(|(field, path)| quote!(#path::wire(&mut self.#field, cx);));
    let are_values = class
        .members
        .iter()
        .filter(|member| member.kind != Kind::Signal && !class.head.has_no_trait(member.carries))
        .map(|member| asked(quote!(is_value), member.carries));
    let are_data = class.data.iter().map(|ty| data(ty));
    let questions = device::questions(class);
    let slots = meta::slots(class);
    quote! {
        #[automatically_derived]
        #[allow(deprecated, unused_qualifications)]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
        #head {
            fn static_meta_object() -> &'static ::slotwire::__private::v1::MetaObject {
                #static_meta_object
            }

            fn meta_object(&self) -> &'static ::slotwire::__private::v1::MetaObject {
                <Self as ::slotwire::__private::v1::QObject>::static_meta_object()
            }

            #base_access

            #hooks

            fn wired(&mut self, cx: &mut ::slotwire::__private::v1::Context<'_, Self>) {
                #fallbacks
                #(#are_values)*
                #(#are_data)*
                #questions
                #wire_base
                #slots.wire(self, cx);
            }
        }

        #constants
    }
}

/// Writes the methods of `QObject` that call the methods which the class names.
///
/// Such a method is assigned to a function pointer before it is called: if its type is wrong, the
/// compiler shows the path and both types.
fn hooks(class: &Class<'_>) -> TokenStream {
    if let Some(own) = class.device.as_ref().filter(|own| own.kind == DeviceKind::Socket) {
        return hooks_of_socket(own.field);
    }
    let enter = class.hooks.enter.as_ref().map(|method| enter(class, method));
    let leave = class.hooks.leave.as_ref().map(|method| leave(class, method));
    let wake = class.hooks.wake.as_ref().map(wake);
    quote!(#enter #leave #wake)
}

/// Writes the methods of `QObject` by which the runtime reaches the state machine of a socket.
fn hooks_of_socket(field: &Ident) -> TokenStream {
    let path = quote!(::slotwire::__private::v1);
    let machine = device::machine_of(field);
    quote! {
        fn enter_runtime(&mut self, anchor: &#path::Anchor<'_>) {
            #machine.enter(anchor);
        }

        fn leave_runtime(&mut self) {
            #machine.leave();
        }

        fn wake_up(&mut self, occasion: #path::Occasion) -> #path::Response {
            self.#field.wake(occasion)
        }
    }
}

/// Writes `enter_runtime`: the base enters first, as with constructors.
fn enter(class: &Class<'_>, method: &ExprPath) -> TokenStream {
    let base = class.base.as_ref().map(|_| {
        quote! {
            if let ::core::option::Option::Some(base) =
                ::slotwire::__private::v1::QObject::base_mut(self)
            {
                ::slotwire::__private::v1::QObject::enter_runtime(base, anchor);
            }
        }
    });
    let anchor = quote!(&::slotwire::__private::v1::Anchor<'_>);
    quote! {
        fn enter_runtime(&mut self, anchor: #anchor) {
            #base
            let method: fn(&mut Self, #anchor) = #method;
            method(self, anchor);
        }
    }
}

/// Writes `leave_runtime`: the base leaves last, as with destructors.
fn leave(class: &Class<'_>, method: &ExprPath) -> TokenStream {
    let call = match class.base {
        Some(_) => quote!(::slotwire::__private::v1::leave_before_base(self, method);),
        None => quote!(method(self);),
    };
    quote! {
        fn leave_runtime(&mut self) {
            let method: fn(&mut Self) = #method;
            #call
        }
    }
}

/// Writes `wake_up`: the class is woken, and the base is not.
fn wake(method: &ExprPath) -> TokenStream {
    let occasion = quote!(::slotwire::__private::v1::Occasion);
    let response = quote!(::slotwire::__private::v1::Response);
    quote! {
        fn wake_up(&mut self, occasion: #occasion) -> #response {
            let method: fn(&mut Self, #occasion) -> #response = #method;
            method(self, occasion)
        }
    }
}

/// Allows a handle to the class to become a handle to its base.
fn upcast(class: &Class<'_>) -> Option<TokenStream> {
    let base = class.base.as_ref()?;
    let bound = device::base_bound(base);
    let (this, base) = (class.head.this(), base.class);
    let path = quote_spanned!(base.span()=> ::slotwire::__private::v1::Upcast<#this>);
    let head = class.head.impl_where(path, base, Some(&bound));
    let extends = class.head.of_trait(quote!(::slotwire::__private::v1::Extends));
    Some(quote! {
        #[automatically_derived]
        #[allow(deprecated, trivial_bounds)]
        #head {
            const CAST: () = ();
        }

        #[automatically_derived]
        #[allow(deprecated)]
        #extends {
            type Base = #base;
        }
    })
}

/// Imports the fallbacks for a class that has no slots, or a mistake.
pub(super) fn fallbacks() -> TokenStream {
    quote! {
        #[allow(unused_imports)]
        use ::slotwire::__private::v1::{
            NoClass as _, NoDebug as _, NoRole as _, NoSlots as _, NoValue as _,
        };
    }
}

/// Makes the compiler check what `question` asks of the type, and report a failure at the type.
pub(super) fn asked(question: TokenStream, ty: &Type) -> TokenStream {
    let path = quote_spanned!(ty.span()=> ::slotwire::__private::v1::#question::<#ty>);
    quote!(let _: fn() = #path;)
}

/// Makes the compiler check that a field without a role is no object and no state of a device.
fn data(ty: &Type) -> TokenStream {
    let path = quote_spanned!(ty.span()=> ::slotwire::__private::v1::Data::<#ty>::is_data);
    quote!(let _: fn() = #path;)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qts_spelling_is_an_alias_if_it_differs() {
        let alias_of = |name: &str| alias(&format_ident!("{name}")).map(|alias| alias.to_string());
        let expected = quote!(#[doc(alias = "readyRead")]).to_string();
        assert_eq!(alias_of("ready_read"), Some(expected));
        assert_eq!(alias_of("finished"), None);
    }
}
