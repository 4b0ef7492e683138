//! A class with a type parameter: a queue with a bound, which announces what happens to it.
//!
//! `cargo run --example generic_channel` prints what the channels of numbers and of words announce:
//!
//! ```text
//! full: 3 numbers wait
//! received 1
//! received 2
//! received 3
//! drained
//! received 4
//! drained
//! received "the last word"
//! drained
//! ```

use std::collections::VecDeque;
use std::fmt::Debug;
use std::time::Duration;

use slotwire::prelude::*;

/// Delivers values one by one, in the passes of the loop, and holds no more than its capacity.
#[derive(QObject)]
struct Channel<T: Debug + 'static> {
    waiting: VecDeque<T>,
    #[init(3)]
    capacity: usize,
    /// Ticks once in each pass of the loop while values wait.
    #[child]
    pump: Obj<QTimer>,
    /// Emitted with each value.
    #[signal]
    received: Signal<T>,
    /// Emitted with the number of values when there is no room for another one.
    #[signal]
    full: Signal<usize>,
    /// Emitted when no value waits any more.
    #[signal]
    drained: Signal<()>,
}

#[slots]
impl<T: Debug + 'static> Channel<T> {
    /// Returns a channel for so many values.
    fn with_capacity(cx: &mut Context<Self>, capacity: usize) -> Self {
        Self { capacity, ..Self::declared(cx) }
    }

    /// Takes a value, or returns it if the channel is full.
    fn send(&mut self, cx: &mut Context<Self>, value: T) -> Result<(), T> {
        if self.waiting.len() == self.capacity {
            return Err(value);
        }
        self.waiting.push_back(value);
        if self.waiting.len() == self.capacity {
            self.full.emit(self.capacity);
        }
        cx[self.pump].start_with(Duration::ZERO);
        Ok(())
    }

    #[slot(pump.timeout)]
    fn deliver_one(&mut self, cx: &mut Context<Self>) {
        if let Some(value) = self.waiting.pop_front() {
            self.received.emit(value);
        }
        if self.waiting.is_empty() {
            cx[self.pump].stop();
            self.drained.emit(());
        }
    }
}

/// Prints what a channel announces, whatever it carries.
fn print<T: Debug>(rt: &mut Runtime, channel: Obj<Channel<T>>) {
    rt.connect_fn(channel, Channel::full, |_, count| println!("full: {count} numbers wait"));
    rt.connect_fn(channel, Channel::received, |_, value| println!("received {value:?}"));
    rt.connect_fn(channel, Channel::drained, |_, ()| println!("drained"));
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rt = Runtime::new()?;
    let numbers = rt.add_with(Channel::declared);
    let words = rt.add_with(|cx| Channel::with_capacity(cx, 100));
    print(&mut rt, numbers);
    print(&mut rt, words);

    // What has no room waits until the channel is drained.
    let mut late = Vec::new();
    for number in 1..=4 {
        let sent = rt.with(numbers, |channel, cx| channel.send(cx, number));
        late.extend(sent.and_then(Result::err));
    }
    rt.connect_fn_on(numbers, Channel::drained, words, move |words, cx, ()| {
        let Some(number) = late.pop() else {
            return words.send(cx, "the last word").map_err(str::to_owned);
        };
        cx.with(numbers, |numbers, cx| numbers.send(cx, number));
        Ok(())
    });
    rt.connect_fn(words, Channel::drained, |world, ()| world.quit());

    rt.exec()?;
    Ok(())
}
