//! Families: parents, children, and finding objects by their names.
//!
//! Parents are optional and mean one thing: destroying a parent destroys its children. Who is whose
//! parent is in `tree.rs`.

use super::World;
use crate::object::class::{Obj, QObject, Target};
use crate::object::store::ObjectKey;

impl World {
    /// Returns the object's parent, or `None` if it has none or is gone.
    pub fn parent<T: ?Sized + Target>(&self, object: Obj<T>) -> Option<Obj<dyn QObject>> {
        self.tree.parent(self.own(object)?).map(|key| self.handle(key))
    }

    /// Returns the object's children in the order in which they were added; none if it is gone.
    ///
    /// ```
    /// # use slotwire::prelude::*;
    /// # #[derive(QObject, Default)]
    /// # struct Node {}
    /// # fn main() -> Result<(), slotwire::Error> {
    /// # let mut rt = Runtime::new()?;
    /// let parent = rt.add(Node::default());
    /// let first = rt.add_child_of(parent, Node::default());
    /// let second = rt.add_child_of(parent, Node::default());
    /// assert_eq!(rt.children(parent).collect::<Vec<_>>(), [first, second]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn children<T: ?Sized + Target>(
        &self,
        object: Obj<T>,
    ) -> impl Iterator<Item = Obj<dyn QObject>> + '_ {
        let children = self.own(object).map(|key| self.tree.children(key));
        children.into_iter().flatten().map(|key| self.handle(key))
    }

    /// Makes `object` a child of `parent`, the last one, or of nobody.
    ///
    /// # Panics
    ///
    /// Panics if a handle is stale or of another runtime, or if `parent` is `object` or one of its
    /// descendants: a tree has no circles.
    #[doc(alias = "setParent")]
    #[track_caller]
    pub fn set_parent<T: ?Sized + Target, P: ?Sized + Target>(
        &mut self,
        object: Obj<T>,
        parent: impl Into<Option<Obj<P>>>,
    ) {
        let key = self.expect_node(object);
        let parent = parent.into().map(|parent| self.expect_node(parent));
        if self.tree.parent(key) == parent {
            return;
        }
        if let Some(parent) = parent {
            let mut line = std::iter::once(parent).chain(self.tree.ancestors(parent));
            assert!(
                line.all(|ancestor| ancestor != key),
                "{object:?} cannot be made a child of itself or its descendant"
            );
        }
        self.tree.detach(key);
        if let Some(parent) = parent {
            self.tree.append(parent, key);
        }
    }

    /// Leaves the object without a parent, so that it outlives the one it had.
    ///
    /// # Panics
    ///
    /// Panics if the handle is stale or of another runtime.
    #[track_caller]
    pub fn clear_parent<T: ?Sized + Target>(&mut self, object: Obj<T>) {
        self.set_parent(object, None::<Obj<dyn QObject>>);
    }

    /// Finds the first descendant of class `T`, or a class that extends it, with this name if one
    /// is given. Depth first, in the order in which children were added.
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
    /// assert_eq!(rt.find_child::<Lamp>(room, "desk"), Some(lamp));
    /// assert_eq!(rt.find_child::<Lamp>(room, None), Some(lamp));
    /// assert_eq!(rt.find_child::<Room>(room, None), None);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "findChild")]
    pub fn find_child<'n, T: QObject>(
        &self,
        root: Obj<impl ?Sized + Target>,
        name: impl Into<Option<&'n str>>,
    ) -> Option<Obj<T>> {
        let name = name.into();
        self.descendants(root).find_map(|key| self.matching(key, name))
    }

    /// Finds all descendants of class `T`, or a class that extends it, with this name if one is
    /// given.
    #[doc(alias = "findChildren")]
    pub fn find_children<'n, T: QObject>(
        &self,
        root: Obj<impl ?Sized + Target>,
        name: impl Into<Option<&'n str>>,
    ) -> Vec<Obj<T>> {
        let name = name.into();
        self.descendants(root).filter_map(|key| self.matching(key, name)).collect()
    }

    /// Returns the object's name: empty unless one was set.
    #[doc(alias = "objectName")]
    pub fn object_name<T: ?Sized + Target>(&self, object: Obj<T>) -> &str {
        let node = self.own(object).and_then(|key| self.arena.node(key));
        node.and_then(|node| node.existing_extra()).map_or("", |extra| &extra.name)
    }

    /// Names the object, and emits `object_name_changed` if that is a change: it is delivered when
    /// the running method has returned, or at once where none runs.
    ///
    /// # Panics
    ///
    /// Panics if the handle is stale or of another runtime; where no method runs, when a slot does.
    #[doc(alias = "setObjectName")]
    #[track_caller]
    pub fn set_object_name<T: ?Sized + Target>(&mut self, object: Obj<T>, name: impl Into<String>) {
        let (key, name) = (self.expect_node(object), name.into());
        let extra = self.arena[key].extra();
        if extra.name != name {
            extra.name.clone_from(&name);
            if let Some(observer) = self.queue.observer() {
                observer.object_renamed(key, &name);
            }
            extra.name_changed.emit(name);
            self.settle();
        }
    }

    fn matching<T: QObject>(&self, key: ObjectKey, name: Option<&str>) -> Option<Obj<T>> {
        let object: Obj<dyn QObject> = self.handle(key);
        if name.is_none_or(|name| self.object_name(object) == name) {
            self.downcast(object)
        } else {
            None
        }
    }

    /// Returns the parent of an object, its parent, and so on.
    pub(in crate::object) fn ancestors(&self, key: ObjectKey) -> impl Iterator<Item = ObjectKey> {
        self.tree.ancestors(key)
    }

    /// The keys of everything below `root`, depth first.
    pub(in crate::object) fn descendants(
        &self,
        root: Obj<impl ?Sized + Target>,
    ) -> impl Iterator<Item = ObjectKey> + '_ {
        let root = self.own(root).filter(|&key| self.arena.contains(key));
        root.map(|key| self.tree.descendants(key)).into_iter().flatten()
    }
}
