//! URLs, by the crate `url`.

use url::Url;

use super::data_stream::QDataStream;
use super::device::StreamDevice;
use super::status::DataStreamError;
use super::text::{Nullable, not_null};
use super::value::{FromDataStream, ToDataStream};

/// How many bytes of memory the parser takes at most for a byte of a URL, for example if each becomes
/// `%20`.
const PARSING: usize = 16;

/// As Qt's `QUrl`: its encoded form, in an array of bytes.
impl ToDataStream for Url {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        self.as_str().as_bytes().write_to(stream)
    }
}

/// As Qt's `QUrl`, in the form that the URL Standard gives it: `HTTP://A:80` becomes `http://a/`. A
/// URL that is null or relative is wrong data. `Option<Url>` tells null apart.
impl FromDataStream for Url {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        not_null(Self::read_nullable(stream)?, "a URL")
    }

    const MIN_SIZE: usize = 4;
}

impl Nullable for Url {
    fn read_nullable<D: StreamDevice>(
        stream: &mut QDataStream<D>,
    ) -> Result<Option<Self>, DataStreamError> {
        let text = match Option::<Vec<u8>>::read_from(stream)? {
            None => return Ok(None),
            // Of an invalid URL too, Qt writes nothing.
            Some(bytes) if bytes.is_empty() => return Ok(None),
            Some(bytes) => String::from_utf8(bytes)
                .map_err(|_| DataStreamError::corrupt("a URL cannot be in another encoding"))?,
        };
        let parsing = PARSING * text.len();
        stream.charge(parsing)?;
        let url = Self::parse(&text)
            .map_err(|error| DataStreamError::corrupt(format!("no absolute URL: {error}")))?;
        stream.discharge(parsing + text.len());
        let is_as_it_was = url.as_str().len() <= text.len();
        stream.charge(if is_as_it_was { text.len() } else { 2 * url.as_str().len() })?;
        Ok(Some(url))
    }
}
