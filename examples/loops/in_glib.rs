//! slotwire inside glib, and so inside GTK: a source for the descriptor, and one for the deadline.
//!
//! Run it with `cargo run --example in_glib` in this folder. It prints what has happened, and in how
//! many turns of the runtime.
//!
//! The timers of glib have whole milliseconds: a deadline is rounded up, so a turn for a timer finds it
//! due, and is at most a millisecond late.

use std::cell::RefCell;
use std::error::Error;
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::time::Duration;

use glib::{ControlFlow, IOCondition, MainLoop, SourceId};
use glib_unix::unix_fd_add_local;
use loops::{PERIOD, Report, Scene};

/// What the callbacks of the loop share.
struct App {
    scene: RefCell<Scene>,
    main_loop: MainLoop,
    deadline: RefCell<Option<SourceId>>,
}

impl App {
    /// Makes a turn, and then waits for the deadline that the runtime has by then.
    fn turn(self: &Rc<Self>) {
        let mut scene = self.scene.borrow_mut();
        if scene.turn().expect("the runtime's poller works").is_some() {
            self.main_loop.quit();
        }
        if let Some(deadline) = self.deadline.take() {
            deadline.remove();
        }
        if let Some(at) = scene.rt().next_deadline() {
            let left = at.saturating_duration_since(scene.rt().now());
            let left = Duration::from_millis(left.as_nanos().div_ceil(1_000_000) as u64);
            let app = Rc::clone(self);
            let due = glib::timeout_add_local_once(left, move || {
                app.deadline.take();
                app.turn();
            });
            self.deadline.replace(Some(due));
        }
    }
}

fn run(scene: Scene) -> Report {
    let descriptor = scene.rt().as_raw_fd();
    let main_loop = MainLoop::new(None, false);
    let app = Rc::new(App { scene: scene.into(), main_loop, deadline: None.into() });
    let readable = unix_fd_add_local(descriptor, IOCondition::IN, {
        let app = Rc::clone(&app);
        move |_, _| {
            app.turn();
            ControlFlow::Continue
        }
    });
    glib::timeout_add_local(PERIOD, {
        let app = Rc::clone(&app);
        move || app.scene.borrow_mut().own_work().into()
    });
    app.turn();
    app.main_loop.run();
    readable.remove();
    Rc::into_inner(app).expect("no callback is left").scene.into_inner().report()
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("{:?}", run(Scene::new()?));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_takes_one_turn() {
        run(Scene::new().unwrap()).check();
    }
}
