//! What the classes of sockets have in common: a core, in a field of that name, which does it all.

/// Makes a class with a `core: SocketCore` a socket: an object, a device and a `QAbstractSocket`.
macro_rules! socket_class {
    ($class:ident) => {
        use $crate::io::{Device, QIODevice, RawDevice};
        use $crate::net::abstract_socket::{self, QAbstractSocket};
        use $crate::object::{
            Anchor, MetaObject, MetaSignal, MetaSlot, Occasion, QObject, Response,
        };

        impl QAbstractSocket for $class {
            fn core(&self) -> &SocketCore {
                &self.core
            }

            fn core_mut(&mut self) -> &mut SocketCore {
                &mut self.core
            }
        }

        impl RawDevice for $class {
            fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.core.read(buffer)
            }

            fn write_data(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.core.write(bytes)
            }

            fn is_message_based(&self) -> bool {
                self.core.kind == SocketType::Udp
            }

            fn message_available(&self) -> bool {
                self.core.datagram_waits()
            }

            fn message_room(&self) -> usize {
                SocketCore::MESSAGE_ROOM
            }

            fn line_limit(&self) -> usize {
                self.core.settings().read_limit.unwrap_or(usize::MAX)
            }

            fn tells_unopened(&self) -> bool {
                // A bound socket has no stream to be opened, and gives datagrams all the same.
                self.core.kind == SocketType::Udp
                    && self.core.state == $crate::net::SocketState::Bound
            }

            fn data_available(&self) -> usize {
                self.core.available()
            }

            fn data_to_write(&self) -> usize {
                self.core.waiting_below()
            }

            fn flush_data(&mut self) -> io::Result<()> {
                self.core.flush_by_user();
                Ok(())
            }

            fn close_data(&mut self) {
                self.core.close();
            }

            fn close_later(&mut self) -> bool {
                self.core.close_later()
            }

            fn buffer_consumed(&mut self) {
                self.core.on_consumed();
            }

            fn buffer_kept(&mut self) {
                self.core.on_kept();
            }

            fn error_text(&self) -> Option<String> {
                self.core.error_text()
            }
        }

        impl QIODevice for $class {
            fn device(&self) -> &Device {
                &self.core.device
            }

            fn device_mut(&mut self) -> &mut Device {
                &mut self.core.device
            }
        }

        $crate::io::device_std_io!($class);

        static META: MetaObject = MetaObject::new(stringify!($class))
            .with_super_class(|| &abstract_socket::META)
            .with_signals(&[
                MetaSignal::new("ready_read", "()", |s, see| see($class::cast(s).ready_read())),
                MetaSignal::new("bytes_written", "usize", |s, see| {
                    see($class::cast(s).bytes_written());
                })
                .with_debug::<usize>(),
                MetaSignal::new("about_to_close", "()", |s, see| {
                    see($class::cast(s).about_to_close());
                }),
                MetaSignal::new("read_channel_finished", "()", |s, see| {
                    see($class::cast(s).read_channel_finished());
                }),
                MetaSignal::new("channel_ready_read", "usize", |s, see| {
                    see($class::cast(s).channel_ready_read());
                })
                .with_debug::<usize>(),
                MetaSignal::new("channel_bytes_written", "(usize, usize)", |s, see| {
                    see($class::cast(s).channel_bytes_written());
                })
                .with_debug::<(usize, usize)>(),
                MetaSignal::new("host_found", "()", |s, see| see($class::cast(s).host_found())),
                MetaSignal::new("connected", "()", |s, see| see($class::cast(s).connected())),
                MetaSignal::new("disconnected", "()", |s, see| see($class::cast(s).disconnected())),
                MetaSignal::new("state_changed", "SocketState", |s, see| {
                    see($class::cast(s).state_changed());
                })
                .with_debug::<$crate::net::SocketState>(),
                MetaSignal::new("error_occurred", "SocketError", |s, see| {
                    see($class::cast(s).error_occurred());
                })
                .with_debug::<$crate::net::SocketError>(),
                MetaSignal::new("write_buffer_drained", "()", |s, see| {
                    see($class::cast(s).write_buffer_drained());
                }),
            ])
            .with_slots(&[
                MetaSlot::new("close"),
                MetaSlot::new("abort"),
                MetaSlot::new("disconnect_from_host"),
            ]);

        impl QObject for $class {
            fn static_meta_object() -> &'static MetaObject {
                &META
            }

            fn meta_object(&self) -> &'static MetaObject {
                &META
            }

            fn enter(&mut self, anchor: &Anchor<'_>) {
                self.core.enter(anchor);
            }

            fn leave(&mut self) {
                self.core.leave();
            }

            fn wake(&mut self, occasion: Occasion) -> Response {
                self.core.wake(occasion)
            }
        }
        impl ::std::fmt::Debug for $class {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_tuple(stringify!($class)).field(&self.core).finish()
            }
        }
    };
}

pub(super) use socket_class;
