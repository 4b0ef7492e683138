//! Lists, maps, sets, tuples, arrays and pointers.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash};
use std::rc::Rc;
use std::sync::Arc;

use super::data_stream::QDataStream;
use super::device::StreamDevice;
use super::status::DataStreamError;
use super::value::{FromDataStream, ToDataStream};

/// As Qt's `QList`: the number of elements, and the elements. A list of bytes is a `QByteArray` too.
impl<T: ToDataStream> ToDataStream for [T] {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        stream.write_size(self.len())?;
        T::write_all_to(self, stream)
    }
}

impl<T: ToDataStream> ToDataStream for Vec<T> {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        self.as_slice().write_to(stream)
    }
}

/// As Qt's `QList`. Of bytes, also as its `QByteArray`: null is read as empty.
impl<T: FromDataStream> FromDataStream for Vec<T> {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        stream.nested(|stream| {
            let count = match T::IS_BYTE {
                true => stream.read_byte_count()?.unwrap_or(0),
                false => stream.read_element_count()?,
            };
            T::read_many(stream, count)
        })
    }

    const COUNTS_AS_NESTED: bool = false;
    const MIN_SIZE: usize = 4;
}

/// As Qt's `QQueue`.
impl<T: ToDataStream> ToDataStream for VecDeque<T> {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        write_counted(self.iter(), stream)
    }
}

/// As Qt's `QQueue`.
impl<T: FromDataStream> FromDataStream for VecDeque<T> {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        stream.nested(|stream| {
            let count = stream.read_element_count()?;
            T::read_many(stream, count).map(Self::from)
        })
    }

    const COUNTS_AS_NESTED: bool = false;
    const MIN_SIZE: usize = 4;
}

/// Writes the number of elements, and the elements.
fn write_counted<T: ToDataStream, D: StreamDevice>(
    elements: impl ExactSizeIterator<Item = T>,
    stream: &mut QDataStream<D>,
) -> Result<(), DataStreamError> {
    stream.write_size(elements.len())?;
    elements.into_iter().try_for_each(|element| element.write_to(stream))
}

/// Reads the number of elements, and puts them into a container. `memory` returns what an element of
/// this size takes there, or the first one of a container.
fn read_counted<T: FromDataStream, C: Default + Extend<T>, D: StreamDevice>(
    stream: &mut QDataStream<D>,
    memory: fn(usize, bool) -> usize,
) -> Result<C, DataStreamError> {
    stream.nested(|stream| {
        let mut container = C::default();
        let count = stream.read_element_count()?;
        let mut is_first = true;
        stream.read_elements(count, |stream, element| {
            stream.charge(memory(size_of::<T>(), is_first))?;
            is_first = false;
            container.extend([element]);
            Ok(())
        })?;
        Ok(container)
    })
}

/// What an element takes in a tree at most: a node has 11 places, of which 5 are used at least, and
/// 16 bytes beside them; one of six has 12 pointers too.
fn in_tree(element: usize, is_first: bool) -> usize {
    if is_first { 11 * element + 32 } else { 3 * element + 8 }
}

/// What an element takes in a hash table at most: a quarter of the places is used when the table has
/// grown, and the one before is half as large.
fn in_table(element: usize, is_first: bool) -> usize {
    let place = element + 1;
    if is_first { 8 * place + 64 } else { 4 * place }
}

macro_rules! counted {
    ($($(#[$doc:meta])* [$($of:tt)*] $container:ty, $element:ty, $memory:expr;)*) => {$(
        $(#[$doc])*
        impl<$($of)*> ToDataStream for $container
        where
            for<'a> <&'a Self as IntoIterator>::Item: ToDataStream,
        {
            fn write_to<D: StreamDevice>(
                &self,
                stream: &mut QDataStream<D>,
            ) -> Result<(), DataStreamError> {
                write_counted(self.iter(), stream)
            }
        }

        impl<$($of)*> FromDataStream for $container
        where
            $element: FromDataStream,
        {
            fn read_from<D: StreamDevice>(
                stream: &mut QDataStream<D>,
            ) -> Result<Self, DataStreamError> {
                read_counted::<$element, Self, D>(stream, $memory)
            }

            const COUNTS_AS_NESTED: bool = false;
    const MIN_SIZE: usize = 4;
        }
    )*};
}

counted! {
    /// As Qt's `QSet`, in ascending order.
    [T: Ord] BTreeSet<T>, T, in_tree;
    /// As Qt's `QSet`, in any order.
    [T: Eq + Hash, S: BuildHasher + Default] HashSet<T, S>, T, in_table;
    /// As Qt's `QMap`, in ascending order of the keys. Of several entries with one key, the last is
    /// read.
    [K: Ord, V] BTreeMap<K, V>, (K, V), in_tree;
    /// As Qt's `QHash`, in any order.
    [K: Eq + Hash, V, S: BuildHasher + Default] HashMap<K, V, S>, (K, V), in_table;
}

/// Each element, without their number.
impl<T: ToDataStream, const N: usize> ToDataStream for [T; N] {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        T::write_all_to(self, stream)
    }
}

impl<T: FromDataStream, const N: usize> FromDataStream for [T; N] {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        stream.check_size(N as u64, "elements", stream.limits().elements)?;
        let elements = T::read_many(stream, N)?;
        stream.discharge(N.saturating_mul(size_of::<T>()));
        Ok(elements.try_into().unwrap_or_else(|_| unreachable!("as many were read")))
    }

    const MIN_SIZE: usize = N.saturating_mul(T::MIN_SIZE);
}

macro_rules! tuple {
    ($($part:ident)*) => {
        /// Each part.
        impl<$($part: ToDataStream),*> ToDataStream for ($($part,)*) {
            #[expect(non_snake_case, reason = "the parts have the names of their types")]
            fn write_to<D: StreamDevice>(
                &self,
                stream: &mut QDataStream<D>,
            ) -> Result<(), DataStreamError> {
                let ($($part,)*) = self;
                $($part.write_to(stream)?;)*
                Ok(())
            }
        }

        impl<$($part: FromDataStream),*> FromDataStream for ($($part,)*) {
            fn read_from<D: StreamDevice>(
                stream: &mut QDataStream<D>,
            ) -> Result<Self, DataStreamError> {
                Ok(($($part::read_from(stream)?,)*))
            }

            const MIN_SIZE: usize = 0_usize$(.saturating_add($part::MIN_SIZE))*;
        }
    };
}

tuple!(A);
tuple!(A B);
tuple!(A B C);
tuple!(A B C E);
tuple!(A B C E F);
tuple!(A B C E F G);
tuple!(A B C E F G H);
tuple!(A B C E F G H I);

impl<T: ToDataStream + ?Sized> ToDataStream for &T {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        (**self).write_to(stream)
    }
}

macro_rules! pointer {
    ($($pointer:ident),*) => {$(
        impl<T: ToDataStream + ?Sized> ToDataStream for $pointer<T> {
            fn write_to<D: StreamDevice>(
                &self,
                stream: &mut QDataStream<D>,
            ) -> Result<(), DataStreamError> {
                (**self).write_to(stream)
            }
        }

        impl<T: FromDataStream> FromDataStream for $pointer<T> {
            fn read_from<D: StreamDevice>(
                stream: &mut QDataStream<D>,
            ) -> Result<Self, DataStreamError> {
                stream.nested(|stream| {
                    let value = T::read_from(stream)?;
                    // With the two counts of a shared value.
                    stream.charge(size_of::<T>() + 2 * size_of::<usize>())?;
                    Ok(Self::new(value))
                })
            }

            const COUNTS_AS_NESTED: bool = false;
            const MIN_SIZE: usize = T::MIN_SIZE;
        }
    )*};
}

pointer!(Box, Rc, Arc);
