//! Calls that run the loop or block: they exist on the runtime alone, outside slots.

use serde_json::Value;
use slotwire::Runtime;
use std::time::Duration;

use crate::answer::Outcome;
use crate::args::Args;
use crate::dut::Dut;
use crate::stage::Stage;

/// Makes a call that runs the loop or blocks; none if the method is no such.
pub(crate) fn call(
    rt: &mut Runtime,
    stage: &Stage,
    object: &str,
    method: &str,
    args: &[Value],
) -> Result<Option<Outcome>, slotwire::Error> {
    let object = match stage.object(rt, object) {
        Ok(object) => object,
        Err(missing) => return Ok(Some(Err(missing))),
    };
    let args = Args::new(stage, args);
    Ok(match (object, method) {
        (Dut::Loop(_), "exec") => {
            stage.loop_runs.set(true);
            let code = rt.exec();
            stage.loop_runs.set(false);
            Some(Ok(code?.into()))
        }
        (Dut::Loop(_), "processEvents") => {
            Some(Ok(rt.process_events(Some(Duration::ZERO))?.into()))
        }
        (Dut::Thread(thread), "wait") => {
            let timeout = if args.len() == 0 { Ok(None) } else { args.timeout(0) };
            Some(timeout.map(|timeout| rt.wait_for_thread(thread, timeout).into()))
        }
        _ => None,
    })
}
