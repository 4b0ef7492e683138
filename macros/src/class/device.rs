//! The code that makes a class a device, by itself or by what it extends.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::ast::{Base, Class, Forwards};
use crate::text::type_text;

/// Writes the traits of a device, or of a socket, if the class is one.
pub(crate) fn device(class: &Class<'_>) -> Option<TokenStream> {
    let ident = class.ident;
    if let Some(field) = class.device {
        let bound = quote_spanned! {ident.span()=>
            #ident: ::slotwire::__private::v1::RawDevice
        };
        let state = quote! {
            fn device(&self) -> &::slotwire::__private::v1::Device {
                &self.#field
            }

            fn device_mut(&mut self) -> &mut ::slotwire::__private::v1::Device {
                &mut self.#field
            }
        };
        return Some(io_device(class, Some(&bound), &state));
    }
    let base = class.base.as_ref()?;
    let forwards = base.forwards?;
    let (field, path) = (base.field, base_device(base));
    let fallbacks = fallbacks();
    let state = quote! {
        fn device(&self) -> &::slotwire::__private::v1::Device {
            #fallbacks
            #path::device(&self.#field)
        }

        fn device_mut(&mut self) -> &mut ::slotwire::__private::v1::Device {
            #fallbacks
            #path::device_mut(&mut self.#field)
        }
    };
    let raw_device = raw_device(class, base);
    let io_device = io_device(class, None, &state);
    let socket = (forwards == Forwards::Socket).then(|| socket(class, base));
    Some(quote!(#raw_device #io_device #socket))
}

/// What the base has to be. Asked for once; all else is written so that it holds if that does not.
pub(crate) fn base_bound(base: &Base<'_>) -> TokenStream {
    let class = base.class;
    let span = class.span();
    let asked = match base.forwards {
        None => quote_spanned!(span=> QObject),
        Some(Forwards::Device) => quote_spanned!(span=> QIODevice),
        Some(Forwards::Socket) => quote_spanned!(span=> QAbstractSocket),
    };
    quote_spanned!(span=> #class: ::slotwire::__private::v1::#asked)
}

/// The functions that reach the device that a base is.
fn base_device(base: &Base<'_>) -> TokenStream {
    let class = base.class;
    quote!(::slotwire::__private::v1::BaseDevice::<#class>)
}

/// Brings in the functions that stand in where the base is none.
fn fallbacks() -> TokenStream {
    quote! {
        #[allow(unused_imports)]
        use ::slotwire::__private::v1::{NoDevice as _, NoSocket as _, RawDevice as _};
    }
}

/// What a class extends that is a device by itself.
pub(crate) fn super_class(class: &Class<'_>) -> Option<TokenStream> {
    class.device.map(|_| quote!(.with_super_class(::slotwire::__private::v1::io_device)))
}

/// Describes the signals of a device that the class is by itself.
pub(crate) fn meta_signals(class: &Class<'_>) -> Vec<TokenStream> {
    let Some(field) = class.device else { return Vec::new() };
    let ident = class.ident;
    let signals = [
        (quote!(ready_read), "ready_read", quote!(())),
        (quote!(bytes_written), "bytes_written", quote!(usize)),
        (quote!(about_to_close), "about_to_close", quote!(())),
        (quote!(read_channel_finished), "read_channel_finished", quote!(())),
        (quote!(channel_ready_read), "channel_ready_read", quote!(usize)),
        (quote!(channel_bytes_written), "channel_bytes_written", quote!((usize, usize))),
    ];
    let describe = |(signal, name, carries): (TokenStream, &str, TokenStream)| {
        let argument = type_text(&carries);
        quote! {
            ::slotwire::__private::v1::MetaSignal::new(#name, #argument, |object, visit| {
                let object = ::slotwire::__private::v1::cast::<#ident>(object);
                visit(::slotwire::__private::v1::device_signal::#signal(&object.#field))
            })
            .with_debug::<#carries>()
        }
    };
    signals.into_iter().map(describe).collect()
}

/// Writes `QIODevice` and the traits of the standard library, if the bound holds.
fn io_device(class: &Class<'_>, bound: Option<&TokenStream>, state: &TokenStream) -> TokenStream {
    let ident = class.ident;
    let attributes = attributes();
    let bound = bound.map(|bound| quote!(where #bound,));
    quote! {
        #attributes
        impl ::slotwire::__private::v1::QIODevice for #ident #bound {
            #state
        }

        #attributes
        impl ::std::io::Read for #ident #bound {
            fn read(&mut self, buffer: &mut [u8]) -> ::std::io::Result<usize> {
                ::slotwire::__private::v1::read(self, buffer)
            }
        }

        #attributes
        impl ::std::io::BufRead for #ident #bound {
            fn fill_buf(&mut self) -> ::std::io::Result<&[u8]> {
                ::slotwire::__private::v1::fill_buf(self)
            }

            fn consume(&mut self, count: usize) {
                ::slotwire::__private::v1::consume(self, count);
            }
        }

        #attributes
        impl ::std::io::Write for #ident #bound {
            fn write(&mut self, bytes: &[u8]) -> ::std::io::Result<usize> {
                ::slotwire::__private::v1::write(self, bytes)
            }

            fn flush(&mut self) -> ::std::io::Result<()> {
                ::slotwire::__private::v1::RawDevice::flush_data(self)
            }
        }
    }
}

/// Writes a `RawDevice` that is what the base is.
fn raw_device(class: &Class<'_>, base: &Base<'_>) -> TokenStream {
    let (ident, field, path) = (class.ident, base.field, base_device(base));
    let (attributes, fallbacks) = (attributes(), fallbacks());
    let shared = [
        (quote!(is_random_access), quote!(bool)),
        (quote!(is_message_based), quote!(bool)),
        (quote!(message_available), quote!(bool)),
        (quote!(data_available), quote!(usize)),
        (quote!(tells_unopened), quote!(bool)),
        (quote!(message_room), quote!(usize)),
        (quote!(line_limit), quote!(usize)),
        (quote!(line_available), quote!(bool)),
        (quote!(data_to_write), quote!(usize)),
        (quote!(data_size), quote!(u64)),
        (quote!(error_text), quote!(::core::option::Option<::std::string::String>)),
    ]
    .map(|(name, output)| {
        quote! {
            fn #name(&self) -> #output {
                #fallbacks
                #path::raw(&self.#field).#name()
            }
        }
    });
    let done = quote!(::std::io::Result<()>);
    let count = quote!(::std::io::Result<usize>);
    let exclusive = [
        (quote!(read_data), Some(quote!(&mut [u8])), count.clone()),
        (quote!(write_data), Some(quote!(&[u8])), count.clone()),
        (quote!(flush_data), None, done.clone()),
        (quote!(skip_data), Some(quote!(usize)), count),
        (quote!(seek_data), Some(quote!(u64)), done.clone()),
        (quote!(open_data), Some(quote!(::slotwire::__private::v1::OpenMode)), done),
        (quote!(close_data), None, quote!(())),
        (quote!(close_later), None, quote!(bool)),
        (quote!(buffer_consumed), None, quote!(())),
        (quote!(buffer_kept), None, quote!(())),
    ]
    .map(|(name, input, output)| {
        let input = input.map(|input| (quote!(input: #input), quote!(input)));
        let (parameter, argument) = input.unzip();
        quote! {
            fn #name(&mut self, #parameter) -> #output {
                #fallbacks
                #path::raw_mut(&mut self.#field).#name(#argument)
            }
        }
    });
    quote! {
        #attributes
        impl ::slotwire::__private::v1::RawDevice for #ident {
            #(#shared)*
            #(#exclusive)*
        }
    }
}

/// Writes a `QAbstractSocket` that is what the base is.
fn socket(class: &Class<'_>, base: &Base<'_>) -> TokenStream {
    let (ident, field, base) = (class.ident, base.field, base.class);
    let (attributes, fallbacks) = (attributes(), fallbacks());
    let path = quote!(::slotwire::__private::v1::BaseSocket::<#base>);
    quote! {
        #attributes
        impl ::slotwire::__private::v1::QAbstractSocket for #ident {
            fn core(&self) -> &::slotwire::__private::v1::SocketCore {
                #fallbacks
                #path::core(&self.#field)
            }

            fn core_mut(&mut self) -> &mut ::slotwire::__private::v1::SocketCore {
                #fallbacks
                #path::core_mut(&mut self.#field)
            }
        }
    }
}

fn attributes() -> TokenStream {
    quote! {
        #[automatically_derived]
        #[allow(deprecated, trivial_bounds, unused_qualifications)]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
    }
}
