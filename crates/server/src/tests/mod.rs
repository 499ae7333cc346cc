//! The server as a whole: who is let in, what is refused, and how connections begin and end.

mod access;
mod bodies;
mod connections;
mod fixture;
mod hostile;
mod proxy;
