//! Every tool over a pipe.
