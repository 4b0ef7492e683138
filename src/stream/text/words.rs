//! Texts: words, characters, and values one after another.

use std::borrow::Cow;

use super::scan::Next;
use super::status::TextStreamError;
use super::text_stream::QTextStream;
use super::value::{FromTextStream, ToTextStream};
use crate::stream::device::StreamDevice;

impl ToTextStream for str {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QTextStream<D>,
    ) -> Result<(), TextStreamError> {
        stream.push_field(self, false)
    }
}

impl ToTextStream for String {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QTextStream<D>,
    ) -> Result<(), TextStreamError> {
        self.as_str().write_to(stream)
    }
}

impl ToTextStream for Cow<'_, str> {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QTextStream<D>,
    ) -> Result<(), TextStreamError> {
        (**self).write_to(stream)
    }
}

impl ToTextStream for char {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QTextStream<D>,
    ) -> Result<(), TextStreamError> {
        self.encode_utf8(&mut [0; 4]).write_to(stream)
    }
}

/// As in Qt, a number: 1 or 0.
impl ToTextStream for bool {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QTextStream<D>,
    ) -> Result<(), TextStreamError> {
        u8::from(*self).write_to(stream)
    }
}

impl<T: ToTextStream + ?Sized> ToTextStream for &T {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QTextStream<D>,
    ) -> Result<(), TextStreamError> {
        (**self).write_to(stream)
    }
}

/// A word: what there is up to the next white space.
impl FromTextStream for String {
    fn read_from<D: StreamDevice>(stream: &mut QTextStream<D>) -> Result<Self, TextStreamError> {
        stream.pass_white_space()?;
        let reach = stream.scan(stream.limit, |character| {
            if character.is_whitespace() { Next::Before } else { Next::Further }
        });
        let len = stream.whole(reach)?;
        let mut word = Self::new();
        stream.take_text(len, &mut word)?;
        Ok(word)
    }

    const SKIPS_WHITE_SPACE: bool = true;
}

/// The next character. White space is one too.
impl FromTextStream for char {
    fn read_from<D: StreamDevice>(stream: &mut QTextStream<D>) -> Result<Self, TextStreamError> {
        let reach = stream.scan(usize::MAX, |_| Next::Behind);
        let len = stream.whole(reach)?;
        let mut text = String::new();
        stream.take_text(len, &mut text)?;
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => Ok(character),
            _ => Err(TextStreamError::corrupt(format!("{text:?} is not one character"))),
        }
    }
}

macro_rules! tuples {
    ($(($($name:ident $at:tt),*))*) => {$(
        /// The parts, one after another.
        impl<$($name: ToTextStream),*> ToTextStream for ($($name,)*) {
            fn write_to<W: StreamDevice>(
                &self,
                stream: &mut QTextStream<W>,
            ) -> Result<(), TextStreamError> {
                $(stream.write(&self.$at)?;)*
                Ok(())
            }
        }

        /// The parts, one after another.
        impl<$($name: FromTextStream),*> FromTextStream for ($($name,)*) {
            fn read_from<R: StreamDevice>(
                stream: &mut QTextStream<R>,
            ) -> Result<Self, TextStreamError> {
                Ok(($(stream.read::<$name>()?,)*))
            }

            const SKIPS_WHITE_SPACE: bool = A::SKIPS_WHITE_SPACE;
        }
    )*};
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}
