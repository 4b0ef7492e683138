//! slotwire and the real Qt, each at one end: every test runs a program of Qt beside itself, in
//! Python with PySide6.
//!
//! `.ci/qt` installs PySide6 into `target/qt` and runs these tests. Without it they say that they
//! are skipped, and fail if `SLOTWIRE_REQUIRE_QT` is set.

#[path = "../tls_peers/papers.rs"]
mod papers;

mod datagrams;
mod end;
mod fortune;
mod peer;
mod streams;
mod tcp;
mod tls;

use peer::{Qt, QtPeer, hex};
use slotwire::prelude::*;
use support::*;
