//! The code that makes a class a device, by itself or by what it extends.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::ast::{Base, Class, Forwards};

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
        return Some(io_device(class, &bound, &state));
    }
    let base = class.base.as_ref()?;
    let forwards = base.forwards?;
    let bound = base_bound(base);
    let field = base.field;
    let state = quote! {
        fn device(&self) -> &::slotwire::__private::v1::Device {
            ::slotwire::__private::v1::QIODevice::device(&self.#field)
        }

        fn device_mut(&mut self) -> &mut ::slotwire::__private::v1::Device {
            ::slotwire::__private::v1::QIODevice::device_mut(&mut self.#field)
        }
    };
    let raw_device = raw_device(class, base, &bound);
    let io_device = io_device(class, &bound, &state);
    let socket = (forwards == Forwards::Socket).then(|| socket(class, base, &bound));
    Some(quote!(#raw_device #io_device #socket))
}

/// What the base has to be. The bound holds or does not whatever the types are: asked for where
/// the code is that needs it, and in the same words, it is reported once.
pub(crate) fn base_bound(base: &Base<'_>) -> TokenStream {
    let class = base.class;
    let asked = match base.forwards {
        None => quote!(QObject),
        Some(Forwards::Device) => quote!(QIODevice),
        Some(Forwards::Socket) => quote!(QAbstractSocket),
    };
    quote_spanned!(class.span()=> #class: ::slotwire::__private::v1::#asked)
}

/// What a class extends that is a device by itself.
pub(crate) fn super_class(class: &Class<'_>) -> Option<TokenStream> {
    class.device.map(|_| quote!(.with_super_class(::slotwire::__private::v1::io_device)))
}

/// Describes the signals of a device that the class is by itself.
pub(crate) fn meta_signals(class: &Class<'_>) -> Vec<TokenStream> {
    if class.device.is_none() {
        return Vec::new();
    }
    let ident = class.ident;
    let signals = [
        (quote!(ready_read), "ready_read", "()"),
        (quote!(bytes_written), "bytes_written", "usize"),
        (quote!(about_to_close), "about_to_close", "()"),
        (quote!(read_channel_finished), "read_channel_finished", "()"),
        (quote!(channel_ready_read), "channel_ready_read", "usize"),
        (quote!(channel_bytes_written), "channel_bytes_written", "(usize, usize)"),
    ];
    let describe = |(signal, name, argument)| {
        quote! {
            ::slotwire::__private::v1::MetaSignal::new(#name, #argument, |object, visit| {
                let object = ::slotwire::__private::v1::cast::<#ident>(object);
                visit(::slotwire::__private::v1::QIODevice::#signal(object))
            })
        }
    };
    signals.into_iter().map(describe).collect()
}

/// Writes `QIODevice` and the traits of the standard library.
fn io_device(class: &Class<'_>, bound: &TokenStream, state: &TokenStream) -> TokenStream {
    let ident = class.ident;
    let attributes = attributes();
    quote! {
        #attributes
        impl ::slotwire::__private::v1::QIODevice for #ident
        where
            #bound,
        {
            #state
        }

        #attributes
        impl ::std::io::Read for #ident
        where
            #bound,
        {
            fn read(&mut self, buffer: &mut [u8]) -> ::std::io::Result<usize> {
                ::slotwire::__private::v1::read(self, buffer)
            }
        }

        #attributes
        impl ::std::io::BufRead for #ident
        where
            #bound,
        {
            fn fill_buf(&mut self) -> ::std::io::Result<&[u8]> {
                ::slotwire::__private::v1::fill_buf(self)
            }

            fn consume(&mut self, count: usize) {
                ::slotwire::__private::v1::consume(self, count);
            }
        }

        #attributes
        impl ::std::io::Write for #ident
        where
            #bound,
        {
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
fn raw_device(class: &Class<'_>, base: &Base<'_>, bound: &TokenStream) -> TokenStream {
    let (ident, field) = (class.ident, base.field);
    let attributes = attributes();
    let path = quote!(::slotwire::__private::v1::RawDevice);
    let shared = [
        (quote!(is_random_access), quote!(bool)),
        (quote!(is_message_based), quote!(bool)),
        (quote!(data_available), quote!(usize)),
        (quote!(line_available), quote!(bool)),
        (quote!(data_to_write), quote!(usize)),
        (quote!(data_size), quote!(u64)),
        (quote!(error_text), quote!(::core::option::Option<::std::string::String>)),
    ]
    .map(|(name, output)| quote!(fn #name(&self) -> #output { #path::#name(&self.#field) }));
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
    ]
    .map(|(name, input, output)| match input {
        Some(input) => quote! {
            fn #name(&mut self, input: #input) -> #output {
                #path::#name(&mut self.#field, input)
            }
        },
        None => quote!(fn #name(&mut self) -> #output { #path::#name(&mut self.#field) }),
    });
    quote! {
        #attributes
        impl #path for #ident
        where
            #bound,
        {
            #(#shared)*
            #(#exclusive)*
        }
    }
}

/// Writes a `QAbstractSocket` that is what the base is.
fn socket(class: &Class<'_>, base: &Base<'_>, bound: &TokenStream) -> TokenStream {
    let (ident, field) = (class.ident, base.field);
    let attributes = attributes();
    quote! {
        #attributes
        impl ::slotwire::__private::v1::QAbstractSocket for #ident
        where
            #bound,
        {
            fn core(&self) -> &::slotwire::__private::v1::SocketCore {
                ::slotwire::__private::v1::QAbstractSocket::core(&self.#field)
            }

            fn core_mut(&mut self) -> &mut ::slotwire::__private::v1::SocketCore {
                ::slotwire::__private::v1::QAbstractSocket::core_mut(&mut self.#field)
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
