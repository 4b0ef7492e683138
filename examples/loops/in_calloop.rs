//! slotwire inside calloop: a source for the descriptor, and one for the deadline.
//!
//! Run it with `cargo run --example in_calloop` in this folder. It prints what has happened, and in
//! how many turns of the runtime.

use std::error::Error;
use std::os::fd::AsFd;

use calloop::generic::Generic;
use calloop::timer::{TimeoutAction, Timer};
use calloop::{EventLoop, Interest, LoopHandle, LoopSignal, Mode, PostAction, RegistrationToken};
use loops::{PERIOD, Report, Scene};

/// What the callbacks of the loop get.
struct App {
    scene: Scene,
    handle: LoopHandle<'static, Self>,
    signal: LoopSignal,
    deadline: Option<RegistrationToken>,
}

impl App {
    /// Makes a turn, and then waits for the deadline that the runtime has by then.
    fn turn(&mut self) {
        if self.scene.turn().expect("the runtime's poller works").is_some() {
            self.signal.stop();
        }
        if let Some(deadline) = self.deadline.take() {
            self.handle.remove(deadline);
        }
        self.deadline = self.scene.rt().next_deadline().map(|at| {
            let due = self.handle.insert_source(Timer::from_deadline(at), |_, (), app| {
                app.deadline = None;
                app.turn();
                TimeoutAction::Drop
            });
            due.expect("a timer can be added")
        });
    }
}

fn run(scene: Scene) -> Result<Report, Box<dyn Error>> {
    let mut event_loop = EventLoop::<App>::try_new()?;
    let handle = event_loop.handle();
    let descriptor = scene.rt().as_fd().try_clone_to_owned()?;
    handle.insert_source(Generic::new(descriptor, Interest::READ, Mode::Level), |_, _, app| {
        app.turn();
        Ok(PostAction::Continue)
    })?;
    handle.insert_source(Timer::from_duration(PERIOD), |_, (), app| {
        match app.scene.own_work() {
            true => TimeoutAction::ToDuration(PERIOD),
            false => TimeoutAction::Drop,
        }
    })?;
    let mut app = App { scene, handle, signal: event_loop.get_signal(), deadline: None };
    app.turn();
    event_loop.run(None, &mut app, |_| ())?;
    Ok(app.scene.report())
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("{:?}", run(Scene::new()?)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_takes_one_turn() {
        run(Scene::new().unwrap()).unwrap().check();
    }
}
