//! `Progress`: how far a stream has read.
//!
//! Keeps three promises. What a value takes in memory is paid for by the bytes that have come of it
//! and by an allowance. The number of bytes that a value needs, once it has not come whole, is never
//! larger than the value. And a container is noted as open only if the value is read in the same way up
//! to there when more bytes have come.

use super::unfinished::OpenContainer;

/// How many bytes a stream has read, and what the value has taken that it reads.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// How many bytes were read.
    taken: u64,
    /// `taken`, where the outermost transaction began.
    began: u64,
    /// At least so large must `taken` become before what was read last has come whole.
    needed: u64,
    /// `taken`, where the outermost value began.
    value_began: u64,
    /// How many bytes of memory the outermost value takes.
    memory: u64,
    /// How many elements of the outermost value took no bytes.
    unpaid: u64,
    /// True if the containers are noted that have not come whole.
    notes_containers: bool,
    /// True if the value may be read in another way when more has come.
    is_open_ended: bool,
    /// The containers in which the last value has stopped, the innermost first.
    containers: Vec<OpenContainer>,
    /// How often the format was changed.
    format_changes: u32,
}

impl Progress {
    /// Returns how many bytes were read.
    #[inline]
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Notes that bytes were read.
    #[inline]
    pub(super) fn take(&mut self, count: usize) {
        self.taken += count as u64;
    }

    /// Begins a value that is in no other.
    #[inline]
    pub(super) fn begin_value(&mut self) {
        self.value_began = self.taken;
        self.memory = 0;
        self.unpaid = 0;
    }

    /// Returns how many bytes of the outermost value were read.
    #[inline]
    fn paid(&self) -> u64 {
        self.taken - self.value_began
    }

    /// Adds what a part of the value takes in memory. Returns what all of it takes now, and how much
    /// it may take.
    #[inline]
    pub(super) fn add_memory(&mut self, bytes: usize, allowance: usize) -> (u64, u64) {
        self.memory = self.memory.saturating_add(bytes as u64);
        (self.memory, self.memory_limit(allowance))
    }

    /// Takes away what a part of the value does not take any more.
    pub(super) fn free_memory(&mut self, bytes: usize) {
        self.memory = self.memory.saturating_sub(bytes as u64);
    }

    /// Returns how many bytes of memory the value may still take.
    pub(super) fn memory_left(&self, allowance: usize) -> u64 {
        self.memory_limit(allowance).saturating_sub(self.memory)
    }

    #[inline]
    fn memory_limit(&self, allowance: usize) -> u64 {
        (2 * self.paid()).saturating_add(allowance as u64)
    }

    /// Adds an element that took no bytes. Returns how many there are, and how many there may be.
    pub(super) fn add_unpaid(&mut self) -> (u64, u64) {
        self.unpaid += 1;
        (self.unpaid, self.paid() + UNPAID)
    }

    /// Begins a transaction.
    pub(super) fn begin_transaction(&mut self) {
        self.began = self.taken;
        self.needed = 0;
    }

    /// Puts back what was read in the transaction.
    pub(super) fn put_back(&mut self) {
        self.taken = self.began;
    }

    /// Begins to note the containers that do not come whole.
    pub(super) fn note_containers(&mut self) {
        self.notes_containers = true;
        self.is_open_ended = false;
        self.containers.clear();
    }

    /// Notes no containers any more, and keeps those that were noted.
    pub(super) fn end_noting(&mut self) {
        self.notes_containers = false;
    }

    /// Notes that the value may be read in another way when more has come.
    pub(super) fn end_is_open(&mut self) {
        self.notes_containers = false;
        self.is_open_ended = true;
        self.containers.clear();
    }

    /// Returns true if the value may be read in another way when more has come.
    pub(super) fn is_open_ended(&self) -> bool {
        self.is_open_ended
    }

    /// Returns true if containers are noted.
    pub(super) fn notes_containers(&self) -> bool {
        self.notes_containers
    }

    /// Notes a container that has not come whole, and in which those are that were noted before.
    pub(super) fn note_container(&mut self, container: OpenContainer) {
        self.containers.push(container);
    }

    /// Returns the containers that were noted, the innermost first.
    pub(super) fn take_containers(&mut self) -> Vec<OpenContainer> {
        std::mem::take(&mut self.containers)
    }

    /// Notes that the format of what follows is another one.
    pub(super) fn change_format(&mut self) {
        self.format_changes = self.format_changes.wrapping_add(1);
    }

    /// Returns how often the format was changed.
    #[inline]
    pub(super) fn format_changes(&self) -> u32 {
        self.format_changes
    }

    /// Returns how far a position, as `taken` counts, is behind the beginning of the transaction.
    pub(super) fn in_transaction(&self, position: u64) -> u64 {
        position.saturating_sub(self.began)
    }

    /// Notes that something begins at `start`, as `taken` counts, that takes so many bytes at least,
    /// and that it has not come whole.
    #[cold]
    pub(super) fn need(&mut self, start: u64, count: usize) {
        self.needed = self.needed.max(start.saturating_add(count as u64));
    }

    /// Notes that so many bytes at least follow what has not come whole.
    #[cold]
    pub(super) fn need_more(&mut self, count: usize) {
        self.needed = self.needed.saturating_add(count as u64);
    }

    /// Returns how many bytes from the beginning of the transaction must come at least.
    pub(super) fn needed(&self) -> usize {
        usize::try_from(self.needed.saturating_sub(self.began)).unwrap_or(usize::MAX)
    }
}

/// How many elements may take no bytes, beside one for each byte of the value.
const UNPAID: u64 = 4096;
