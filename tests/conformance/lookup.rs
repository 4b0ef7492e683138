//! Host lookups.

use std::rc::Rc;

use serde_json::{Value, json};
use slotwire::prelude::*;
use slotwire::{HostInfo, HostInfoError};

use crate::answer::{Answer, Outcome, missing};
use crate::stage::Stage;

/// Looks up a host: in the background, which is then called `id`, or at once.
pub(crate) fn look_up(
    stage: &Rc<Stage>,
    world: &mut World,
    id: &Option<String>,
    name: &str,
    how: &Option<String>,
) -> Outcome {
    if how.as_deref() == Some("sync") {
        return Ok(show(&HostInfo::from_name(name)).into());
    }
    let Some(id) = id.clone() else { return missing("a lookup without a name") };
    let (then, called) = (stage.clone(), id.clone());
    let lookup = world.look_up_host(name, move |_, info| {
        let mut event = show(&info);
        event["lookup"] = called.as_str().into();
        then.log.borrow_mut().other(format!("{called}.lookup"), event);
    });
    stage.lookups.borrow_mut().insert(id, lookup);
    Ok(true.into())
}

/// Gives up a lookup.
pub(crate) fn abort(stage: &Stage, world: &mut World, id: &str) -> Outcome {
    let Some(&lookup) = stage.lookups.borrow().get(id) else {
        return missing(format!("there is no lookup {id}"));
    };
    world.abort_host_lookup(lookup);
    Ok(Answer::Nothing)
}

fn show(info: &HostInfo) -> Value {
    let error = match info.error() {
        None => "NoError",
        Some(HostInfoError::HostNotFound) => "HostNotFound",
        Some(_) => "UnknownError",
    };
    let addresses: Vec<_> = info.addresses().iter().map(ToString::to_string).collect();
    json!({ "error": error, "addresses": addresses, "hostName": info.host_name() })
}
