//! What holds for every conversation with a proxy.

use arbitrary::Arbitrary;
use counting_allocator::{CountingAllocator, count};
use slotwire::net::fuzzing::Answers;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// The memory that a conversation may have besides twice the length of the answers, in bytes.
const MOST_MEMORY: usize = 64 * 1024;

/// Answers, and where they are cut.
#[derive(Arbitrary, Debug)]
pub struct Input<'a> {
    has_credentials: bool,
    cuts: [u16; 3],
    pub answers: &'a [u8],
}

/// Checks a conversation, which returns its steps and what follows it. The conversation comes to
/// the same outcome in whatever pieces the answers come, takes nothing of what follows them, ends,
/// and has little memory at each moment: besides the room that it needs for other things, which is
/// `room` bytes. `relayed` are the datagrams of the proxy's relay.
pub fn check(
    input: Input<'_>,
    relayed: &[u8],
    room: usize,
    conversation: impl Fn(Answers<'_>) -> (Vec<String>, Vec<u8>),
) {
    let Input { has_credentials, cuts, answers } = input;
    let conversation =
        |pieces: &[&[u8]]| conversation(Answers { pieces, relayed, has_credentials });
    let mut ends = cuts.map(|cut| usize::from(cut) % (answers.len() + 1));
    ends.sort_unstable();
    let [a, b, c] = ends;
    let pieces = [&answers[..a], &answers[a..b], &answers[b..c], &answers[c..]];
    let mut outcome = None;
    let memory = count(|| outcome = Some(conversation(&[answers]))).peak_bytes;
    let limit = 2 * (answers.len() + relayed.len()) + MOST_MEMORY + room;
    assert!(usize::try_from(memory).is_ok_and(|memory| memory <= limit), "{memory} bytes");
    let Some((whole, rest)) = outcome else { unreachable!("the closure was called") };
    let (cut, left) = conversation(&pieces);
    assert_eq!(cut, whole);
    assert_eq!(left, rest);
    assert!(answers.ends_with(&rest));
    // Each byte apart.
    let bytes: Vec<&[u8]> = answers.chunks(1).collect();
    assert_eq!(conversation(&bytes), (whole, rest));
}
