//! Programs: the operations that reactions and slots of probes carry out.
//!
//! A slot does not see the effects of what it calls before it has returned. So each operation of a
//! program is a method call of its own, by `later`: what one operation brings about is delivered
//! before the next one begins, and all of it before the next slot of the signal.

use std::rc::Rc;

use slotwire::prelude::*;

use crate::answer;
use crate::operation;
use crate::scenario::Op;
use crate::stage::Stage;

/// The object that carries out programs.
#[derive(QObject, Debug, Default)]
pub(crate) struct Prompter {}

/// What a slot of a probe does.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) ops: Rc<[Op]>,
    /// How often it does it.
    pub(crate) times: Option<u64>,
}

/// Carries out operations from number `next` on, once the running slot has returned.
pub(crate) fn run(stage: &Rc<Stage>, world: &mut World, ops: &Rc<[Op]>, next: usize) {
    if next >= ops.len() {
        return;
    }
    let (stage, ops) = (stage.clone(), ops.clone());
    world.later(stage.prompter, move |_, cx| {
        let outcome = operation::perform(&stage, cx, &ops[next]);
        let stage_then = stage.clone();
        cx.later(stage_then.prompter, move |_, cx| {
            let symbol = operation::symbol_of(&ops[next]);
            operation::capture(&stage, symbol, &outcome);
            if let Some(ret) = answer::show(&outcome, &stage.symbols.borrow()) {
                stage.log.borrow_mut().nested(ops[next].label(), ret);
            }
            run(&stage, cx, &ops, next + 1);
        });
    });
}

/// Carries out what the slot of a probe was programmed to do.
pub(crate) fn run_slot_program(stage: &Rc<Stage>, world: &mut World, probe: &str, slot: &str) {
    let ops = {
        let mut programs = stage.programs.borrow_mut();
        let Some(program) = programs.get_mut(&(probe.to_owned(), slot.to_owned())) else { return };
        match &mut program.times {
            Some(0) => return,
            Some(times) => *times -= 1,
            None => {}
        }
        program.ops.clone()
    };
    run(stage, world, &ops, 0);
}
