//! What the standard library's traits do for a device: the derive macro writes them for each class.

pub(crate) use super::reading::{consume, fill_buf, read};
pub(crate) use super::writing::{write, write_all, write_fmt};
