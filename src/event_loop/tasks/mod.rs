//! Tasks: the futures of a runtime, which were woken, and how they reach the world.
//!
//! The loop polls the tasks. What a task is to a program (spawning, awaiting signals, sleeping) is
//! on the floor `task/`.

mod task_error;
mod task_table;
mod task_waker;
mod woken_tasks;
mod world_error;
mod world_place;

pub use task_error::TaskError;
pub(in crate::event_loop) use task_table::Tasks;
pub use world_error::WorldError;
pub(crate) use world_place::WorldPlace;
