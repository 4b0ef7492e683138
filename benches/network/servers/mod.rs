//! The servers, each written as somebody who knows the library well would write it.

mod by_hand;
mod on_slotwire;
pub(crate) mod on_tokio;

use std::error::Error;
use std::str::FromStr;

use crate::case::Work;

/// What a server is written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A hand-written loop on mio.
    ByHand,
    Slotwire,
    Tokio,
}

impl Kind {
    /// The loop first, since the others are compared with it.
    pub(crate) const ALL: [Self; 3] = [Self::ByHand, Self::Slotwire, Self::Tokio];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ByHand => "mio",
            Self::Slotwire => "slotwire",
            Self::Tokio => "tokio",
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| format!("no server is named {name}"))
    }
}

/// Serves until the process is ended.
pub(crate) fn serve(kind: Kind, work: Work) -> Result<(), Box<dyn Error>> {
    match kind {
        Kind::ByHand if matches!(work, Work::Tls(_)) => Ok(crate::tls::serve_by_hand(work)?),
        Kind::Tokio if matches!(work, Work::Tls(_)) => Ok(crate::tls::serve_on_tokio(work)?),
        Kind::ByHand => Ok(by_hand::serve(work)?),
        Kind::Slotwire => on_slotwire::serve(work),
        Kind::Tokio => Ok(on_tokio::serve(work)?),
    }
}
