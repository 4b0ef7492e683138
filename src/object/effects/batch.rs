//! A batch: things that are dealt with one by one, in the order in which they came.
//!
//! Keeps one promise: each thing is given out once, whatever ends the one that deals with them in
//! between, a panic included. Taking a thing out moves no other, and what was given out is dropped
//! from memory when the next things come.

/// Things that are dealt with one by one.
pub(crate) struct Batch<T> {
    things: Vec<T>,
    /// How many of them were given out.
    given_out: usize,
}

impl<T: Copy> Batch<T> {
    /// Takes the next thing out.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<T> {
        let next = *self.things.get(self.given_out)?;
        self.given_out += 1;
        Some(next)
    }

    /// Returns how many things are left.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.things.len() - self.given_out
    }

    /// Returns true if nothing is left.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.things.len() == self.given_out
    }

    /// Returns the list of what is left, to which more may be added.
    #[inline]
    pub(crate) fn arrivals(&mut self) -> &mut Vec<T> {
        if self.is_empty() {
            self.things.clear();
        } else {
            self.things.drain(..self.given_out);
        }
        self.given_out = 0;
        &mut self.things
    }

    /// Adds things before all that are left.
    #[cold]
    pub(crate) fn put_first(&mut self, things: Vec<T>) {
        self.things.splice(..self.given_out, things);
        self.given_out = 0;
    }
}

impl<T> Default for Batch<T> {
    fn default() -> Self {
        Self { things: Vec::new(), given_out: 0 }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Op {
        Next,
        Add(usize),
        PutFirst(usize),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            3 => Just(Op::Next),
            1 => (0..4_usize).prop_map(Op::Add),
            1 => (0..4_usize).prop_map(Op::PutFirst),
        ]
    }

    proptest! {
        #[test]
        fn each_is_given_out_once_and_in_its_order(ops in prop::collection::vec(op(), 0..100)) {
            let (mut batch, mut model, mut number) = (Batch::default(), VecDeque::new(), 0);
            for op in ops {
                match op {
                    Op::Next => prop_assert_eq!(batch.next(), model.pop_front()),
                    Op::Add(count) => {
                        batch.arrivals().extend(number..number + count);
                        model.extend(number..number + count);
                        number += count;
                    }
                    Op::PutFirst(count) => {
                        batch.put_first((number..number + count).collect());
                        (number..number + count).rev().for_each(|one| model.push_front(one));
                        number += count;
                    }
                }
                prop_assert_eq!((batch.len(), batch.is_empty()), (model.len(), model.is_empty()));
            }
        }
    }
}
