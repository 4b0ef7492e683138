//! The same programs with a runtime.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{JoinHandle, TaskContext, VirtualClock};

use super::program::{Deed, OBJECTS, Program, Step};

type Log = Rc<RefCell<Vec<String>>>;

#[derive(QObject)]
struct Talker {
    number: usize,
    log: Log,
    #[signal]
    said: Signal<u32>,
}

#[slots]
impl Talker {
    #[slot]
    fn hear(&mut self, number: u32) {
        self.log.borrow_mut().push(format!("{} hears {number}", self.number));
        if !number.is_multiple_of(3) {
            self.said.emit(number - 1);
        }
    }
}

/// What everybody in a program reaches.
#[derive(Clone, Default)]
struct Stage {
    log: Log,
    objects: Rc<RefCell<Vec<Obj<Talker>>>>,
    tasks: Rc<RefCell<Vec<JoinHandle<()>>>>,
}

/// Notes that a task is dropped.
struct Farewell(Log, usize);

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.borrow_mut().push(format!("task {} is dropped", self.1));
    }
}

impl Stage {
    fn note(&self, text: String) {
        self.log.borrow_mut().push(text);
    }

    fn object(&self, number: usize) -> Obj<Talker> {
        self.objects.borrow()[number]
    }

    fn perform(&self, world: &mut World, deed: Deed) {
        match deed {
            // A deed of a turn takes effect later, as those before it do.
            Deed::Emit(object, number) => {
                if let Some(talker) = world.get(self.object(object)) {
                    talker.said.emit(number);
                }
            }
            Deed::Destroy(object) => {
                world.destroy(self.object(object));
            }
            Deed::Abort(task) => {
                self.tasks.borrow()[task].abort();
            }
        }
    }
}

pub(crate) fn run(program: &Program) -> Vec<String> {
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).unwrap();
    let stage = Stage::default();
    for number in 0..OBJECTS {
        let talker = Talker { number, log: stage.log.clone(), said: Signal::new() };
        stage.objects.borrow_mut().push(rt.add(talker));
    }
    for number in 0..OBJECTS {
        let hearer = stage.object((number + 1) % OBJECTS);
        rt.connect(stage.object(number), Talker::said, hearer, Talker::hear);
    }
    for (number, script) in program.tasks.iter().enumerate() {
        let (inside, steps) = (stage.clone(), script.steps.clone());
        let farewell = Farewell(stage.log.clone(), number);
        let task = move |task| play(task, number, inside, steps, farewell);
        let handle = match script.owner {
            Some(owner) => rt.spawn_on(stage.object(owner), task),
            None => rt.spawn(task),
        };
        stage.tasks.borrow_mut().push(handle);
    }
    for pass in &program.passes {
        clock.advance(Duration::from_millis(pass.millis));
        stage.note("pass".to_owned());
        for turn in pass.turns.clone() {
            let stage = stage.clone();
            rt.post(move |world| turn.iter().for_each(|&deed| stage.perform(world, deed)));
        }
        rt.process_events(Some(Duration::ZERO)).unwrap();
    }
    let log = stage.log.take();
    // What becomes of the tasks that are left is not part of the program.
    drop(rt);
    stage.tasks.take();
    log
}

async fn play(
    task: TaskContext,
    number: usize,
    stage: Stage,
    steps: Vec<Step>,
    _farewell: Farewell,
) {
    for step in steps {
        match step {
            Step::Do(deed) => {
                stage.note(format!("task {number} acts"));
                task.with(|world| stage.perform(world, deed));
            }
            Step::Next(object) => {
                let next = task.next(stage.object(object), Talker::said).await;
                stage.note(told(number, object, next.ok()));
            }
            Step::NextAround(object, deed) => {
                let next = task.next(stage.object(object), Talker::said);
                task.with(|world| stage.perform(world, deed));
                stage.note(told(number, object, next.await.ok()));
            }
            Step::Sleep(millis) => {
                task.sleep(Duration::from_millis(millis)).await;
                stage.note(format!("task {number} slept"));
            }
            Step::Yield => task.yield_now().await,
        }
    }
}

fn told(task: usize, object: usize, number: Option<u32>) -> String {
    match number {
        Some(number) => format!("task {task} gets {number} of {object}"),
        None => format!("task {task} gets nothing of {object}"),
    }
}
