//! The imports of a crate: which file uses an item of which other file.
//!
//! Reads the sources with `syn` and follows the `mod` declarations from `lib.rs`. An import is a
//! path of a `use`, or any other path of more than one segment, that begins in this crate. It leads
//! to the file that defines the item: a name that a `mod.rs` imports from elsewhere is followed
//! there, and a name that it does not know leads to all that it imports with `*`. What is compiled
//! for tests alone is left out.
//!
//! Calls of methods are not seen: `world.quit()` imports nothing.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Meta, Token, UseTree};

/// How often a name may lead to another name, before it is taken for a circle of names.
const MAX_RENAMES: usize = 16;

/// One file uses an item of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    /// The file that imports, below `src/`.
    pub(crate) from: String,
    /// The file that defines the item.
    pub(crate) to: String,
    pub(crate) line: usize,
    /// The path as it is written.
    pub(crate) path: String,
}

/// The files of a crate, and what they import.
#[derive(Debug)]
pub(crate) struct Imports {
    pub(crate) files: BTreeSet<String>,
    pub(crate) imports: BTreeSet<Import>,
}

impl Imports {
    /// Reads a crate, given the text of its files by their paths below `src/`.
    pub(crate) fn of(sources: &BTreeMap<String, String>) -> Self {
        let mut modules = Modules { sources, all: BTreeMap::new(), asts: Vec::new() };
        modules.add_file(Vec::new(), "lib.rs", "");
        let mut imports = BTreeSet::new();
        let mut files = BTreeSet::new();
        for (module, file, ast) in &modules.asts {
            let mut reader =
                Reader { modules: &modules, module: module.clone(), file, found: &mut imports };
            reader.visit_file(ast);
            files.insert(file.clone());
        }
        imports.retain(|import: &Import| import.from != import.to);
        Self { files, imports }
    }
}

/// The path of a module, or of an item, from the root of the crate.
type Path = Vec<String>;

/// One module.
#[derive(Debug)]
struct Module {
    file: String,
    /// Where the names lead that the module imports: filled for `lib.rs` and `mod.rs` alone. One
    /// name may be a type and a macro.
    names: BTreeMap<String, Vec<Path>>,
    /// The modules of which everything is imported, likewise.
    globs: Vec<Path>,
}

/// All modules of a crate.
struct Modules<'a> {
    sources: &'a BTreeMap<String, String>,
    all: BTreeMap<Path, Module>,
    asts: Vec<(Path, String, syn::File)>,
}

impl Modules<'_> {
    /// Adds a file as a module; its child modules are in `folder`.
    fn add_file(&mut self, module: Path, file: &str, folder: &str) {
        let text = self.sources.get(file).unwrap_or_else(|| panic!("there is no src/{file}"));
        let ast = syn::parse_file(text).unwrap_or_else(|error| panic!("src/{file}: {error}"));
        self.add_module(&module, file, folder, &ast.items);
        self.asts.push((module, file.to_owned(), ast));
    }

    fn add_module(&mut self, module: &Path, file: &str, folder: &str, items: &[Item]) {
        let entry = Module { file: file.to_owned(), names: BTreeMap::new(), globs: Vec::new() };
        self.all.insert(module.clone(), entry);
        for item in items {
            match item {
                Item::Mod(child) if !is_for_tests(&child.attrs) => {
                    let name = child.ident.to_string();
                    let path = joined(module, std::slice::from_ref(&name));
                    let below = format!("{folder}{name}/");
                    if let Some((_, items)) = &child.content {
                        self.add_module(&path, file, &below, items);
                    } else if let Some(other) = path_attribute(&child.attrs) {
                        self.add_file(path, &format!("{folder}{other}"), &below);
                    } else if self.sources.contains_key(&format!("{folder}{name}.rs")) {
                        self.add_file(path, &format!("{folder}{name}.rs"), &below);
                    } else {
                        self.add_file(path, &format!("{below}mod.rs"), &below);
                    }
                }
                Item::Macro(macro_rules) if is_exported(&macro_rules.attrs) => {
                    let name = macro_rules.ident.as_ref().expect("it has a name").to_string();
                    let root = self.all.get_mut(&Vec::new()).expect("it is added first");
                    root.names.entry(name).or_default().push(module.clone());
                }
                _ => {}
            }
        }
        if file == "lib.rs" || file.ends_with("mod.rs") {
            self.add_names(module, items);
        }
    }

    /// Notes what a module imports, once its child modules are known.
    fn add_names(&mut self, module: &Path, items: &[Item]) {
        for item in items {
            let Item::Use(import) = item else { continue };
            if is_for_tests(&import.attrs) {
                continue;
            }
            for leaf in leaves(&import.tree) {
                let Some(target) = self.absolute(module, &leaf.path) else { continue };
                let entry = self.all.get_mut(module).expect("it was added");
                match leaf.name {
                    Some(name) => entry.names.entry(name).or_default().push(target),
                    None => entry.globs.push(target),
                }
            }
        }
    }

    /// Returns the path from the root of the crate that a path in a module means, unless it leads
    /// to another crate.
    fn absolute(&self, module: &Path, path: &[String]) -> Option<Path> {
        let ups = path.iter().take_while(|segment| *segment == "super").count();
        match path.first()?.as_str() {
            "crate" | "slotwire" => Some(path[1..].to_vec()),
            "super" => Some(joined(&module[..module.len().checked_sub(ups)?], &path[ups..])),
            "self" => {
                let ups = path[1..].iter().take_while(|segment| *segment == "super").count();
                let base = &module[..module.len().checked_sub(ups)?];
                Some(joined(base, &path[1 + ups..]))
            }
            first => {
                let child = joined(module, &[first.to_owned()]);
                self.all.contains_key(&child).then(|| joined(module, path))
            }
        }
    }

    /// Adds the files in which that which a path from the root means is defined.
    fn definers(&self, path: &[String], renames: usize, files: &mut BTreeSet<String>) {
        if renames > MAX_RENAMES {
            return;
        }
        let depth = (0..=path.len())
            .rev()
            .find(|depth| self.all.contains_key(&path[..*depth]))
            .expect("the root is a module");
        let module = &self.all[&path[..depth]];
        let Some(name) = path.get(depth) else {
            files.insert(module.file.clone());
            if let Some((last, parent)) = path.split_last() {
                // A macro may be called as the module that it is in.
                for target in self.all[parent].names.get(last).into_iter().flatten() {
                    self.definers(target, renames + 1, files);
                }
            }
            return;
        };
        if let Some(targets) = module.names.get(name) {
            for target in targets {
                self.definers(&joined(target, &path[depth + 1..]), renames + 1, files);
            }
            return;
        }
        files.insert(module.file.clone());
        for target in &module.globs {
            self.definers(&joined(target, &path[depth..]), renames + 1, files);
        }
    }

    /// Adds the files in which that which `path::*` means is defined.
    fn definers_of_all(&self, path: &[String], renames: usize, files: &mut BTreeSet<String>) {
        self.definers(path, renames, files);
        let Some(module) = self.all.get(path) else { return };
        if renames > MAX_RENAMES {
            return;
        }
        for target in module.names.values().flatten() {
            self.definers(target, renames + 1, files);
        }
        for target in &module.globs {
            self.definers_of_all(target, renames + 1, files);
        }
    }
}

/// Finds the imports of one file.
struct Reader<'a> {
    modules: &'a Modules<'a>,
    module: Path,
    file: &'a str,
    found: &'a mut BTreeSet<Import>,
}

impl Reader<'_> {
    fn add(&mut self, path: &[String], is_glob: bool, line: usize) {
        let Some(target) = self.modules.absolute(&self.module, path) else { return };
        let mut files = BTreeSet::new();
        if is_glob {
            self.modules.definers_of_all(&target, 0, &mut files);
        } else {
            self.modules.definers(&target, 0, &mut files);
        }
        let path = path.join("::") + if is_glob { "::*" } else { "" };
        self.found.extend(files.into_iter().map(|to| Import {
            from: self.file.to_owned(),
            to,
            line,
            path: path.clone(),
        }));
    }

    /// Finds paths in the tokens of a macro, which may be no Rust.
    fn read_tokens(&mut self, tokens: TokenStream) {
        let mut path = Vec::new();
        let mut line = 0;
        let mut colons = 0;
        let mut is_visibility = false;
        for token in tokens {
            let follows_pub = std::mem::replace(&mut is_visibility, is_ident(&token, "pub"));
            match &token {
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(ident) if colons == 2 => path.push(ident.to_string()),
                TokenTree::Ident(ident) => {
                    self.end_of_path(&mut path, line);
                    path.push(ident.to_string());
                    line = ident.span().start().line;
                }
                _ => self.end_of_path(&mut path, line),
            }
            colons = 0;
            match token {
                // `pub(in crate::object)` is no import here either.
                TokenTree::Group(_) if follows_pub => {}
                TokenTree::Group(group) => self.read_tokens(group.stream()),
                _ => {}
            }
        }
        self.end_of_path(&mut path, line);
    }

    fn end_of_path(&mut self, path: &mut Vec<String>, line: usize) {
        if path.len() > 1 {
            self.add(path, false, line);
        }
        path.clear();
    }
}

fn is_ident(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(item_attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    skip_tests! {
        visit_impl_item_fn(ImplItemFn);
        visit_impl_item_const(ImplItemConst);
        visit_impl_item_type(ImplItemType);
        visit_trait_item_fn(TraitItemFn);
        visit_trait_item_const(TraitItemConst);
        visit_trait_item_type(TraitItemType);
        visit_field(Field);
        visit_field_value(FieldValue);
        visit_variant(Variant);
        visit_arm(Arm);
        visit_local(Local);
        visit_expr_assign(ExprAssign);
        visit_expr_block(ExprBlock);
        visit_expr_call(ExprCall);
        visit_expr_if(ExprIf);
        visit_expr_method_call(ExprMethodCall);
        visit_stmt_macro(StmtMacro);
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.content.is_some() {
            self.module.push(module.ident.to_string());
            visit::visit_item_mod(self, module);
            self.module.pop();
        }
    }

    fn visit_item_use(&mut self, import: &'ast syn::ItemUse) {
        for leaf in leaves(&import.tree) {
            self.add(&leaf.path, leaf.name.is_none(), leaf.line);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let names: Path = path.segments.iter().map(|it| it.ident.to_string()).collect();
            self.add(&names, false, path.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.read_tokens(call.tokens.clone());
    }

    /// Docs and derives are no imports.
    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    /// `pub(in crate::object)` is no import.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}

/// One path of a `use`.
struct Leaf {
    path: Path,
    /// The name that the module has for it; none if it is a glob.
    name: Option<String>,
    line: usize,
}

fn leaves(tree: &UseTree) -> Vec<Leaf> {
    fn add(tree: &UseTree, before: &Path, leaves: &mut Vec<Leaf>) {
        let line = tree.span().start().line;
        match tree {
            UseTree::Path(step) => {
                add(&step.tree, &joined(before, &[step.ident.to_string()]), leaves)
            }
            UseTree::Group(group) => group.items.iter().for_each(|it| add(it, before, leaves)),
            UseTree::Glob(_) => leaves.push(Leaf { path: before.clone(), name: None, line }),
            UseTree::Name(name) if name.ident == "self" => {
                leaves.push(Leaf { path: before.clone(), name: before.last().cloned(), line });
            }
            UseTree::Rename(rename) if rename.ident == "self" => {
                let name = Some(rename.rename.to_string());
                leaves.push(Leaf { path: before.clone(), name, line });
            }
            UseTree::Name(syn::UseName { ident }) => {
                let path = joined(before, &[ident.to_string()]);
                leaves.push(Leaf { path, name: Some(ident.to_string()), line });
            }
            UseTree::Rename(rename) => {
                let path = joined(before, &[rename.ident.to_string()]);
                leaves.push(Leaf { path, name: Some(rename.rename.to_string()), line });
            }
        }
    }
    let mut found = Vec::new();
    add(tree, &Vec::new(), &mut found);
    found
}

fn joined(before: &[String], after: &[String]) -> Path {
    [before, after].concat()
}

/// Returns true if there is a `#[cfg(test)]` or `#[cfg(all(test, ..))]`.
pub(crate) fn is_for_tests(attributes: &[Attribute]) -> bool {
    fn needs_test(meta: &Meta) -> bool {
        match meta {
            Meta::Path(path) => path.is_ident("test"),
            Meta::List(list) if list.path.is_ident("all") => list
                .parse_args_with(syn::punctuated::Punctuated::<Meta, Token![,]>::parse_terminated)
                .is_ok_and(|all| all.iter().any(needs_test)),
            _ => false,
        }
    }
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<Meta>().is_ok_and(|meta| needs_test(&meta))
    })
}

fn is_exported(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("macro_export"))
}

/// Returns the file of a `#[path = ".."]`.
fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(syn::MetaNameValue {
            path,
            value: syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(file), .. }),
            ..
        }) if path.is_ident("path") => Some(file.value()),
        _ => None,
    })
}

fn item_attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
