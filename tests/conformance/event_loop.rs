//! What stands for a `QEventLoop`: an object whose slots end the runtime's loop.

use slotwire::prelude::*;

/// A runtime has one loop, so all of these mean the same one.
#[derive(QObject, Debug, Default)]
pub(crate) struct EventLoop {}

#[slots]
impl EventLoop {
    #[slot]
    pub(crate) fn quit(&mut self, cx: &mut Context<Self>) {
        cx.quit();
    }

    #[slot]
    pub(crate) fn exit(&mut self, cx: &mut Context<Self>, code: i32) {
        cx.exit(code);
    }
}
