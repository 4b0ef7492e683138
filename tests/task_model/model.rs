//! The promised rules, written down plainly.
//!
//! A turn runs to completion, depth first. Then, once in a pass: tasks that have ended are dropped,
//! and those that were woken are polled in the order of waking, each once; what wakes a task that was
//! polled already counts for the next pass.

use std::collections::VecDeque;

use super::program::{Deed, OBJECTS, Program, Step};

/// Somebody who awaits the next number of an object.
struct Listener {
    task: usize,
    object: usize,
    heard: Option<Result<u32, ()>>,
}

/// What a task awaits.
#[derive(Clone, Copy)]
enum Awaits {
    Nothing,
    /// The listener with this number.
    Next(usize),
    Sleep,
    NextPass,
}

struct Task {
    steps: VecDeque<Step>,
    owner: Option<usize>,
    awaits: Awaits,
    is_there: bool,
    is_ending: bool,
    is_woken: bool,
    was_polled: bool,
}

#[derive(Default)]
struct Model {
    log: Vec<String>,
    alive: Vec<bool>,
    tasks: Vec<Task>,
    listeners: Vec<Listener>,
    woken: VecDeque<usize>,
    ended: VecDeque<usize>,
    /// The sleeps, in the order in which they began: when they end, and whose they are.
    sleeps: Vec<(u64, usize)>,
    now: u64,
}

pub(crate) fn run(program: &Program) -> Vec<String> {
    let mut model = Model { alive: vec![true; OBJECTS], ..Model::default() };
    for (number, script) in program.tasks.iter().enumerate() {
        model.tasks.push(Task {
            steps: script.steps.iter().copied().collect(),
            owner: script.owner,
            awaits: Awaits::Nothing,
            is_there: true,
            is_ending: false,
            is_woken: false,
            was_polled: false,
        });
        model.wake(number);
    }
    for pass in &program.passes {
        model.now += pass.millis;
        model.log.push("pass".to_owned());
        for turn in &pass.turns {
            // An abort needs no world, so it does not wait until the method has returned.
            let (aborts, effects): (Vec<_>, Vec<_>) =
                turn.iter().partition(|deed| matches!(deed, Deed::Abort(_)));
            aborts.into_iter().chain(effects).for_each(|&deed| model.perform(deed));
        }
        model.fire_timers();
        model.run_tasks();
    }
    model.log
}

impl Model {
    fn perform(&mut self, deed: Deed) {
        match deed {
            Deed::Emit(object, number) if self.alive[object] => self.emit(object, number),
            Deed::Emit(..) => {}
            Deed::Destroy(object) => self.destroy(object),
            Deed::Abort(task) => self.end(task),
        }
    }

    fn emit(&mut self, object: usize, number: u32) {
        let awaiting: Vec<usize> = (0..self.listeners.len())
            .filter(|&index| {
                self.listeners[index].object == object && self.listeners[index].heard.is_none()
            })
            .collect();
        let hearer = (object + 1) % OBJECTS;
        if self.alive[hearer] {
            self.log.push(format!("{hearer} hears {number}"));
            if !number.is_multiple_of(3) {
                self.emit(hearer, number - 1);
            }
        }
        for listener in awaiting {
            self.hear(listener, Ok(number));
        }
    }

    /// A listener hears the first thing alone.
    fn hear(&mut self, listener: usize, what: Result<u32, ()>) {
        if self.listeners[listener].heard.is_none() {
            self.listeners[listener].heard = Some(what);
            // Only a future that was polled has a waker.
            let task = self.listeners[listener].task;
            if matches!(self.tasks[task].awaits, Awaits::Next(other) if other == listener) {
                self.wake(task);
            }
        }
    }

    fn destroy(&mut self, object: usize) {
        if !std::mem::replace(&mut self.alive[object], false) {
            return;
        }
        for task in 0..self.tasks.len() {
            if self.tasks[task].owner == Some(object) {
                self.end(task);
            }
        }
        for listener in 0..self.listeners.len() {
            if self.listeners[listener].object == object {
                self.hear(listener, Err(()));
            }
        }
    }

    fn end(&mut self, task: usize) {
        let entry = &mut self.tasks[task];
        if entry.is_there && !std::mem::replace(&mut entry.is_ending, true) {
            self.ended.push_back(task);
        }
    }

    fn wake(&mut self, task: usize) {
        if self.tasks[task].is_there && !std::mem::replace(&mut self.tasks[task].is_woken, true) {
            self.woken.push_back(task);
        }
    }

    fn fire_timers(&mut self) {
        let mut due: Vec<(u64, usize)> =
            self.sleeps.extract_if(.., |(until, _)| *until <= self.now).collect();
        due.sort_by_key(|(until, _)| *until);
        due.into_iter().for_each(|(_, task)| self.wake(task));
    }

    fn run_tasks(&mut self) {
        self.tasks.iter_mut().for_each(|task| task.was_polled = false);
        let mut later = Vec::new();
        loop {
            if let Some(task) = self.ended.pop_front() {
                self.drop_task(task);
                continue;
            }
            let Some(task) = self.woken.pop_front() else { break };
            let entry = &mut self.tasks[task];
            if !entry.is_there {
                continue;
            }
            if std::mem::replace(&mut entry.was_polled, true) {
                later.push(task);
                continue;
            }
            entry.is_woken = false;
            self.poll(task);
        }
        later.into_iter().rev().for_each(|task| self.woken.push_front(task));
    }

    /// Drops a task, unless it has returned already.
    fn drop_task(&mut self, task: usize) {
        if std::mem::replace(&mut self.tasks[task].is_there, false) {
            self.log.push(format!("task {task} is dropped"));
            self.sleeps.retain(|(_, other)| *other != task);
            self.listeners
                .iter_mut()
                .filter(|listener| listener.task == task)
                .for_each(|listener| listener.heard = listener.heard.or(Some(Err(()))));
        }
    }

    fn poll(&mut self, task: usize) {
        let awaits = self.tasks[task].awaits;
        match awaits {
            Awaits::Nothing | Awaits::NextPass => {}
            Awaits::Next(listener) if !self.finish_next(task, listener) => return,
            Awaits::Next(_) => {}
            Awaits::Sleep => self.log.push(format!("task {task} slept")),
        }
        self.tasks[task].awaits = Awaits::Nothing;
        while let Some(step) = self.tasks[task].steps.pop_front() {
            match step {
                Step::Do(deed) => {
                    self.log.push(format!("task {task} acts"));
                    self.perform(deed);
                }
                Step::Next(object) => {
                    let listener = self.listen(task, object);
                    if !self.finish_next(task, listener) {
                        self.tasks[task].awaits = Awaits::Next(listener);
                        return;
                    }
                }
                Step::NextAround(object, deed) => {
                    let listener = self.listen(task, object);
                    self.perform(deed);
                    if !self.finish_next(task, listener) {
                        self.tasks[task].awaits = Awaits::Next(listener);
                        return;
                    }
                }
                Step::Sleep(0) => self.log.push(format!("task {task} slept")),
                Step::Sleep(millis) => {
                    let until = self.now + millis;
                    self.sleeps.push((until, task));
                    self.tasks[task].awaits = Awaits::Sleep;
                    return;
                }
                Step::Yield => {
                    self.tasks[task].awaits = Awaits::NextPass;
                    self.wake(task);
                    return;
                }
            }
        }
        self.drop_task(task);
    }

    fn listen(&mut self, task: usize, object: usize) -> usize {
        let heard = if self.alive[object] { None } else { Some(Err(())) };
        self.listeners.push(Listener { task, object, heard });
        self.listeners.len() - 1
    }

    fn finish_next(&mut self, task: usize, listener: usize) -> bool {
        let Listener { object, heard, .. } = self.listeners[listener];
        match heard {
            Some(Ok(number)) => self.log.push(format!("task {task} gets {number} of {object}")),
            Some(Err(())) => self.log.push(format!("task {task} gets nothing of {object}")),
            None => return false,
        }
        true
    }
}
