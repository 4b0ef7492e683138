//! The macros of slotwire.
