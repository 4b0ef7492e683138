//! Effects: what methods did and what was posted, as data that waits to be carried out.
//!
//! Nothing here knows what the effects do, or the world (`W`) in which they are carried out.

mod batch;
mod by_type;
mod call;
mod effect;
mod ends;
mod observer;
mod queue;
mod turn_budget;
mod waiting;

pub(crate) use batch::Batch;
pub(crate) use by_type::{ByType, KEPT};
pub(crate) use call::KeptCall;
pub(crate) use effect::Steps;
pub(in crate::object) use effect::{Act, Effect};
pub(in crate::object) use ends::{Ending, Ends};
pub(crate) use observer::Observed;
pub(in crate::object) use observer::Observer;
pub(in crate::object) use queue::{Postponed, Queue};
pub(in crate::object) use turn_budget::{CASCADE, SLICE, TURN_BUDGET, Turns};
pub(crate) use turn_budget::{Meter, Origin};
pub(in crate::object) use waiting::Waiting;
