//! Arguments of calls: what a scenario writes, as the values that the library takes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::OwnedFd;
use std::time::Duration;

use serde_json::Value;
use slotwire::{BindAddress, NetworkProxy, OpenMode};

use crate::answer::{Missing, missing};
use crate::bytes;
use crate::dut::Dut;
use crate::names;
use crate::stage::Stage;

/// The arguments of one call, with its symbols resolved.
pub(crate) struct Args<'a> {
    values: Vec<Value>,
    stage: &'a Stage,
}

/// An address, as Qt's class for it can have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Null,
    /// All of this machine's addresses, of both families.
    Any,
    Ip(IpAddr),
}

impl<'a> Args<'a> {
    pub(crate) fn new(stage: &'a Stage, written: &[Value]) -> Self {
        let symbols = stage.symbols.borrow();
        Self { values: written.iter().map(|value| symbols.resolve(value)).collect(), stage }
    }

    /// The stage that the objects in the arguments are on.
    pub(crate) fn stage(&self) -> &'a Stage {
        self.stage
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The argument at `index`, as it is written.
    pub(crate) fn value(&self, index: usize) -> Result<&Value, Missing> {
        self.values.get(index).ok_or_else(|| Missing(format!("argument {index}")))
    }

    pub(crate) fn boolean(&self, index: usize) -> Result<bool, Missing> {
        self.parse(index, Value::as_bool)
    }

    pub(crate) fn number(&self, index: usize) -> Result<i64, Missing> {
        self.parse(index, Value::as_i64)
    }

    pub(crate) fn text(&self, index: usize) -> Result<&str, Missing> {
        match self.value(index)?.as_str() {
            Some(text) => Ok(text),
            None => self.unfit(index),
        }
    }

    pub(crate) fn bytes(&self, index: usize) -> Result<Vec<u8>, Missing> {
        self.parse(index, bytes::parse)
    }

    /// A single byte.
    pub(crate) fn byte(&self, index: usize) -> Result<u8, Missing> {
        match self.bytes(index)?.as_slice() {
            [byte] => Ok(*byte),
            _ => self.unfit(index),
        }
    }

    pub(crate) fn port(&self, index: usize) -> Result<u16, Missing> {
        self.parse(index, |value| u16::try_from(value.as_u64()?).ok())
    }

    /// A length that is not negative.
    pub(crate) fn length(&self, index: usize) -> Result<usize, Missing> {
        self.parse(index, |value| usize::try_from(value.as_u64()?).ok())
    }

    /// A time in milliseconds that is not negative.
    pub(crate) fn time(&self, index: usize) -> Result<Duration, Missing> {
        self.parse(index, |value| value.as_u64().map(Duration::from_millis))
    }

    /// A time-out in milliseconds: `None` for a negative one, which is for ever. Qt's default if it
    /// is absent.
    pub(crate) fn timeout(&self, index: usize) -> Result<Option<Duration>, Missing> {
        match self.values.get(index) {
            None => Ok(Some(Duration::from_secs(30))),
            Some(_) => Ok(u64::try_from(self.number(index)?).ok().map(Duration::from_millis)),
        }
    }

    pub(crate) fn address(&self, index: usize) -> Result<Address, Missing> {
        let value = self.value(index)?;
        let Some(text) = value["addr"].as_str() else { return self.unfit(index) };
        Address::parse(text).ok_or_else(|| Missing(format!("the address {text}")))
    }

    /// An address that is one.
    pub(crate) fn ip(&self, index: usize) -> Result<IpAddr, Missing> {
        match self.address(index)? {
            Address::Ip(ip) => Ok(ip),
            Address::Any => Ok(Ipv6Addr::UNSPECIFIED.into()),
            Address::Null => missing("a null address here"),
        }
    }

    pub(crate) fn proxy(&self, index: usize) -> Result<NetworkProxy, Missing> {
        self.parse(index, |value| to_proxy(&value["proxy"]))
    }

    /// The members of an enumeration, which has to be `class`.
    pub(crate) fn members(&self, index: usize, class: &str) -> Result<Vec<&str>, Missing> {
        let value = self.value(index)?;
        let named = value["enum"].as_str().and_then(|text| text.split_once('.'));
        match named {
            Some((named, members)) if named == class => Ok(members.split('|').collect()),
            _ => self.unfit(index),
        }
    }

    pub(crate) fn open_mode(&self, index: usize) -> Result<OpenMode, Missing> {
        self.flags(index, "OpenMode", OpenMode::NOT_OPEN, names::to_open_mode)
    }

    /// Flags of an enumeration, combined.
    pub(crate) fn flags<F: std::ops::BitOr<Output = F>>(
        &self,
        index: usize,
        class: &str,
        none: F,
        parse: impl Fn(&str) -> Option<F>,
    ) -> Result<F, Missing> {
        self.members(index, class)?.into_iter().try_fold(none, |flags, member| {
            let flag = parse(member).ok_or_else(|| Missing(format!("{class}.{member}")))?;
            Ok(flags | flag)
        })
    }

    /// The member of an enumeration.
    pub(crate) fn member<M>(
        &self,
        index: usize,
        class: &str,
        parse: impl Fn(&str) -> Option<M>,
    ) -> Result<M, Missing> {
        let members = self.members(index, class)?;
        let member = members.first().and_then(|member| parse(member));
        member.ok_or_else(|| Missing(format!("{class}.{members:?}")))
    }

    /// An address to bind to. Qt's two-family `Any` is what the unspecified IPv6 address is here.
    pub(crate) fn bind_address(&self, index: usize) -> Result<BindAddress, Missing> {
        let value = self.value(index)?;
        match (self.address(index)?, value["addr"].as_str()) {
            (Address::Ip(_), Some("AnyIPv6" | "::")) => Ok(BindAddress::AnyIpv6),
            (Address::Ip(ip), _) => Ok(ip.into()),
            (Address::Any, _) => Ok(BindAddress::Any),
            (Address::Null, _) => missing("binding to a null address"),
        }
    }

    /// An object under test, or none.
    pub(crate) fn object(&self, index: usize) -> Result<Option<Dut>, Missing> {
        match self.value(index)?.get("obj") {
            Some(Value::Null) => Ok(None),
            Some(Value::String(id)) => match self.stage.find(id) {
                Some(object) => Ok(Some(object)),
                None => missing(format!("there is no {id}")),
            },
            _ => self.unfit(index),
        }
    }

    /// The name of a network interface.
    pub(crate) fn interface(&self, index: usize) -> Result<&str, Missing> {
        match self.value(index)?["iface"].as_str() {
            Some(name) => Ok(name),
            None => self.unfit(index),
        }
    }

    /// The descriptor of a peer, which gives it up.
    pub(crate) fn descriptor(&self, index: usize) -> Result<OwnedFd, Missing> {
        match self.value(index)?["peerfd"].as_str() {
            Some(peer) => self
                .stage
                .peers
                .borrow_mut()
                .give_away(peer)
                .ok_or_else(|| Missing(format!("a descriptor of {peer}"))),
            None => missing("a raw descriptor number"),
        }
    }

    fn parse<T>(
        &self,
        index: usize,
        parse: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<T, Missing> {
        match parse(self.value(index)?) {
            Some(value) => Ok(value),
            None => self.unfit(index),
        }
    }

    fn unfit<T>(&self, index: usize) -> Result<T, Missing> {
        missing(format!("argument {index}: {}", self.value(index)?))
    }
}

impl Address {
    /// The address of this name or text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "" | "Null" => Self::Null,
            "Any" => Self::Any,
            "AnyIPv4" => Self::Ip(Ipv4Addr::UNSPECIFIED.into()),
            "AnyIPv6" => Self::Ip(Ipv6Addr::UNSPECIFIED.into()),
            "LocalHost" => Self::Ip(Ipv4Addr::LOCALHOST.into()),
            "LocalHostIPv6" => Self::Ip(Ipv6Addr::LOCALHOST.into()),
            "Broadcast" => Self::Ip(Ipv4Addr::BROADCAST.into()),
            _ => Self::Ip(text.parse().ok()?),
        })
    }
}

/// The proxy that a scenario describes, with its symbols resolved.
pub(crate) fn to_proxy(value: &Value) -> Option<NetworkProxy> {
    let text = |key: &str| value[key].as_str().unwrap_or_default();
    let port = || u16::try_from(value["port"].as_u64()?).ok();
    let proxy = match text("type") {
        "DefaultProxy" => NetworkProxy::default(),
        "NoProxy" => NetworkProxy::none(),
        "Socks5Proxy" => NetworkProxy::socks5(text("host"), port()?),
        "HttpProxy" => NetworkProxy::http(text("host"), port()?),
        _ => return None,
    };
    Some(proxy.with_credentials(text("user"), text("password")))
}
