//! The attribute of a slot: `#[slot]`, `#[slot(field.signal)]`, `#[slot(field.signal, queued)]`.

use proc_macro2::Span;
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{Attribute, Error, Ident, Meta, Result, Token, token};

use crate::text::plain;

/// A connection that a slot declares.
pub(crate) struct Connection {
    pub(crate) source: Source,
    pub(crate) queued: bool,
    pub(crate) single_shot: bool,
}

/// The signal of a connection.
pub(crate) enum Source {
    /// `self.signal`: a signal of the object itself.
    Own { signal: Ident },
    /// `self.base.signal`: a signal of the object that the class extends.
    Base { base: Ident, signal: Ident },
    /// `field.signal`: a signal of the object whose handle is in the field.
    Field { field: Ident, signal: Ident },
    /// `field.destroyed`: the end of that object.
    End { field: Ident },
}

impl Connection {
    /// Reads an attribute. Returns `None` for a `#[slot]` that is connected by hand.
    pub(crate) fn read(attr: &Attribute) -> Result<Option<Self>> {
        let list = match &attr.meta {
            Meta::Path(_) => return Ok(None),
            Meta::List(list) if !list.tokens.is_empty() => list,
            meta => {
                return Err(Error::new_spanned(
                    meta,
                    "write `#[slot(field.signal)]`, or `#[slot]` for a slot that is connected by \
                     hand",
                ));
            }
        };
        list.parse_args_with(|input: ParseStream<'_>| {
            let source = source(input)?;
            let mut connection = Self { source, queued: false, single_shot: false };
            while !input.is_empty() {
                input.parse::<Token![,]>().map_err(|error| {
                    Error::new(error.span(), "expected a comma: `#[slot(field.signal, queued)]`")
                })?;
                if !input.is_empty() {
                    connection.read_option(input)?;
                }
            }
            Ok(Some(connection))
        })
    }

    fn read_option(&mut self, input: ParseStream<'_>) -> Result<()> {
        let unknown = "unknown option: write `queued` or `single_shot`";
        let option: Ident = input.parse().map_err(|error| Error::new(error.span(), unknown))?;
        if let Source::End { .. } = self.source {
            return Err(Error::new(
                option.span(),
                "`destroyed` has no options: it is delivered at once, and only once",
            ));
        }
        match &*option.to_string() {
            "queued" => self.queued = true,
            "single_shot" => self.single_shot = true,
            _ => return Err(Error::new(option.span(), unknown)),
        }
        Ok(())
    }
}

impl Source {
    /// Returns the signal as it is written.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Own { signal } => format!("self.{}", plain(signal)),
            Self::Base { base, signal } => format!("self.{}.{}", plain(base), plain(signal)),
            Self::Field { field, signal } => format!("{}.{}", plain(field), plain(signal)),
            Self::End { field } => format!("{}.destroyed", plain(field)),
        }
    }
}

fn source(input: ParseStream<'_>) -> Result<Source> {
    if input.peek(Token![self]) {
        let itself: Token![self] = input.parse()?;
        let first = after_dot(input, itself.span, "self")?;
        if !input.peek(Token![.]) {
            ended(input)?;
            return Ok(Source::Own { signal: first });
        }
        let base = first;
        let signal = after_dot(input, base.span(), &format!("self.{}", plain(&base)))?;
        if input.peek(Token![.]) {
            let dot: Token![.] = input.parse()?;
            let message = format!(
                "a slot can name signals of the object that its class extends; connect to a signal \
                 of `self.{base}.{signal}` in the constructor, with `cx.on`: the sender is \
                 `cx.this().upcast::<Base>().upcast::<BaseOfBase>()`"
            );
            return Err(Error::new(dot.span, message));
        }
        ended(input)?;
        return Ok(Source::Base { base, signal });
    }
    let field: Ident = input.parse().map_err(|error| {
        Error::new(
            error.span(),
            "expected a signal: `#[slot(field.signal)]`, or `#[slot(self.signal)]` for one of this class",
        )
    })?;
    let signal = after_dot(input, field.span(), &plain(&field))?;
    if input.peek(Token![.]) {
        let dot: Token![.] = input.parse()?;
        let message = format!(
            "a slot can name signals of the objects in its fields; connect to a signal of \
             `{field}.{signal}` by hand, with `cx.on`"
        );
        return Err(Error::new(dot.span, message));
    }
    ended(input)?;
    Ok(if signal == "destroyed" { Source::End { field } } else { Source::Field { field, signal } })
}

/// Reads the name of the signal after `first.`.
fn after_dot(input: ParseStream<'_>, span: Span, first: &str) -> Result<Ident> {
    if input.peek(Token![.]) {
        input.parse::<Token![.]>()?;
        return input.parse().map_err(|error: Error| {
            Error::new(
                error.span(),
                format!("expected the name of a signal: `#[slot({first}.signal)]`"),
            )
        });
    }
    if input.peek(Token![::]) {
        let message = "name the field with the sender, not its class: `#[slot(field.signal)]`";
        return Err(Error::new(span, message));
    }
    let message = match first {
        "queued" | "single_shot" => format!(
            "`{first}` is an option that follows a signal: write `#[slot(field.signal, \
             {first})]`"
        ),
        "self" => "expected a signal: `#[slot(self.signal)]`".to_owned(),
        _ => format!(
            "expected `field.signal`: write `#[slot({first}.signal)]` for a signal of the object \
             in the field `{first}`, or `#[slot(self.{first})]` for a signal of this class"
        ),
    };
    Err(Error::new(span, message))
}

/// Reports brackets after the name of a signal.
fn ended(input: ParseStream<'_>) -> Result<()> {
    if input.peek(token::Paren) {
        let call: proc_macro2::Group = input.parse()?;
        return Err(Error::new_spanned(
            call.into_token_stream(),
            "name the signal without brackets: `#[slot(field.signal)]`",
        ));
    }
    Ok(())
}
