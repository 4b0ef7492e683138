//! The object tree: who goes with whom.
//!
//! Parents are optional and only ever mean one thing here: destroying a parent destroys its
//! children. Links between nodes make every change of the tree a constant cost.

use super::class::QObject;
use super::handle::{Obj, ObjectKey, Target};
use super::world::World;

impl World {
    /// Returns the object's parent, or `None` if it has none or is gone.
    pub fn parent<T: ?Sized + Target>(&self, object: Obj<T>) -> Option<Obj<dyn QObject>> {
        let node = self.nodes.get(self.own(object)?)?;
        node.parent.map(|key| self.handle(key))
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
        let first = self.own(object).and_then(|key| self.nodes.get(key)?.first_child);
        self.siblings_from(first).map(|key| self.handle(key))
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
        let mut ancestor = parent;
        while let Some(at) = ancestor {
            assert!(at != key, "{object:?} cannot be made a child of itself or its descendant");
            ancestor = self.nodes[at].parent;
        }
        if self.nodes[key].parent != parent {
            self.detach(key);
            if let Some(parent) = parent {
                self.append_child(parent, key);
            }
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
        let node = self.own(object).and_then(|key| self.nodes.get(key));
        node.and_then(|node| node.existing_extra()).map_or("", |extra| &extra.name)
    }

    /// Names the object, and emits `object_name_changed` if that is a change.
    ///
    /// # Panics
    ///
    /// Panics if the handle is stale or of another runtime.
    #[doc(alias = "setObjectName")]
    #[track_caller]
    pub fn set_object_name<T: ?Sized + Target>(&mut self, object: Obj<T>, name: impl Into<String>) {
        let (key, name) = (self.expect_node(object), name.into());
        let extra = self.nodes[key].extra();
        if extra.name != name {
            extra.name.clone_from(&name);
            if let Some(tracer) = self.recorder.tracer() {
                tracer.rename(key, &name);
            }
            extra.name_changed.emit(name);
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

    /// The keys of everything below `root`, depth first.
    pub(super) fn descendants(
        &self,
        root: Obj<impl ?Sized + Target>,
    ) -> impl Iterator<Item = ObjectKey> + '_ {
        let root = self.own(root).filter(|&key| self.nodes.contains_key(key));
        let mut at = root;
        std::iter::from_fn(move || {
            let (root, from) = (root?, at?);
            at = self.nodes[from].first_child.or_else(|| {
                let mut climb = from;
                loop {
                    if climb == root {
                        return None;
                    }
                    let node = &self.nodes[climb];
                    match node.next {
                        Some(next) => return Some(next),
                        None => climb = node.parent?,
                    }
                }
            });
            at
        })
    }

    /// The keys of a row of siblings, from `first` on.
    pub(super) fn siblings_from(
        &self,
        first: Option<ObjectKey>,
    ) -> impl Iterator<Item = ObjectKey> + '_ {
        std::iter::successors(first, |&key| self.nodes[key].next)
    }

    /// Makes the node, which has no parent, the last child of `parent`.
    pub(super) fn append_child(&mut self, parent: ObjectKey, key: ObjectKey) {
        self.nodes[key].parent = Some(parent);
        match self.nodes[parent].first_child {
            Some(first) => {
                let last = self.nodes[first].previous.replace(key);
                self.nodes[key].previous = last;
                if let Some(last) = last {
                    self.nodes[last].next = Some(key);
                }
            }
            None => {
                self.nodes[parent].first_child = Some(key);
                self.nodes[key].previous = Some(key);
            }
        }
    }

    /// Takes the node out of its parent's row of children.
    pub(super) fn detach(&mut self, key: ObjectKey) {
        let node = &mut self.nodes[key];
        let (previous, next) = (node.previous.take(), node.next.take());
        let (Some(parent), Some(previous)) = (node.parent.take(), previous) else { return };
        let first = self.nodes[parent].first_child;
        // Whoever holds this node as the one before it: the next one, or as its last the first.
        if let Some(after) = next.or(first).filter(|&after| after != key) {
            self.nodes[after].previous = Some(previous);
        }
        if first == Some(key) {
            self.nodes[parent].first_child = next;
        } else {
            self.nodes[previous].next = next;
        }
    }
}
