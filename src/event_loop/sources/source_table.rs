//! The names of sources, and the table of who owns which.
//!
//! Keeps one promise: a name that was taken back finds no owner, although another source may have
//! the same number by now. The kernel may still report a source that is gone: it watches the open
//! socket, which another process may have open as well, and not the descriptor by which the socket
//! was registered (epoll(7), questions 6 and 7).

use std::collections::VecDeque;
use std::io;
use std::num::NonZeroUsize;

use mio::Token;

use crate::object::ObjectKey;
use crate::readiness::SourceId;

/// How many bits of a name are the number. The other bits are the generation: how often the number
/// was given to a source.
const NUMBER_BITS: u32 = if usize::BITS < 64 { 20 } else { 32 };

/// The first name of number 0, and the step from a name to the next one of its number.
const GENERATION: NonZeroUsize = NonZeroUsize::new(1 << NUMBER_BITS).expect("not zero");

/// How many numbers there are. The number with all bits set is left out, since its last name would
/// be the token of the waker.
const NUMBERS: usize = GENERATION.get() - 1;

/// The token of the runtime's own waker.
pub(super) const WAKER: Token = Token(usize::MAX);

/// A name belongs to one source, and to no earlier or later source with the same number, until the
/// generations of the number start over: after 4095 sources where a pointer has 32 bits.
impl SourceId {
    /// Returns the first name of a number.
    fn first(number: usize) -> Self {
        Self(GENERATION.saturating_add(number))
    }

    /// Returns the next name of the same number, which is the first name after the last.
    fn next(self) -> Self {
        self.0.checked_add(GENERATION.get()).map_or_else(|| Self::first(self.number()), Self)
    }

    fn number(self) -> usize {
        self.0.get() & NUMBERS
    }

    pub(super) fn token(self) -> Token {
        Token(self.0.get())
    }

    /// Returns the source with this token; `None` for the token of the waker.
    #[inline]
    pub(in crate::event_loop) fn of(token: Token) -> Option<Self> {
        NonZeroUsize::new(token.0).filter(|_| token != WAKER).map(Self)
    }
}

/// The sources of one runtime.
#[derive(Default)]
pub(super) struct Sources {
    places: Vec<Place>,
    /// The next names of the places without an owner. The place that has been free for longest is
    /// used first, so that the generations of a number start over as late as possible.
    free: VecDeque<SourceId>,
}

/// The place of a number.
struct Place {
    /// The name of the source that has the number, or of the next source that gets it.
    name: SourceId,
    owner: Option<ObjectKey>,
}

impl Sources {
    /// Gives a name to a source of `owner`. Fails if no number is left.
    pub(in crate::event_loop) fn add(&mut self, owner: ObjectKey) -> io::Result<SourceId> {
        let owner = Some(owner);
        if let Some(name) = self.free.pop_front() {
            self.places[name.number()] = Place { name, owner };
            return Ok(name);
        }
        if self.places.len() == NUMBERS {
            return Err(io::Error::other("no more sources can be watched"));
        }
        let name = SourceId::first(self.places.len());
        self.places.push(Place { name, owner });
        Ok(name)
    }

    /// Takes the name of a source back. Returns false if it was taken back before.
    pub(super) fn remove(&mut self, name: SourceId) -> bool {
        let place = self.places.get_mut(name.number());
        let Some(place) = place.filter(|place| place.name == name) else { return false };
        *place = Place { name: name.next(), owner: None };
        self.free.push_back(place.name);
        true
    }

    /// Gives a source another owner. Returns false if it has this owner already, or is gone.
    pub(super) fn hand_over(&mut self, name: SourceId, owner: ObjectKey) -> bool {
        let place = self.places.get_mut(name.number());
        let place = place.filter(|place| place.name == name && place.owner != Some(owner));
        place.is_some_and(|place| place.owner.replace(owner).is_some())
    }

    /// Returns the owner of a source; `None` if the source is gone.
    #[inline]
    pub(in crate::event_loop) fn owner(&self, name: SourceId) -> Option<ObjectKey> {
        let place = self.places.get(name.number())?;
        place.owner.filter(|_| place.name == name)
    }

    pub(in crate::event_loop) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use slotmap::KeyData;

    use super::*;

    fn owner(number: usize) -> ObjectKey {
        let number = u64::try_from(number).unwrap();
        KeyData::from_ffi(1 << 32 | number).into()
    }

    fn add(sources: &mut Sources, number: usize) -> SourceId {
        sources.add(owner(number)).unwrap()
    }

    proptest! {
        #[test]
        fn a_name_finds_its_owner_until_it_is_given_back_and_nobody_from_then_on(
            program in prop::collection::vec((0..6, any::<prop::sample::Index>()), 0..200),
        ) {
            let mut sources = Sources::default();
            let (mut live, mut gone) = (Vec::new(), Vec::new());
            for (number, (deed, which)) in program.into_iter().enumerate() {
                if deed < 3 || live.is_empty() {
                    live.push((add(&mut sources, number), number));
                } else if deed == 3 {
                    let which = which.index(live.len());
                    let (name, has) = &mut live[which];
                    prop_assert!(!sources.hand_over(*name, owner(*has)));
                    prop_assert!(sources.hand_over(*name, owner(number)));
                    *has = number;
                } else {
                    let (name, _) = live.swap_remove(which.index(live.len()));
                    prop_assert!(sources.remove(name));
                    gone.push(name);
                }
                for &name in &gone {
                    prop_assert!(!sources.hand_over(name, owner(number)));
                }
                for &(name, number) in &live {
                    prop_assert_eq!(sources.owner(name), Some(owner(number)));
                }
                for &name in &gone {
                    prop_assert!(sources.owner(name).is_none() && !sources.remove(name));
                }
                prop_assert_eq!(sources.len(), live.len());
            }
        }
    }

    #[test]
    fn the_number_that_is_free_for_longest_is_the_next_to_be_given() {
        let mut sources = Sources::default();
        let names = [0, 1, 2].map(|number| add(&mut sources, number));
        for name in [names[1], names[0], names[2]] {
            sources.remove(name);
        }
        let numbers = [3, 4, 5].map(|number| add(&mut sources, number).number());
        assert_eq!(numbers, [1, 0, 2]);
    }

    #[test]
    fn the_names_of_a_number_begin_again_after_the_last() {
        let last = SourceId(NonZeroUsize::new(usize::MAX - 1).unwrap());
        let first = SourceId::first(NUMBERS - 1);
        assert_eq!(last.number(), first.number());
        assert_eq!(last.next(), first);
        // As many as a number has where a pointer has 32 bits.
        let names = std::iter::successors(Some(first), |name| Some(name.next()));
        assert_eq!(names.take(4095).collect::<HashSet<_>>().len(), 4095);
    }

    #[test]
    fn no_source_has_the_token_of_the_waker() {
        assert_eq!(SourceId::of(WAKER), None);
        assert_ne!(WAKER.0 & NUMBERS, NUMBERS - 1, "the largest number is another one");
        let largest = SourceId::first(NUMBERS - 1);
        assert_eq!(SourceId::of(largest.token()), Some(largest));
    }
}
