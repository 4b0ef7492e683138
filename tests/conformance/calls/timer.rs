//! Calls of `QTimer`.

use serde_json::{Value, json};
use slotwire::QTimer;

use super::done;
use crate::answer::{Answer, Outcome};
use crate::args::Args;
use crate::names;

pub(super) fn get(timer: &QTimer, name: &str) -> Option<Answer> {
    Some(match name {
        "isActive" => timer.is_active().into(),
        "isSingleShot" => timer.is_single_shot().into(),
        "interval" => json!(timer.interval().as_millis()).into(),
        "remainingTime" => match timer.remaining_time() {
            None => json!(-1),
            Some(time) if time.is_zero() => json!(0),
            Some(_) => Value::from("positive"),
        }
        .into(),
        "timerType" => names::timer_type(timer.timer_type()).into(),
        _ => return None,
    })
}

pub(super) fn call(timer: &mut QTimer, method: &str, args: &Args<'_>) -> Option<Outcome> {
    Some(match method {
        "start" if args.len() == 0 => Ok(done!(timer.start())),
        "start" => args.time(0).map(|interval| done!(timer.start_with(interval))),
        "stop" => Ok(done!(timer.stop())),
        "setInterval" => args.time(0).map(|interval| done!(timer.set_interval(interval))),
        "setSingleShot" => {
            args.boolean(0).map(|single_shot| done!(timer.set_single_shot(single_shot)))
        }
        "setTimerType" => set_timer_type(timer, args),
        _ => return None,
    })
}

fn set_timer_type(timer: &mut QTimer, args: &Args<'_>) -> Outcome {
    Ok(done!(timer.set_timer_type(args.member(0, "TimerType", names::to_timer_type)?)))
}
