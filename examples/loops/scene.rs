//! What each loop of this folder drives: an echo server, a timer, calls from another thread, and a
//! bell that the other loop rings between two turns of the runtime.
//!
//! The scene counts the turns. A loop owes the runtime one turn for what has happened, and none while
//! nothing happens.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{Error, Remote, TimerType};

/// How many messages the visitor sends, how many calls it posts, and how often the timer ticks.
pub const MESSAGES: usize = 100;
pub const CALLS: usize = 100;
pub const TICKS: usize = 20;
/// How many pieces of work the other loop has of its own before the visitor comes, and afterwards:
/// each of these rings the bell.
pub const IDLE: usize = 20;
pub const RINGS: usize = 20;

/// The period of the timer, and of the other loop's own work.
pub const PERIOD: Duration = Duration::from_millis(1);

/// What the desk has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub guests: usize,
    pub messages: usize,
    pub calls: usize,
    pub ticks: usize,
    pub rings: usize,
}

impl Seen {
    /// What the desk sees if nothing is lost.
    pub const ALL: Self =
        Self { guests: 1, messages: MESSAGES, calls: CALLS, ticks: TICKS, rings: RINGS };

    /// How many events this is, with the guest's end, the start of the timer and the end of the loop.
    pub const fn events(&self) -> usize {
        2 * self.guests + self.messages + self.calls + self.ticks + self.rings + 2
    }
}

/// An echo server with a timer and a bell.
#[derive(QObject)]
struct Desk {
    server: Obj<QTcpServer>,
    timer: Obj<QTimer>,
    #[signal]
    rung: Signal<()>,
    seen: Seen,
    /// Where a thread waits for the last tick.
    last_tick: Option<Sender<()>>,
}

#[slots]
impl Desk {
    fn new(cx: &mut Context<Self>) -> Self {
        let server = cx.add_child(QTcpServer::new());
        let timer = cx.add_child(QTimer::new());
        cx[timer].set_interval(PERIOD);
        cx[timer].set_timer_type(TimerType::Precise);
        Self { server, timer, rung: Signal::new(), seen: Seen::default(), last_tick: None }
    }

    #[slot(server.new_connection)]
    fn welcome(&mut self, cx: &mut Context<Self>) {
        while let Some(guest) = cx[self.server].next_pending_connection() {
            self.seen.guests += 1;
            cx.on(guest, QTcpSocket::ready_read, Self::answer);
            cx.on_fn(guest, QTcpSocket::disconnected, move |_, cx, ()| {
                cx.destroy(guest);
            });
        }
    }

    #[slot]
    fn answer(&mut self, cx: &mut Context<Self>) -> io::Result<()> {
        let Some(guest) = cx.sender_mut::<QTcpSocket>() else { return Ok(()) };
        self.seen.messages += guest.bytes_available();
        guest.echo()?;
        Ok(())
    }

    #[slot(timer.timeout)]
    fn tick(&mut self, cx: &mut Context<Self>) {
        self.seen.ticks += 1;
        if self.seen.ticks == TICKS {
            cx[self.timer].stop();
            let last_tick = self.last_tick.take().expect("the visitor has started the timer");
            last_tick.send(()).expect("the visitor waits");
        }
    }

    #[slot]
    fn hear(&mut self) {
        self.seen.rings += 1;
    }
}

/// The other thread: sends messages over a connection, posts calls, and starts the timer, each when
/// the one before has been answered. So no two events fall into one turn. Ends the loop.
fn visit(port: u16, remote: &Remote, desk: Obj<Desk>) -> io::Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_nodelay(true)?;
    for _ in 0..MESSAGES {
        stream.write_all(b"?")?;
        stream.read_exact(&mut [0])?;
    }
    drop(stream);
    let (answer, answers) = channel();
    for _ in 0..CALLS {
        let answer = answer.clone();
        remote
            .post(move |world| {
                world[desk].seen.calls += 1;
                answer.send(()).expect("the visitor waits");
            })
            .expect("the loop runs");
        answers.recv().expect("the call is made");
    }
    let start = move |world: &mut World| {
        let timer = world[desk].timer;
        world[desk].last_tick = Some(answer);
        world[timer].start();
    };
    remote.post(start).expect("the loop runs");
    answers.recv().expect("the timer ticks");
    remote.exit(0).expect("the loop runs");
    Ok(())
}

/// The runtime's side of a scene: what the other loop calls.
pub struct Scene {
    rt: Runtime,
    desk: Obj<Desk>,
    turns: usize,
    own_work: usize,
    turns_while_idle: usize,
    visitor: Option<JoinHandle<io::Result<()>>>,
}

impl Scene {
    pub fn new() -> Result<Self, Error> {
        let mut rt = Runtime::new()?;
        let desk = rt.add_with(Desk::new);
        rt.connect(desk, Desk::rung, desk, Desk::hear);
        let server = rt[desk].server;
        rt[server].listen((Ipv4Addr::LOCALHOST, 0)).expect("there is a port");
        let (turns, own_work, turns_while_idle) = (0, 0, 0);
        Ok(Self { rt, desk, turns, own_work, turns_while_idle, visitor: None })
    }

    pub fn rt(&self) -> &Runtime {
        &self.rt
    }

    /// Makes a turn of the runtime. Returns the exit code if that has asked for the end.
    pub fn turn(&mut self) -> Result<Option<i32>, Error> {
        self.turns += 1;
        self.rt.process_events(Some(Duration::ZERO))?;
        Ok(self.rt.take_quit_request())
    }

    /// Does a piece of what the other loop does by itself, every millisecond. Returns false after
    /// the last one.
    ///
    /// At first that has nothing to do with the runtime. Then it starts the visitor, and rings the
    /// bell: outside a turn, by a call that emits a signal.
    pub fn own_work(&mut self) -> bool {
        self.own_work += 1;
        match self.own_work {
            1 => self.turns_while_idle = self.turns,
            2..IDLE => {}
            IDLE => {
                self.turns_while_idle = self.turns - self.turns_while_idle;
                let (desk, remote) = (self.desk, self.rt.remote());
                let port = self.rt[self.rt[desk].server].server_port().expect("it listens");
                self.visitor = Some(thread::spawn(move || visit(port, &remote, desk)));
            }
            _ => self.rt[self.desk].rung.emit(()),
        }
        self.own_work < IDLE + RINGS
    }

    /// Makes the descriptor readable: for who waits for that and is to end.
    pub fn wake(&mut self) {
        self.rt.post(|_| ());
    }

    /// Says what has happened. To be called when the loop has ended.
    pub fn report(mut self) -> Report {
        let visitor = self.visitor.take().expect("the visitor has ended the loop");
        visitor.join().expect("the visitor does not panic").expect("the desk answers");
        let (turns, turns_while_idle) = (self.turns, self.turns_while_idle);
        Report { seen: self.rt[self.desk].seen, turns, turns_while_idle }
    }
}

/// What has happened in a scene.
#[derive(Debug)]
pub struct Report {
    pub seen: Seen,
    pub turns: usize,
    pub turns_while_idle: usize,
}

impl Report {
    /// Checks that nothing was lost and that no turn was made in vain.
    pub fn check(&self) {
        assert_eq!(self.seen, Seen::ALL);
        assert_eq!(self.turns_while_idle, 0, "nothing happened, so there was nothing to do");
        let events = self.seen.events();
        assert!(self.turns <= events, "{} turns for {events} events", self.turns);
    }
}
