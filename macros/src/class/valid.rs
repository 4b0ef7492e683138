//! The checks of a class.

use syn::{
    AngleBracketedGenericArguments, Attribute, Data, DeriveInput, Expr, Field, Fields,
    GenericArgument, Generics, Ident, PathArguments, Type, punctuated::Iter,
};

use super::ast::{Base, DeviceKind, Kind, Start};
use super::attr::Role;
use super::head::{self, Head};
use crate::mistake::Mistakes;
use crate::text::{owned_text, plain, type_text};

/// Returns the fields of a struct that can be a class.
pub(crate) fn fields<'a>(
    input: &'a DeriveInput,
    mistakes: &mut Mistakes,
) -> Option<Iter<'a, Field>> {
    let data = match &input.data {
        Data::Struct(data) => data,
        Data::Enum(data) => {
            mistakes.at(
                data.enum_token,
                "an object class is a struct: put the enum into a field, and write \
                 `#[derive(QObject)]` above the struct that has it",
            );
            return None;
        }
        Data::Union(data) => {
            mistakes.at(data.union_token, "an object class is a struct, not a union");
            return None;
        }
    };
    parameters(&input.generics, mistakes);
    if let Fields::Unnamed(fields) = &data.fields {
        mistakes.at(
            fields,
            format!(
                "signals and properties are found by the names of their fields: write `struct {} \
                 {{ name: Type }}`",
                input.ident
            ),
        );
        return None;
    }
    Some(data.fields.iter())
}

/// Reports parameters that no class can have.
fn parameters(generics: &Generics, mistakes: &mut Mistakes) {
    if let Some(lifetime) = generics.lifetimes().next() {
        mistakes.at(
            lifetime,
            "an object class has no lifetime parameters, since a runtime keeps its objects as long \
             as it likes: own the value (a `String` for a `&str`), or share it in an `Rc`",
        );
        return;
    }
    for parameter in generics.type_params() {
        let name = &parameter.ident;
        if head::bounds(name, generics).next().is_none() {
            mistakes.at(
                name,
                format!(
                    "an object class holds no references, since a runtime keeps its objects as \
                     long as it likes: write `{name}: 'static`, here and in the impl blocks"
                ),
            );
        }
    }
}

/// Returns true if the type can be that of a base, and reports the type otherwise.
pub(crate) fn base_type(ty: &Type, generics: &Generics, mistakes: &mut Mistakes) -> bool {
    let is_parameter = generics.type_params().any(|parameter| is_path(ty, &parameter.ident));
    if is_parameter {
        mistakes.at(
            ty,
            "a class extends one other class, and this parameter stands for many: name the class",
        );
    }
    !is_parameter
}

fn is_path(ty: &Type, name: &Ident) -> bool {
    matches!(ty, Type::Path(path) if path.qself.is_none() && path.path.is_ident(name))
}

/// Reports attributes above the struct that belong above its fields. `Hooks` checks `qobject`.
pub(crate) fn container(attrs: &[Attribute], mistakes: &mut Mistakes) {
    for attr in attrs {
        if ["signal", "property", "child", "init"].iter().any(|name| attr.path().is_ident(name)) {
            mistakes.at(attr, "this attribute goes above a field of the struct");
        }
    }
}

/// Returns the role of a field without attributes whose type has only one use, and reports the
/// missing attribute.
pub(crate) fn forgotten_role<'a>(field: &Field, mistakes: &mut Mistakes) -> Option<Role<'a>> {
    let (kind, attribute, type_name) = if argument_of(&field.ty, "Signal").is_some() {
        (Kind::Signal, "#[signal]", "Signal")
    } else if argument_of(&field.ty, "Property").is_some() {
        (Kind::Property { read_only: false }, "#[property]", "Property")
    } else {
        return None;
    };
    let name = field.ident.as_ref().map(plain).unwrap_or_default();
    mistakes.at(
        &field.ident,
        format!(
            "`{name}` is a `{type_name}` that nobody could connect to: write `{attribute}` above \
             it (or `#[qobject(skip)]`, if nobody needs to)"
        ),
    );
    Some(Role::Member(kind))
}

/// Returns how a field of this role starts.
pub(crate) fn start<'a>(
    role: Option<&Role<'_>>,
    init: Option<(&Attribute, Option<Expr>)>,
    ty: &'a Type,
    mistakes: &mut Mistakes,
) -> Start<'a> {
    match (role, init) {
        (Some(Role::Child(child)), None) => match child_type(ty, child.is_some(), mistakes) {
            Some(class) => Start::Child(class, child.clone()),
            None => Start::Mistaken,
        },
        (Some(Role::Child(_)), Some((attr, _))) => {
            mistakes.at(
                attr,
                "a child starts as its own attribute says: write `#[child(value)]` in place of both",
            );
            Start::Mistaken
        }
        (Some(Role::Member(Kind::Signal)), Some((attr, _))) => {
            mistakes.at(attr, "a signal has no start value: leave this out");
            Start::Mistaken
        }
        (_, Some((_, None))) => Start::Mistaken,
        (Some(Role::Member(Kind::Property { .. })), Some((_, Some(value)))) => {
            argument_of(ty, "Property").map_or(Start::Mistaken, |ty| Start::Value(ty, value))
        }
        (_, Some((_, Some(value)))) => Start::Init(value),
        (Some(Role::Base(..)), None) => Start::Base,
        (_, None) => Start::Default,
    }
}

/// Returns true for the type of a handle.
pub(crate) fn is_handle(ty: &Type) -> bool {
    argument_of(ty, "Obj").is_some()
}

/// Returns the class of a child from the type of its field.
fn child_type<'a>(ty: &'a Type, has_value: bool, mistakes: &mut Mistakes) -> Option<&'a Type> {
    let class = argument_of(ty, "Obj");
    match class {
        None => mistakes.at(
            ty,
            match arguments_of(ty, "Obj") {
                Some(_) => "`Obj<_>` names the class of the child: write `Obj<Class>`".to_owned(),
                None if ["Option", "Vec"].iter().any(|name| argument_of(ty, name).is_some()) => {
                    "a field with `#[child]` is a handle, `Obj<_>`; a child that may be missing, \
                     and several ones, are added by an expression: \
                     `#[init((0..4).map(|_| cx.add_child(Class::new())).collect())]`"
                        .to_owned()
                }
                None => format!(
                    "a field with `#[child]` is the handle of a child: write `Obj<{}>`",
                    type_text(ty)
                ),
            },
        ),
        Some(class @ (Type::TraitObject(_) | Type::ImplTrait(_))) if !has_value => {
            mistakes.at(
                class,
                "many classes have this trait: write the object to add, `#[child(value)]`",
            );
            return None;
        }
        Some(_) => {}
    }
    class
}

/// Returns true if there is no base yet, and reports the attribute otherwise.
pub(crate) fn only_base(
    first: Option<&Base<'_>>,
    attr: &Attribute,
    mistakes: &mut Mistakes,
) -> bool {
    if let Some(first) = first {
        mistakes.at(
            attr,
            format!(
                "a class extends one other class, and `{}` is the base already: leave this out, \
                 and hold further objects as children in an `Obj<_>`",
                first.field
            ),
        );
    }
    first.is_none()
}

/// Returns true if nothing makes the class a device yet, and reports the attribute otherwise.
pub(crate) fn only_device(
    first: Option<&Ident>,
    attr: &Attribute,
    mistakes: &mut Mistakes,
) -> bool {
    if let Some(first) = first {
        mistakes.at(
            attr,
            format!("a class is one device, and the field `{first}` makes it one: leave this out"),
        );
    }
    first.is_none()
}

/// Returns true if a field has the type of the state of such a device, and reports the type
/// otherwise.
pub(crate) fn device_type(kind: DeviceKind, ty: &Type, mistakes: &mut Mistakes) -> bool {
    let (names, mistake): (&[&str], _) = match kind {
        DeviceKind::Plain => (
            &["Device"],
            "a field with `#[qobject(device)]` is of type `Device`; for a class that extends \
             another device, write `#[qobject(base: QIODevice)]`",
        ),
        DeviceKind::Socket => (
            &["StreamSocket", "DatagramSocket"],
            "`#[qobject(socket)]` is for the classes of slotwire; for a class that extends one of \
             them, write `#[qobject(base: QAbstractSocket)]`",
        ),
    };
    let is_device = match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| names.iter().any(|name| last.ident == name)),
        _ => false,
    };
    if !is_device {
        mistakes.at(ty, mistake);
    }
    is_device
}

/// Returns the type of a signal's argument, or of a property, from the type of its field.
pub(crate) fn member_type<'a>(
    kind: Kind,
    ty: &'a Type,
    mistakes: &mut Mistakes,
) -> Option<&'a Type> {
    let (attribute, name) = match kind {
        Kind::Signal => ("#[signal]", "Signal"),
        Kind::Property { .. } => ("#[property]", "Property"),
    };
    let argument = argument_of(ty, name);
    match argument {
        None => {
            let meant = match arguments_of(ty, name) {
                Some(Some(several)) => format!("({})", type_text(&several.args)),
                Some(None) => "_".to_owned(),
                None => type_text(ty),
            };
            mistakes.at(
                ty,
                format!(
                    "a field with `{attribute}` is of type `{name}<_>`: write `{name}<{meant}>`"
                ),
            );
        }
        Some(carried) if is_reference(carried) => {
            mistakes.at(
                carried,
                format!(
                    "a `{name}` holds a value of its own, and no reference: write `{name}<{}>`",
                    owned_text(carried)
                ),
            );
        }
        Some(_) => {}
    }
    argument
}

/// Reports a property whose type is a parameter of which nothing is known.
pub(crate) fn property_of_parameter(
    kind: Kind,
    carries: &Type,
    head: &Head<'_>,
    mistakes: &mut Mistakes,
) {
    if kind != Kind::Signal && head.has_no_trait(carries) {
        let name = type_text(carries);
        mistakes.at(
            carries,
            format!(
                "a property is compared with its new value, and its change signal carries a copy: \
                 write `{name}: Clone + PartialEq + 'static`, here and in the impl blocks"
            ),
        );
    }
}

/// Returns true for a reference that does not live for ever.
fn is_reference(ty: &Type) -> bool {
    let Type::Reference(reference) = ty else { return false };
    reference.lifetime.as_ref().is_none_or(|lifetime| lifetime.ident != "static")
}

/// Reports the name of a signal that every object has: `#[slot(field.name)]` and Qt's name would
/// mean that one.
pub(crate) fn member_name(field: &Ident, kind: Kind, mistakes: &mut Mistakes) {
    let name = plain(field);
    let signal = match kind {
        Kind::Signal => name.clone(),
        Kind::Property { .. } => format!("{name}_changed"),
    };
    let (when, connect) = match &*signal {
        "destroyed" => ("before its end", "connect_destroyed"),
        "object_name_changed" => ("when its name has changed", "connect_object_name_changed_fn"),
        _ => return,
    };
    let what = match kind {
        Kind::Signal => "signal",
        Kind::Property { .. } => "property",
    };
    mistakes.at(
        field,
        format!(
            "every object has the signal `{signal}`, which is emitted {when}, and to which \
             `{connect}` connects: give this {what} another name"
        ),
    );
}

/// Returns the `A` of a `Name<A>`.
fn argument_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let arguments = arguments_of(ty, name)??;
    match (arguments.args.first(), arguments.args.len()) {
        (Some(GenericArgument::Type(argument)), 1) => Some(argument),
        _ => None,
    }
}

/// Returns the arguments of a type of this name, which may have none; `None` for another type.
fn arguments_of<'a>(
    ty: &'a Type,
    name: &str,
) -> Option<Option<&'a AngleBracketedGenericArguments>> {
    let path = match ty {
        Type::Path(path) => path,
        Type::Group(group) => return arguments_of(&group.elem, name),
        Type::Paren(paren) => return arguments_of(&paren.elem, name),
        _ => return None,
    };
    let last = path.path.segments.last().filter(|last| last.ident == name)?;
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) => Some(Some(arguments)),
        _ => Some(None),
    }
}
