use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Thermometer {
    #[property]
    celsius: Property<f64>,
}

#[derive(QObject, Default)]
struct Thermostat {
    #[qobject(base: QObject)]
    thermometer: Thermometer,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let thermostat = rt.add(Thermostat::default());
    let _: Obj<Thermometer> = thermostat.upcast();
}
