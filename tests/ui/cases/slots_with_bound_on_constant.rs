use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Buffer<const N: usize> {
    #[signal]
    full: Signal<()>,
}

#[slots]
impl<const N: usize> Buffer<N>
where
    [u8; N]: Default,
{
    #[slot(self.full)]
    fn clear(&mut self) {}
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let buffer = rt.add(Buffer::<3>::default());
    rt.emit(buffer, Buffer::full, ());
}
