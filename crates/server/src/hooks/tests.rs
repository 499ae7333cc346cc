//! What hooks answer, and what they leave behind.
