//! slotwire inside tokio: one future drives the runtime, beside all others.
//!
//! Run it with `cargo run --example in_tokio` in this folder. It prints what has happened, and in how
//! many turns of the runtime.
//!
//! The future does not leave its thread: `block_on` runs it, or a `LocalSet`, also in a tokio with many
//! threads. Other tasks reach the objects by a `Remote`.

use std::error::Error;
use std::os::fd::AsFd;
use std::time::Instant;

use loops::{PERIOD, Report, Scene};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{interval, sleep_until};

/// Drives the runtime until it asks for the end.
async fn drive(mut scene: Scene) -> Result<Report, Box<dyn Error>> {
    let descriptor = scene.rt().as_fd().try_clone_to_owned()?;
    // tokio 1.54 prefers an unsafe function, because a type could return another descriptor each time.
    // An `OwnedFd` does not.
    #[allow(deprecated)]
    let descriptor = AsyncFd::with_interest(descriptor, Interest::READABLE)?;
    let mut own = interval(PERIOD);
    let mut has_own = true;
    loop {
        let deadline = scene.rt().next_deadline();
        let quit = tokio::select! {
            ready = descriptor.readable() => {
                let quit = scene.turn()?;
                // What a turn leaves undone is due at once, so the descriptor need not tell it again.
                ready?.clear_ready();
                quit
            }
            () = sleep_until(deadline.unwrap_or_else(Instant::now).into()), if deadline.is_some() => {
                scene.turn()?
            }
            _ = own.tick(), if has_own => {
                has_own = scene.own_work();
                None
            }
        };
        if quit.is_some() {
            return Ok(scene.report());
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("{:?}", tokio.block_on(drive(Scene::new()?))?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::task::LocalSet;

    use super::*;

    #[test]
    fn on_one_thread() {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio.block_on(drive(Scene::new().unwrap())).unwrap().check();
    }

    #[test]
    fn on_one_of_many_threads() {
        let tokio = tokio::runtime::Runtime::new().unwrap();
        let set = LocalSet::new();
        let driven = set.spawn_local(async { drive(Scene::new().unwrap()).await.unwrap().check() });
        tokio.block_on(set.run_until(driven)).unwrap();
    }
}
