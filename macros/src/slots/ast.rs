//! The tree: an impl block, its methods, and what makes some of them slots.
//!
//! The bodies of methods are not parsed, so that an unfinished one, in an editor, does not make the
//! slots disappear.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, GenericArgument, Generics, ImplItem, PathArguments, Signature, Token, Type,
    Visibility, WhereClause, braced, token,
};

use super::attr::Connection;
use super::valid;
use crate::mistake::Mistakes;

/// An impl block.
pub(crate) struct Block {
    pub(crate) head: Head,
    pub(crate) inner: Vec<Attribute>,
    pub(crate) items: Vec<Item>,
    /// True if this can be the block of a class: not of a trait, and without lifetimes.
    pub(crate) is_class: bool,
}

/// The part before the brace.
pub(crate) struct Head {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) unsafety: Option<Token![unsafe]>,
    pub(crate) impl_token: Token![impl],
    pub(crate) generics: Generics,
    /// The trait, with the `for` after it.
    pub(crate) of_trait: Option<TokenStream>,
    pub(crate) class: Type,
}

/// An item between the braces.
pub(crate) enum Item {
    Method(Box<Method>),
    Other(Box<ImplItem>),
}

/// A function.
pub(crate) struct Method {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: TokenStream,
    pub(crate) slot: Option<Slot>,
}

/// What makes a method a slot.
pub(crate) struct Slot {
    /// The type of the argument, if the slot takes one.
    pub(crate) argument: Option<Type>,
    pub(crate) connections: Vec<Connection>,
}

impl Head {
    /// Returns the arguments of the class: the `T` of a `Channel<T>`.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &GenericArgument> {
        let last = match &self.class {
            Type::Path(path) => path.path.segments.last(),
            _ => None,
        };
        let arguments = last.and_then(|last| match &last.arguments {
            PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
            _ => None,
        });
        arguments.into_iter().flatten()
    }
}

impl Block {
    /// Reads an impl block. Returns `None` if it is not one.
    pub(crate) fn read(item: TokenStream, mistakes: &mut Mistakes) -> Option<Self> {
        let (head, inner, items) = mistakes.keep(parse_block.parse2(item))?;
        let is_class = valid::head(&head, mistakes);
        let mut block = Self { head, inner, items, is_class };
        for item in &mut block.items {
            match item {
                Item::Method(method) => method.read_slot(&block.head.class, mistakes),
                Item::Other(other) => valid::not_a_method(other, mistakes),
            }
        }
        Some(block)
    }

    /// Returns the methods that are slots.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (&Method, &Slot)> {
        self.items.iter().filter_map(|item| match item {
            Item::Method(method) => Some((&**method, method.slot.as_ref()?)),
            Item::Other(_) => None,
        })
    }
}

impl Method {
    fn read_slot(&mut self, class: &Type, mistakes: &mut Mistakes) {
        let (slots, others): (Vec<_>, Vec<_>) =
            self.attrs.drain(..).partition(|attr| attr.path().is_ident("slot"));
        self.attrs = others;
        if slots.is_empty() {
            return;
        }
        let read = slots.iter().map(|attr| mistakes.keep(Connection::read(attr)));
        let connections = read.flatten().flatten().collect();
        if let Some(argument) = valid::signature(class, &self.signature, mistakes) {
            self.slot = Some(Slot { argument: argument.cloned(), connections });
        }
    }

    /// Returns the `#[cfg]`s of the method, which apply to all code that mentions the method.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &Attribute> {
        self.attrs.iter().filter(|attr| attr.path().is_ident("cfg"))
    }
}

fn parse_block(input: ParseStream<'_>) -> syn::Result<(Head, Vec<Attribute>, Vec<Item>)> {
    let attrs = input.call(Attribute::parse_outer)?;
    let unsafety: Option<Token![unsafe]> = input.parse()?;
    if !input.peek(Token![impl]) {
        let rest: TokenStream = input.parse()?;
        let at = rest.into_iter().find(|token| !matches!(token, proc_macro2::TokenTree::Group(_)));
        return Err(syn::Error::new_spanned(
            at,
            "`#[slots]` goes above the class's `impl` block: `#[slots] impl Class { … }`",
        ));
    }
    let impl_token = input.parse()?;
    let has_generics = input.peek(Token![<])
        && (input.peek2(Token![>])
            || input.peek2(Token![#])
            || (input.peek2(syn::Ident) || input.peek2(syn::Lifetime))
                && (input.peek3(Token![:])
                    || input.peek3(Token![,])
                    || input.peek3(Token![>])
                    || input.peek3(Token![=]))
            || input.peek2(Token![const]));
    let mut generics: Generics = if has_generics { input.parse()? } else { Generics::default() };
    let negative: Option<Token![!]> = input.parse()?;
    let first: Type = input.parse()?;
    let (of_trait, class) = match input.parse::<Option<Token![for]>>()? {
        Some(for_token) => (Some(quote!(#negative #first #for_token)), input.parse()?),
        None => (None, first),
    };
    generics.where_clause = input.parse::<Option<WhereClause>>()?;

    let content;
    braced!(content in input);
    let inner = content.call(Attribute::parse_inner)?;
    let mut items = Vec::new();
    while !content.is_empty() {
        items.push(content.parse()?);
    }
    Ok((Head { attrs, unsafety, impl_token, generics, of_trait, class }, inner, items))
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        let is_method = ahead.call(Attribute::parse_outer).is_ok()
            && ahead.parse::<Visibility>().is_ok()
            && ahead.parse::<Signature>().is_ok()
            && ahead.peek(token::Brace);
        if !is_method {
            return Ok(Self::Other(Box::new(input.parse()?)));
        }
        let attrs = input.call(Attribute::parse_outer)?;
        let (vis, signature) = (input.parse()?, input.parse()?);
        let body: proc_macro2::Group = input.parse()?;
        let body = body.into_token_stream();
        Ok(Self::Method(Box::new(Method { attrs, vis, signature, body, slot: None })))
    }
}

impl ToTokens for Block {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Head { attrs, unsafety, impl_token, generics, of_trait, class } = &self.head;
        let (parameters, _, where_clause) = generics.split_for_impl();
        let (inner, items) = (&self.inner, &self.items);
        tokens.extend(quote! {
            #(#attrs)* #unsafety #impl_token #parameters #of_trait #class #where_clause {
                #(#inner)*
                #(#items)*
            }
        });
    }
}

impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Method(method) => {
                let Method { attrs, vis, signature, body, .. } = &**method;
                tokens.extend(quote!(#(#attrs)* #vis #signature #body));
            }
            Self::Other(item) => item.to_tokens(tokens),
        }
    }
}

/// The parameters of a function.
pub(crate) type Inputs = Punctuated<syn::FnArg, Token![,]>;
