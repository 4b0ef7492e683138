//! A place for things that wait, each under a number.

/// Things that wait, each under a number. Numbers begin with 1 and are used again after the thing
/// was taken.
///
/// While nothing waits, at most `KEPT` bytes are kept: by default few, since each signal may have
/// some.
pub(in crate::object) struct Waiting<T, const KEPT: usize = 512> {
    places: Vec<Place<T>>,
    /// The number of the place that was emptied last, or 0 if none is empty.
    free: u32,
    len: usize,
}

enum Place<T> {
    Full(T),
    /// The number of the place that was emptied before this one, or 0 if no other is empty.
    Empty(u32),
}

impl<T, const KEPT: usize> Waiting<T, KEPT> {
    /// Adds a thing and returns its number.
    #[inline]
    pub(in crate::object) fn put(&mut self, thing: T) -> u32 {
        self.len += 1;
        let number = self.free;
        match self.place(number) {
            Some(place) => {
                let Place::Empty(before) = std::mem::replace(place, Place::Full(thing)) else {
                    unreachable!("a place in the chain of empty ones is empty")
                };
                self.free = before;
                number
            }
            None => self.put_behind(thing),
        }
    }

    fn put_behind(&mut self, thing: T) -> u32 {
        self.places.push(Place::Full(thing));
        u32::try_from(self.places.len()).expect("fewer than 2^32 of them wait")
    }

    /// Takes the thing with this number, if it is there.
    #[inline]
    pub(in crate::object) fn take(&mut self, number: u32) -> Option<T> {
        let empty = Place::Empty(self.free);
        let place = self.place(number).filter(|place| matches!(place, Place::Full(_)))?;
        let Place::Full(thing) = std::mem::replace(place, empty) else { return None };
        self.free = number;
        self.len -= 1;
        if self.len == 0 && self.places.capacity() > KEPT / size_of::<Place<T>>() {
            *self = Self::default();
        }
        Some(thing)
    }

    #[inline]
    fn place(&mut self, number: u32) -> Option<&mut Place<T>> {
        self.places.get_mut((number as usize).wrapping_sub(1))
    }
}

impl<T, const KEPT: usize> Default for Waiting<T, KEPT> {
    fn default() -> Self {
        Self { places: Vec::new(), free: 0, len: 0 }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_is_found_by_its_number_once(
            ops in proptest::collection::vec(prop_oneof![Just(None), any::<usize>().prop_map(Some)], 0..200),
        ) {
            // `KEPT` is so small that all places are given up now and then.
            let (mut waiting, mut there) = (Waiting::<_, 64>::default(), BTreeMap::new());
            for (thing, op) in ops.into_iter().enumerate() {
                match op {
                    Some(at) if !there.is_empty() => {
                        let number = *there.keys().nth(at % there.len()).unwrap();
                        prop_assert_eq!(waiting.take(number), there.remove(&number));
                        prop_assert_eq!(waiting.take(number), None);
                    }
                    _ => prop_assert_eq!(there.insert(waiting.put(thing), thing), None),
                }
                prop_assert_eq!(waiting.len, there.len());
                prop_assert_eq!(waiting.take(0), None);
                prop_assert_eq!(waiting.take(201), None);
            }
        }
    }
}
