//! The attributes of a field.

use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::{Attribute, Ident, Meta, Path, Token};

use super::ast::{DeviceKind, Kind};
use super::hook;
use crate::mistake::Mistakes;

/// The attributes of a field.
pub(crate) struct FieldAttrs<'a> {
    pub(crate) role: Option<Role<'a>>,
    pub(crate) docs: Vec<&'a Attribute>,
}

/// The role of a field in its class.
pub(crate) enum Role<'a> {
    Member(Kind),
    Base(&'a Attribute, Option<DeviceKind>),
    Device(&'a Attribute, DeviceKind),
    Skipped,
}

impl<'a> FieldAttrs<'a> {
    /// Reads the attributes of a field. The first one that has a role decides.
    pub(crate) fn read(attrs: &'a [Attribute], mistakes: &mut Mistakes) -> Self {
        let mut read = Self { role: None, docs: Vec::new() };
        for attr in attrs {
            let path = attr.path();
            if path.is_ident("doc") {
                read.docs.push(attr);
                continue;
            }
            let Some(role) = (if path.is_ident("signal") {
                Some(signal(attr, mistakes))
            } else if path.is_ident("property") {
                Some(property(attr, mistakes))
            } else if path.is_ident("qobject") {
                Some(qobject(attr, mistakes))
            } else {
                None
            }) else {
                continue;
            };
            if read.role.is_some() {
                mistakes.at(
                    attr,
                    "a field has one role: a `#[signal]`, a `#[property]` or the \
                     `#[qobject(base)]`; leave out one of them",
                );
            } else {
                read.role = Some(role);
            }
        }
        read
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
