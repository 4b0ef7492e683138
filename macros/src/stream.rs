//! `#[derive(ToDataStream)]` and `#[derive(FromDataStream)]`: the parts of a type, one after another.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::token::Paren;
use syn::{Data, DataEnum, DeriveInput, Fields, Generics, parse_quote};

use crate::mistake::Mistakes;

/// Which of the two traits is derived.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    To,
    From,
}

impl Direction {
    fn trait_name(self) -> Ident {
        match self {
            Self::To => format_ident!("ToDataStream"),
            Self::From => format_ident!("FromDataStream"),
        }
    }
}

/// Writes the implementation.
pub(crate) fn derive(input: &DeriveInput, direction: Direction) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let body = match &input.data {
        Data::Struct(data) => of_struct(&data.fields, direction),
        Data::Enum(data) => of_enum(input, data, direction, &mut mistakes),
        Data::Union(data) => {
            mistakes.at(data.union_token, "nothing tells which field of a union has a value");
            quote!(::core::unimplemented!())
        }
    };
    let min_size = min_size(input);
    let name = &input.ident;
    let generics = bounded(&input.generics, direction);
    let (parameters, arguments, conditions) = generics.split_for_impl();
    let method = match direction {
        Direction::To => quote! {
            fn write_to<__D: ::slotwire::stream::StreamDevice>(
                &self,
                stream: &mut ::slotwire::stream::QDataStream<__D>,
            ) -> ::core::result::Result<(), ::slotwire::stream::DataStreamError> {
                #body
            }
        },
        Direction::From => quote! {
            fn read_from<__D: ::slotwire::stream::StreamDevice>(
                stream: &mut ::slotwire::stream::QDataStream<__D>,
            ) -> ::core::result::Result<Self, ::slotwire::stream::DataStreamError> {
                #body
            }

            #min_size
        },
    };
    let trait_name = direction.trait_name();
    let checks = match &input.data {
        Data::Enum(data) if data.variants.iter().all(|variant| variant.fields.is_empty()) => {
            number_checks(input, data)
        }
        _ => TokenStream::new(),
    };
    quote! {
        #mistakes
        #checks

        impl #parameters ::slotwire::stream::#trait_name for #name #arguments #conditions {
            #method
        }
    }
}

/// Returns the generics with the trait as a bound of each type.
fn bounded(generics: &Generics, direction: Direction) -> Generics {
    let mut generics = generics.clone();
    let trait_name = direction.trait_name();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(::slotwire::stream::#trait_name));
    }
    generics
}

fn of_struct(fields: &Fields, direction: Direction) -> TokenStream {
    let parts = fields.members().zip(fields).map(|(member, field)| {
        // At the type, so that an error is there if no stream has such values.
        let span = field.ty.span().resolved_at(Span::call_site());
        match direction {
            Direction::To => quote_spanned!(span=> stream.write(&self.#member)?;),
            Direction::From => {
                // As in the least size, so that the compiler reports one error once.
                let ty = &field.ty;
                let read = quote_spanned! {span=>
                    <#ty as ::slotwire::stream::FromDataStream>::read_part
                };
                quote!(#member: #read(stream)?,)
            }
        }
    });
    match direction {
        Direction::To => quote! {
            #(#parts)*
            ::core::result::Result::Ok(())
        },
        Direction::From => quote! {
            ::core::result::Result::Ok(Self { #(#parts)* })
        },
    }
}

/// Returns the least number of bytes that a value takes: the sum of its parts.
fn min_size(input: &DeriveInput) -> TokenStream {
    let types: Vec<_> = match &input.data {
        Data::Struct(data) => data
            .fields
            .iter()
            .map(|field| {
                let (span, ty) = (field.ty.span().resolved_at(Span::call_site()), &field.ty);
                quote_spanned!(span=> <#ty as ::slotwire::stream::FromDataStream>::MIN_SIZE)
            })
            .collect(),
        Data::Enum(_) => {
            let number = number_type(input);
            vec![quote!(<#number as ::slotwire::stream::FromDataStream>::MIN_SIZE)]
        }
        Data::Union(_) => Vec::new(),
    };
    quote!(const MIN_SIZE: usize = 0_usize #(.saturating_add(#types))*;)
}

/// An enum without fields is a number of the type that `repr` names, or of 32 bits as Qt's enums.
fn of_enum(
    input: &DeriveInput,
    data: &DataEnum,
    direction: Direction,
    mistakes: &mut Mistakes,
) -> TokenStream {
    for variant in &data.variants {
        if !variant.fields.is_empty() {
            mistakes.at(
                &variant.fields,
                format!(
                    "Qt has no format for a variant with fields: implement the trait for `{}` by \
                     hand, and write a number before the fields",
                    input.ident
                ),
            );
            return quote!(::core::unimplemented!());
        }
    }
    let number = number_type(input);
    let variants: Vec<_> = data.variants.iter().map(|variant| &variant.ident).collect();
    let name = input.ident.unraw().to_string();
    match direction {
        Direction::To if variants.is_empty() => quote!(match *self {}),
        Direction::To => quote! {
            let number: #number = match self {
                #(Self::#variants => Self::#variants as #number,)*
            };
            stream.write(&number)
        },
        Direction::From => quote! {
            let number: #number = stream.read()?;
            #(
                if number == Self::#variants as #number {
                    return ::core::result::Result::Ok(Self::#variants);
                }
            )*
            ::core::result::Result::Err(::slotwire::stream::DataStreamError::corrupt(
                ::std::format!("{number} is no {}", #name),
            ))
        },
    }
}

/// Checks that the number of each variant is one of its type, so that no two become one. Both derives
/// write the same checks, of which the compiler reports each failure once.
fn number_checks(input: &DeriveInput, data: &DataEnum) -> TokenStream {
    if !input.generics.params.is_empty() {
        return TokenStream::new();
    }
    let (name, number) = (&input.ident, number_type(input));
    let checks = data.variants.iter().map(|variant| {
        let variant = &variant.ident;
        let message = format!(
            "the number of `{variant}` does not fit into `{number}`: write a larger type above \
             `{name}`, as in `#[repr(i64)]`"
        );
        quote_spanned! {variant.span()=>
            const _: () = ::core::assert!(
                #name::#variant as i128 == #name::#variant as #number as i128,
                #message
            );
        }
    });
    quote!(#(#checks)*)
}

/// Returns the integer type of an enum's `repr`; `i32` without one.
fn number_type(input: &DeriveInput) -> Ident {
    let mut number = format_ident!("i32");
    for attr in input.attrs.iter().filter(|attr| attr.path().is_ident("repr")) {
        // What is wrong in it, the compiler reports.
        let _ = attr.parse_nested_meta(|meta| {
            if let Some(name) = meta.path.get_ident()
                && ["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64"]
                    .iter()
                    .any(|known| name == known)
            {
                number = name.clone();
            }
            if meta.input.peek(Paren) {
                // Such as `align(8)`.
                meta.input.parse::<Group>()?;
            }
            Ok(())
        });
    }
    number
}
