//! `Scope`: a part of a stream's work that ends in any case.

use super::data_stream::QDataStream;

/// A part of a stream's work that ends in any case, also if the code of a value panics.
pub(super) struct Scope<'a, D, E: Fn(&mut QDataStream<D>)> {
    pub(super) stream: &'a mut QDataStream<D>,
    pub(super) end: E,
}

impl<D, E: Fn(&mut QDataStream<D>)> Scope<'_, D, E> {
    #[inline]
    pub(super) fn run<T>(self, f: impl FnOnce(&mut QDataStream<D>) -> T) -> T {
        f(self.stream)
    }
}

impl<D, E: Fn(&mut QDataStream<D>)> Drop for Scope<'_, D, E> {
    #[inline]
    fn drop(&mut self) {
        (self.end)(self.stream);
    }
}
