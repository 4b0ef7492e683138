use slotwire::prelude::*;

#[derive(QObject, Default)]
#[qobject(base)]
struct Client;

fn main() {}
