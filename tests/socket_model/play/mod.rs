//! A play: an application and its peers do on a stage what a program says, with a model beside it.
//!
//! `program.rs` has the programs, `table.rs` the transitions, and `model.rs` what follows from them:
//! `calls.rs` from what is called, `sayings.rs` is the judge of what is said, and `possibilities.rs`
//! holds what may be so where the model cannot know. `application.rs`,
//! `acting.rs`, `datagrams.rs` and `server.rs` are the application, `peers.rs` the others, who send
//! what `content.rs` says. They meet in `stage.rs`, `observer.rs` hears them, `ending.rs` sees to it
//! that nothing is stuck or left, and `performance.rs` is the way in. Whoever has programs to be
//! carried out takes this folder in as a module.

mod acting;
mod application;
mod calls;
mod content;
mod datagrams;
mod ending;
mod model;
mod observer;
mod peers;
pub(crate) mod performance;
mod possibilities;
pub(crate) mod program;
mod sayings;
mod server;
mod stage;
pub(crate) mod table;
