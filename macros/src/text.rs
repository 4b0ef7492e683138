//! Text: names in Qt's spelling, and types as people write them.

use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Type;
use syn::ext::IdentExt;

/// Returns the name without `r#`.
pub(crate) fn plain(name: &Ident) -> String {
    name.unraw().to_string()
}

/// Returns the name in Qt's spelling: `readyRead` for `ready_read`.
pub(crate) fn camel_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for letter in name.chars() {
        if letter == '_' {
            upper = !out.is_empty();
        } else if upper {
            out.extend(letter.to_uppercase());
            upper = false;
        } else {
            out.push(letter);
        }
    }
    out
}

/// Returns the tokens with the name of the class in place of `Self`, for code outside the class.
pub(crate) fn name_self(tokens: TokenStream, class: &Ident) -> TokenStream {
    let named = tokens.into_iter().map(|token| match token {
        TokenTree::Ident(word) if word == "Self" => {
            let mut class = class.clone();
            class.set_span(word.span());
            TokenTree::Ident(class)
        }
        TokenTree::Group(group) => {
            let stream = name_self(group.stream(), class);
            let mut named = Group::new(group.delimiter(), stream);
            named.set_span(group.span());
            TokenTree::Group(named)
        }
        token => token,
    });
    named.collect()
}

/// Returns a type as it is written in the source: `HashMap<String, &'static str>`.
pub(crate) fn type_text(tokens: impl ToTokens) -> String {
    let mut out = String::new();
    write(tokens.into_token_stream(), &mut out);
    out
}

/// Returns the type behind a reference.
pub(crate) fn owned(ty: &Type) -> &Type {
    match ty {
        Type::Reference(reference) => &reference.elem,
        ty => ty,
    }
}

/// Returns the type that a signal would carry for a slot that takes a `ty`: `String` for a `&str`.
pub(crate) fn owned_text(ty: &Type) -> String {
    match owned(ty) {
        Type::Slice(slice) => format!("Vec<{}>", type_text(&slice.elem)),
        owned => match type_text(owned) {
            text if text == "str" => "String".to_owned(),
            text => text,
        },
    }
}

fn write(tokens: TokenStream, out: &mut String) {
    let mut after_word = false;
    let mut joint = false;
    for token in tokens {
        match token {
            TokenTree::Punct(punct) => {
                let sign = punct.as_char();
                // There is a space before an arrow, a plus or an equals sign, but not before a
                // comma or a colon.
                let arrow = sign == '-' && punct.spacing() == Spacing::Joint;
                if arrow || (matches!(sign, '+' | '=') && !joint) {
                    out.push(' ');
                }
                // A lifetime or a keyword such as `dyn` after a word needs a space.
                if sign == '\'' && after_word {
                    out.push(' ');
                }
                out.push(sign);
                let ended_arrow = sign == '>' && joint && out.ends_with("->");
                joint = punct.spacing() == Spacing::Joint;
                let colon = sign == ':' && !joint && !out.ends_with("::");
                if ended_arrow || colon || matches!(sign, ',' | ';' | '+' | '=') {
                    out.push(' ');
                }
                after_word = false;
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                out.push_str(open);
                write(group.stream(), out);
                out.push_str(close);
                (after_word, joint) = (false, false);
            }
            word => {
                if after_word {
                    out.push(' ');
                }
                out.push_str(&word.to_string());
                (after_word, joint) = (true, false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn camel_case_is_the_spelling_of_qt() {
        assert_eq!(camel_case("ready_read"), "readyRead");
        assert_eq!(camel_case("finished"), "finished");
        assert_eq!(camel_case("_private"), "private");
    }

    #[test]
    fn types_look_as_they_do_in_the_source() {
        for text in [
            "()",
            "u8",
            "Vec<u8>",
            "Vec<Vec<u8>>",
            "HashMap<String, &'static str>",
            "std::io::Result<()>",
            "&mut Context<'_, Self>",
            "&'a mut T",
            "[u8; 4]",
            "(i32, String)",
            "Box<dyn Fn(u8) -> bool + Send>",
            "Box<dyn Iterator<Item = u8>>",
            "fn() -> u8",
        ] {
            let ty: Type = syn::parse_str(text).unwrap();
            assert_eq!(type_text(ty), text);
        }
    }
}
