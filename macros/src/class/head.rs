//! A class as the code of the derive names it: `Channel<T>`, and the head of an impl block.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{GenericParam, Generics, Type, TypeParamBound, WherePredicate, parse_quote};

/// The name and the parameters of a class.
pub(crate) struct Head<'a> {
    ident: &'a Ident,
    /// The parameters as the struct declares them.
    declared: &'a Generics,
    /// The same; each type parameter lives for ever, also where the struct forgets to ask for it.
    generics: Generics,
}

impl<'a> Head<'a> {
    pub(crate) fn new(ident: &'a Ident, declared: &'a Generics) -> Self {
        Self { ident, declared, generics: with_static(declared) }
    }

    /// Returns the parameters as the struct declares them.
    pub(crate) fn parameters(&self) -> &'a Generics {
        self.declared
    }

    /// Returns true if the class has parameters.
    pub(crate) fn is_generic(&self) -> bool {
        !self.declared.params.is_empty()
    }

    /// Returns true if the type is a parameter of the class that is bound by no trait.
    pub(crate) fn has_no_trait(&self, ty: &Type) -> bool {
        let Type::Path(path) = ty else { return false };
        self.declared.type_params().any(|parameter| {
            let name = &parameter.ident;
            let is_lifetime = |bound| matches!(bound, &TypeParamBound::Lifetime(_));
            path.path.is_ident(name) && bounds(name, self.declared).all(is_lifetime)
        })
    }

    /// Returns true if a type has a parameter of the class in it.
    pub(crate) fn is_in(&self, ty: &Type) -> bool {
        let names = self.declared.params.iter().filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(&parameter.ident),
            GenericParam::Const(parameter) => Some(&parameter.ident),
            GenericParam::Lifetime(_) => None,
        });
        let names: Vec<_> = names.collect();
        has_one_of(ty.to_token_stream(), &names)
    }

    /// Returns the class as a type: `Channel<T>`.
    pub(crate) fn this(&self) -> TokenStream {
        let (ident, (_, arguments, _)) = (self.ident, self.generics.split_for_impl());
        quote!(#ident #arguments)
    }

    /// Returns the class with any types as its arguments: `Channel<_>`.
    pub(crate) fn any(&self) -> TokenStream {
        let (ident, span) = (self.ident, self.ident.span());
        let arguments = self.declared.params.iter().map(|parameter| match parameter {
            GenericParam::Const(constant) => constant.ident.to_token_stream(),
            _ => quote_spanned!(span=> _),
        });
        quote_spanned!(span=> #ident<#(#arguments),*>)
    }

    /// Returns the head of an impl block of the class itself.
    pub(crate) fn inherent(&self) -> TokenStream {
        let (parameters, _, bounds) = self.generics.split_for_impl();
        let this = self.this();
        quote!(impl #parameters #this #bounds)
    }

    /// Returns the head of an impl block of a trait.
    pub(crate) fn of_trait(&self, path: TokenStream) -> TokenStream {
        self.of_trait_where(path, None)
    }

    /// Returns the head of an impl block of a trait with one more bound.
    pub(crate) fn of_trait_where(
        &self,
        path: TokenStream,
        bound: Option<&TokenStream>,
    ) -> TokenStream {
        self.impl_where(path, self.this(), bound)
    }

    /// Returns the head of an impl block, with the parameters of the class, of a trait for another
    /// type.
    pub(crate) fn impl_where(
        &self,
        path: TokenStream,
        other: impl ToTokens,
        bound: Option<&TokenStream>,
    ) -> TokenStream {
        let (parameters, ..) = self.generics.split_for_impl();
        let own = self.generics.where_clause.iter().flat_map(|clause| &clause.predicates);
        let own = own.map(|predicate| quote!(#predicate,));
        let bound = bound.map(|bound| quote!(#bound,));
        quote!(impl #parameters #path for #other where #(#own)* #bound)
    }

    /// Makes the compiler check that the type parameters live for ever, of which the struct does not
    /// say so in so many words. Their bounds may have it as a consequence.
    pub(crate) fn check(&self) -> Option<TokenStream> {
        let doubtful: Vec<_> = self
            .declared
            .type_params()
            .filter(|parameter| !is_static(&parameter.ident, self.declared))
            // A parameter without any bound is a mistake, which is reported already.
            .filter(|parameter| bounds(&parameter.ident, self.declared).next().is_some())
            .map(|parameter| {
                let ident = &parameter.ident;
                quote_spanned!(ident.span()=> ::slotwire::__private::v1::is_static::<#ident>();)
            })
            .collect();
        if doubtful.is_empty() {
            return None;
        }
        let (parameters, _, bounds) = self.declared.split_for_impl();
        Some(quote! {
            const _: () = {
                #[allow(dead_code)]
                fn ask #parameters () #bounds {
                    #(#doubtful)*
                }
            };
        })
    }
}

/// Returns the parameters, with a bound for each type parameter that does not live for ever in so
/// many words.
pub(crate) fn with_static(declared: &Generics) -> Generics {
    let mut generics = declared.clone();
    for parameter in declared.type_params() {
        let ident = &parameter.ident;
        if !is_static(ident, declared) {
            generics.make_where_clause().predicates.push(parse_quote!(#ident: 'static));
        }
    }
    generics
}

fn has_one_of(tokens: TokenStream, names: &[&Ident]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => names.contains(&&word),
        TokenTree::Group(group) => has_one_of(group.stream(), names),
        _ => false,
    })
}

/// Returns true if a type parameter has the bound `'static`.
fn is_static(parameter: &Ident, generics: &Generics) -> bool {
    bounds(parameter, generics).any(
        |bound| matches!(bound, TypeParamBound::Lifetime(lifetime) if lifetime.ident == "static"),
    )
}

/// Returns the bounds of a type parameter, of the parameter itself and of the where clause.
pub(crate) fn bounds<'a>(
    parameter: &'a Ident,
    generics: &'a Generics,
) -> impl Iterator<Item = &'a TypeParamBound> {
    let own = generics.type_params().filter(move |own| own.ident == *parameter);
    let clause = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let others = clause.filter_map(move |predicate| match predicate {
        WherePredicate::Type(predicate) => {
            let ty = predicate.bounded_ty.to_token_stream().to_string();
            (*parameter == ty).then_some(&predicate.bounds)
        }
        _ => None,
    });
    own.map(|own| &own.bounds).chain(others).flatten()
}
