//! The chapters of the book: their programs are tests.

#![cfg(doctest)]

#[doc = include_str!("../book/src/introduction.md")]
struct Introduction;

#[doc = include_str!("../book/src/first-client.md")]
struct FirstClient;

#[doc = include_str!("../book/src/objects.md")]
struct Objects;

#[doc = include_str!("../book/src/signals.md")]
struct Signals;

#[doc = include_str!("../book/src/delivery.md")]
struct Delivery;

#[doc = include_str!("../book/src/event-loop.md")]
struct EventLoop;

#[doc = include_str!("../book/src/other-loops.md")]
struct OtherLoops;

#[doc = include_str!("../book/src/tasks.md")]
struct Tasks;

#[doc = include_str!("../book/src/devices.md")]
struct Devices;

#[doc = include_str!("../book/src/data-streams.md")]
struct DataStreams;

#[doc = include_str!("../book/src/messages.md")]
struct MessagesOfDevices;

#[doc = include_str!("../book/src/text-streams.md")]
struct TextStreams;

#[doc = include_str!("../book/src/tcp.md")]
struct Tcp;

#[doc = include_str!("../book/src/udp.md")]
struct Udp;

#[doc = include_str!("../book/src/hosts.md")]
struct Hosts;

#[doc = include_str!("../book/src/proxies.md")]
struct Proxies;

#[doc = include_str!("../book/src/tls.md")]
struct Tls;

#[doc = include_str!("../book/src/simulation.md")]
struct Simulation;

#[doc = include_str!("../book/src/model.md")]
struct Model;

#[doc = include_str!("../book/src/compiler.md")]
struct Compiler;

#[doc = include_str!("../book/src/reliability.md")]
struct Reliability;

#[doc = include_str!("../book/src/from-qt.md")]
struct FromQt;
