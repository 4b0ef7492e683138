//! Calls of `QThread`. Waiting for one is a call of the runtime.

use slotwire::QThread;

use super::done;
use crate::answer::{Answer, Outcome};
use crate::args::Args;

pub(super) fn get(thread: &QThread, name: &str) -> Option<Answer> {
    Some(match name {
        "isRunning" => thread.is_running().into(),
        "isFinished" => thread.is_finished().into(),
        _ => return None,
    })
}

pub(super) fn call(thread: &mut QThread, method: &str, args: &Args<'_>) -> Option<Outcome> {
    Some(match method {
        "start" => {
            // One that runs already is left alone, as in Qt.
            let _ = thread.start(|_| ());
            Ok(Answer::Nothing)
        }
        "quit" => Ok(done!(thread.quit())),
        "exit" if args.len() == 0 => Ok(done!(thread.exit(0))),
        "exit" => args.number(0).map(|code| done!(thread.exit(code as i32))),
        _ => return None,
    })
}
