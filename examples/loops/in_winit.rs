//! slotwire inside winit: a thread watches the descriptor, since winit watches no descriptors of
//! others, and wakes the loop. The deadline is that of the loop's own control flow.
//!
//! Run it with `cargo run --example in_winit` in this folder, where there is a display; it opens no
//! window. It prints what has happened, and in how many turns of the runtime.

use std::error::Error;
use std::os::fd::AsFd;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use loops::{PERIOD, Report, Scene};
use rustix::event::{PollFd, PollFlags, poll};
use winit::application::ApplicationHandler;
use winit::event::{StartCause, WindowEvent};
use winit::event_loop::{ActiveEventLoop, ControlFlow, EventLoop, EventLoopProxy};
use winit::window::WindowId;

/// The descriptor is readable.
#[derive(Debug)]
struct Readable;

/// Watches the descriptor in a thread of its own, until the sender is dropped. It looks again after
/// each turn, which it learns from the sender: so one event is told once.
fn watch(
    scene: &Scene,
    proxy: EventLoopProxy<Readable>,
) -> Result<(Sender<()>, JoinHandle<()>), Box<dyn Error>> {
    let descriptor = scene.rt().as_fd().try_clone_to_owned()?;
    let (turned, turns) = channel();
    let watcher = thread::spawn(move || {
        while turns.recv().is_ok() {
            let mut wanted = [PollFd::new(&descriptor, PollFlags::IN)];
            while poll(&mut wanted, None).is_err() {}
            if proxy.send_event(Readable).is_err() {
                break;
            }
        }
    });
    Ok((turned, watcher))
}

struct App {
    scene: Scene,
    turned: Sender<()>,
    /// When the loop has work of its own, if it has some.
    own: Option<Instant>,
}

impl App {
    fn turn(&mut self, event_loop: &ActiveEventLoop) {
        if self.scene.turn().expect("the runtime's poller works").is_some() {
            event_loop.exit();
        }
    }
}

impl ApplicationHandler<Readable> for App {
    fn new_events(&mut self, event_loop: &ActiveEventLoop, cause: StartCause) {
        if cause == StartCause::Init {
            self.turn(event_loop);
            self.turned.send(()).expect("the watcher runs");
        }
        let now = Instant::now();
        if self.own.is_some_and(|at| at <= now) {
            self.own = self.scene.own_work().then(|| now + PERIOD);
        }
        if self.scene.rt().next_deadline().is_some_and(|at| at <= now) {
            self.turn(event_loop);
        }
    }

    fn user_event(&mut self, event_loop: &ActiveEventLoop, Readable: Readable) {
        self.turn(event_loop);
        self.turned.send(()).expect("the watcher runs");
    }

    fn about_to_wait(&mut self, event_loop: &ActiveEventLoop) {
        let deadlines = [self.own, self.scene.rt().next_deadline()];
        event_loop.set_control_flow(match deadlines.into_iter().flatten().min() {
            Some(at) => ControlFlow::WaitUntil(at),
            None => ControlFlow::Wait,
        });
    }

    fn resumed(&mut self, _: &ActiveEventLoop) {}

    fn window_event(&mut self, _: &ActiveEventLoop, _: WindowId, _: WindowEvent) {}
}

fn run(event_loop: EventLoop<Readable>, scene: Scene) -> Result<Report, Box<dyn Error>> {
    let (turned, watcher) = watch(&scene, event_loop.create_proxy())?;
    let mut app = App { scene, turned, own: Some(Instant::now() + PERIOD) };
    event_loop.run_app(&mut app)?;
    let App { mut scene, turned, .. } = app;
    // The watcher sleeps until the descriptor is readable.
    drop(turned);
    scene.wake();
    watcher.join().expect("the watcher does not panic");
    Ok(scene.report())
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("{:?}", run(EventLoop::with_user_event().build()?, Scene::new()?)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use winit::platform::x11::EventLoopBuilderExtX11;

    use super::*;

    #[test]
    fn each_event_takes_one_turn() {
        let event_loop = EventLoop::with_user_event().with_any_thread(true).build();
        run(event_loop.expect("there is a display"), Scene::new().unwrap()).unwrap().check();
    }
}
