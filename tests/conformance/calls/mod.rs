//! Calls: methods by Qt's names, as calls of the library's methods.
//!
//! A file for each class. Getters look at the world only, so that a condition can ask them as well.
//! A method that is found nowhere is missing.

mod buffer;
mod device;
mod object;
mod server;
mod socket;
mod thread;
mod timer;
mod udp;

use std::net::IpAddr;
use std::os::fd::BorrowedFd;

use slotwire::prelude::*;

use crate::answer::{Answer, Outcome, missing};
use crate::args::Args;
use crate::dut::Dut;
use crate::stage::Stage;

/// Calls a method that returns nothing.
macro_rules! done {
    ($call:expr) => {{
        $call;
        $crate::answer::Answer::Nothing
    }};
}
use done;

/// What a getter returns; none if the class has no getter of this name.
pub(crate) fn get(stage: &Stage, world: &World, object: Dut, name: &str) -> Option<Answer> {
    let own = match object {
        Dut::Tcp(_) => None,
        Dut::Udp(socket) => udp::get(world.get(socket)?, name),
        Dut::Server(server) => server::get(world.get(server)?, name),
        Dut::Buffer(buffer) => buffer::get(world.get(buffer)?, name),
        Dut::Timer(timer) => timer::get(world.get(timer)?, name),
        Dut::Thread(thread) => thread::get(world.get(thread)?, name),
        Dut::Loop(_) => (name == "isRunning").then(|| stage.loop_runs.get().into()),
        Dut::Probe(_) => None,
    };
    let as_socket = || socket::get(world.get(object.socket()?)?, name);
    let as_device = || device::get(world.get(object.device()?)?, name);
    own.or_else(as_socket)
        .or_else(as_device)
        .or_else(|| object::get(stage, world, object.erase(), name))
}

/// Calls a method.
pub(crate) fn call(
    stage: &Stage,
    world: &mut World,
    object: Dut,
    method: &str,
    args: &Args<'_>,
) -> Outcome {
    if args.len() == 0
        && let Some(answer) = get(stage, world, object, method)
    {
        return Ok(answer);
    }
    if method.starts_with("waitFor") || matches!(method, "exec" | "processEvents" | "wait") {
        return missing(format!("{}.{method} inside a slot", object.class_name()));
    }
    let mut found = match object {
        Dut::Tcp(socket) if method == "bind" => Some(socket::bind(&mut world[socket], args)),
        Dut::Tcp(_) => None,
        Dut::Udp(socket) => udp::call(&mut world[socket], method, args),
        Dut::Buffer(buffer) => buffer::call(&mut world[buffer], method, args),
        Dut::Server(server) => server::call(&mut world[server], method, args),
        Dut::Timer(timer) => timer::call(&mut world[timer], method, args),
        Dut::Thread(thread) => thread::call(&mut world[thread], method, args),
        Dut::Loop(_) => match method {
            "quit" => Some({
                world.quit();
                Ok(Answer::Nothing)
            }),
            "exit" => Some(exit(world, args)),
            _ => None,
        },
        Dut::Probe(probe) => object::call_probe(world, probe, method, args),
    };
    if let (None, Some(socket)) = (&found, object.socket()) {
        found = socket::call(&mut world[socket], method, args);
    }
    if let (None, Some(device)) = (&found, object.device()) {
        found = device::call(&mut world[device], method, args);
    }
    if found.is_none() {
        found = object::call(world, object, method, args);
    }
    found.unwrap_or_else(|| missing(format!("{}.{method}", object.class_name())))
}

fn exit(world: &mut World, args: &Args<'_>) -> Outcome {
    world.exit(if args.len() == 0 { 0 } else { args.number(0)? as i32 });
    Ok(Answer::Nothing)
}

/// An address as a trace shows it.
fn show_address(address: Option<IpAddr>) -> Answer {
    address.map_or_else(String::new, |address| address.to_string()).into()
}

/// An address that a socket or a server is bound to, as a trace shows it. Qt shows that of both
/// families as the unspecified IPv4 address.
fn show_bound_address(address: Option<BindAddress>) -> Answer {
    match address {
        None => "".into(),
        Some(BindAddress::Any) => "0.0.0.0".into(),
        Some(address) => address.to_string().into(),
    }
}

/// A descriptor as a trace shows it.
fn show_descriptor(descriptor: Option<BorrowedFd<'_>>) -> Answer {
    if descriptor.is_some() { "valid".into() } else { (-1).into() }
}

/// A port as a trace shows it: 0 for none.
fn show_port(port: Option<u16>) -> Answer {
    Answer::Port(port.unwrap_or_default())
}
