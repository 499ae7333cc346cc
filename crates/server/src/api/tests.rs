//! Requests to the routes of the API, without a socket.

mod document;
mod fixture;
mod recall;
mod turns;
