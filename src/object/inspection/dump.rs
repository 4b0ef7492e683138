//! Looking at a running program: its objects as text, and its connections.

use std::fmt::Write;

use crate::object::class::{MetaObject, Obj, QObject, Target, each_signal};
use crate::object::store::{Number, ObjectKey};
use crate::object::world::World;

/// One connection, as reflection sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// The name of the signal, as in the sender's class.
    pub signal: &'static str,
    /// The receiver, or `None` for a closure without one.
    pub receiver: Option<Obj<dyn QObject>>,
}

impl World {
    /// Returns the open connections from an object's signals, in the order of the signals in its
    /// class, then of the classes that it extends. Returns none if the object is gone or busy.
    #[doc(alias = "dumpObjectInfo")]
    pub fn connections<T: ?Sized + Target>(&self, object: Obj<T>) -> Vec<ConnectionInfo> {
        let mut found = Vec::new();
        if let Some(object) = self.get(object.erase()) {
            each_signal(object, &mut |signal, shown| {
                let Some(core) = shown.any_core() else { return };
                core.0.each(&mut |_, link| {
                    let receiver = link.receiver().map(|key| self.handle(key));
                    found.push(ConnectionInfo { signal: signal.name(), receiver });
                });
            });
        }
        found
    }

    /// Returns the objects as an indented tree: one line for each object, with its class, number
    /// and name.
    ///
    /// ```
    /// # use slotwire::prelude::*;
    /// # #[derive(QObject, Default)]
    /// # struct Room {}
    /// # #[derive(QObject, Default)]
    /// # struct Lamp {}
    /// # fn main() -> Result<(), slotwire::Error> {
    /// # let mut rt = Runtime::new()?;
    /// let room = rt.add(Room::default());
    /// let lamp = rt.add_child_of(room, Lamp::default());
    /// rt.set_object_name(lamp, "desk");
    /// assert_eq!(rt.dump_object_tree(room), "Room 1v1\n    Lamp 2v1 \"desk\"\n");
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "dumpObjectTree")]
    pub fn dump_object_tree<T: ?Sized + Target>(&self, root: Obj<T>) -> String {
        let mut text = String::new();
        if self.contains(root) {
            self.dump_line(root.key, 0, &mut text);
            for key in self.descendants(root) {
                let above = self.ancestors(key).take_while(|&ancestor| ancestor != root.key);
                self.dump_line(key, above.count() + 1, &mut text);
            }
        }
        text
    }

    fn dump_line(&self, key: ObjectKey, depth: usize, text: &mut String) {
        let class = self.class(key).map_or("", MetaObject::class_name);
        let name = self.object_name(self.handle::<dyn QObject>(key));
        let name = if name.is_empty() { String::new() } else { format!(" {name:?}") };
        let written = writeln!(text, "{:1$}{class} {2}{name}", "", depth * 4, Number(key));
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    }
}
