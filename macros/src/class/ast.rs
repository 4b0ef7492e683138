//! The tree: a class as its struct describes it.

use syn::{Attribute, DeriveInput, Expr, Field, Ident, Type, Visibility};

use super::attr::{FieldAttrs, Role};
use super::head::Head;
use super::hook::Hooks;
use super::valid;
use crate::mistake::Mistakes;

/// A struct that becomes a class.
pub(crate) struct Class<'a> {
    pub(crate) vis: &'a Visibility,
    pub(crate) ident: &'a Ident,
    pub(crate) head: Head<'a>,
    /// True if the struct is mistaken, since it has lifetime parameters.
    pub(crate) has_lifetimes: bool,
    pub(crate) hooks: Hooks,
    pub(crate) base: Option<Base<'a>>,
    pub(crate) device: Option<OwnDevice<'a>>,
    pub(crate) members: Vec<Member<'a>>,
    /// The types of the fields without a role, which are data of the class.
    pub(crate) data: Vec<&'a Type>,
    /// All fields in their order, as `declared` fills them.
    pub(crate) parts: Vec<Part<'a>>,
    /// True if the class has a `declared`, since one of its fields has a `#[child]` or an `#[init]`.
    pub(crate) is_declared: bool,
}

/// A field of a declared object.
pub(crate) struct Part<'a> {
    pub(crate) field: &'a Ident,
    pub(crate) ty: &'a Type,
    pub(crate) start: Start<'a>,
}

/// How a field starts.
pub(crate) enum Start<'a> {
    /// As the handle of a child of this class, whose start value may be given.
    Child(&'a Type, Option<Expr>),
    /// As a property of this type, with a value.
    Value(&'a Type, Expr),
    /// As an expression says.
    Init(Expr),
    /// As the object that the class extends.
    Base,
    /// With the type's `Default`.
    Default,
    /// In no way, since there is a mistake.
    Mistaken,
}

/// The field whose class this class extends.
pub(crate) struct Base<'a> {
    pub(crate) field: &'a Ident,
    pub(crate) class: &'a Type,
    /// What the class is in addition, because its base is one: a device or a socket.
    pub(crate) forwards: Option<DeviceKind>,
}

/// The field that makes the class a device by itself.
pub(crate) struct OwnDevice<'a> {
    pub(crate) field: &'a Ident,
    pub(crate) kind: DeviceKind,
}

/// What kind of device a class is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceKind {
    /// A device that is not a socket.
    Plain,
    /// A socket, which is a device too.
    Socket,
}

/// A field that is part of the interface of the class.
pub(crate) struct Member<'a> {
    pub(crate) field: &'a Ident,
    /// The type of the signal's argument, or of the property.
    pub(crate) carries: &'a Type,
    pub(crate) kind: Kind,
    pub(crate) docs: Vec<&'a Attribute>,
}

/// What a member is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Signal,
    Property { read_only: bool },
}

impl<'a> Class<'a> {
    /// Reads a class. Returns `None` if the input does not have enough for one.
    pub(crate) fn read(input: &'a DeriveInput, mistakes: &mut Mistakes) -> Option<Self> {
        let fields = valid::fields(input, mistakes)?;
        valid::container(&input.attrs, mistakes);
        let mut class = Class {
            vis: &input.vis,
            ident: &input.ident,
            head: Head::new(&input.ident, &input.generics),
            has_lifetimes: input.generics.lifetimes().next().is_some(),
            hooks: Hooks::read(&input.attrs, mistakes),
            base: None,
            device: None,
            members: Vec::new(),
            data: Vec::new(),
            parts: Vec::new(),
            is_declared: false,
        };
        for field in fields {
            class.read_field(field, mistakes);
        }
        Some(class)
    }

    fn read_field(&mut self, field: &'a Field, mistakes: &mut Mistakes) {
        let Some(ident) = &field.ident else { return };
        let FieldAttrs { role, init, is_declared, docs } = FieldAttrs::read(field, mistakes);
        self.is_declared |= is_declared;
        let role = match role {
            Some(role) => Some(role),
            None => valid::forgotten_role(field, mistakes),
        };
        let start = valid::start(role.as_ref(), init, &field.ty, mistakes);
        self.parts.push(Part { field: ident, ty: &field.ty, start });
        match role {
            None => self.data.push(&field.ty),
            Some(role) => self.read_role(role, ident, &field.ty, docs, mistakes),
        }
    }

    fn read_role(
        &mut self,
        role: Role<'a>,
        ident: &'a Ident,
        ty: &'a Type,
        docs: Vec<&'a Attribute>,
        mistakes: &mut Mistakes,
    ) {
        match role {
            Role::Skipped | Role::Child(_) => {}
            Role::Base(attr, forwards) => {
                let base = Base { field: ident, class: ty, forwards };
                let is_device = forwards.is_some();
                if valid::base_type(ty, self.head.parameters(), mistakes)
                    && valid::only_base(self.base.as_ref(), attr, mistakes)
                    && (!is_device || valid::only_device(self.device_field(), attr, mistakes))
                {
                    self.base = Some(base);
                }
            }
            Role::Device(attr, kind) => {
                if valid::device_type(kind, ty, mistakes)
                    && valid::only_device(self.device_field(), attr, mistakes)
                {
                    self.device = Some(OwnDevice { field: ident, kind });
                }
            }
            Role::Member(kind) => {
                valid::member_name(ident, kind, mistakes);
                if let Some(carries) = valid::member_type(kind, ty, mistakes) {
                    valid::property_of_parameter(kind, carries, &self.head, mistakes);
                    self.members.push(Member { field: ident, carries, kind, docs });
                }
            }
        }
    }

    /// Returns the field that makes the class a device, if there is one.
    fn device_field(&self) -> Option<&'a Ident> {
        let base = self.base.as_ref().filter(|base| base.forwards.is_some());
        self.device.as_ref().map(|device| device.field).or(base.map(|base| base.field))
    }
}
