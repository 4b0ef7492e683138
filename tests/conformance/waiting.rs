//! Calls that run the loop or block: they exist on the runtime alone, outside slots.

use serde_json::Value;
use slotwire::prelude::*;
use std::time::Duration;

use crate::answer::{Answer, Outcome};
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
        (Dut::Server(server), "waitForNewConnection") => {
            Some(wait_for_new_connection(rt, server, &args))
        }
        _ => match object.socket() {
            Some(socket) => wait_for_socket(rt, socket, method, &args),
            None => None,
        },
    })
}

/// Qt also says whether it timed out, which for a server that listens is what failing means.
fn wait_for_new_connection(rt: &mut Runtime, server: Obj<QTcpServer>, args: &Args<'_>) -> Outcome {
    let timeout = if args.len() == 0 { Some(Duration::ZERO) } else { args.timeout(0)? };
    let listens = rt.get(server).is_some_and(QTcpServer::is_listening);
    let came = rt.wait_for_new_connection(server, timeout);
    let timed_out = listens.then(|| ("timedOut".to_owned(), (!came).into()));
    Ok(Answer::Record([("ok".to_owned(), came.into())].into_iter().chain(timed_out).collect()))
}

fn wait_for_socket(
    rt: &mut Runtime,
    socket: Obj<dyn QAbstractSocket>,
    method: &str,
    args: &Args<'_>,
) -> Option<Outcome> {
    type Wait = fn(&mut Runtime, Obj<dyn QAbstractSocket>, Option<Duration>) -> bool;
    let wait: Wait = match method {
        "waitForConnected" => Runtime::wait_for_connected,
        "waitForReadyRead" => Runtime::wait_for_ready_read,
        "waitForBytesWritten" => Runtime::wait_for_bytes_written,
        "waitForDisconnected" => Runtime::wait_for_disconnected,
        _ => return None,
    };
    Some(args.timeout(0).map(|timeout| wait(rt, socket, timeout).into()))
}
