//! Hooks: the way from the loop to the core of a socket of one class.

use std::io;
use std::net::SocketAddr;

use super::attempt::Lookup;
use super::core::SocketCore;
use crate::event_loop::OnReady;
use crate::net::abstract_socket::QAbstractSocket;
use crate::object::{ObjectKey, World};
use crate::readiness::{Readiness, SourceId};

/// The way from the loop to the core of a socket of one class.
pub(super) struct Hooks {
    pub(super) on_ready: OnReady,
    pub(super) step: fn(&mut World, ObjectKey, u32),
    pub(super) watch: fn(&mut World, ObjectKey, u32),
    pub(super) delivered: fn(&mut World, ObjectKey, u32),
    pub(super) flush: fn(&mut World, ObjectKey),
    pub(super) timed_out: fn(&mut World, ObjectKey),
    pub(super) resolved: fn(&mut World, ObjectKey, Lookup, io::Result<Vec<SocketAddr>>),
}

/// Makes the hooks of class `T`.
pub(super) struct HooksOf<T>(T);

impl<T: QAbstractSocket> HooksOf<T> {
    pub(super) const HOOKS: &'static Hooks = &Hooks {
        on_ready: Self::on_ready,
        step: |world, key, number| {
            if let Some(core) = Self::core(world, key) {
                core.take_step(number);
            }
        },
        watch: |world, key, _| {
            if let Some(core) = Self::core(world, key) {
                core.watch();
            }
        },
        delivered: |world, key, _| {
            if let Some(core) = Self::core(world, key) {
                core.on_delivered();
            }
        },
        flush: |world, key| {
            world.turn(|world| {
                if let Some(core) = Self::core(world, key) {
                    core.on_flush();
                }
            });
        },
        timed_out: |world, key| {
            world.turn(|world| {
                if let Some(core) = Self::core(world, key) {
                    core.on_timeout();
                }
            });
        },
        resolved: |world, key, lookup, addresses| {
            if let Some(core) = Self::core(world, key) {
                core.on_resolved(lookup, addresses);
            }
        },
    };

    fn on_ready(world: &mut World, key: ObjectKey, _: SourceId, readiness: Readiness) {
        world.turn(|world| {
            if let Some(core) = Self::core(world, key) {
                core.on_ready(readiness);
            }
        });
    }

    fn core(world: &mut World, key: ObjectKey) -> Option<&mut SocketCore> {
        let socket = world.handle::<T>(key);
        world.get_mut(socket).map(T::core_mut)
    }
}
