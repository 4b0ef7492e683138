//! Adding objects.

use std::convert::Infallible;
use std::rc::Rc;

use super::World;
use super::constructed::Constructed;
use super::node::Node;
use crate::object::anchor::Anchor;
use crate::object::class::{Obj, QObject, Target};
use crate::object::context::Context;
use crate::object::store::{Life, ObjectKey, Place};

/// Adding objects.
impl World {
    /// Adds an object and returns its handle.
    ///
    /// ```
    /// # use slotwire::prelude::*;
    /// # #[derive(QObject)]
    /// # struct Counter { value: u32 }
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::new()?;
    /// let counter = rt.add(Counter { value: 1 });
    /// assert_eq!(rt[counter].value, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn add<T: QObject>(&mut self, object: T) -> Obj<T> {
        self.insert(None, |_: &mut Context<'_, T>| object)
    }

    /// Adds an object whose constructor gets a context. The object has its handle there already, so
    /// the constructor can create children, connect to them and connect the object's own signals.
    ///
    /// A constructor is a method. If it runs in another method, what it does takes effect after
    /// that one has returned. If it does not, what it does takes effect when the runtime is called
    /// next, for example by [`Runtime::deliver`](crate::Runtime::deliver), so that the caller can
    /// connect the new object first.
    ///
    /// A constructor that returns a `Result` goes to [`try_add_with`](Self::try_add_with).
    pub fn add_with<T: QObject, C: Constructed<T>>(
        &mut self,
        construct: impl FnOnce(&mut Context<'_, T>) -> C,
    ) -> Obj<T> {
        self.insert(None, construct)
    }

    /// Adds an object whose constructor returns a `Result`; otherwise as
    /// [`add_with`](Self::add_with).
    ///
    /// ```
    /// use slotwire::prelude::*;
    ///
    /// #[derive(QObject)]
    /// struct Server {
    ///     listener: Obj<QTcpServer>,
    /// }
    ///
    /// impl Server {
    ///     fn new(cx: &mut Context<Self>) -> Result<Self, NetError> {
    ///         let listener = cx.add_child(QTcpServer::new());
    ///         cx[listener].listen(([127, 0, 0, 1], 0))?;
    ///         Ok(Self { listener })
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut rt = Runtime::new()?;
    /// let server = rt.try_add_with(Server::new)?;
    /// let listener = rt[server].listener;
    /// assert!(rt[listener].is_listening());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the constructor's error. The children that the constructor added are destroyed: in a
    /// method after that has returned, otherwise when the runtime is called next.
    pub fn try_add_with<T: QObject, E>(
        &mut self,
        construct: impl FnOnce(&mut Context<'_, T>) -> Result<T, E>,
    ) -> Result<Obj<T>, E> {
        self.try_insert(None, construct)
    }

    /// Adds an object as a child of `parent`. The object is destroyed with its parent.
    ///
    /// # Panics
    ///
    /// Panics if `parent` is stale or of another runtime.
    #[track_caller]
    pub fn add_child_of<P: ?Sized + Target, T: QObject>(
        &mut self,
        parent: Obj<P>,
        object: T,
    ) -> Obj<T> {
        let parent = self.expect_node(parent);
        self.insert(Some(parent), |_: &mut Context<'_, T>| object)
    }

    /// Adds a child of `parent` whose constructor gets a context, as [`add_with`](Self::add_with)
    /// does.
    ///
    /// A constructor that returns a `Result` goes to
    /// [`try_add_child_of_with`](Self::try_add_child_of_with).
    ///
    /// # Panics
    ///
    /// Panics if `parent` is stale or of another runtime.
    #[track_caller]
    pub fn add_child_of_with<P: ?Sized + Target, T: QObject, C: Constructed<T>>(
        &mut self,
        parent: Obj<P>,
        construct: impl FnOnce(&mut Context<'_, T>) -> C,
    ) -> Obj<T> {
        let parent = self.expect_node(parent);
        self.insert(Some(parent), construct)
    }

    /// Adds a child of `parent` whose constructor returns a `Result`, as
    /// [`try_add_with`](Self::try_add_with) does.
    ///
    /// # Errors
    ///
    /// Returns the constructor's error.
    ///
    /// # Panics
    ///
    /// Panics if `parent` is stale or of another runtime.
    #[track_caller]
    pub fn try_add_child_of_with<P: ?Sized + Target, T: QObject, E>(
        &mut self,
        parent: Obj<P>,
        construct: impl FnOnce(&mut Context<'_, T>) -> Result<T, E>,
    ) -> Result<Obj<T>, E> {
        let parent = self.expect_node(parent);
        self.try_insert(Some(parent), construct)
    }

    fn insert<T: QObject, C: Constructed<T>>(
        &mut self,
        parent: Option<ObjectKey>,
        construct: impl FnOnce(&mut Context<'_, T>) -> C,
    ) -> Obj<T> {
        match self.try_insert(parent, |cx| Ok::<_, Infallible>(construct(cx).into_object())) {
            Ok(object) => object,
            Err(never) => match never {},
        }
    }

    fn try_insert<T: QObject, E>(
        &mut self,
        parent: Option<ObjectKey>,
        construct: impl FnOnce(&mut Context<'_, T>) -> Result<T, E>,
    ) -> Result<Obj<T>, E> {
        /// A constructor that runs, and the connecting of declared slots after it. The object has
        /// only a node so far, which is removed if the constructor fails.
        struct Construction<'a> {
            world: &'a mut World,
            key: ObjectKey,
            /// True if no other method runs.
            is_outermost: bool,
            has_failed: bool,
        }

        impl Drop for Construction<'_> {
            #[inline]
            fn drop(&mut self) {
                if self.is_outermost {
                    self.world.queue.end_constructor();
                }
                if self.has_failed {
                    self.world.record_end(self.key);
                }
            }
        }

        let mut place = None;
        let key = self.arena.insert(|_, keyring| {
            (place.insert(Rc::new(Place::<T>::new(keyring))).clone(), Node::default())
        });
        if let Some(parent) = parent {
            self.tree.append(parent, key);
        }
        if let Some(observer) = self.queue.observer() {
            observer.object_added(self, key);
        }
        let is_outermost = self.queue.begin_constructor();
        let mut construction = Construction { world: self, key, is_outermost, has_failed: true };
        let mut object = Box::new(construct(&mut Context::new(construction.world, key))?);
        if let Some(observer) = construction.world.queue.observer() {
            observer.object_constructed(construction.world, key, &*object);
        }
        object.enter_runtime(&Anchor::new(construction.world, key));
        object.wired(&mut Context::new(construction.world, key));
        if let Some(place) = place {
            place.set_life(Life::Alive);
            place.fill(construction.world.arena.keyring_mut(), object);
            construction.world.came_back(key);
        }
        construction.has_failed = false;
        drop(construction);
        Ok(self.handle(key))
    }
}
