use slotwire::stream::QDataStream;

fn main() {
    let mut bytes = Vec::new();
    let _stream = QDataStream::new(&mut bytes);
}
