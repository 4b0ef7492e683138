//! The checks of a block of slots, and of a slot.

use quote::ToTokens;
use syn::{
    FnArg, GenericArgument, GenericParam, Generics, ImplItem, PathArguments, PathSegment,
    ReceiverKind, ReturnType, Safety, Signature, Type, WhereClause,
};

use super::ast::{Head, Inputs};
use crate::mistake::Mistakes;
use crate::text::{owned, owned_text, type_text};

/// Returns true if this is the head of a class's block, and reports a mistake otherwise.
pub(crate) fn head(head: &Head, mistakes: &mut Mistakes) -> bool {
    if let Some(of_trait) = &head.of_trait {
        mistakes.at(
            of_trait,
            format!(
                "slots are methods of the class itself: put them into an `impl {} {{ … }}`, and \
                 `#[slots]` above it",
                type_text(&head.class)
            ),
        );
        return false;
    }
    if let Some(argument) =
        head.arguments().find(|argument| !is_parameter(argument, &head.generics))
    {
        mistakes.at(
            argument,
            "the slots of a class are the same for all of its parameters: write the block for any, \
             as in `impl<T: 'static> Class<T>`",
        );
        return false;
    }
    if let Some(clause) = bound_on_constants(&head.generics) {
        mistakes.at(
            clause,
            "the slots of a class are the same for all of its parameters: a class whose parameters are \
             constants alone has slots without a where clause",
        );
        return false;
    }
    // The derive reports lifetime parameters of the class.
    head.generics.lifetimes().next().is_none()
}

/// Returns the where clause of a block whose parameters are constants alone. Up to Rust 1.88 the
/// derive cannot name the class with any constants, `Buffer<_>`, so it would miss that the block
/// asks for more than the struct, and the class would have no slots.
fn bound_on_constants(generics: &Generics) -> Option<&WhereClause> {
    let are_constants =
        generics.params.iter().all(|parameter| matches!(parameter, GenericParam::Const(_)));
    generics.where_clause.as_ref().filter(|_| are_constants && !generics.params.is_empty())
}

/// Returns true if the argument of a class is a parameter of its block.
fn is_parameter(argument: &GenericArgument, generics: &Generics) -> bool {
    let argument = argument.to_token_stream().to_string();
    generics.params.iter().any(|parameter| match parameter {
        GenericParam::Lifetime(parameter) => parameter.lifetime.to_string() == argument,
        GenericParam::Type(parameter) => parameter.ident == argument,
        GenericParam::Const(parameter) => parameter.ident == argument,
    })
}

/// Reports a `#[slot]` on an item that is not a method.
pub(crate) fn not_a_method(item: &mut ImplItem, mistakes: &mut Mistakes) {
    let attrs = match item {
        ImplItem::Const(item) => &mut item.attrs,
        ImplItem::Type(item) => &mut item.attrs,
        ImplItem::Macro(item) => &mut item.attrs,
        ImplItem::Fn(item) => &mut item.attrs,
        _ => return,
    };
    attrs.retain(|attr| {
        let is_slot = attr.path().is_ident("slot");
        if is_slot {
            mistakes.at(attr, "a slot is a method: `fn name(&mut self)`");
        }
        !is_slot
    });
}

/// Reports whatever keeps a method from being a slot. Returns the type of its argument, if it takes
/// one.
pub(crate) fn signature<'a>(
    class: &Type,
    signature: &'a Signature,
    mistakes: &mut Mistakes,
) -> Option<Option<&'a Type>> {
    if let Some(asyncness) = signature.asyncness {
        mistakes.at(
            asyncness,
            "a slot cannot be async: it runs to its end before the next slot starts; spawn a task \
             in it, `cx.spawn(async move |task| …)`, or connect another slot to the signal that \
             says that the work is done",
        );
    } else if let Safety::Unsafe(unsafety) = signature.safety {
        mistakes.at(unsafety, "a slot cannot be unsafe, since signals call it");
    } else if let Some(parameter) = signature
        .generics
        .params
        .iter()
        .find(|parameter| !matches!(parameter, GenericParam::Lifetime(_)))
    {
        mistakes.at(parameter, "a slot cannot be generic: name the type that the signal carries");
    } else if receiver(signature, mistakes) && output(&signature.output, mistakes) {
        return arguments(class, &signature.inputs, mistakes);
    }
    None
}

fn receiver(signature: &Signature, mistakes: &mut Mistakes) -> bool {
    let message = "a slot takes `&mut self`";
    match signature.inputs.first() {
        Some(FnArg::Receiver(receiver)) => match receiver.kind {
            ReceiverKind::Typed(..) | ReceiverKind::Reference(.., Some(_)) => return true,
            _ => mistakes.at(receiver, format!("{message}: write `&mut self`")),
        },
        _ => mistakes.at(
            &signature.ident,
            format!("{message} first: write `fn {}(&mut self, …)`", signature.ident),
        ),
    }
    false
}

/// Reports types that are certainly wrong. The compiler checks the others.
fn output(output: &ReturnType, mistakes: &mut Mistakes) -> bool {
    let ReturnType::Type(_, ty) = output else { return true };
    let wrong = match &**ty {
        Type::Tuple(tuple) => !tuple.elems.is_empty(),
        Type::Array(_) | Type::Reference(_) | Type::Slice(_) | Type::Ptr(_) => true,
        Type::ImplTrait(_) | Type::TraitObject(_) | Type::FnPtr(_) => true,
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            let first_argument = match &last.arguments {
                PathArguments::AngleBracketed(arguments) => arguments.args.first(),
                _ => None,
            };
            if last.ident == "Result" {
                matches!(first_argument, Some(GenericArgument::Type(ok)) if !is_unit(ok))
            } else {
                NO_RESULTS.iter().any(|name| last.ident == name)
            }
        }),
        _ => false,
    };
    if wrong {
        mistakes.at(
            ty,
            "a slot cannot return this, since no caller gets it: return nothing, or a \
             `Result<(), E>`, whose errors go to `on_slot_error`",
        );
    }
    !wrong
}

/// Types that people return from methods, and that are certainly not results.
const NO_RESULTS: [&str; 23] = [
    "bool",
    "char",
    "f32",
    "f64",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "String",
    "Option",
    "Vec",
    "Box",
    "Obj",
    "Self",
    "Connection",
];

fn is_unit(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty())
}

fn arguments<'a>(
    class: &Type,
    inputs: &'a Inputs,
    mistakes: &mut Mistakes,
) -> Option<Option<&'a Type>> {
    let types: Vec<_> = inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(typed) => Some(&*typed.ty),
            FnArg::Receiver(_) => None,
        })
        .collect();
    if let Some(ty) = types.iter().find(|ty| matches!(owned(ty), Type::ImplTrait(_))) {
        mistakes.at(ty, "a slot cannot be generic: name the type that the signal carries");
        return None;
    }
    // Found by type, since the user may choose the name of the parameter. A first parameter by
    // `&mut` is taken for an alias of the context.
    if let Some(position) = types.iter().position(|ty| is_context(ty) && !is_exclusive(ty)) {
        mistakes.at(types[position], "a slot borrows the context: write `cx: &mut Context<Self>`");
        return None;
    }
    if let Some(ty) = types.iter().find(|ty| is_world(ty)) {
        mistakes.at(
            ty,
            "a slot gets the context of its own object, which has the methods of a world too: write \
             `cx: &mut Context<Self>`",
        );
        return None;
    }
    if let Some(position) = types.iter().skip(1).position(|ty| is_context(ty)) {
        mistakes.at(
            inputs.iter().nth(position + 2),
            "the context comes before the argument: `(&mut self, cx: &mut Context<Self>, …)`",
        );
        return None;
    }
    if let Some(other) = types.first().and_then(|first| context_of(first)) {
        let (other_text, class) = (type_text(other), type_text(class));
        if other_text != "Self" && other_text != class {
            mistakes.at(other, "a slot gets the context of its own object: write `Context<Self>`");
            return None;
        }
    }
    let has_context = types
        .first()
        .is_some_and(|first| is_context(first) || (types.len() > 1 && is_exclusive(first)));
    let arguments = &types[usize::from(has_context)..];
    if arguments.len() > 1 {
        let all: Vec<_> = arguments.iter().map(|ty| owned_text(ty)).collect();
        let (all, first) = (all.join(", "), inputs.len() - arguments.len());
        let names: Vec<_> = inputs.iter().skip(first).filter_map(name).collect();
        let names = names.join(", ");
        mistakes.at(
            inputs.iter().nth(first + 1),
            format!(
                "a slot takes one argument, since a signal carries one: if this is a `Signal<({all})>`, \
                 write `({names}): ({all})`"
            ),
        );
        return None;
    }
    Some(arguments.first().copied())
}

/// Returns the parameter's name, or its pattern.
fn name(input: &FnArg) -> Option<String> {
    match input {
        FnArg::Typed(typed) => Some(type_text(&typed.pat)),
        FnArg::Receiver(_) => None,
    }
}

fn is_exclusive(ty: &Type) -> bool {
    matches!(ty, Type::Reference(reference) if reference.mutability.is_some())
}

fn is_context(ty: &Type) -> bool {
    context(ty).is_some()
}

/// Returns true for a reference to the world or to a runtime, which no slot gets.
fn is_world(ty: &Type) -> bool {
    let Type::Reference(reference) = ty else { return false };
    let Type::Path(path) = &*reference.elem else { return false };
    path.path.segments.last().is_some_and(|last| last.ident == "World" || last.ident == "Runtime")
}

/// Returns the `Context<…>` to which the type refers.
fn context(ty: &Type) -> Option<&PathSegment> {
    match owned(ty) {
        Type::Path(path) => path.path.segments.last().filter(|last| last.ident == "Context"),
        _ => None,
    }
}

/// Returns the class of a context.
fn context_of(ty: &Type) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &context(ty)?.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(class) => Some(class),
        _ => None,
    })
}
