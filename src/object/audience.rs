//! The audience: the connections of one signal, in the order in which they were made.
//!
//! Keeps one promise: an emission under way is told to those who listened when it was emitted. It
//! holds the audience as it was, which costs a reference count; one that changes meanwhile is copied.

use std::rc::Rc;

use super::link::Link;

/// The connections of one signal. A single one, the commonest number, needs no list.
pub(super) enum Audience<A> {
    One(Rc<dyn Link<A>>),
    /// None, or several.
    Other(Option<Rc<Vec<Rc<dyn Link<A>>>>>),
}

impl<A> Audience<A> {
    #[inline]
    pub(super) fn links(&self) -> &[Rc<dyn Link<A>>] {
        match self {
            Self::One(link) => std::slice::from_ref(link),
            Self::Other(links) => links.as_ref().map_or(&[], |links| links),
        }
    }

    /// Adds a connection at the end.
    pub(super) fn push(&mut self, link: Rc<dyn Link<A>>) {
        *self = match std::mem::take(self) {
            Self::Other(Some(mut shared)) => {
                match Rc::get_mut(&mut shared) {
                    Some(links) => push_to(links, link),
                    None => {
                        let mut links = living(&shared);
                        push_to(&mut links, link);
                        shared = Rc::new(links);
                    }
                }
                Self::Other(Some(shared))
            }
            Self::One(first) if !first.is_dead() => Self::Other(Some(Rc::new(vec![first, link]))),
            Self::One(_) | Self::Other(None) => Self::One(link),
        };
    }

    /// Forgets the dead connections, if these are most of it.
    pub(super) fn prune(&mut self) {
        let links = self.links();
        let dead = links.iter().filter(|link| link.is_dead()).count();
        if dead > links.len() / 2 {
            let mut living = living(links);
            *self = match living.len() {
                0 => Self::Other(None),
                1 => living.pop().map_or_else(Self::default, Self::One),
                _ => Self::Other(Some(Rc::new(living))),
            };
        }
    }

    /// Says whether both are the same, shared.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::One(a), Self::One(b)) => Rc::ptr_eq(a, b),
            (Self::Other(Some(a)), Self::Other(Some(b))) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }
}

fn living<A>(links: &[Rc<dyn Link<A>>]) -> Vec<Rc<dyn Link<A>>> {
    links.iter().filter(|link| !link.is_dead()).cloned().collect()
}

fn push_to<A>(links: &mut Vec<Rc<dyn Link<A>>>, link: Rc<dyn Link<A>>) {
    if links.len() == links.capacity() {
        links.retain(|link| !link.is_dead());
        if links.len() * 4 > links.capacity() * 3 {
            links.reserve_exact(growth(links.len()));
        }
    }
    links.push(link);
}

/// By how many entries a full list of connections grows: a quarter, since a connection should
/// stay near its 64 bytes.
pub(super) const fn growth(len: usize) -> usize {
    if len < 2 { 1 } else { len / 4 + 2 }
}

impl<A> Clone for Audience<A> {
    #[inline]
    fn clone(&self) -> Self {
        match self {
            Self::One(link) => Self::One(link.clone()),
            Self::Other(links) => Self::Other(links.clone()),
        }
    }
}

impl<A> Default for Audience<A> {
    fn default() -> Self {
        Self::Other(None)
    }
}

#[cfg(test)]
mod tests {
    use super::Audience;

    #[test]
    fn an_audience_is_as_small_as_one_connection() {
        assert_eq!(size_of::<Audience<String>>(), 16);
    }
}
