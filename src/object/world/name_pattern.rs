//! Patterns of names, for the search for objects.

/// Which names an object may have that is searched for: an argument of
/// [`find_child`](crate::World::find_child) and its sisters.
///
/// A pattern is one of these:
///
/// * a name;
/// * `None`, for any name;
/// * a closure that gets the name of each object, for example to ask a regular expression:
///   `|name: &str| expression.is_match(name)`. Write the type of its argument.
pub trait NamePattern {
    /// Returns true if an object of this name is searched for. The name is empty if none was set.
    fn matches(&self, name: &str) -> bool;
}

impl NamePattern for &str {
    fn matches(&self, name: &str) -> bool {
        *self == name
    }
}

impl NamePattern for &String {
    fn matches(&self, name: &str) -> bool {
        self.as_str() == name
    }
}

impl NamePattern for Option<&str> {
    fn matches(&self, name: &str) -> bool {
        self.is_none_or(|wanted| wanted == name)
    }
}

impl<F: Fn(&str) -> bool> NamePattern for F {
    fn matches(&self, name: &str) -> bool {
        self(name)
    }
}
