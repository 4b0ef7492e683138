//! `Settings`: the format that both ends of a stream agree on, and what a reader allows.

use super::limits::DataStreamLimits;
use super::numbers::{ByteOrder, FloatingPointPrecision};
use super::version::DataStreamVersion;

/// The settings of a stream. The default is Qt's, with our limits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    pub(crate) version: DataStreamVersion,
    pub(crate) byte_order: ByteOrder,
    pub(crate) precision: FloatingPointPrecision,
    pub(crate) limits: DataStreamLimits,
}
