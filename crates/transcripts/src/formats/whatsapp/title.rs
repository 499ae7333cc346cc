//! The name of a chat, by the name of its file: "WhatsApp Chat with Mira.txt".

/// Words between "WhatsApp Chat" and the name, in the languages that phones are set to.
const BEFORE_NAME: [&str; 10] =
    [" with ", " - ", " mit ", " con ", " avec ", " com ", " met ", " med ", " с ", " ile "];

/// The name of the person or the group that a file's name ends with; `None` for any other name.
pub(super) fn chat_title(file_stem: &str) -> Option<&str> {
    let name = file_stem.rsplit('/').next().unwrap_or(file_stem);
    let name = name.strip_suffix(".txt").unwrap_or(name);
    let (_, rest) = without_copy_number(name).split_once("WhatsApp")?;
    let starts = BEFORE_NAME.iter().filter_map(|word| Some(rest.find(word)? + word.len()));
    let title = rest[starts.min()?..].trim();
    (!title.is_empty()).then_some(title)
}

/// Takes off the number of a second download: "Mira (1)".
fn without_copy_number(name: &str) -> &str {
    name.strip_suffix(')')
        .and_then(|rest| rest.rsplit_once('('))
        .filter(|(_, number)| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
        .map_or(name, |(name, _)| name.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_name_in_every_language() {
        for (stem, title) in [
            ("WhatsApp Chat with Mira", Some("Mira")),
            ("WhatsApp Chat with Trip - Oslo (2)", Some("Trip - Oslo")),
            ("WhatsApp Chat with Mira(1)", Some("Mira")),
            ("WhatsApp Chat - Mira (work)", Some("Mira (work)")),
            ("WhatsApp-Chat mit Mira", Some("Mira")),
            ("Chat de WhatsApp con Mira", Some("Mira")),
            ("Discussion WhatsApp avec Mira", Some("Mira")),
            ("Conversa do WhatsApp com Mira", Some("Mira")),
            ("a/WhatsApp Chat with Mira.txt", Some("Mira")),
            ("WhatsApp Chat - Mira.zip/_chat.txt", None),
            ("WhatsApp", None),
            ("_chat", None),
            ("notes with Mira", None),
        ] {
            assert_eq!(chat_title(stem), title, "{stem}");
        }
    }
}
