//! The probe: a class of our own, whose slots tell when they are called.

use std::rc::Rc;

use serde_json::{Value, json};
use slotwire::QTimer;
use slotwire::prelude::*;

use crate::program;
use crate::stage::Stage;

/// An object with some signals, and some slots that can be programmed.
#[derive(QObject)]
pub(crate) struct Probe {
    id: String,
    stage: Rc<Stage>,
    /// The timers that stand for `startTimer`, by their numbers.
    timers: Vec<(u64, Obj<QTimer>)>,
    #[signal]
    pub(crate) a: Signal<i32>,
    #[signal]
    pub(crate) b: Signal<i32>,
    #[signal]
    pub(crate) c: Signal<i32>,
    #[signal]
    pub(crate) n: Signal<()>,
}

#[slots]
impl Probe {
    #[slot]
    pub(crate) fn s1(&mut self, cx: &mut Context<Self>, value: i32) {
        self.called(cx, "s1", vec![json!(value)]);
    }

    #[slot]
    pub(crate) fn s2(&mut self, cx: &mut Context<Self>, value: i32) {
        self.called(cx, "s2", vec![json!(value)]);
    }

    #[slot]
    pub(crate) fn s3(&mut self, cx: &mut Context<Self>, value: i32) {
        self.called(cx, "s3", vec![json!(value)]);
    }

    #[slot]
    pub(crate) fn s4(&mut self, cx: &mut Context<Self>, value: i32) {
        self.called(cx, "s4", vec![json!(value)]);
    }

    #[slot]
    pub(crate) fn n1(&mut self, cx: &mut Context<Self>) {
        self.called(cx, "n1", Vec::new());
    }

    #[slot]
    pub(crate) fn n2(&mut self, cx: &mut Context<Self>) {
        self.called(cx, "n2", Vec::new());
    }

    #[slot]
    pub(crate) fn n3(&mut self, cx: &mut Context<Self>) {
        self.called(cx, "n3", Vec::new());
    }

    #[slot]
    fn timer_event(&mut self, cx: &mut Context<Self>) {
        let sender = cx.sender_as::<QTimer>();
        let Some(&(number, _)) = self.timers.iter().find(|(_, timer)| Some(*timer) == sender)
        else {
            return;
        };
        let timer = self.stage.symbols.borrow().show_by_name(&json!({ "timer": number }));
        let event = json!({ "event": format!("{}.Timer", self.id), "timer": timer });
        self.stage.log.borrow_mut().other(format!("{}.timerEvent", self.id), event);
        program::run_slot_program(&self.stage, cx, &self.id, "timerEvent");
    }
}

impl Probe {
    pub(crate) fn new(id: &str, stage: &Rc<Stage>) -> Self {
        Self {
            id: id.to_owned(),
            stage: stage.clone(),
            timers: Vec::new(),
            a: Signal::new(),
            b: Signal::new(),
            c: Signal::new(),
            n: Signal::new(),
        }
    }

    /// Starts a timer of the probe's own; returns its number.
    pub(crate) fn start_timer(&mut self, cx: &mut Context<Self>, milliseconds: u64) -> u64 {
        let number = self.stage.next_timer_number();
        let timer = cx.add_child(QTimer::new());
        cx.on(timer, QTimer::timeout, Self::timer_event);
        cx[timer].start_with(std::time::Duration::from_millis(milliseconds));
        self.timers.push((number, timer));
        number
    }

    pub(crate) fn kill_timer(&mut self, cx: &mut Context<Self>, number: u64) {
        if let Some(position) = self.timers.iter().position(|&(known, _)| known == number) {
            let (_, timer) = self.timers.remove(position);
            cx.destroy(timer);
        }
    }

    fn called(&self, cx: &mut World, slot: &str, args: Vec<Value>) {
        self.stage.log.borrow_mut().slot(format!("{}.{slot}", self.id), args);
        program::run_slot_program(&self.stage, cx, &self.id, slot);
    }
}
