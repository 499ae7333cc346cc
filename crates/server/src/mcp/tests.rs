//! Every tool over a pipe and over HTTP, without a process and without a socket.

mod changing;
mod client;
mod http;
mod model;
mod protocol;
mod reading;
mod schemas;
mod sizes;
