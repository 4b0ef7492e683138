use slotwire::prelude::*;

#[derive(QObject)]
#[child]
struct Client {}

fn main() {}
