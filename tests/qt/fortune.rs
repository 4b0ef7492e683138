//! The protocol of Qt's fortune examples: the examples here, and programs of Qt.

use serde_json::json;

use super::*;
use support::program::Program;

#[test]
fn our_clients_understand_a_fortune_server_of_qt() {
    let Some(qt) = Qt::find() else { return };
    let mut rt = Runtime::new().unwrap();
    let server = qt.start(&rt, "fortune_server.py", &[]);
    let port: u16 = server.told(&mut rt, "port");
    let fortunes: [&[&str]; 3] =
        [&["You will meet a stranger from C++."], &["Zwei Zeilen,", "τρεις λέξεις 😀"], &[""]];
    for client in ["fortune_client", "blocking_fortune_client"] {
        for fortune in fortunes {
            let client = Program::start(client, &["127.0.0.1", &port.to_string()]);
            assert_eq!(client.rest(), fortune);
            assert!(client.end().success());
        }
    }
}

#[test]
fn a_client_of_qt_understands_our_fortune_servers() {
    let Some(qt) = Qt::find() else { return };
    let mut rt = Runtime::new().unwrap();
    for server in ["fortune_server", "threaded_fortune_server"] {
        let (server, port) = Program::serve(server, &["0", "3"]);
        let fortunes = [
            "You will find a lost semicolon in an unexpected place.",
            "A borrow is returned to you sooner than you think.",
            "Somebody is waiting for your signal.",
        ];
        for fortune in fortunes {
            let client = qt.start(&rt, "fortune_client.py", &[&port]);
            assert_eq!(client.answer(&mut rt), json!({"fortune": fortune}));
            assert_eq!(client.answer(&mut rt), json!({"left": 0}));
        }
        assert!(server.end().success());
    }
}
