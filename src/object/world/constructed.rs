//! What a constructor returns.

/// What a constructor for [`World::add_with`](crate::World::add_with) returns: the object.
///
/// The trait exists for the compiler's message, which names
/// [`try_add_with`](crate::World::try_add_with) to those whose constructor returns a `Result`.
#[diagnostic::on_unimplemented(
    message = "the constructor returns `{Self}`, and not a `{T}`",
    label = "needs a constructor that returns a `{T}`",
    note = "if the constructor returns a `Result`, pass it to `try_add_with`, `try_add_child_with` or `try_add_child_of_with`, which return a `Result` too"
)]
pub trait Constructed<T> {
    /// Returns the object.
    #[doc(hidden)]
    fn into_object(self) -> T;
}

impl<T> Constructed<T> for T {
    #[inline]
    fn into_object(self) -> T {
        self
    }
}
