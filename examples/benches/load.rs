//! Load on a real HTTP server on loopback, which the bench itself starts: by how many ask at a time, and by how many come.

use std::io::{BufRead, BufReader, Error, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use perfguard_harness::{Bench, Model, Scenario};

/// A small server: one thread a connection, the same answer to every request.
fn start() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    Ok(address)
}

fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line == "\r\n" {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")?;
        }
    }
}

/// A client that keeps its connection.
struct Client {
    reader: BufReader<TcpStream>,
}

impl Client {
    fn connect(server: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        Ok(Self { reader: BufReader::new(stream) })
    }

    fn get(&mut self, path: &str) -> std::io::Result<()> {
        write!(self.reader.get_mut(), "GET {path} HTTP/1.1\r\nHost: loopback\r\n\r\n")?;
        let mut status = String::new();
        self.reader.read_line(&mut status)?;
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if self.reader.read_line(&mut line)? == 0 {
                return Err(Error::other("the server hung up"));
            }
        }
        self.reader.read_exact(&mut [0; 5])?;
        if status.contains(" 200 ") { Ok(()) } else { Err(Error::other(status.trim().to_owned())) }
    }
}

fn http(bench: &mut Bench) {
    let mut group = bench.group("http");
    let mut scenario = |name: &str, model: Model| {
        group.bench(name, |bencher| match start() {
            Ok(server) => Scenario::new(model)
                .ramp_up(Duration::from_millis(50))
                .duration(Duration::from_millis(300))
                .min_success_rate(0.99)
                .run(bencher, |_| {
                    let mut client = Client::connect(server);
                    move || match &mut client {
                        Ok(client) => client.get("/"),
                        Err(error) => Err(Error::other(error.to_string())),
                    }
                }),
            Err(error) => bencher.fail(format!("could not start the server: {error}")),
        });
    };
    scenario("closed", Model::Closed(vec![1, 4]));
    scenario("open", Model::Open(vec![500.0, 2_000.0]));
}

perfguard_harness::main!(http);
