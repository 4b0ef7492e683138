//! slotwire inside smol: a future of its local executor drives the runtime.
//!
//! Run it with `cargo run --example in_smol` in this folder. It prints what has happened, and in how
//! many turns of the runtime.

use std::error::Error;
use std::os::fd::{AsFd, OwnedFd};

use loops::{PERIOD, Report, Scene};
use smol::future::or;
use smol::{Async, Timer};

/// Why the future goes on.
enum Woken {
    /// The descriptor is readable, or the deadline has come.
    ByTheRuntime,
    ByOwnWork,
}

/// Waits for what comes first.
async fn next(descriptor: &Async<OwnedFd>, scene: &Scene, own: &mut Option<Timer>) -> Woken {
    let readable = async {
        // An error of the poller is one of the next turn too.
        let _ = descriptor.readable().await;
        Woken::ByTheRuntime
    };
    let due = async {
        match scene.rt().next_deadline() {
            Some(at) => Timer::at(at).await,
            None => smol::future::pending().await,
        };
        Woken::ByTheRuntime
    };
    let own_work = async {
        match own {
            Some(timer) => timer.await,
            None => smol::future::pending().await,
        };
        Woken::ByOwnWork
    };
    or(or(readable, due), own_work).await
}

/// Drives the runtime until it asks for the end.
async fn drive(mut scene: Scene) -> Result<Report, Box<dyn Error>> {
    let descriptor = Async::new(scene.rt().as_fd().try_clone_to_owned()?)?;
    let mut own = Some(Timer::after(PERIOD));
    loop {
        match next(&descriptor, &scene, &mut own).await {
            Woken::ByOwnWork => own = scene.own_work().then(|| Timer::after(PERIOD)),
            Woken::ByTheRuntime => {
                if scene.turn()?.is_some() {
                    return Ok(scene.report());
                }
            }
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("{:?}", smol::block_on(drive(Scene::new()?))?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_one_thread() {
        smol::block_on(drive(Scene::new().unwrap())).unwrap().check();
    }

    #[test]
    fn on_a_local_executor() {
        let executor = smol::LocalExecutor::new();
        let driven = executor.spawn(async { drive(Scene::new().unwrap()).await.unwrap().check() });
        smol::block_on(executor.run(driven));
    }
}
