//! Smoke
use slotwire::MetaObject;
use slotwire::prelude::*;

struct P {
    a: Signal<i32>,
    s: Signal<String>,
    log: Vec<String>,
}
static META: MetaObject = MetaObject::new("P");
impl QObject for P {
    fn static_meta_object() -> &'static MetaObject {
        &META
    }
    fn meta_object(&self) -> &'static MetaObject {
        &META
    }
}
impl P {
    fn new() -> Self {
        P { a: Signal::new(), s: Signal::new(), log: vec![] }
    }
    fn a(&self) -> &Signal<i32> {
        &self.a
    }
    fn s(&self) -> &Signal<String> {
        &self.s
    }
    fn none(&mut self) {
        self.log.push("none".into())
    }
    fn val(&mut self, v: i32) {
        self.log.push(format!("val {v}"))
    }
    fn cxval(&mut self, cx: &mut Context<Self>, v: i32) -> Result<(), String> {
        let _ = cx;
        self.log.push(format!("cxval {v}"));
        Ok(())
    }
    fn st(&mut self, v: &str) {
        self.log.push(format!("str {v}"))
    }
    fn stcx(&mut self, _cx: &mut Context<Self>, v: &String) {
        self.log.push(format!("String {v}"))
    }
    fn owned(&mut self, v: String) {
        self.log.push(format!("owned {v}"))
    }
}

#[test]
fn works() {
    let mut rt = Runtime::new().unwrap();
    let p = rt.add(P::new());
    let q = rt.add(P::new());
    rt.connect(p, P::a, q, P::none);
    rt.connect(p, P::a, q, P::val);
    rt.connect(p, P::a, q, P::cxval);
    rt.connect(p, P::s, q, P::st);
    rt.connect(p, P::s, q, P::stcx);
    rt.connect(p, P::s, q, P::owned);
    rt.connect_with(ConnectionType::QUEUED, p, P::s, q, P::owned);
    rt.emit(p, P::a, 3);
    rt.emit(p, P::s, "x".to_string());
    assert_eq!(rt[q].log, ["none", "val 3", "cxval 3", "str x", "String x", "owned x"]);
}
