//! The code of a block: the block itself, and the table that the derive looks for.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse_quote;
use syn::spanned::Spanned;

use super::ast::{Block, Method, Slot};
use super::attr::{Connection, Source};
use crate::class::head::with_static;
use crate::text::{plain, type_text};

/// Writes the block, and the table of its slots.
pub(crate) fn block(block: &Block) -> TokenStream {
    let class = &block.head.class;
    let cfgs = block.head.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    let slots = block.slots().map(|(method, slot)| meta_slot(method, slot));
    let names = Names::new();
    let Names { this, cx } = &names;
    let wires = block.slots().map(|(method, slot)| {
        let cfgs = method.cfgs();
        let wires = slot.connections.iter().map(|connection| wire(method, connection, &names));
        quote!(#(#cfgs)* { #(#wires)* })
    });
    let is_wired = block.slots().any(|(_, slot)| !slot.connections.is_empty());
    let wire = if is_wired { quote!(|#this, #cx| { #(#wires)* }) } else { quote!(|_, _| {}) };
    // Without parameters, the bound holds or does not hold everywhere. It is asked for here, so the
    // compiler reports it once if it does not hold, and the code inside takes it for granted. With
    // parameters, a bound in a head is no question: a function asks for it.
    let generics = with_static(&block.head.generics);
    let (parameters, _, _) = generics.split_for_impl();
    let bounds = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let bounds = bounds.map(|bound| quote!(#bound,));
    let head = quote_spanned! {class.span()=>
        impl #parameters ::slotwire::__private::v1::AllSlotsInOneBlock for #class
        where
            #(#bounds)*
            #class: ::slotwire::__private::v1::QObject,
    };
    let question = (!generics.params.is_empty()).then(|| ask_for_class(block));
    quote! {
        #block

        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated, trivial_bounds, unused_qualifications)]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
        #head {
            const SLOTS: ::slotwire::__private::v1::Slots<Self> =
                ::slotwire::__private::v1::Slots::new(&[#(#slots),*], #wire);
        }

        #question
    }
}

/// Makes the compiler check that a class with parameters has its derive.
pub(super) fn ask_for_class(block: &Block) -> TokenStream {
    let class = &block.head.class;
    let mut generics = with_static(&block.head.generics);
    // For a class with lifetimes, which its derive reports.
    generics.make_where_clause().predicates.push(parse_quote!(#class: 'static));
    let (parameters, _, where_clause) = generics.split_for_impl();
    let cfgs = block.head.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    let is_class = quote_spanned!(class.span()=> ::slotwire::__private::v1::is_class::<#class>());
    quote! {
        #(#cfgs)*
        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
        const _: () = {
            #[allow(dead_code)]
            fn ask #parameters () #where_clause {
                #is_class;
            }
        };
    }
}

/// Names in the code of the table, which the user's code cannot see.
struct Names {
    this: Ident,
    cx: Ident,
}

impl Names {
    fn new() -> Self {
        let name = |name| Ident::new(name, Span::mixed_site());
        Self { this: name("this"), cx: name("cx") }
    }

    /// Returns the name of the object with the position of a part that the user names, so that an
    /// error is shown there.
    fn this_at(&self, part: &Ident) -> Ident {
        Ident::new("this", self.this.span().located_at(part.span()))
    }
}

fn meta_slot(method: &Method, slot: &Slot) -> TokenStream {
    let cfgs = method.cfgs();
    let name = plain(&method.signature.ident);
    let argument = slot.argument.as_ref().map(|argument| {
        let argument = type_text(argument);
        quote!(.with_argument(#argument))
    });
    let signals: Vec<_> =
        slot.connections.iter().map(|connection| connection.source.text()).collect();
    let signal = (!signals.is_empty()).then(|| {
        let signals = signals.join(", ");
        quote!(.with_signal(#signals))
    });
    quote! {
        #(#cfgs)*
        ::slotwire::__private::v1::MetaSlot::new(#name) #argument #signal
    }
}

fn wire(method: &Method, connection: &Connection, names: &Names) -> TokenStream {
    let cx = &names.cx;
    let slot = &method.signature.ident;
    let slot = quote_spanned!(slot.span()=> Self::#slot);
    let mut kind = quote!(::slotwire::__private::v1::ConnectionType::DIRECT);
    if connection.queued {
        kind.extend(quote!(| ::slotwire::__private::v1::ConnectionType::QUEUED));
    }
    if connection.single_shot {
        kind.extend(quote!(| ::slotwire::__private::v1::ConnectionType::SINGLE_SHOT));
    }
    let direct = !connection.queued && !connection.single_shot;
    // Connects a signal that is a part of the object, or of the object that its class extends.
    let own = |signal: TokenStream| {
        let path = quote!(::slotwire::__private::v1::Signal);
        let known = quote! {
            let me = #cx.this();
            let signal: &#path<_> = #signal;
        };
        if direct {
            quote!(#known #path::connect(signal, #cx, me, #slot);)
        } else {
            quote!(#known #path::connect_with(signal, #kind, #cx, me, #slot);)
        }
    };
    match &connection.source {
        Source::Own { signal } => {
            let this = names.this_at(signal);
            own(quote_spanned!(signal.span()=> #this.#signal()))
        }
        Source::Base { base, signal } => {
            let this = names.this_at(base);
            let field = quote_spanned!(base.span()=> &#this.#base);
            let class = quote_spanned! {base.span()=>
                <Self as ::slotwire::__private::v1::Extends>::Base
            };
            let signal = quote_spanned!(signal.span()=> |base| base.#signal());
            // The class first, so that the compiler reports each mistake where it was made.
            let known = quote! {
                let signal = ::slotwire::__private::v1::signal_of::<#class, _>(#signal);
            };
            let connected = own(quote!(signal(#field)));
            quote!(#known #connected)
        }
        Source::Field { field, signal } => {
            let this = names.this_at(field);
            let field = quote_spanned!(field.span()=> &#this.#field);
            let signal = quote_spanned!(signal.span()=> |sender| sender.#signal());
            let path = quote!(::slotwire::__private::v1::World);
            // Step by step, so that the compiler reports each mistake where it was made.
            let known = quote! {
                let me = #cx.this();
                let sender = ::slotwire::__private::v1::sender(#field);
                let signal = ::slotwire::__private::v1::signal(sender, #signal);
            };
            if direct {
                quote!(#known #path::connect(#cx, sender, signal, me, #slot);)
            } else {
                quote!(#known #path::connect_with(#cx, #kind, sender, signal, me, #slot);)
            }
        }
        Source::End { field } => {
            let this = names.this_at(field);
            let sender = quote_spanned!(field.span()=> &#this.#field);
            quote! {
                let me = #cx.this();
                let sender = ::slotwire::__private::v1::sender(#sender);
                ::slotwire::__private::v1::World::connect_destroyed(#cx, sender, me, #slot);
            }
        }
    }
}
