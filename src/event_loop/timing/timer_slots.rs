//! Timer slots: the armed timers, each under a key.
//!
//! Keeps one promise: a key finds its timer or nothing, never another timer that has the same slot
//! later. A slot is used again once it is free. The number of a slot has 32 bits, to fit into an
//! item of the timer queue's heap.

/// Identifies a timer. The default identifies no timer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TimerKey {
    slot: u32,
    generation: u32,
}

impl TimerKey {
    /// Returns the number of the timer's slot.
    pub(super) fn slot(self) -> u32 {
        self.slot
    }
}

/// Timers by their keys.
pub(super) struct TimerSlots<E> {
    slots: Vec<Slot<E>>,
    /// The slots without an entry.
    free: Vec<u32>,
}

struct Slot<E> {
    /// The generation of the key that finds the entry, or of the next key if there is no entry.
    /// Never zero.
    generation: u32,
    entry: Option<E>,
}

impl<E> TimerSlots<E> {
    pub(in crate::event_loop) fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    /// Returns the number of entries.
    pub(in crate::event_loop) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Keeps an entry. Returns its key.
    #[inline]
    pub(super) fn insert(&mut self, entry: E) -> TimerKey {
        if let Some(number) = self.free.pop() {
            let slot = &mut self.slots[number as usize];
            slot.entry = Some(entry);
            return TimerKey { slot: number, generation: slot.generation };
        }
        let number = u32::try_from(self.slots.len()).expect("fewer timers than 32 bits can count");
        self.slots.push(Slot { generation: 1, entry: Some(entry) });
        TimerKey { slot: number, generation: 1 }
    }

    /// Removes an entry and returns it.
    #[inline]
    pub(super) fn remove(&mut self, key: TimerKey) -> Option<E> {
        let slot = self.slots.get_mut(key.slot as usize)?;
        if slot.generation != key.generation {
            return None;
        }
        let entry = slot.entry.take()?;
        slot.generation = slot.generation.wrapping_add(1).max(1);
        self.free.push(key.slot);
        Some(entry)
    }

    #[inline]
    pub(super) fn get(&self, key: TimerKey) -> Option<&E> {
        let slot = self.slots.get(key.slot as usize)?;
        if slot.generation == key.generation { slot.entry.as_ref() } else { None }
    }

    #[inline]
    pub(super) fn get_mut(&mut self, key: TimerKey) -> Option<&mut E> {
        let slot = self.slots.get_mut(key.slot as usize)?;
        if slot.generation == key.generation { slot.entry.as_mut() } else { None }
    }

    /// Returns the entry that is in a slot now.
    #[inline]
    pub(super) fn at(&self, slot: u32) -> Option<&E> {
        self.slots.get(slot as usize)?.entry.as_ref()
    }

    /// Returns the entry that is in a slot now, and its key.
    #[inline]
    pub(super) fn at_mut(&mut self, slot: u32) -> Option<(TimerKey, &mut E)> {
        let Slot { generation, entry } = self.slots.get_mut(slot as usize)?;
        let key = TimerKey { slot, generation: *generation };
        entry.as_mut().map(|entry| (key, entry))
    }

    /// Removes all entries and returns them. Their keys find nothing any more.
    pub(super) fn drain(&mut self) -> Vec<E> {
        let Self { slots, free } = self;
        let taken = (0..).zip(slots).filter_map(|(number, slot)| {
            let entry = slot.entry.take()?;
            slot.generation = slot.generation.wrapping_add(1).max(1);
            free.push(number);
            Some(entry)
        });
        taken.collect()
    }

    /// Returns all entries and the numbers of their slots.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut E)> {
        let slots = (0..).zip(&mut self.slots);
        slots.filter_map(|(number, slot)| slot.entry.as_mut().map(|entry| (number, entry)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_finds_its_entry_or_nothing(
            ops in proptest::collection::vec(prop_oneof![Just(None), any::<usize>().prop_map(Some)], 0..200),
        ) {
            let mut slots = TimerSlots::new();
            let (mut there, mut gone) = (Vec::new(), vec![TimerKey::default()]);
            for (number, op) in ops.into_iter().enumerate() {
                match op {
                    Some(at) if !there.is_empty() => {
                        let (key, entry) = there.swap_remove(at % there.len());
                        prop_assert_eq!(slots.remove(key), Some(entry));
                        gone.push(key);
                    }
                    _ => there.push((slots.insert(number), number)),
                }
                prop_assert_eq!(slots.len(), there.len());
                prop_assert_eq!(slots.iter_mut().count(), there.len());
                for &(key, mut entry) in &there {
                    prop_assert_eq!(slots.get(key), Some(&entry));
                    prop_assert_eq!(slots.at(key.slot()), Some(&entry));
                    prop_assert_eq!(slots.at_mut(key.slot()), Some((key, &mut entry)));
                }
                for &key in &gone {
                    prop_assert_eq!(slots.get(key), None);
                    prop_assert_eq!(slots.get_mut(key), None);
                    prop_assert_eq!(slots.remove(key), None);
                }
            }
        }
    }

    #[test]
    fn the_default_key_finds_nothing_when_the_generations_begin_again() {
        let mut slots = TimerSlots::new();
        let first = slots.insert('a');
        slots.slots[0].generation = u32::MAX;
        let last = TimerKey { generation: u32::MAX, ..first };
        assert_eq!(slots.remove(last), Some('a'));
        slots.insert('b');
        assert_eq!(slots.get(TimerKey::default()), None);
        assert_eq!(slots.get(last), None);
    }
}
