//! `DataStreamLimits`: how much a stream reads because a stranger says so.

/// How much a stream reads because the data says so.
///
/// A value that needs more fails with
/// [`SizeLimitExceeded`](super::DataStreamError::SizeLimitExceeded), before any memory is taken for
/// it. Below the limits, memory is taken only for what has come: however a value is made, reading it
/// takes at most twice the bytes that have come of it, and [`memory`](Self::memory).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DataStreamLimits {
    /// How many bytes a string or an array of bytes may have. The default is 64 MiB.
    pub bytes: usize,
    /// How many elements a container may have. The default is 16 Mi. Whatever the limit is, elements
    /// that take no bytes can be only 4,096 more than the bytes that the stream has read.
    pub elements: usize,
    /// How much memory a value may take beyond twice its bytes. The default is 64 MiB.
    ///
    /// An element may take more memory than it takes bytes: a string of no characters has 4 bytes in
    /// a stream, and takes 24 bytes in a vector. So a list of 5 million such strings does not fit
    /// into the default. What is counted are the strings, the arrays of bytes, the elements of
    /// containers and what pointers point to, each before memory is taken for it; not what a type of
    /// a program's own takes besides its parts. A URL counts 16 times its bytes while it is parsed.
    pub memory: usize,
    /// How deep containers, variants and types of a program's own may be nested. The default is 64.
    /// Each level takes some of the thread's stack.
    pub depth: usize,
}

impl Default for DataStreamLimits {
    fn default() -> Self {
        Self { bytes: 64 << 20, elements: 16 << 20, memory: 64 << 20, depth: 64 }
    }
}
