//! A place for things that wait, each under a number.

/// How many places are kept for later when nothing waits. Few, since each signal may have some.
pub(super) const KEPT: usize = 16;

/// Things that wait. Numbers begin with 1, and those of things that were taken are used again.
pub(super) struct Waiting<T> {
    places: Vec<Option<T>>,
    /// The numbers of the empty places.
    free: Vec<u32>,
}

impl<T> Waiting<T> {
    /// Adds one and returns its number.
    pub(super) fn put(&mut self, thing: T) -> u32 {
        match self.free.pop() {
            Some(number) => {
                self.places[number as usize - 1] = Some(thing);
                number
            }
            None => {
                self.places.push(Some(thing));
                u32::try_from(self.places.len()).expect("fewer than 2^32 of them wait")
            }
        }
    }

    /// Takes the one with this number, if it is there.
    pub(super) fn take(&mut self, number: u32) -> Option<T> {
        let thing = self.places.get_mut(number.checked_sub(1)? as usize)?.take()?;
        self.free.push(number);
        if self.free.len() == self.places.len() {
            self.places.clear();
            self.places.shrink_to(KEPT);
            self.free.clear();
            self.free.shrink_to(KEPT);
        }
        Some(thing)
    }
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_number_once() {
        let mut waiting = Waiting::default();
        let [one, two] = ["one", "two"].map(|thing| waiting.put(thing));
        assert_eq!([waiting.take(one), waiting.take(one)], [Some("one"), None]);
        let three = waiting.put("three");
        assert_eq!([waiting.take(two), waiting.take(three)], [Some("two"), Some("three")]);
        assert_eq!([waiting.take(0), waiting.take(9)], [None, None]);
    }
}
