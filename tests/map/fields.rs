//! The structs of a crate, with the types and the reach of their fields, and what functions return.
//!
//! `touches.rs` finds by these which file touches the fields of which struct. A type is known by the
//! first struct of the crate that it names: that of `Option<Box<Attempt>>` is `Attempt`. Of two structs
//! with one name, a file means the nearer one. What is compiled for tests alone is left out.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};
use syn::{ReturnType, Signature, Type, Visibility};

use super::imports::is_for_tests;

/// A struct with the types and the reach of its fields.
pub(crate) struct Struct {
    pub(crate) file: String,
    pub(crate) fields: BTreeMap<String, Field>,
}

/// A field of a struct.
pub(crate) struct Field {
    /// The first struct of the crate in the type of the field, if there is one.
    pub(crate) of: Option<String>,
    /// The beginning of the paths of all files that can see the field.
    pub(crate) reach: String,
}

/// The structs and the functions of a crate.
#[derive(Default)]
pub(crate) struct Crate {
    /// By their names.
    pub(crate) structs: BTreeMap<String, Vec<Struct>>,
    /// The first struct of the crate in what a function returns, by the names of the function and of
    /// its type.
    returned: BTreeMap<String, BTreeMap<String, Option<String>>>,
}

pub(crate) fn folder(file: &str) -> &str {
    file.rfind('/').map_or("", |end| &file[..=end])
}

/// Returns where a field with this visibility can be seen: a path below `src/`, as a prefix.
fn reach(visibility: &Visibility, file: &str) -> String {
    // The children of a module in a file are in a folder of the same name.
    let own = file.trim_end_matches("mod.rs").trim_end_matches(".rs").to_owned();
    let parent =
        if file.ends_with("mod.rs") { folder(own.trim_end_matches('/')) } else { folder(file) };
    match visibility {
        Visibility::Public(_) => String::new(),
        Visibility::Inherited => own,
        Visibility::Restricted(restricted) => {
            let names: Vec<_> =
                restricted.path.segments.iter().map(|it| it.ident.to_string()).collect();
            match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                ["super"] => parent.to_owned(),
                ["self"] => own,
                ["crate", ref rest @ ..] => rest.iter().map(|name| format!("{name}/")).collect(),
                _ => String::new(),
            }
        }
    }
}

impl Crate {
    pub(crate) fn of<'a>(files: impl Iterator<Item = (&'a str, &'a syn::File)> + Clone) -> Self {
        let mut all = Self::default();
        for (file, tree) in files.clone() {
            Structs { file, all: &mut all }.visit_file(tree);
        }
        for (file, tree) in files {
            Returns { file, of: None, all: &mut all }.visit_file(tree);
        }
        all
    }

    /// Returns the structs of this name, those that are nearest to the file.
    pub(crate) fn nearest(&self, name: &str, file: &str) -> impl Iterator<Item = &Struct> {
        let near = move |other: &str| {
            if other == file {
                return usize::MAX;
            }
            other.bytes().zip(file.bytes()).take_while(|(a, b)| a == b).count()
        };
        let all = self.structs.get(name).map_or(&[][..], |all| &all[..]);
        let best = all.iter().map(|it| near(&it.file)).max();
        all.iter().filter(move |it| Some(near(&it.file)) == best)
    }

    /// Returns the first struct in what this function of the type returns, if the function is known.
    pub(crate) fn returned(&self, of: &str, function: &str) -> Option<&Option<String>> {
        self.returned.get(function)?.get(of)
    }

    /// Returns the first struct in what all functions of this name return, if it is the same.
    pub(crate) fn returned_by_any(&self, function: &str) -> Option<String> {
        let mut all = self.returned.get(function)?.values();
        let first = all.next()?;
        first.clone().filter(|_| all.all(|other| other == first))
    }

    /// Returns the first struct of the crate that this type names.
    pub(crate) fn named(&self, ty: &Type, of: Option<&str>) -> Option<String> {
        match ty {
            Type::Reference(it) => self.named(&it.elem, of),
            Type::Paren(it) => self.named(&it.elem, of),
            Type::Slice(it) => self.named(&it.elem, of),
            Type::Array(it) => self.named(&it.elem, of),
            Type::Path(it) => {
                let last = it.path.segments.last()?;
                let name = last.ident.to_string();
                if name == "Self" {
                    return of.map(str::to_owned);
                }
                if self.structs.contains_key(&name) {
                    return Some(name);
                }
                let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
                    return None;
                };
                arguments.args.iter().find_map(|argument| match argument {
                    syn::GenericArgument::Type(ty) => self.named(ty, of),
                    _ => None,
                })
            }
            _ => None,
        }
    }
}

struct Structs<'a> {
    file: &'a str,
    all: &'a mut Crate,
}

impl<'ast> Visit<'ast> for Structs<'_> {
    skip_tests! {
        visit_item_mod(ItemMod);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        let name = item.ident.to_string();
        let fields = item.fields.iter().enumerate().map(|(index, field)| {
            let name = field.ident.as_ref().map_or(index.to_string(), ToString::to_string);
            (name, Field { of: None, reach: reach(&field.vis, self.file) })
        });
        let found = Struct { file: self.file.to_owned(), fields: fields.collect() };
        self.all.structs.entry(name).or_default().push(found);
    }
}

/// Finds what fields are and what functions return, once all structs are known.
struct Returns<'a> {
    file: &'a str,
    of: Option<String>,
    all: &'a mut Crate,
}

impl Returns<'_> {
    fn add(&mut self, signature: &Signature) {
        let ReturnType::Type(_, ty) = &signature.output else { return };
        let returned = self.all.named(ty, self.of.as_deref());
        let of = self.of.clone().unwrap_or_default();
        let functions = self.all.returned.entry(signature.ident.to_string()).or_default();
        functions.insert(of, returned);
    }
}

impl<'ast> Visit<'ast> for Returns<'_> {
    skip_tests! {
        visit_item_mod(ItemMod);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        let name = item.ident.to_string();
        for (index, field) in item.fields.iter().enumerate() {
            let of = self.all.named(&field.ty, Some(&name));
            let field = field.ident.as_ref().map_or(index.to_string(), ToString::to_string);
            let structs = self.all.structs.get_mut(&name).expect("it was found before");
            for found in structs.iter_mut().filter(|it| it.file == self.file) {
                found.fields.get_mut(&field).expect("it was found before").of = of.clone();
            }
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let outer = std::mem::replace(&mut self.of, self.all.named(&item.self_ty, None));
        visit::visit_item_impl(self, item);
        self.of = outer;
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        let outer = self.of.replace(item.ident.to_string());
        visit::visit_item_trait(self, item);
        self.of = outer;
    }

    fn visit_signature(&mut self, signature: &'ast Signature) {
        self.add(signature);
    }
}
