//! The signals of devices and of sockets, as they are in the meta object of a class that is a
//! device by itself. They are listed only here.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;

use super::ast::{Class, DeviceKind, OwnDevice};

/// Describes the signals of the class if it is a device by itself.
pub(crate) fn describe(class: &Class<'_>) -> Vec<TokenStream> {
    let Some(OwnDevice { field, kind }) = &class.device else { return Vec::new() };
    let (device, of_socket) = match kind {
        DeviceKind::Plain => (quote!(&object.#field), None),
        DeviceKind::Socket => (quote!(object.#field.core.device()), Some(socket_signals())),
    };
    let of_device = device_signals().into_iter().map(|signal| {
        let name = signal.ident();
        signal.meta(class, &quote!(::slotwire::__private::v1::device_signal::#name(#device)))
    });
    let of_socket = of_socket.into_iter().flatten().map(|signal| {
        let name = signal.ident();
        signal.meta(class, &quote!(::slotwire::__private::v1::QAbstractSocket::#name(object)))
    });
    of_device.chain(of_socket).collect()
}

/// Returns the signals of every device, in the order of the meta object.
fn device_signals() -> [InheritedSignal; 6] {
    [
        InheritedSignal::new("ready_read", "()", quote!(())),
        InheritedSignal::new("bytes_written", "usize", quote!(usize)),
        InheritedSignal::new("about_to_close", "()", quote!(())),
        InheritedSignal::new("read_channel_finished", "()", quote!(())),
        InheritedSignal::new("channel_ready_read", "usize", quote!(usize)),
        InheritedSignal::new("channel_bytes_written", "(usize, usize)", quote!((usize, usize))),
    ]
}

/// Returns the signals that every socket has in addition to those of a device, in the order of the
/// meta object.
fn socket_signals() -> [InheritedSignal; 7] {
    let state = quote!(::slotwire::__private::v1::SocketState);
    let error = quote!(::slotwire::__private::v1::SocketError);
    let proxy = quote!(::slotwire::__private::v1::ProxyAuthentication);
    [
        InheritedSignal::new("host_found", "()", quote!(())),
        InheritedSignal::new("connected", "()", quote!(())),
        InheritedSignal::new("disconnected", "()", quote!(())),
        InheritedSignal::new("state_changed", "SocketState", state),
        InheritedSignal::new("error_occurred", "SocketError", error),
        InheritedSignal::new("write_buffer_drained", "()", quote!(())),
        InheritedSignal::new("proxy_authentication_required", "ProxyAuthentication", proxy),
    ]
}

/// A signal that a class has because it is a device.
struct InheritedSignal {
    name: &'static str,
    /// The type of the argument, as the meta object shows it.
    argument: &'static str,
    /// The type of the argument, as a path that the generated code can use.
    carries: TokenStream,
}

impl InheritedSignal {
    fn new(name: &'static str, argument: &'static str, carries: TokenStream) -> Self {
        Self { name, argument, carries }
    }

    fn ident(&self) -> Ident {
        format_ident!("{}", self.name)
    }

    /// Describes the signal. `shown` is the expression that reaches it in an `object`.
    fn meta(&self, class: &Class<'_>, shown: &TokenStream) -> TokenStream {
        let Self { name, argument, carries } = self;
        let this = class.head.this();
        quote! {
            ::slotwire::__private::v1::MetaSignal::new(#name, #argument, |object, visit| {
                let object = ::slotwire::__private::v1::cast::<#this>(object);
                visit(#shown)
            })
            .with_debug::<#carries>()
        }
    }
}
