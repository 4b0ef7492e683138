//! Sends lines to a server and prints the answers, in async functions. Reconnects by itself.
//!
//! Start `cargo run --example echo_server -- 7007`, and then run this with
//! `cargo run --example async_client -- localhost 7007 hello world`. It prints `connected` and the
//! answers, `hello` and `world`. If it cannot connect, or if the connection breaks, it prints the
//! reason, tries again after a pause that grows, and sends the line again that was not answered. After
//! ten seconds of pauses it gives up, and its exit code is 1.

use std::env;
use std::io::{self, ErrorKind};
use std::process::ExitCode;
use std::time::Duration;

use slotwire::TaskContext;
use slotwire::prelude::*;
use slotwire::task::DeviceIo;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pause after the first failure. Each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(80);

/// The longest pause before the client gives up.
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// Sends all lines, whatever becomes of the connection.
async fn talk(
    task: &TaskContext,
    host: &str,
    port: u16,
    lines: impl Iterator<Item = String>,
) -> io::Result<()> {
    let socket = task.with(|world| world.add(QTcpSocket::new()));
    let mut connection = connect(task, socket, host, port).await?;
    for line in lines {
        let answer = loop {
            match ask(task, &mut connection, &line).await {
                Ok(answer) => break answer,
                Err(error) => println!("{error}"),
            }
            task.with(|world| world[socket].abort());
            connection = connect(task, socket, host, port).await?;
        };
        println!("{answer}");
    }
    connection.close().await
}

/// Connects, and tries again until it succeeds.
async fn connect(
    task: &TaskContext,
    socket: Obj<QTcpSocket>,
    host: &str,
    port: u16,
) -> io::Result<DeviceIo<QTcpSocket>> {
    let mut pause = FIRST_PAUSE;
    while let Err(error) = task.connect_to_host(socket, host, port).await {
        if pause > LAST_PAUSE {
            return Err(error);
        }
        println!("{error}, trying again");
        task.sleep(pause).await;
        pause *= 2;
    }
    println!("connected");
    Ok(task.socket(socket))
}

/// Sends a line, and returns the one that comes back.
async fn ask(
    task: &TaskContext,
    connection: &mut DeviceIo<QTcpSocket>,
    line: &str,
) -> io::Result<String> {
    connection.write_all(format!("{line}\n").as_bytes()).await?;
    let answer = task.timeout(PATIENCE, connection.next_line()).await??;
    answer.ok_or_else(|| io::Error::new(ErrorKind::UnexpectedEof, "the server has hung up"))
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let usage = "usage: async_client HOST PORT LINE..";
    let host = arguments.next().ok_or(usage)?;
    let port = arguments.next().ok_or(usage)?.parse()?;

    let mut rt = Runtime::new()?;
    rt.spawn(async move |task| {
        let code = match talk(&task, &host, port, arguments).await {
            Ok(()) => 0,
            Err(error) => {
                println!("{error}");
                1
            }
        };
        task.with(|world| world.exit(code));
    });
    Ok(if rt.exec()? == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
