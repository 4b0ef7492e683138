//! Which file touches the fields of which struct.
//!
//! A file touches a struct if it reads or writes one of its fields, takes the struct apart, or builds it
//! field by field. The type of a value is followed as far as it is written down: from `self`, parameters,
//! fields and what functions return. A field of a value whose type is not known counts if only one struct
//! of the folders around the file has a field of this name that the file can see.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Expr, FnArg, Member, Pat, Signature, Token};

use super::fields::{Crate, Struct, folder};
use super::imports::is_for_tests;

/// For each struct, as `FILE NAME`, the files that touch its fields.
pub(crate) type Touches = BTreeMap<String, BTreeSet<String>>;

/// Returns who touches what in a crate, given the text of its files by their paths below `src/`.
pub(crate) fn touches(sources: &BTreeMap<String, String>) -> Touches {
    let parse = |text: &String| syn::parse_file(text).expect("it compiles");
    let trees: Vec<_> = sources.iter().map(|(file, text)| (file.as_str(), parse(text))).collect();
    let all = Crate::of(trees.iter().map(|(file, tree)| (*file, tree)));
    let mut found = Touches::new();
    for (file, tree) in &trees {
        Reader { file, of: None, known: Vec::new(), all: &all, found: &mut found }.visit_file(tree);
    }
    found
}

/// What is known of a value: the struct that it is, or nothing.
#[derive(Clone)]
enum Known {
    Struct(String),
    Nothing,
}

/// Methods that leave a value as it is, or take it out of its wrapping.
const THROUGH: [&str; 22] = [
    "as_deref_mut",
    "as_mut",
    "as_ref",
    "borrow",
    "borrow_mut",
    "clone",
    "expect",
    "filter",
    "first",
    "get",
    "get_mut",
    "get_or_insert_with",
    "iter",
    "iter_mut",
    "last",
    "next",
    "ok",
    "peek",
    "rev",
    "take",
    "unwrap",
    "unwrap_or_default",
];

struct Reader<'a> {
    file: &'a str,
    of: Option<String>,
    known: Vec<(String, Known)>,
    all: &'a Crate,
    found: &'a mut Touches,
}

impl Reader<'_> {
    fn touch(&mut self, name: &str, field: &str) {
        for owner in self.all.nearest(name, self.file) {
            if owner.fields.contains_key(field) {
                let owner = format!("{} {name}", owner.file);
                self.found.entry(owner).or_default().insert(self.file.to_owned());
            }
        }
    }

    /// Counts a field of a value whose type is not known.
    fn touch_any(&mut self, field: &str) {
        let sees = |it: &&Struct| {
            let is_near = self.file.starts_with(folder(&it.file));
            is_near && it.fields.get(field).is_some_and(|field| self.file.starts_with(&field.reach))
        };
        let all = self.all.structs.iter();
        let mut seen =
            all.flat_map(|(name, all)| all.iter().filter(sees).map(move |it| (name, it)));
        if let (Some((name, owner)), None) = (seen.next(), seen.next()) {
            let owner = format!("{} {name}", owner.file);
            self.found.entry(owner).or_default().insert(self.file.to_owned());
        }
    }

    fn known(&self, expr: &Expr) -> Known {
        let named = match expr {
            Expr::Path(it) => {
                let Some(name) = it.path.get_ident().map(ToString::to_string) else {
                    return Known::Nothing;
                };
                return self
                    .known
                    .iter()
                    .rev()
                    .find(|(known, _)| *known == name)
                    .map_or(Known::Nothing, |(_, known)| known.clone());
            }
            Expr::Paren(it) => return self.known(&it.expr),
            Expr::Reference(it) => return self.known(&it.expr),
            Expr::Unary(it) => return self.known(&it.expr),
            Expr::Try(it) => return self.known(&it.expr),
            Expr::Index(it) => return self.known(&it.expr),
            Expr::Struct(it) => it
                .path
                .segments
                .last()
                .map(|it| it.ident.to_string())
                .map(|name| match &*name {
                    "Self" => self.of.clone().unwrap_or_default(),
                    _ => name,
                })
                .filter(|name| self.all.structs.contains_key(name)),
            Expr::Field(it) => {
                let Known::Struct(of) = self.known(&it.base) else { return Known::Nothing };
                let field = name_of(&it.member);
                self.all
                    .nearest(&of, self.file)
                    .find_map(|it| it.fields.get(&field))
                    .and_then(|it| it.of.clone())
            }
            Expr::MethodCall(it) => {
                let method = it.method.to_string();
                match self.known(&it.receiver) {
                    Known::Struct(of) => match self.all.returned(&of, &method) {
                        Some(returned) => returned.clone(),
                        None => THROUGH.contains(&&*method).then_some(of),
                    },
                    Known::Nothing => self.all.returned_by_any(&method),
                }
            }
            Expr::Call(it) => match &*it.func {
                Expr::Path(path) => {
                    let names: Vec<_> =
                        path.path.segments.iter().map(|it| it.ident.to_string()).collect();
                    match &names[..] {
                        [.., of, method] => {
                            let of = if of == "Self" {
                                self.of.clone().unwrap_or_default()
                            } else {
                                of.clone()
                            };
                            self.all.returned(&of, method).cloned().flatten()
                        }
                        [name] if name == "Some" || name == "Ok" => {
                            it.args.first().and_then(|it| match self.known(it) {
                                Known::Struct(it) => Some(it),
                                _ => None,
                            })
                        }
                        [name] if self.all.structs.contains_key(name) => Some(name.clone()),
                        [name] => self.all.returned("", name).cloned().flatten(),
                        _ => None,
                    }
                }
                _ => None,
            },
            _ => None,
        };
        named.map_or(Known::Nothing, Known::Struct)
    }

    fn bind(&mut self, pat: &Pat, known: Known) {
        match pat {
            Pat::Ident(it) => self.known.push((it.ident.to_string(), known)),
            Pat::Type(it) => {
                let named = self.all.named(&it.ty, self.of.as_deref());
                self.bind(&it.pat, named.map_or(Known::Nothing, Known::Struct));
            }
            Pat::Reference(it) => self.bind(&it.pat, known),
            Pat::Paren(it) => self.bind(&it.pat, known),
            Pat::TupleStruct(it) => {
                let name =
                    it.path.segments.last().map(|it| it.ident.to_string()).unwrap_or_default();
                let name = if name == "Self" { self.of.clone().unwrap_or_default() } else { name };
                if self.all.structs.contains_key(&name) && it.path.segments.len() == 1 {
                    for (index, pat) in it.elems.iter().enumerate() {
                        if !matches!(pat, Pat::Wild(_)) {
                            self.touch(&name, &index.to_string());
                        }
                        self.bind(pat, Known::Nothing);
                    }
                    return;
                }
                let known = if name == "Some" || name == "Ok" { known } else { Known::Nothing };
                for pat in &it.elems {
                    self.bind(pat, known.clone());
                }
            }
            Pat::Struct(it) => {
                let name =
                    it.path.segments.last().map(|it| it.ident.to_string()).unwrap_or_default();
                let name = if name == "Self" { self.of.clone().unwrap_or_default() } else { name };
                for field in &it.fields {
                    let member = name_of(&field.member);
                    if self.all.structs.contains_key(&name) {
                        self.touch(&name, &member);
                    }
                    let of = self
                        .all
                        .nearest(&name, self.file)
                        .find_map(|it| it.fields.get(&member))
                        .and_then(|it| it.of.clone());
                    self.bind(&field.pat, of.map_or(Known::Nothing, Known::Struct));
                }
            }
            Pat::Tuple(it) => {
                for pat in &it.elems {
                    self.bind(pat, Known::Nothing)
                }
            }
            Pat::Slice(it) => {
                for pat in &it.elems {
                    self.bind(pat, known.clone())
                }
            }
            Pat::Or(it) => {
                for pat in &it.cases {
                    self.bind(pat, known.clone())
                }
            }
            _ => {}
        }
    }

    fn read_function(&mut self, signature: &Signature, read: impl FnOnce(&mut Self)) {
        let before = self.known.len();
        for input in &signature.inputs {
            match input {
                FnArg::Receiver(_) => {
                    let of = self.of.clone().map_or(Known::Nothing, Known::Struct);
                    self.known.push(("self".to_owned(), of));
                }
                FnArg::Typed(it) => {
                    let named = self.all.named(&it.ty, self.of.as_deref());
                    self.bind(&it.pat, named.map_or(Known::Nothing, Known::Struct));
                }
            }
        }
        read(self);
        self.known.truncate(before);
    }

    /// Reads the tokens of a macro: as expressions if they are, otherwise only `self.field`.
    fn read_tokens(&mut self, tokens: TokenStream) {
        let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
        if let Ok(all) = parser.parse2(tokens.clone()) {
            for expr in &all {
                self.visit_expr(expr);
            }
            return;
        }
        let tokens: Vec<_> = tokens.into_iter().collect();
        for window in tokens.windows(4) {
            if let [TokenTree::Ident(own), TokenTree::Punct(dot), TokenTree::Ident(field), after] =
                window
                && own == "self"
                && dot.as_char() == '.'
                && !matches!(after, TokenTree::Group(_))
                && let Some(of) = self.of.clone()
            {
                self.touch(&of, &field.to_string());
            }
        }
        for token in tokens {
            if let TokenTree::Group(group) = token {
                self.read_tokens(group.stream());
            }
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    skip_tests! {
        visit_item_mod(ItemMod);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if is_for_tests(&item.attrs) {
            return;
        }
        let outer = std::mem::replace(&mut self.of, self.all.named(&item.self_ty, None));
        visit::visit_item_impl(self, item);
        self.of = outer;
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        let outer = self.of.replace(item.ident.to_string());
        visit::visit_item_trait(self, item);
        self.of = outer;
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if is_for_tests(&item.attrs) {
            return;
        }
        self.read_function(&item.sig, |reader| visit::visit_item_fn(reader, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if is_for_tests(&item.attrs) {
            return;
        }
        self.read_function(&item.sig, |reader| visit::visit_impl_item_fn(reader, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.read_function(&item.sig, |reader| visit::visit_trait_item_fn(reader, item));
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        let before = self.known.len();
        visit::visit_block(self, block);
        self.known.truncate(before);
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        visit::visit_local(self, local);
        let known = local.init.as_ref().map_or(Known::Nothing, |init| self.known(&init.expr));
        self.bind(&local.pat, known);
    }

    fn visit_expr_let(&mut self, expr: &'ast syn::ExprLet) {
        visit::visit_expr_let(self, expr);
        let known = self.known(&expr.expr);
        self.bind(&expr.pat, known);
    }

    fn visit_expr_if(&mut self, expr: &'ast syn::ExprIf) {
        let before = self.known.len();
        visit::visit_expr_if(self, expr);
        self.known.truncate(before);
    }

    fn visit_expr_while(&mut self, expr: &'ast syn::ExprWhile) {
        let before = self.known.len();
        visit::visit_expr_while(self, expr);
        self.known.truncate(before);
    }

    fn visit_expr_for_loop(&mut self, expr: &'ast syn::ExprForLoop) {
        let before = self.known.len();
        self.visit_expr(&expr.expr);
        let known = self.known(&expr.expr);
        self.bind(&expr.pat, known);
        self.visit_block(&expr.body);
        self.known.truncate(before);
    }

    fn visit_expr_match(&mut self, expr: &'ast syn::ExprMatch) {
        self.visit_expr(&expr.expr);
        let known = self.known(&expr.expr);
        for arm in &expr.arms {
            if is_for_tests(&arm.attrs) {
                continue;
            }
            let before = self.known.len();
            match &arm.pat {
                Pat::Guard(guarded) => {
                    self.bind(&guarded.pat, known.clone());
                    self.visit_expr(&guarded.guard);
                }
                pat => self.bind(pat, known.clone()),
            }
            self.visit_expr(&arm.body);
            self.known.truncate(before);
        }
    }

    fn visit_expr_closure(&mut self, expr: &'ast syn::ExprClosure) {
        let before = self.known.len();
        for pat in &expr.inputs {
            self.bind(pat, Known::Nothing);
        }
        self.visit_expr(&expr.body);
        self.known.truncate(before);
    }

    /// `value.map(|it| it.field)`: the closure gets what the value is.
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.visit_expr(&call.receiver);
        let known = self.known(&call.receiver);
        for argument in &call.args {
            match argument {
                Expr::Closure(closure) => {
                    let before = self.known.len();
                    for pat in &closure.inputs {
                        self.bind(pat, known.clone());
                    }
                    self.visit_expr(&closure.body);
                    self.known.truncate(before);
                }
                other => self.visit_expr(other),
            }
        }
    }

    fn visit_expr_field(&mut self, expr: &'ast syn::ExprField) {
        visit::visit_expr_field(self, expr);
        let field = name_of(&expr.member);
        match self.known(&expr.base) {
            Known::Struct(of) => {
                if self.all.nearest(&of, self.file).any(|it| it.fields.contains_key(&field)) {
                    self.touch(&of, &field)
                } else {
                    self.touch_any(&field)
                }
            }
            Known::Nothing => self.touch_any(&field),
        }
    }

    fn visit_expr_struct(&mut self, expr: &'ast syn::ExprStruct) {
        visit::visit_expr_struct(self, expr);
        let Some(last) = expr.path.segments.last() else { return };
        let name = match &*last.ident.to_string() {
            "Self" => self.of.clone().unwrap_or_default(),
            name => name.to_owned(),
        };
        for field in &expr.fields {
            if let Member::Named(field) = &field.member {
                self.touch(&name, &field.to_string());
            }
        }
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.read_tokens(call.tokens.clone());
    }
}

fn name_of(member: &Member) -> String {
    match member {
        Member::Named(name) => name.to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}
