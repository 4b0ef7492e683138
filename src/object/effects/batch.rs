//! A batch: values that are taken out one by one, in the order in which they came.
//!
//! Keeps one promise: each value is taken out once, also if the code that works them off stops in
//! between, by a panic for example. Taking a value out moves no other value: a cursor passes over
//! those that were taken, and they are dropped when the next values come.

/// Values that are taken out one by one.
pub(crate) struct Batch<T> {
    values: Vec<T>,
    /// The number of values that were taken out.
    taken: usize,
}

impl<T: Copy> Batch<T> {
    /// Takes the next value out.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<T> {
        let next = *self.values.get(self.taken)?;
        self.taken += 1;
        Some(next)
    }

    /// Returns the number of values that are left.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.values.len() - self.taken
    }

    /// Returns true if no value is left.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.values.len() == self.taken
    }

    /// Returns the list of the values that are left, to which the caller may add more.
    #[inline]
    pub(crate) fn arrivals(&mut self) -> &mut Vec<T> {
        if self.is_empty() {
            self.values.clear();
        } else {
            self.values.drain(..self.taken);
        }
        self.taken = 0;
        &mut self.values
    }

    /// Adds values before all that are left.
    #[cold]
    pub(crate) fn put_first(&mut self, values: Vec<T>) {
        self.values.splice(..self.taken, values);
        self.taken = 0;
    }
}

impl<T> Default for Batch<T> {
    fn default() -> Self {
        Self { values: Vec::new(), taken: 0 }
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
        fn each_is_taken_out_once_and_in_its_order(ops in prop::collection::vec(op(), 0..100)) {
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
