//! `Body`: the body of an answer, which is skipped so that the connection can carry another answer.

/// The longest body that is skipped, in bytes, with its chunks' lengths and its trailer. A new
/// connection costs less than a longer one.
const LONGEST: usize = 64 * 1024;

/// The longest line between chunks, in bytes.
const LONGEST_LINE: usize = 1024;

/// A body of which a part has been skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// So many bytes are left.
    Sized(usize),
    /// A chunked body, and how many bytes of it were skipped.
    Chunked { next: Chunked, skipped: usize },
}

/// What comes next in a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunked {
    /// The line with a chunk's length.
    Length,
    /// So many bytes of a chunk.
    Data(usize),
    /// The end of the line behind a chunk.
    End,
    /// A line of the trailer, or the empty line behind it.
    Trailer,
}

/// A body that is too long or not valid. Where it ends is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Endless;

impl Body {
    /// Returns the body of a `Content-Length`.
    pub(super) fn sized(length: u64) -> Result<Self, Endless> {
        match usize::try_from(length) {
            Ok(length) if length <= LONGEST => Ok(Self::Sized(length)),
            _ => Err(Endless),
        }
    }

    pub(super) fn chunked() -> Self {
        Self::Chunked { next: Chunked::Length, skipped: 0 }
    }

    /// Takes what belongs to the body out of `heard`. Returns true if that is all of it.
    pub(super) fn skip(&mut self, heard: &mut Vec<u8>) -> Result<bool, Endless> {
        match self {
            Self::Sized(left) => {
                let count = heard.len().min(*left);
                heard.drain(..count);
                *left -= count;
                Ok(*left == 0)
            }
            Self::Chunked { next, skipped } => {
                let mut count = 0;
                let is_over = next.skip(heard, &mut count)?;
                heard.drain(..count);
                *skipped += count;
                match *skipped > LONGEST {
                    true => Err(Endless),
                    false => Ok(is_over),
                }
            }
        }
    }
}

impl Chunked {
    /// Skips what has come, and adds its length to `at`. Returns true if that is all.
    fn skip(&mut self, heard: &[u8], at: &mut usize) -> Result<bool, Endless> {
        loop {
            if let Self::Data(left) = self {
                let count = (*left).min(heard.len() - *at);
                *at += count;
                *left -= count;
                if *left > 0 {
                    return Ok(false);
                }
                *self = Self::End;
            }
            let Some(line) = line(&heard[*at..])? else { return Ok(false) };
            *at += line.len() + 1;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            *self = match self {
                Self::Length => match chunk_length(line).ok_or(Endless)? {
                    0 => Self::Trailer,
                    length => Self::Data(length),
                },
                Self::End if line.is_empty() => Self::Length,
                Self::Trailer if line.is_empty() => return Ok(true),
                Self::Trailer => Self::Trailer,
                Self::End | Self::Data(_) => return Err(Endless),
            };
        }
    }
}

/// Returns the first line without its line feed, if all of it has come.
fn line(bytes: &[u8]) -> Result<Option<&[u8]>, Endless> {
    let start = &bytes[..bytes.len().min(LONGEST_LINE)];
    match memchr::memchr(b'\n', start) {
        Some(end) => Ok(Some(&bytes[..end])),
        None if start.len() == LONGEST_LINE => Err(Endless),
        None => Ok(None),
    }
}

/// Parses the length of a chunk, which is hexadecimal and may have extensions behind it.
fn chunk_length(line: &[u8]) -> Option<usize> {
    let digits = line.split(|&byte| byte == b';').next()?.trim_ascii();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let length = usize::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    (length <= LONGEST).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Skips a body that comes in two pieces, and returns what follows.
    fn rest_of(mut body: Body, bytes: &[u8], cut: usize) -> Result<Option<Vec<u8>>, Endless> {
        let mut heard = bytes[..cut].to_vec();
        if body.skip(&mut heard)? {
            heard.extend_from_slice(&bytes[cut..]);
            return Ok(Some(heard));
        }
        heard.extend_from_slice(&bytes[cut..]);
        Ok(body.skip(&mut heard)?.then_some(heard))
    }

    #[test]
    fn a_body_ends_where_its_length_says_wherever_it_is_cut() {
        let chunked =
            b"5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\nrest".as_slice();
        for (body, bytes) in [(Body::Sized(5), b"hellorest".as_slice()), (Body::chunked(), chunked)]
        {
            for cut in 0..=bytes.len() {
                assert_eq!(rest_of(body, bytes, cut), Ok(Some(b"rest".to_vec())), "{cut}");
            }
        }
        assert_eq!(rest_of(Body::Sized(0), b"rest", 0), Ok(Some(b"rest".to_vec())));
        assert_eq!(rest_of(Body::chunked(), b"0\r\n\r", 2), Ok(None));
    }

    #[test]
    fn a_body_that_is_not_valid_has_no_end() {
        for wrong in ["x\r\n", "\r\n", "-1\r\n", "+1\r\n", "1\r\nab\r\n", "fffffffffffffffff\r\n"] {
            for cut in 0..wrong.len() {
                assert_eq!(
                    rest_of(Body::chunked(), wrong.as_bytes(), cut),
                    Err(Endless),
                    "{wrong}"
                );
            }
        }
    }

    #[test]
    fn a_long_body_is_not_skipped() {
        assert_eq!(Body::sized(65_536), Ok(Body::Sized(65_536)));
        for length in [65_537, u64::MAX] {
            assert_eq!(Body::sized(length), Err(Endless));
        }
        assert_eq!(rest_of(Body::chunked(), &[b'1'; 2000], 1000), Err(Endless), "a line");
        let chunks = b"400\r\n".iter().copied().chain([b'x'; 1024]).chain(*b"\r\n");
        let many: Vec<u8> = std::iter::repeat_n(chunks, 70).flatten().collect();
        assert_eq!(rest_of(Body::chunked(), &many, 40_000), Err(Endless));
    }
}
