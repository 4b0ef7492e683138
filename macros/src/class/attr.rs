//! The attributes of a field.

use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::{Attribute, Expr, Field, Ident, Meta, Path, Token};

use super::ast::{DeviceKind, Kind};
use super::{hook, valid};
use crate::mistake::Mistakes;

/// The attributes of a field.
pub(crate) struct FieldAttrs<'a> {
    pub(crate) role: Option<Role<'a>>,
    /// The `#[init(…)]`, with its expression unless that is mistaken.
    pub(crate) init: Option<(&'a Attribute, Option<Expr>)>,
    /// True if there is a `#[child]` or an `#[init]`, mistaken or not.
    pub(crate) is_declared: bool,
    pub(crate) docs: Vec<&'a Attribute>,
}

/// The role of a field in its class.
pub(crate) enum Role<'a> {
    Member(Kind),
    Base(&'a Attribute, Option<DeviceKind>),
    Device(&'a Attribute, DeviceKind),
    /// A child, with its start value if the attribute has one.
    Child(Option<Expr>),
    Skipped,
}

impl<'a> FieldAttrs<'a> {
    /// Reads the attributes of a field. The first one that has a role decides.
    pub(crate) fn read(field: &'a Field, mistakes: &mut Mistakes) -> Self {
        let mut read = Self { role: None, init: None, is_declared: false, docs: Vec::new() };
        for attr in &field.attrs {
            let path = attr.path();
            if path.is_ident("doc") {
                read.docs.push(attr);
                continue;
            }
            read.is_declared |= path.is_ident("child") || path.is_ident("init");
            if path.is_ident("init") {
                read.read_init(attr, mistakes);
                continue;
            }
            let Some(role) = (if path.is_ident("signal") {
                Some(signal(attr, mistakes))
            } else if path.is_ident("property") {
                Some(property(attr, mistakes))
            } else if path.is_ident("qobject") {
                Some(qobject(attr, mistakes))
            } else if path.is_ident("child") {
                Some(child(attr, mistakes))
            } else {
                None
            }) else {
                continue;
            };
            if read.role.is_some() {
                mistakes.at(
                    attr,
                    "a field has one role: a `#[signal]`, a `#[property]`, a `#[child]` or the \
                     `#[qobject(base)]`; leave out one of them",
                );
                // The type tells whether it is a child, so that no second error follows.
                if matches!(read.role, Some(Role::Child(_))) != valid::is_handle(&field.ty) {
                    read.role = Some(role);
                }
            } else {
                read.role = Some(role);
            }
        }
        read
    }

    /// Reads an `#[init(…)]`.
    fn read_init(&mut self, attr: &'a Attribute, mistakes: &mut Mistakes) {
        let value = expression(attr);
        if value.is_none() {
            mistakes.at(&attr.meta, "`#[init]` takes the start value: write `#[init(value)]`");
        }
        if self.init.is_some() {
            mistakes.at(attr, "a field has one start value: leave out one of them");
            return;
        }
        self.init = Some((attr, value));
    }
}

fn child<'a>(attr: &Attribute, mistakes: &mut Mistakes) -> Role<'a> {
    if let Meta::Path(_) = attr.meta {
        return Role::Child(None);
    }
    let child = expression(attr);
    if child.is_none() {
        mistakes.at(
            &attr.meta,
            "write `#[child]` for a child that starts with its `Default`, or `#[child(value)]` \
             with the object to add",
        );
    }
    Role::Child(child)
}

/// Returns the expression in the brackets of an attribute, if there is one.
fn expression(attr: &Attribute) -> Option<Expr> {
    match &attr.meta {
        Meta::List(list) => list.parse_args().ok(),
        _ => None,
    }
}

fn signal<'a>(attr: &Attribute, mistakes: &mut Mistakes) -> Role<'a> {
    if !matches!(attr.meta, Meta::Path(_)) {
        mistakes.at(
            attr,
            "`#[signal]` has no options; the type `Signal<_>` says what the signal carries",
        );
    }
    Role::Member(Kind::Signal)
}

fn property<'a>(attr: &Attribute, mistakes: &mut Mistakes) -> Role<'a> {
    let mut read_only = false;
    if !matches!(attr.meta, Meta::Path(_)) {
        let option = attr.parse_args::<Path>();
        if option.as_ref().is_ok_and(|option| option.is_ident("read_only")) {
            read_only = true;
        } else {
            mistakes.at(
                &attr.meta,
                "unknown option of a property: write `#[property]`, or `#[property(read_only)]`",
            );
        }
    }
    Role::Member(Kind::Property { read_only })
}

fn qobject<'a>(attr: &'a Attribute, mistakes: &mut Mistakes) -> Role<'a> {
    let parsed = attr.parse_args_with(|input: ParseStream<'_>| {
        let word: Ident = input.parse()?;
        if hook::is_name(&word) {
            input.parse::<TokenStream>()?;
            return Ok((word, None));
        }
        let forwarded = match input.parse::<Option<Token![:]>>()? {
            Some(_) => Some(input.parse::<Path>()?),
            None => None,
        };
        Ok((word, forwarded))
    });
    match parsed {
        Ok((word, None)) if word == "skip" => Role::Skipped,
        Ok((word, None)) if word == "device" => Role::Device(attr, DeviceKind::Plain),
        Ok((word, None)) if word == "socket" => Role::Device(attr, DeviceKind::Socket),
        Ok((word, None)) if word == "base" => Role::Base(attr, None),
        Ok((word, Some(forwarded))) if word == "base" => {
            Role::Base(attr, forwards(&forwarded, mistakes))
        }
        Ok((word, _)) if hook::is_name(&word) => {
            mistakes.at(
                &attr.meta,
                format!(
                    "`{word}` names a method of the class: write `#[qobject({word} = \
                     Self::method)]` above the struct"
                ),
            );
            Role::Skipped
        }
        _ => {
            mistakes.at(
                &attr.meta,
                "expected `#[qobject(base)]` on the object of the class that this one extends, \
                 `#[qobject(device)]` on the state of a device, or `#[qobject(skip)]`",
            );
            Role::Skipped
        }
    }
}

/// Returns the kind of device that the trait after `base:` stands for.
fn forwards(forwarded: &Path, mistakes: &mut Mistakes) -> Option<DeviceKind> {
    let name = forwarded.segments.last().map(|last| last.ident.to_string());
    match name.as_deref() {
        Some("QIODevice") => Some(DeviceKind::Plain),
        Some("QAbstractSocket") => Some(DeviceKind::Socket),
        _ => {
            mistakes.at(
                forwarded,
                "`base:` takes one of the traits `QIODevice` and `QAbstractSocket`: write \
                 `#[qobject(base: QIODevice)]`, `#[qobject(base: QAbstractSocket)]`, or \
                 `#[qobject(base)]` for any other class",
            );
            None
        }
    }
}
