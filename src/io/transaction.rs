//! Transactions: reading that can be undone.

use super::io_device::QIODevice;
use super::{reading, writing};

/// Whether a transaction is under way, and what takes the reader back to where it began.
#[derive(Debug, Default)]
pub(super) enum Transaction {
    #[default]
    None,
    /// On a sequential device: what was read stays in the buffer.
    Marked { read: usize },
    /// On a random-access device: reading began here.
    Began { position: u64 },
}

/// What has become of bytes that were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Advance {
    /// There were none.
    Nothing,
    /// They have left the buffer.
    Left,
    /// They stay in the buffer, since a transaction may give them back.
    Kept,
}

impl Transaction {
    /// Returns true if what is read stays in the buffer.
    pub(super) fn keeps(&self) -> bool {
        matches!(self, Self::Marked { .. })
    }

    /// How much of the buffer was read in the transaction.
    pub(super) fn mark(&self) -> usize {
        match *self {
            Self::Marked { read } => read,
            Self::None | Self::Began { .. } => 0,
        }
    }
}

pub(super) fn start<D: QIODevice + ?Sized>(device: &mut D) -> bool {
    let state = device.device();
    if state.check_readable().is_err() || is_started(device) {
        return false;
    }
    let transaction = if device.is_random_access() {
        Transaction::Began { position: device.pos() }
    } else {
        Transaction::Marked { read: 0 }
    };
    device.device_mut().rare_mut().transaction = transaction;
    true
}

pub(super) fn is_started<D: QIODevice + ?Sized>(device: &D) -> bool {
    !matches!(device.device().transaction(), Transaction::None)
}

pub(super) fn commit<D: QIODevice + ?Sized>(device: &mut D) -> bool {
    let is_started = is_started(device);
    if is_started && device.device_mut().commit() {
        reading::made_room(device);
    }
    is_started
}

pub(super) fn roll_back<D: QIODevice + ?Sized>(device: &mut D) -> bool {
    match *device.device().transaction() {
        Transaction::None => false,
        Transaction::Marked { .. } => {
            device.device_mut().roll_back();
            true
        }
        Transaction::Began { position } => {
            device.device_mut().roll_back();
            writing::seek(device, position).is_ok()
        }
    }
}
