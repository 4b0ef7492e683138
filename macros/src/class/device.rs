//! The code that makes a class a device, by itself or by its base.
//!
//! `device_signal.rs` describes the signals of devices for the meta object.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned;

use super::ast::{Base, Class, DeviceKind};
use super::expand::asked;

/// The expressions by which a class reaches a part of itself, shared and mutably.
struct Access {
    shared: TokenStream,
    exclusive: TokenStream,
}

/// Writes the traits of a device, or of a socket, if the class is one.
pub(crate) fn device(class: &Class<'_>) -> Option<TokenStream> {
    if let Some(own) = &class.device {
        return Some(match own.kind {
            DeviceKind::Plain => own_device(class, own.field),
            DeviceKind::Socket => own_socket(class, own.field),
        });
    }
    let base = class.base.as_ref()?;
    let forwards = base.forwards?;
    Some(inherited_device(class, base, forwards))
}

/// Writes the traits of a device that implements `RawDevice` itself.
fn own_device(class: &Class<'_>, field: &Ident) -> TokenStream {
    let (span, this) = (class.ident.span(), class.head.this());
    let bound = quote_spanned!(span=> #this: ::slotwire::__private::v1::RawDevice);
    io_device(class, Some(&bound), &Access::field(field))
}

/// Writes the traits of a socket whose state machine is in its field.
fn own_socket(class: &Class<'_>, field: &Ident) -> TokenStream {
    let device = Access {
        shared: quote!(self.#field.core.device()),
        exclusive: quote!(self.#field.core.device_mut()),
    };
    let machine = Access { shared: quote!(&self.#field.core), exclusive: machine_of(field) };
    let raw_device = raw_device(class, &Access::field(field));
    let io_device = io_device(class, None, &device);
    let socket = socket(class, &machine);
    quote!(#raw_device #io_device #socket)
}

/// Writes the traits of a device or a socket that forwards to its base.
fn inherited_device(class: &Class<'_>, base: &Base<'_>, kind: DeviceKind) -> TokenStream {
    let (field, base) = (base.field, base.class);
    let path = quote!(::slotwire::__private::v1::BaseDevice::<#base>);
    let raw = Access::base(field, &quote!(#path::raw), &quote!(#path::raw_mut));
    let device = Access::base(field, &quote!(#path::device), &quote!(#path::device_mut));
    let raw_device = raw_device(class, &raw);
    let io_device = io_device(class, None, &device);
    let socket = (kind == DeviceKind::Socket).then(|| {
        let path = quote!(::slotwire::__private::v1::BaseSocket::<#base>);
        socket(class, &Access::base(field, &quote!(#path::core), &quote!(#path::machine)))
    });
    quote!(#raw_device #io_device #socket)
}

impl Access {
    /// Returns the access to a field.
    fn field(field: &Ident) -> Self {
        Self { shared: quote!(&self.#field), exclusive: quote!(&mut self.#field) }
    }

    /// Returns the access to a part of the base by these functions, or by their fallbacks if the
    /// base has no such part.
    fn base(field: &Ident, shared: &TokenStream, exclusive: &TokenStream) -> Self {
        let fallbacks = quote! {
            #[allow(unused_imports)]
            use ::slotwire::__private::v1::{NoDevice as _, NoSocket as _};
        };
        Self {
            shared: quote!({ #fallbacks #shared(&self.#field) }),
            exclusive: quote!({ #fallbacks #exclusive(&mut self.#field) }),
        }
    }
}

/// Returns the expression for the state machine in a field.
pub(crate) fn machine_of(field: &Ident) -> TokenStream {
    quote!(::slotwire::__private::v1::Machine::from(&mut self.#field))
}

/// Returns the bound of the base. The code asks for it once; the rest of the code compiles even if
/// the bound does not hold, so there is one error.
pub(crate) fn base_bound(base: &Base<'_>) -> TokenStream {
    let class = base.class;
    let span = class.span();
    let asked = match base.forwards {
        None => quote_spanned!(span=> QObject),
        Some(DeviceKind::Plain) => quote_spanned!(span=> QIODevice),
        Some(DeviceKind::Socket) => quote_spanned!(span=> QAbstractSocket),
    };
    quote_spanned!(span=> #class: ::slotwire::__private::v1::#asked)
}

/// Makes the compiler check the bounds that have parameters of the class: in the head of an impl
/// block they are no question.
pub(crate) fn questions(class: &Class<'_>) -> Option<TokenStream> {
    if let Some(base) = class.base.as_ref().filter(|base| class.head.is_in(base.class)) {
        let question = match base.forwards {
            None => quote!(is_class),
            Some(DeviceKind::Plain) => quote!(is_device),
            Some(DeviceKind::Socket) => quote!(is_socket),
        };
        return Some(asked(question, base.class));
    }
    let is_own = class.device.as_ref().is_some_and(|own| own.kind == DeviceKind::Plain);
    (is_own && class.head.is_generic()).then(|| {
        let span = class.ident.span();
        quote_spanned!(span=> let _: fn() = ::slotwire::__private::v1::is_raw_device::<Self>;)
    })
}

/// Returns the super class of a class that is a device by itself.
pub(crate) fn super_class(class: &Class<'_>) -> Option<TokenStream> {
    let extended = match class.device.as_ref()?.kind {
        DeviceKind::Plain => quote!(io_device),
        DeviceKind::Socket => quote!(abstract_socket),
    };
    Some(quote!(.with_super_class(::slotwire::__private::v1::#extended)))
}

/// Writes `QIODevice` and the traits of the standard library, with this bound.
fn io_device(class: &Class<'_>, bound: Option<&TokenStream>, state: &Access) -> TokenStream {
    let attributes = attributes();
    let head = |path| class.head.of_trait_where(path, bound);
    let io_device = head(quote!(::slotwire::__private::v1::QIODevice));
    let read = head(quote!(::std::io::Read));
    let buf_read = head(quote!(::std::io::BufRead));
    let write = head(quote!(::std::io::Write));
    let Access { shared, exclusive } = state;
    quote! {
        #attributes
        #io_device {
            fn device(&self) -> &::slotwire::__private::v1::Device {
                #shared
            }

            fn device_mut(&mut self) -> &mut ::slotwire::__private::v1::Device {
                #exclusive
            }
        }

        #attributes
        /// Reads what there is. Never blocks.
        #read {
            /// Reads what there is, up to the size of `buffer`. Returns the number of bytes, which
            /// is 0 at the end and for an empty datagram.
            ///
            /// # Errors
            ///
            /// Fails with `WouldBlock` if nothing has arrived, and with `NotConnected` if the
            /// device is not open for reading, or is a socket of datagrams that is neither
            /// connected nor connecting.
            fn read(&mut self, buffer: &mut [u8]) -> ::std::io::Result<usize> {
                ::slotwire::__private::v1::read(self, buffer)
            }

            /// Fills `buffer`.
            ///
            /// # Errors
            ///
            /// Fails with `WouldBlock` if fewer bytes have arrived, and leaves them in the device if
            /// that is a stream; with `UnexpectedEof` at the end. Otherwise fails as `read` does.
            fn read_exact(&mut self, buffer: &mut [u8]) -> ::std::io::Result<()> {
                ::slotwire::__private::v1::read_exact(self, buffer)
            }
        }

        #attributes
        /// Returns what there is. Never blocks.
        #buf_read {
            /// Returns the next bytes and leaves them there. Returns none at the end, and once for
            /// an empty datagram.
            ///
            /// # Errors
            ///
            /// Fails as `read` does.
            fn fill_buf(&mut self) -> ::std::io::Result<&[u8]> {
                ::slotwire::__private::v1::fill_buf(self)
            }

            /// Removes bytes that `fill_buf` has returned.
            fn consume(&mut self, count: usize) {
                ::slotwire::__private::v1::consume(self, count);
            }

            /// Reads up to and including the first `delimiter`, or to the end. Returns the number of
            /// bytes.
            ///
            /// # Errors
            ///
            /// Fails with `WouldBlock` if no `delimiter` has arrived. If the delimiter is a line feed
            /// and the device a stream, the bytes stay in the device; otherwise they are in `bytes`.
            /// Otherwise fails as `read` does.
            fn read_until(
                &mut self,
                delimiter: u8,
                bytes: &mut ::std::vec::Vec<u8>,
            ) -> ::std::io::Result<usize> {
                ::slotwire::__private::v1::read_until(self, delimiter, bytes)
            }

            /// Reads a line with its line feed, or what is left at the end. Returns the number of
            /// bytes.
            ///
            /// # Errors
            ///
            /// Fails with `WouldBlock` if no whole line has arrived, and leaves its bytes in the
            /// device if that is a stream; with `InvalidData` if the line is not valid UTF-8.
            /// Otherwise fails as `read` does.
            fn read_line(&mut self, text: &mut ::std::string::String) -> ::std::io::Result<usize> {
                ::slotwire::__private::v1::read_line(self, text)
            }
        }

        #attributes
        /// Writes to the device. Never blocks.
        #write {
            /// Writes `bytes`, or as many of them as the device can take. Returns the number of
            /// bytes.
            ///
            /// # Errors
            ///
            /// Fails with `NotConnected` if the device is not open for writing, or is a socket that
            /// is neither connected nor connecting.
            fn write(&mut self, bytes: &[u8]) -> ::std::io::Result<usize> {
                ::slotwire::__private::v1::write(self, bytes)
            }

            /// Writes all of `bytes`, or none of them.
            ///
            /// # Errors
            ///
            /// Fails as `write` does. Fails with `WouldBlock` if a device with a limit has no room
            /// for all of the bytes now, and with `InvalidInput` if the limit never has room for so
            /// many; in both cases nothing was written. A device without a limit, such as a file,
            /// may have written some of the bytes before it failed.
            fn write_all(&mut self, bytes: &[u8]) -> ::std::io::Result<()> {
                ::slotwire::__private::v1::write_all(self, bytes)
            }

            /// Writes a formatted text as `write_all` does: all of it, or nothing.
            ///
            /// # Errors
            ///
            /// Fails as `write_all` does, and if a value cannot be formatted.
            fn write_fmt(&mut self, text: ::core::fmt::Arguments<'_>) -> ::std::io::Result<()> {
                ::slotwire::__private::v1::write_fmt(self, text)
            }

            /// Sends what can be sent at once, and does not wait for the rest.
            ///
            /// # Errors
            ///
            /// Fails if the device cannot send.
            fn flush(&mut self) -> ::std::io::Result<()> {
                ::slotwire::__private::v1::RawDevice::flush_data(self)
            }
        }
    }
}

/// Writes a `RawDevice` that forwards to another one.
fn raw_device(class: &Class<'_>, raw: &Access) -> TokenStream {
    let attributes = attributes();
    let path = quote!(::slotwire::__private::v1::RawDevice);
    let head = class.head.of_trait(path.clone());
    let shared = [
        (quote!(is_random_access), quote!(bool)),
        (quote!(is_message_based), quote!(bool)),
        (quote!(message_available), quote!(bool)),
        (quote!(has_data_below), quote!(bool)),
        (quote!(data_available), quote!(usize)),
        (quote!(tells_unopened), quote!(bool)),
        (quote!(message_room), quote!(usize)),
        (quote!(buffer_limit), quote!(usize)),
        (quote!(line_available), quote!(bool)),
        (quote!(data_to_write), quote!(usize)),
        (quote!(data_size), quote!(u64)),
        (quote!(error_text), quote!(::core::option::Option<::std::string::String>)),
    ]
    .map(|(name, output)| {
        let raw = &raw.shared;
        quote! {
            fn #name(&self) -> #output {
                #path::#name(#raw)
            }
        }
    });
    let done = quote!(::std::io::Result<()>);
    let count = quote!(::std::io::Result<usize>);
    let exclusive = [
        (quote!(read_data), Some(quote!(&mut [u8])), count.clone()),
        (quote!(write_data), Some(quote!(&[u8])), count.clone()),
        (
            quote!(write_queue),
            Some(quote!(&mut ::slotwire::__private::v1::ByteQueue)),
            count.clone(),
        ),
        (quote!(flush_data), None, done.clone()),
        (quote!(skip_data), Some(quote!(usize)), count),
        (quote!(check_room), Some(quote!(usize)), done.clone()),
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
        let raw = &raw.exclusive;
        quote! {
            fn #name(&mut self, #parameter) -> #output {
                #path::#name(#raw, #argument)
            }
        }
    });
    quote! {
        #attributes
        #head {
            #(#shared)*
            #(#exclusive)*
        }
    }
}

/// Writes a `QAbstractSocket` with this core and this state machine.
fn socket(class: &Class<'_>, parts: &Access) -> TokenStream {
    let attributes = attributes();
    let head = class.head.of_trait(quote!(::slotwire::__private::v1::QAbstractSocket));
    let Access { shared, exclusive } = parts;
    quote! {
        #attributes
        #head {
            fn core(&self) -> &::slotwire::__private::v1::SocketCore {
                #shared
            }

            fn machine(&mut self) -> ::slotwire::__private::v1::Machine<'_> {
                #exclusive
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
