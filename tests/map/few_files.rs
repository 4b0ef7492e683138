//! The fields of each struct are touched in few files, so that a reader who asks how they change need
//! not look far.

use super::touches::touches;
use super::{files_of, library};

/// In how many files the fields of a struct may be touched.
const MOST_FILES: usize = 4;

/// The structs whose fields more files touch, and why they may.
const TOUCHED_BY_MANY: [(&str, &str); 21] = [
    ("event_loop/home.rs LoopParts", PARTS),
    ("net/engine/interest.rs Interest", RECORD),
    ("net/engine/socket_engine.rs Received", RECORD),
    ("net/names/lookup.rs LookupFailure", RECORD),
    ("net/proxy/protocol.rs Credentials", RECORD),
    ("net/socket/attempt/terms.rs Terms", PARTS),
    ("net/socket/fault.rs Fault", RECORD),
    ("net/socket/settings.rs Settings", RECORD),
    ("object/class/handle.rs Obj", "the world makes handles of keys, and takes them apart"),
    ("object/connections/emitter.rs Emitter", PARTS),
    ("object/world.rs World", TOPICS),
    ("readiness.rs Readiness", RECORD),
    ("readiness.rs SourceId", RECORD),
    ("sim/kernel/host.rs Host", KERNEL),
    ("sim/kernel/socket.rs Socket", KERNEL),
    ("sim/kernel/tcp.rs Stream", KERNEL),
    ("sim/kernel/wire.rs Wire", KERNEL),
    ("stream/data/data_stream.rs QDataStream", TOPICS),
    ("stream/data/limits.rs DataStreamLimits", RECORD),
    ("stream/text/format.rs Format", RECORD),
    ("stream/text/text_stream.rs QTextStream", TOPICS),
];

const RECORD: &str = "a record: each combination of its values is a value";
const PARTS: &str = "a list of what others share, each of a type that keeps its own promise";
const TOPICS: &str =
    "its methods are in one file for each topic, and no other file sees the fields";
const KERNEL: &str = "the parts of the simulated kernel know each other's state";

#[test]
fn the_fields_of_a_struct_are_touched_in_few_files() {
    let mut found = library();
    // They are compiled for tests and for fuzzers alone.
    found.retain(|file, _| !file.contains("_tests") && !file.ends_with("fuzzing.rs"));
    let mut touches = touches(&found);
    touches.retain(|_, files| files.len() > MOST_FILES);
    let known = |owner: &str| TOUCHED_BY_MANY.iter().any(|(known, _)| *known == owner);
    let others: Vec<_> = touches.iter().filter(|(owner, _)| !known(owner)).collect();
    assert!(
        others.is_empty(),
        "more than {MOST_FILES} files touch the fields of these: {others:#?}"
    );
    let needless = TOUCHED_BY_MANY.iter().filter(|(owner, _)| !touches.contains_key(*owner));
    let needless: Vec<_> = needless.collect();
    assert!(needless.is_empty(), "few files touch the fields of these now: {needless:#?}");
}

#[test]
fn who_touches_a_field_is_found() {
    let touches = touches(&files_of(
        "
== room/a.rs
pub(super) struct A { pub(super) b: Option<Box<B>>, own: u8 }
pub(super) struct B { pub(super) c: u8 }
pub(super) struct Pair(pub(super) u8, u8);
impl A {
    fn other(&self) -> &B { todo!() }
}
== room/by_self.rs
impl A {
    fn f(&self) { assert!(self.b.is_some()) }
}
== room/by_parameter.rs
fn f(a: &A) -> u8 { a.other().c }
== room/by_pattern.rs
fn f(a: A) { let A { b, .. } = a; }
== room/by_literal.rs
fn f() -> B { B { c: 1 } }
== room/by_chain.rs
fn f(it: &mut A) { if let Some(b) = &it.b { b.c; } }
== room/by_closure.rs
fn f(it: &A) { it.other().map(|it| it.c); }
== room/by_name_alone.rs
fn f() { whatever().own; whatever().c; }
== room/by_number.rs
fn f(Pair(first, _): Pair) {}
== room/no_field.rs
struct Other { b: u8 }
fn f(other: Other, a: A) { other.b; a.b(); whatever().b; }
#[cfg(test)]
mod tests { fn f(a: A) { a.b; } }
",
    ));
    let files = |owner: &str| touches[owner].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(files("room/a.rs A"), ["room/by_chain.rs", "room/by_pattern.rs", "room/by_self.rs"]);
    assert_eq!(
        files("room/a.rs B"),
        [
            "room/by_chain.rs",
            "room/by_closure.rs",
            "room/by_literal.rs",
            "room/by_name_alone.rs",
            "room/by_parameter.rs"
        ]
    );
    assert_eq!(files("room/a.rs Pair"), ["room/by_number.rs"]);
}
