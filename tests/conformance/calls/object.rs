//! Calls of `QObject`, and those of the probe.

use serde_json::Value;
use slotwire::prelude::*;

use super::done;
use crate::answer::{Answer, Missing, Outcome, missing};
use crate::args::Args;
use crate::dut::Dut;
use crate::probe::Probe;
use crate::stage::Stage;

pub(super) fn get(
    stage: &Stage,
    world: &World,
    object: Obj<dyn QObject>,
    name: &str,
) -> Option<Answer> {
    Some(match name {
        "objectName" => world.object_name(object).into(),
        "parent" => world.parent(object).and_then(|parent| stage.name_of(parent)).into(),
        "children" => {
            // Those that the scenario knows of.
            let children = world.children(object).filter_map(|child| stage.name_of(child));
            children.map(Value::from).collect::<Value>().into()
        }
        "signalsBlocked" => world.signals_blocked(object).into(),
        "dynamicPropertyNames" => {
            world.dynamic_property_names(object).map(Value::from).collect::<Value>().into()
        }
        // A runtime's objects all live in its thread.
        "thread" => "main".into(),
        _ => return None,
    })
}

pub(super) fn call(
    world: &mut World,
    object: Dut,
    method: &str,
    args: &Args<'_>,
) -> Option<Outcome> {
    let this = object.erase();
    Some(match method {
        "setObjectName" => args.text(0).map(|name| done!(world.set_object_name(this, name))),
        "setParent" => args.object(0).map(|parent| {
            done!(match parent {
                Some(parent) => world.set_parent(this, parent.erase()),
                None => world.clear_parent(this),
            })
        }),
        "findChild" => args.text(0).map(|name| find_child(args, world, this, name)),
        "blockSignals" => args.boolean(0).map(|block| world.block_signals(this, block).into()),
        "property" => args.text(0).map(|name| property(world, this, name)),
        "setProperty" => set_property(world, this, args),
        "deleteLater" => {
            world.delete_later(this);
            Ok(Answer::Nothing)
        }
        "inherits" => args.text(0).map(|class| inherits(world, this, class).into()),
        "moveToThread" => missing("moving an object to another thread"),
        "installEventFilter" | "removeEventFilter" => missing("event filters"),
        _ => return None,
    })
}

pub(super) fn call_probe(
    world: &mut World,
    probe: Obj<Probe>,
    method: &str,
    args: &Args<'_>,
) -> Option<Outcome> {
    Some(match method {
        "startTimer" => args.length(0).map(|milliseconds| {
            let started = world.with(probe, |probe, cx| probe.start_timer(cx, milliseconds as u64));
            started.map_or(Answer::Nothing, Answer::Timer)
        }),
        "killTimer" => args.value(0).and_then(|timer| {
            let number =
                timer["timer"].as_u64().ok_or_else(|| Missing(format!("timer {timer}")))?;
            world.with(probe, |probe, cx| probe.kill_timer(cx, number));
            Ok(Answer::Nothing)
        }),
        _ => return None,
    })
}

/// The first descendant of this name, of whatever class.
fn find_child(args: &Args<'_>, world: &World, root: Obj<dyn QObject>, name: &str) -> Answer {
    let mut waiting: Vec<_> = world.children(root).collect();
    waiting.reverse();
    while let Some(object) = waiting.pop() {
        if world.object_name(object) == name {
            return args.stage().name_of(object).into();
        }
        let at = waiting.len();
        waiting.extend(world.children(object));
        waiting[at..].reverse();
    }
    Value::Null.into()
}

/// A property by its name. Qt's own, `objectName`, is a method here.
fn property(world: &World, object: Obj<dyn QObject>, name: &str) -> Answer {
    match name {
        "objectName" => world.object_name(object).into(),
        _ => world.property::<Value>(object, name).unwrap_or_default().into(),
    }
}

fn set_property(world: &mut World, object: Obj<dyn QObject>, args: &Args<'_>) -> Outcome {
    let (name, value) = (args.text(0)?, args.value(1)?);
    Ok(match (name, value) {
        ("objectName", Value::String(text)) => {
            world.set_object_name(object, text.as_str());
            true.into()
        }
        (_, Value::Null) => {
            world.remove_property(object, name);
            false.into()
        }
        (_, value) => match world.set_property(object, name, value.clone()) {
            Ok(is_declared) => is_declared.into(),
            Err(_) => false.into(),
        },
    })
}

fn inherits(world: &World, object: Obj<dyn QObject>, class: &str) -> bool {
    let mut meta = world.get(object).map(|object| object.meta_object());
    while let Some(known) = meta {
        if known.class_name() == class {
            return true;
        }
        meta = known.super_class();
    }
    class == "QObject"
}
