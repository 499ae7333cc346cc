//! A network that takes a while, between programs and a server on one machine: what comes is passed on
//! after a time, in both directions, however much there is of it.
//!
//!     delaying_relay 127.0.0.1:6000 127.0.0.1:5432 0.25
//!
//! listens at the first address and connects each connection with the server at the second; bytes wait a
//! quarter of a millisecond each way. The system's timers add some 0.06 ms to each wait. It runs until it is ended.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, server, milliseconds] = &arguments[..] else {
        return Err(io::Error::other("expected: ADDRESS SERVER MILLISECONDS"));
    };
    let delay = milliseconds.parse().map_err(io::Error::other)?;
    let delay = Duration::try_from_secs_f64(f64::max(delay, 0.0) / 1_000.0);
    let delay = delay.map_err(io::Error::other)?;
    for client in TcpListener::bind(address)?.incoming() {
        let (client, server) = (client?, TcpStream::connect(server)?);
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
        pass_on(from_client, to_server, delay);
        pass_on(server, client, delay);
    }
    Ok(())
}

/// Passes on what comes, each piece after the delay, and then the end.
fn pass_on(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    // Without a bound, so that reading never waits for writing.
    let (sender, pieces) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut piece = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut piece) {
            if sender.send((Instant::now() + delay, piece[..length].to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (due, piece) in pieces {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&piece).is_err() {
                return;
            }
        }
        // Whoever is gone needs to be told nothing.
        let _ = to.shutdown(Shutdown::Write);
    });
}
