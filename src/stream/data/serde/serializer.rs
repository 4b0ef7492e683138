//! Writing a value by `serde::Serialize`.

use std::fmt::Display;

use serde::ser::{self, Serialize, Serializer};

use crate::stream::data::data_stream::QDataStream;
use crate::stream::data::device::StreamDevice;
use crate::stream::data::size::Counted;
use crate::stream::data::status::DataStreamError;
use crate::stream::data::value::ToDataStream;

impl ser::Error for DataStreamError {
    fn custom<T: Display>(message: T) -> Self {
        Self::Unsupported(message.to_string())
    }
}

/// Writes a value.
#[derive(Debug)]
pub(super) struct Writer<'a, D>(pub(super) &'a mut QDataStream<D>);

/// Writes the elements of a sequence or a map, whose number may be known only after the last.
#[derive(Debug)]
pub(super) struct Elements<'a, D> {
    stream: &'a mut QDataStream<D>,
    counted: Counted,
}

/// Writes parts one after another.
#[derive(Debug)]
pub(super) struct Parts<'a, D>(&'a mut QDataStream<D>);

impl<'a, D: StreamDevice> Writer<'a, D> {
    fn elements(self, count: Option<usize>) -> Result<Elements<'a, D>, DataStreamError> {
        let counted = self.0.begin_counted(count)?;
        Ok(Elements { stream: self.0, counted })
    }
}

/// Fails for a number that Qt does not stream.
pub(super) fn number_of_128_bits<T>() -> Result<T, DataStreamError> {
    Err(DataStreamError::Unsupported("a number of 128 bits".to_owned()))
}

macro_rules! itself {
    ($($method:ident $value:ty,)*) => {$(
        fn $method(self, value: $value) -> Result<(), DataStreamError> {
            value.write_to(self.0)
        }
    )*};
}

impl<'a, D: StreamDevice> Serializer for Writer<'a, D> {
    type Ok = ();
    type Error = DataStreamError;
    type SerializeSeq = Elements<'a, D>;
    type SerializeTuple = Parts<'a, D>;
    type SerializeTupleStruct = Parts<'a, D>;
    type SerializeTupleVariant = Parts<'a, D>;
    type SerializeMap = Elements<'a, D>;
    type SerializeStruct = Parts<'a, D>;
    type SerializeStructVariant = Parts<'a, D>;

    itself! {
        serialize_bool bool,
        serialize_i8 i8,
        serialize_i16 i16,
        serialize_i32 i32,
        serialize_i64 i64,
        serialize_u8 u8,
        serialize_u16 u16,
        serialize_u32 u32,
        serialize_u64 u64,
        serialize_f32 f32,
        serialize_f64 f64,
        serialize_char char,
        serialize_str &str,
        serialize_bytes &[u8],
    }

    fn serialize_i128(self, _: i128) -> Result<(), DataStreamError> {
        number_of_128_bits()
    }

    fn serialize_u128(self, _: u128) -> Result<(), DataStreamError> {
        number_of_128_bits()
    }

    fn serialize_none(self) -> Result<(), DataStreamError> {
        false.write_to(self.0)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), DataStreamError> {
        true.write_to(self.0)?;
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), DataStreamError> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), DataStreamError> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
    ) -> Result<(), DataStreamError> {
        index.write_to(self.0)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), DataStreamError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), DataStreamError> {
        index.write_to(self.0)?;
        value.serialize(self)
    }

    fn serialize_seq(self, count: Option<usize>) -> Result<Elements<'a, D>, DataStreamError> {
        self.elements(count)
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'a, D>, DataStreamError> {
        Ok(Parts(self.0))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Parts<'a, D>, DataStreamError> {
        Ok(Parts(self.0))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Parts<'a, D>, DataStreamError> {
        index.write_to(self.0)?;
        Ok(Parts(self.0))
    }

    fn serialize_map(self, count: Option<usize>) -> Result<Elements<'a, D>, DataStreamError> {
        self.elements(count)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'a, D>, DataStreamError> {
        Ok(Parts(self.0))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Parts<'a, D>, DataStreamError> {
        index.write_to(self.0)?;
        Ok(Parts(self.0))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

impl<D: StreamDevice> ser::SerializeSeq for Elements<'_, D> {
    type Ok = ();
    type Error = DataStreamError;

    fn serialize_element<T: Serialize + ?Sized>(
        &mut self,
        value: &T,
    ) -> Result<(), DataStreamError> {
        self.counted.add_one();
        value.serialize(Writer(self.stream))
    }

    fn end(self) -> Result<(), DataStreamError> {
        self.stream.end_counted(&self.counted)
    }
}

impl<D: StreamDevice> ser::SerializeMap for Elements<'_, D> {
    type Ok = ();
    type Error = DataStreamError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), DataStreamError> {
        self.counted.add_one();
        key.serialize(Writer(self.stream))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), DataStreamError> {
        value.serialize(Writer(self.stream))
    }

    fn end(self) -> Result<(), DataStreamError> {
        self.stream.end_counted(&self.counted)
    }
}

macro_rules! parts {
    ($($part:ident $of:ident $method:ident [$($name:tt)*] [$($skip:tt)*];)*) => {$(
        impl<D: StreamDevice> ser::$of for Parts<'_, D> {
            type Ok = ();
            type Error = DataStreamError;

            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($name)*
                $part: &T,
            ) -> Result<(), DataStreamError> {
                $part.serialize(Writer(self.0))
            }

            $($skip)*

            fn end(self) -> Result<(), DataStreamError> {
                Ok(())
            }
        }
    )*};
}

parts! {
    element SerializeTuple serialize_element [] [];
    field SerializeTupleStruct serialize_field [] [];
    field SerializeTupleVariant serialize_field [] [];
    field SerializeStruct serialize_field [_: &'static str,] [
        fn skip_field(&mut self, name: &'static str) -> Result<(), DataStreamError> {
            skipped_field(name)
        }
    ];
    field SerializeStructVariant serialize_field [_: &'static str,] [
        fn skip_field(&mut self, name: &'static str) -> Result<(), DataStreamError> {
            skipped_field(name)
        }
    ];
}

/// Fails for a field that is not always written, since nothing would tell the reader.
fn skipped_field(name: &str) -> Result<(), DataStreamError> {
    let reason = format!("the field `{name}`, which is left out for its value");
    Err(DataStreamError::Unsupported(reason))
}
