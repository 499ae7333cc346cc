//! What hooks answer, and what they leave behind.

mod answers;
mod fixture;
mod requests;
mod transcripts;
