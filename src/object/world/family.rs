//! Families: parents, children, and finding objects by their names.
//!
//! A parent is optional and means one thing: destroying a parent destroys its children. `tree.rs`
//! knows who is whose parent.

use super::World;
use super::name_pattern::NamePattern;
use crate::object::class::{Obj, QObject, Target};
use crate::object::store::ObjectKey;

impl World {
    /// Returns the object's parent, or `None` if the object has none or is gone.
    pub fn parent<T: ?Sized + Target>(&self, object: Obj<T>) -> Option<Obj<dyn QObject>> {
        self.tree.parent(self.own(object)?).map(|key| self.handle(key))
    }

    /// Returns the object's children in the order in which they were added, or none if the object
    /// is gone.
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

    /// Makes `object` the last child of `parent`, or removes it from its parent if `parent` is
    /// `None`.
    ///
    /// # Panics
    ///
    /// Panics if a handle is stale or of another runtime, or if `parent` is `object` or one of its
    /// descendants.
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
            // Only an object with children is above others.
            let most = if self.tree.has_children(key) { usize::MAX } else { 1 };
            let mut line = std::iter::once(parent).chain(self.tree.ancestors(parent)).take(most);
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

    /// Removes the object from its parent, so that it is not destroyed with the parent.
    ///
    /// # Panics
    ///
    /// Panics if the handle is stale or of another runtime.
    #[track_caller]
    pub fn clear_parent<T: ?Sized + Target>(&mut self, object: Obj<T>) {
        self.set_parent(object, None::<Obj<dyn QObject>>);
    }

    /// Returns a descendant of class `T`, or of a class that extends it, with this name if one is
    /// given. Children of `root` come before their descendants; otherwise the order is that in which
    /// children were added, as in Qt.
    ///
    /// `name` may be a name, `None` for any name, or a closure: see [`NamePattern`].
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
    /// assert_eq!(rt.find_child::<Lamp>(room, |name: &str| name.ends_with("sk")), Some(lamp));
    /// assert_eq!(rt.find_child::<Room>(room, None), None);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "findChild")]
    pub fn find_child<T: QObject>(
        &self,
        root: Obj<impl ?Sized + Target>,
        name: impl NamePattern,
    ) -> Option<Obj<T>> {
        let parents = self.own(root).into_iter().chain(self.descendants(root));
        let mut below = parents.flat_map(|parent| self.tree.children(parent));
        below.find_map(|key| self.matching(key, &name))
    }

    /// Returns all descendants of class `T`, or of a class that extends it, with this name if one
    /// is given: depth first, in the order in which children were added.
    ///
    /// `name` may be a name, `None` for any name, or a closure: see [`NamePattern`].
    #[doc(alias = "findChildren")]
    pub fn find_children<T: QObject>(
        &self,
        root: Obj<impl ?Sized + Target>,
        name: impl NamePattern,
    ) -> Vec<Obj<T>> {
        self.descendants(root).filter_map(|key| self.matching(key, &name)).collect()
    }

    /// Returns the first child of class `T`, or of a class that extends it, with this name if one is
    /// given. Children of children are not searched; otherwise as
    /// [`find_child`](Self::find_child).
    #[doc(alias = "findChild")]
    #[doc(alias = "FindDirectChildrenOnly")]
    pub fn find_direct_child<T: QObject>(
        &self,
        parent: Obj<impl ?Sized + Target>,
        name: impl NamePattern,
    ) -> Option<Obj<T>> {
        let mut children = self.own(parent).into_iter().flat_map(|key| self.tree.children(key));
        children.find_map(|key| self.matching(key, &name))
    }

    /// Returns the children of class `T`, or of a class that extends it, with this name if one is
    /// given. Children of children are not searched; otherwise as
    /// [`find_children`](Self::find_children).
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
    /// let lamps: Vec<_> = (0..3).map(|_| rt.add_child_of(room, Lamp::default())).collect();
    /// let bulb = rt.add_child_of(lamps[0], Lamp::default());
    /// for (lamp, name) in [(lamps[0], "red 1"), (lamps[1], "red 2"), (bulb, "red 3")] {
    ///     rt.set_object_name(lamp, name);
    /// }
    /// assert_eq!(rt.find_direct_children::<Lamp>(room, None), lamps);
    ///
    /// let red = |name: &str| name.starts_with("red");
    /// assert_eq!(rt.find_direct_children::<Lamp>(room, red), lamps[..2]);
    /// assert_eq!(rt.find_children::<Lamp>(room, red), [lamps[0], bulb, lamps[1]]);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "findChildren")]
    #[doc(alias = "FindDirectChildrenOnly")]
    pub fn find_direct_children<T: QObject>(
        &self,
        parent: Obj<impl ?Sized + Target>,
        name: impl NamePattern,
    ) -> Vec<Obj<T>> {
        let children = self.own(parent).into_iter().flat_map(|key| self.tree.children(key));
        children.filter_map(|key| self.matching(key, &name)).collect()
    }

    /// Returns the object's name, which is empty if none was set or the object is gone.
    #[doc(alias = "objectName")]
    pub fn object_name<T: ?Sized + Target>(&self, object: Obj<T>) -> &str {
        let node = self.own(object).and_then(|key| self.arena.node(key));
        node.and_then(|node| node.existing_extra()).map_or("", |extra| &extra.name)
    }

    /// Sets the object's name, and emits `object_name_changed` if the new name differs. The signal
    /// is delivered after the running method has returned, or at once where no method runs.
    ///
    /// # Panics
    ///
    /// Panics if the handle is stale or of another runtime. Where no method runs, panics if a slot
    /// panics.
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

    fn matching<T: QObject>(&self, key: ObjectKey, name: &impl NamePattern) -> Option<Obj<T>> {
        let object: Obj<dyn QObject> = self.handle(key);
        let found = self.downcast(object)?;
        name.matches(self.object_name(object)).then_some(found)
    }

    /// Returns the parent of an object, the parent of that parent, and so on.
    pub(in crate::object) fn ancestors(&self, key: ObjectKey) -> impl Iterator<Item = ObjectKey> {
        self.tree.ancestors(key)
    }

    /// Returns the keys of all objects below `root`, depth first.
    pub(in crate::object) fn descendants(
        &self,
        root: Obj<impl ?Sized + Target>,
    ) -> impl Iterator<Item = ObjectKey> + '_ {
        let root = self.own(root).filter(|&key| self.arena.contains(key));
        root.map(|key| self.tree.descendants(key)).into_iter().flatten()
    }
}
