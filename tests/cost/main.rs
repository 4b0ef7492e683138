//! What calls cost: how many instructions each way to read takes, one emission to many slots, and a
//! message through a tunnel.
//!
//! Callgrind counts them, so this needs valgrind. Where there is none the tests say so and are
//! skipped; with `SLOTWIRE_REQUIRE_VALGRIND` they fail.

mod callgrind;
mod emission;
mod reading;
mod tunnel;
