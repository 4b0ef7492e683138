//! Closures that are called in the order in which they were put in.
//!
//! Keeps one promise: a closure needs no allocation of its own, unless the row of its type takes
//! more than `KEPT` bytes. So a closure is not in a box: it is in a row of closures of its type,
//! and the queue keeps the order in which the rows are used. The compiler ensures that a closure
//! that is called cannot touch the queue that it comes from.
//!
//! Each closure expression in the program has its own type, so there are no more rows than such
//! expressions. Closures of one thread, which are called in any order, are in
//! `object/effects/call.rs`.

use std::any::{Any, TypeId};
use std::collections::VecDeque;
use std::fmt;

use super::inbox::Pile;
use crate::object::{ByType, KEPT};

/// Closures that are called with a world (`W`), first in, first out.
pub(in crate::event_loop) struct CallQueue<W: 'static> {
    /// The closures, in a row for each type.
    rows: Vec<Box<dyn Row<W>>>,
    /// The number of the row of each type.
    row_of: ByType<u32>,
    /// For each closure, in order, the number of its row.
    order: VecDeque<u32>,
}

/// Closures of one type, first in, first out.
trait Row<W>: Any + Send {
    fn call_next(&mut self, world: &mut W);

    fn drop_next(&mut self);
}

impl<W, F: FnOnce(&mut W) + Send + 'static> Row<W> for VecDeque<F> {
    fn call_next(&mut self, world: &mut W) {
        let Some(call) = self.pop_front() else { return };
        if self.is_empty() && self.capacity().saturating_mul(size_of::<F>()) > KEPT {
            *self = Self::new();
        }
        call(world);
    }

    fn drop_next(&mut self) {
        drop(self.pop_front());
    }
}

impl<W: 'static> CallQueue<W> {
    /// Puts a closure at the end of the queue.
    #[inline]
    pub(super) fn put<F: FnOnce(&mut W) + Send + 'static>(&mut self, call: F) {
        let known = self.row_of.get(&TypeId::of::<F>()).copied();
        let number = known.unwrap_or_else(|| self.add_row::<F>());
        let row: &mut dyn Any = &mut *self.rows[number as usize];
        let row: &mut VecDeque<F> = row.downcast_mut().expect("the row of a type has that type");
        row.push_back(call);
        self.order.push_back(number);
    }

    #[cold]
    fn add_row<F: FnOnce(&mut W) + Send + 'static>(&mut self) -> u32 {
        let number = u32::try_from(self.rows.len()).expect("fewer than 2^32 types of closures");
        self.rows.push(Box::new(VecDeque::<F>::new()));
        self.row_of.insert(TypeId::of::<F>(), number);
        number
    }

    /// Takes the first closure out and calls it, if there is one.
    #[inline]
    pub(in crate::event_loop) fn call_next(&mut self, world: &mut W) {
        if let Some(number) = self.order.pop_front() {
            self.rows[number as usize].call_next(world);
        }
    }
}

impl<W: 'static> Pile for CallQueue<W> {
    fn len(&self) -> usize {
        self.order.len()
    }
}

impl<W: 'static> Default for CallQueue<W> {
    fn default() -> Self {
        Self { rows: Vec::new(), row_of: ByType::default(), order: VecDeque::new() }
    }
}

/// Drops the closures that were not called, in the order in which they were put in.
impl<W: 'static> Drop for CallQueue<W> {
    fn drop(&mut self) {
        while let Some(number) = self.order.pop_front() {
            self.rows[number as usize].drop_next();
        }
    }
}

impl<W: 'static> fmt::Debug for CallQueue<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallQueue").field("len", &self.order.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    type Heard = Vec<usize>;

    #[test]
    fn closures_of_all_types_are_called_in_the_order_in_which_they_were_put_in() {
        let (mut queue, mut heard) = (CallQueue::<Heard>::default(), Heard::new());
        let hear = |number| move |heard: &mut Heard| heard.push(number);
        let hear_twice = |number| move |heard: &mut Heard| heard.extend([number; 2]);
        queue.put(hear(1));
        queue.put(hear_twice(2));
        queue.put(hear_twice(3));
        queue.put(hear(4));
        queue.call_next(&mut heard);
        let large = [5; 1000];
        queue.put(move |heard: &mut Heard| heard.push(large[999]));
        queue.put(hear(6));
        assert_eq!(queue.len(), 5);
        (0..9).for_each(|_| queue.call_next(&mut heard));
        assert_eq!((heard, queue.len()), (vec![1, 2, 2, 3, 3, 4, 5, 6], 0));
    }

    #[test]
    fn what_is_not_called_is_dropped_with_the_queue() {
        let (mut queue, mut heard) = (CallQueue::<Heard>::default(), Heard::new());
        let captured = Arc::new(());
        for _ in 0..3 {
            let captured = captured.clone();
            queue.put(move |heard: &mut Heard| heard.push(Arc::strong_count(&captured)));
        }
        queue.call_next(&mut heard);
        assert_eq!((heard, Arc::strong_count(&captured)), (vec![4], 3));
        drop(queue);
        assert_eq!(Arc::strong_count(&captured), 1);
    }
}
