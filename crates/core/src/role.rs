//! Who speaks in a turn.

use crate::closed_words;

closed_words! {
    /// The part somebody plays in a conversation. It is read by the names that other programs use for
    /// the same thing, too.
    ///
    /// # Examples
    /// ```
    /// use longmem_core::Role;
    /// assert_eq!("Human".parse(), Ok(Role::User));
    /// assert!("narrator".parse::<Role>().is_err());
    /// ```
    pub enum Role: "a role" {
        /// The person whose memory it is, or another person in the conversation.
        User = "user" | "human",
        /// The language model.
        Assistant = "assistant" | "ai" | "model" | "bot",
        /// Instructions to the language model.
        System = "system" | "developer",
        /// What a tool printed.
        Tool = "tool" | "function",
    }
}
