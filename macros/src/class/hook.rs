//! Hooks: the methods that a class names above its struct, which the runtime calls when the object
//! enters, leaves or is woken.

use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprPath, Ident, Meta, Token};

use crate::mistake::Mistakes;

/// What can be written above a struct. Does not mention `wake`, which is for the library's own
/// classes.
const EXPECTED: &str = "expected `#[qobject(enter = Self::method)]`, `#[qobject(leave = \
                        Self::method)]`, or both with a comma between them";

/// The options that give a field its role, and are written above the field.
const OPTIONS_OF_FIELDS: [&str; 4] = ["base", "device", "socket", "skip"];

/// Returns true if this is the name of a hook, which is written above a struct.
pub(crate) fn is_name(word: &Ident) -> bool {
    Hooks::default().named(word).is_some()
}

/// The methods that a class names above its struct.
#[derive(Default)]
pub(crate) struct Hooks {
    pub(crate) enter: Option<ExprPath>,
    pub(crate) leave: Option<ExprPath>,
    pub(crate) wake: Option<ExprPath>,
}

impl Hooks {
    /// Reads the attributes of a struct.
    pub(crate) fn read(attrs: &[Attribute], mistakes: &mut Mistakes) -> Self {
        let mut hooks = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("qobject")) {
            if is_about_field(attr) {
                mistakes.at(attr, "this attribute goes above a field of the struct");
                continue;
            }
            match attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) {
                Ok(options) if !options.is_empty() => {
                    options.iter().for_each(|option| hooks.read_option(option, mistakes));
                }
                _ => mistakes.at(&attr.meta, EXPECTED),
            }
        }
        hooks
    }

    /// Reads one option. If a name comes twice, the first one counts.
    fn read_option(&mut self, option: &Meta, mistakes: &mut Mistakes) {
        let hook = option.path().get_ident().and_then(|name| Some((name, self.named(name)?)));
        let Some((name, hook)) = hook else {
            mistakes.at(option, EXPECTED);
            return;
        };
        let Some(method) = method(option) else {
            mistakes.at(
                option,
                format!("`{name}` names a method of the class: write `{name} = Self::method`"),
            );
            return;
        };
        let own_name = format!("{name}_runtime");
        if method.path.segments.last().is_some_and(|last| last.ident == own_name) {
            mistakes.at(
                method,
                format!(
                    "`{own_name}` is the method of `QObject` that calls this one: give the method \
                     of the class another name"
                ),
            );
            return;
        }
        if hook.is_some() {
            mistakes.at(
                option,
                format!(
                    "a class has one method for `{name}`: leave this out, and call the second \
                     method in the first"
                ),
            );
            return;
        }
        *hook = Some(method.clone());
    }

    /// Returns the hook of this name, if there is one.
    fn named(&mut self, name: &Ident) -> Option<&mut Option<ExprPath>> {
        match name.to_string().as_str() {
            "enter" => Some(&mut self.enter),
            "leave" => Some(&mut self.leave),
            "wake" => Some(&mut self.wake),
            _ => None,
        }
    }
}

/// Returns true if the attribute begins with an option of fields.
fn is_about_field(attr: &Attribute) -> bool {
    let first = attr.parse_args_with(|input: ParseStream<'_>| {
        let word: Ident = input.parse()?;
        input.parse::<TokenStream>()?;
        Ok(word)
    });
    first.is_ok_and(|word| OPTIONS_OF_FIELDS.iter().any(|option| word == option))
}

/// Returns the path after the equals sign, if there is one.
fn method(option: &Meta) -> Option<&ExprPath> {
    let Meta::NameValue(option) = option else { return None };
    let mut value = &option.value;
    while let Expr::Group(group) = value {
        value = &group.expr;
    }
    match value {
        Expr::Path(path) => Some(path),
        _ => None,
    }
}
