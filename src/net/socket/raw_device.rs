//! Both kinds of sockets as the `RawDevice` below the buffer of a device.
//!
//! If a socket and the trait have a method of the same name, `self.name()` calls the socket's.

use std::io;

use super::datagram_socket::DatagramSocket;
use super::machine::StateMachine;
use super::stream_socket::StreamSocket;
use crate::io::{ByteQueue, RawDevice};
use crate::net::values::SocketState;

impl RawDevice for StreamSocket {
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read(buffer)
    }

    fn write_data(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write(bytes)
    }

    fn write_queue(&mut self, queue: &mut ByteQueue) -> io::Result<usize> {
        self.write_queue(queue)
    }

    fn check_room(&mut self, count: usize) -> io::Result<()> {
        self.check_room(count)
    }

    fn has_data_below(&self) -> bool {
        self.is_direct()
    }

    fn data_available(&self) -> usize {
        self.available()
    }

    fn data_to_write(&self) -> usize {
        self.waiting_below()
    }

    fn buffer_limit(&self) -> usize {
        self.core().settings().read_limit.unwrap_or(usize::MAX)
    }

    fn flush_data(&mut self) -> io::Result<()> {
        self.flush_by_user();
        Ok(())
    }

    fn close_data(&mut self) {
        self.close();
    }

    fn close_later(&mut self) -> bool {
        self.core_mut().close_later()
    }

    fn buffer_consumed(&mut self) {
        self.on_consumed();
    }

    fn buffer_kept(&mut self) {
        self.on_kept();
    }

    fn error_text(&self) -> Option<String> {
        self.core().error_text()
    }
}

impl RawDevice for DatagramSocket {
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read(buffer)
    }

    fn write_data(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write(bytes)
    }

    fn is_message_based(&self) -> bool {
        true
    }

    fn message_available(&self) -> bool {
        self.datagram_waits()
    }

    fn message_room(&self) -> usize {
        Self::MESSAGE_ROOM
    }

    fn buffer_limit(&self) -> usize {
        self.core().settings().read_limit.unwrap_or(usize::MAX)
    }

    fn tells_unopened(&self) -> bool {
        // A bound socket can be read although nothing has opened the device.
        self.core().state() == SocketState::Bound
    }

    fn data_available(&self) -> usize {
        self.available()
    }

    fn close_data(&mut self) {
        self.close();
    }

    fn close_later(&mut self) -> bool {
        self.core_mut().close_later()
    }

    fn buffer_consumed(&mut self) {
        self.on_consumed();
    }

    fn buffer_kept(&mut self) {
        self.on_kept();
    }

    fn error_text(&self) -> Option<String> {
        self.core().error_text()
    }
}
