use slotwire::prelude::*;

#[derive(QObject, Default)]
#[qobject(leave = Self::leave_runtime)]
struct Lamp {}

fn main() {}
