//! Requests to the routes of the API, without a socket.

mod context;
mod document;
mod embeddings;
mod facts;
mod fixture;
mod forget;
mod mem0;
mod recall;
mod sessions;
mod stats;
mod streams;
mod turns;
