fn main() {
    let mut rt = slotwire::Runtime::new().unwrap();
    let timer = rt.add(slotwire::QTimer::new());
    timer.start(std::time::Duration::from_secs(1));
}
