//! How the encrypted bytes reach the connection below: in one call.

use std::cell::RefCell;
use std::io::{self, IoSlice, Write};
use std::os::fd::OwnedFd;
use std::rc::Rc;

use slotwire::__private::v1::engine::{Destination, Route, Router, Settled, SocketEngine};
use slotwire::prelude::*;

use crate::parties::Pair;
use support::*;

/// What a [`Meter`] has seen: how many bytes each call was given.
type Calls = Rc<RefCell<Vec<usize>>>;

/// A layer that notes each call that writes.
#[derive(Debug)]
struct Meter {
    below: Box<dyn SocketEngine>,
    calls: Calls,
}

impl SocketEngine for Meter {
    fn below(&self) -> Option<&dyn SocketEngine> {
        Some(&*self.below)
    }

    fn below_mut(&mut self) -> Option<&mut (dyn SocketEngine + 'static)> {
        Some(&mut *self.below)
    }

    fn into_below(self: Box<Self>) -> Result<Settled, Box<dyn SocketEngine>> {
        Err(self)
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.below.read(buffer)
    }

    fn peek(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.below.peek(buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.calls.borrow_mut().push(slices.iter().map(|slice| slice.len()).sum());
        self.below.write_vectored(slices)
    }

    fn into_descriptor(self: Box<Self>) -> Result<OwnedFd, Box<dyn SocketEngine>> {
        Err(self)
    }
}

/// Leads every connection through a meter.
struct Metered(Calls);

impl Router for Metered {
    fn route(&self, _: &Destination<'_>) -> Route {
        let calls = self.0.clone();
        Route::direct().with_layer(move |below, _| Box::new(Meter { below, calls }))
    }
}

#[on_every_network]
fn the_records_of_one_write_are_passed_on_in_one_call(net: &Net) {
    let calls = Calls::default();
    let mut pair = Pair::trusting(net);
    pair.rt.set_router(Metered(calls.clone()));
    let mut pair = pair.connected();
    settle(&mut pair.rt);
    calls.take();
    let (client, end) = (pair.client, pair.end());
    let block = noise(64 * 1024);
    pair.rt[client].write_all(&block).unwrap();
    pair.until(|world| world[end].bytes_available() == block.len());
    assert!(pair.rt[end].read_all() == block);
    // There may be no room for all of them.
    let calls = calls.take();
    assert!(calls[0] > block.len(), "{calls:?}");
}
