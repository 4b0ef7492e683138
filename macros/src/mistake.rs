//! Mistakes: what the user is told.
//!
//! They are gathered rather than returned, so that the rest of the input is still read and code is
//! still written for it.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The mistakes found so far, in the order in which they stand in the source.
#[derive(Default)]
pub(crate) struct Mistakes {
    errors: Vec<syn::Error>,
}

impl Mistakes {
    /// Notes a mistake that was made at `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.errors.push(syn::Error::new_spanned(tokens, message));
    }

    /// Notes the error, if there is one.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.errors.push(error)).ok()
    }
}

impl ToTokens for Mistakes {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.errors.iter().map(syn::Error::to_compile_error));
    }
}
