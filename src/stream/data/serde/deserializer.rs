//! Reading a value by `serde::Deserialize`.

use std::fmt::Display;

use serde::de::value::U32Deserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::serializer::number_of_128_bits;
use crate::stream::data::data_stream::QDataStream;
use crate::stream::data::device::StreamDevice;
use crate::stream::data::status::DataStreamError;
use crate::stream::data::value::FromDataStream;

impl de::Error for DataStreamError {
    fn custom<T: Display>(message: T) -> Self {
        Self::ReadCorruptData(message.to_string())
    }
}

/// Reads a value.
#[derive(Debug)]
pub(super) struct Reader<'a, D>(pub(super) &'a mut QDataStream<D>);

/// Reads as many parts, elements or entries.
#[derive(Debug)]
struct Parts<'a, D> {
    stream: &'a mut QDataStream<D>,
    left: usize,
    /// How many were begun.
    begun: usize,
    /// True if each is kept in a container that grows, and false if it is part of the value itself.
    are_elements: bool,
}

impl<D: StreamDevice> Parts<'_, D> {
    /// Counts the memory that an element takes, or a key, or a value: in a vector, a tree or a hash
    /// table, whichever takes most.
    fn charge<T>(&mut self) -> Result<(), DataStreamError> {
        if !self.are_elements {
            return Ok(());
        }
        let size = size_of::<T>();
        // The first key and the first value count the room that a small container has.
        self.stream.charge(if self.begun <= 1 { 12 * size + 64 } else { 4 * size + 8 })
    }
}

impl<'de, D: StreamDevice> SeqAccess<'de> for Parts<'_, D> {
    type Error = DataStreamError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DataStreamError> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        self.charge::<S::Value>()?;
        self.begun += 1;
        let read = match self.are_elements {
            true => self.stream.read_element(|stream| seed.deserialize(Reader(stream))),
            false => seed.deserialize(Reader(self.stream)),
        };
        read.map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        // The count of elements is what a stranger says, for which a container would take memory.
        (!self.are_elements).then_some(self.left)
    }
}

impl<'de, D: StreamDevice> MapAccess<'de> for Parts<'_, D> {
    type Error = DataStreamError;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DataStreamError> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, DataStreamError> {
        self.charge::<S::Value>()?;
        seed.deserialize(Reader(self.stream))
    }
}

/// Reads the fields of a variant.
#[derive(Debug)]
struct Variant<'a, D>(&'a mut QDataStream<D>);

impl<'de, D: StreamDevice> EnumAccess<'de> for Variant<'_, D> {
    type Error = DataStreamError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self), DataStreamError> {
        let index: U32Deserializer<DataStreamError> = u32::read_from(self.0)?.into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de, D: StreamDevice> VariantAccess<'de> for Variant<'_, D> {
    type Error = DataStreamError;

    fn unit_variant(self) -> Result<(), DataStreamError> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<S::Value, DataStreamError> {
        seed.deserialize(Reader(self.0))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, DataStreamError> {
        Reader(self.0).parts(count, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DataStreamError> {
        Reader(self.0).parts(fields.len(), visitor)
    }
}

impl<D: StreamDevice> Reader<'_, D> {
    /// Reads parts one after another.
    fn parts<'de, V: Visitor<'de>>(
        self,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, DataStreamError> {
        self.0.nested(|stream| {
            visitor.visit_seq(Parts { stream, left: count, begun: 0, are_elements: false })
        })
    }

    /// Reads a container: the number of its elements, and what `visit` takes of them, which must be
    /// all.
    fn elements<T>(
        self,
        visit: impl FnOnce(&mut Parts<'_, D>) -> Result<T, DataStreamError>,
    ) -> Result<T, DataStreamError> {
        self.0.nested(|stream| {
            let left = stream.read_element_count()?;
            let mut parts = Parts { stream, left, begun: 0, are_elements: true };
            let value = visit(&mut parts)?;
            match parts.left {
                0 => Ok(value),
                left => Err(DataStreamError::corrupt(format!("{left} elements are left over"))),
            }
        })
    }
}

fn unknown_type<T>() -> Result<T, DataStreamError> {
    let reason = "a type that asks the data which type it has, such as an untagged enum";
    Err(DataStreamError::Unsupported(reason.to_owned()))
}

macro_rules! itself {
    ($($method:ident $visit:ident,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DataStreamError> {
            visitor.$visit(FromDataStream::read_from(self.0)?)
        }
    )*};
}

impl<'de, D: StreamDevice> Deserializer<'de> for Reader<'_, D> {
    type Error = DataStreamError;

    itself! {
        deserialize_bool visit_bool,
        deserialize_i8 visit_i8,
        deserialize_i16 visit_i16,
        deserialize_i32 visit_i32,
        deserialize_i64 visit_i64,
        deserialize_u8 visit_u8,
        deserialize_u16 visit_u16,
        deserialize_u32 visit_u32,
        deserialize_u64 visit_u64,
        deserialize_f32 visit_f32,
        deserialize_f64 visit_f64,
        deserialize_char visit_char,
        deserialize_str visit_string,
        deserialize_string visit_string,
        deserialize_bytes visit_byte_buf,
        deserialize_byte_buf visit_byte_buf,
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, DataStreamError> {
        unknown_type()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, DataStreamError> {
        unknown_type()
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, _: V) -> Result<V::Value, DataStreamError> {
        unknown_type()
    }

    fn deserialize_i128<V: Visitor<'de>>(self, _: V) -> Result<V::Value, DataStreamError> {
        number_of_128_bits()
    }

    fn deserialize_u128<V: Visitor<'de>>(self, _: V) -> Result<V::Value, DataStreamError> {
        number_of_128_bits()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DataStreamError> {
        match bool::read_from(self.0)? {
            true => self.0.nested(|stream| visitor.visit_some(Reader(stream))),
            false => visitor.visit_none(),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DataStreamError> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DataStreamError> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DataStreamError> {
        self.0.nested(|stream| visitor.visit_newtype_struct(Reader(stream)))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DataStreamError> {
        self.elements(|parts| visitor.visit_seq(parts))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, DataStreamError> {
        self.parts(count, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, DataStreamError> {
        self.parts(count, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DataStreamError> {
        self.elements(|parts| visitor.visit_map(parts))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DataStreamError> {
        self.parts(fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DataStreamError> {
        self.0.nested(|stream| visitor.visit_enum(Variant(stream)))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}
