//! Commands that a person gives to the program, and not to the model.

/// Whether a text is a slash command alone, such as `/compact`: it says nothing. One with arguments
/// does, and so does a path such as `/etc/hosts`.
pub(crate) fn is_command_alone(text: &str) -> bool {
    let command = text.strip_prefix('/').unwrap_or_default();
    !command.is_empty() && !command.contains(['/', ' ', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_command_without_arguments_says_nothing() {
        for text in ["/compact", "/mcp:list"] {
            assert!(is_command_alone(text), "{text}");
        }
        for text in ["/review the loop", "/etc/hosts", "/fix\nit", "/", "compact", ""] {
            assert!(!is_command_alone(text), "{text}");
        }
    }
}
