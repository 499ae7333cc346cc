//! What WhatsApp itself writes into a message, in the languages that phones are set to.

use super::stamp::is_invisible;

/// Marks behind an edited text.
const EDITED: [&str; 12] = [
    "<This message was edited>",
    "<Diese Nachricht wurde bearbeitet>",
    "<Diese Nachricht wurde bearbeitet.>",
    "<Se editó este mensaje.>",
    "<Se editó este mensaje>",
    "<Este mensaje se editó>",
    "<Ce message a été modifié>",
    "<Mensagem editada>",
    "<Esta mensagem foi editada>",
    "<Questo messaggio è stato modificato>",
    "<Dit bericht is bewerkt>",
    "<Данное сообщение изменено>",
];

/// What stands in place of a message: one that was deleted, a picture that was left out, a call.
const PLACEHOLDERS: [&str; 47] = [
    "null",
    "This message was deleted",
    "You deleted this message",
    "Waiting for this message",
    "Missed voice call",
    "Missed video call",
    "image omitted",
    "video omitted",
    "audio omitted",
    "sticker omitted",
    "GIF omitted",
    "document omitted",
    "video note omitted",
    "Contact card omitted",
    "Diese Nachricht wurde gelöscht",
    "Du hast diese Nachricht gelöscht",
    "Bild weggelassen",
    "Video weggelassen",
    "Audio weggelassen",
    "Sticker weggelassen",
    "GIF weggelassen",
    "Dokument weggelassen",
    "Kontaktkarte ausgelassen",
    "Se eliminó este mensaje",
    "Este mensaje fue eliminado",
    "Eliminaste este mensaje",
    "Imagen omitida",
    "Video omitido",
    "Audio omitido",
    "Sticker omitido",
    "GIF omitido",
    "Documento omitido",
    "Ce message a été supprimé",
    "Vous avez supprimé ce message",
    "image absente",
    "vidéo absente",
    "audio omis",
    "document manquant",
    "Questo messaggio è stato eliminato",
    "Hai eliminato questo messaggio",
    "immagine omessa",
    "video omesso",
    "audio omesso",
    "Mensagem apagada",
    "Esta mensagem foi apagada",
    "Você apagou esta mensagem",
    "imagem ocultada",
];

/// What stands behind the name of a file that was sent.
const FILE_ATTACHED: [&str; 10] = [
    "(file attached)",
    "(Datei angehängt)",
    "(archivo adjunto)",
    "(fichier joint)",
    "(file allegato)",
    "(arquivo anexado)",
    "(ficheiro anexado)",
    "(bestand bijgevoegd)",
    "(файл добавлен)",
    "(dosya ekli)",
];

/// The words that a person wrote, of a message with all its lines; `None` where it has none.
pub(super) fn written_text(text: &str) -> Option<String> {
    let mut kept = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = without_attachment(without_program_words(line));
        // Only the first line stands for the file; what follows is its caption.
        if !(number == 0 && (is_file_name(line) || is_placeholder(line.trim()))) {
            kept.push(line);
        }
    }
    let text: String = kept.join("\n").chars().filter(|c| !is_invisible(*c)).collect();
    let text = without_edited_mark(text.trim()).trim_end();
    (!text.is_empty() && !is_placeholder(text)).then(|| text.to_owned())
}

/// Takes off what an iPhone writes behind a left-to-right mark: its own words in place of a picture,
/// the name of a file, "<This message was edited>". Such a line begins or ends with them.
fn without_program_words(line: &str) -> &str {
    match line.split_once('\u{200e}') {
        Some((written, noted))
            if written.is_empty() || noted.starts_with('<') || is_placeholder(noted.trim()) =>
        {
            written.trim_end()
        }
        _ => line,
    }
}

/// Takes off "<attached: 00000012-PHOTO.jpg>" at the end of a line, in any language.
fn without_attachment(line: &str) -> &str {
    line.trim_end()
        .strip_suffix('>')
        .and_then(|rest| rest.rsplit_once('<'))
        .filter(|(_, inside)| {
            inside.split_once(": ").is_some_and(|(_, name)| is_name_of_file(name))
        })
        .map_or(line, |(written, _)| written.trim_end())
}

/// Whether a text ends as the names of files do: "plan.pdf".
fn is_name_of_file(text: &str) -> bool {
    text.trim().rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty()
            && (2..=5).contains(&extension.len())
            && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Whether a line is the name of a file that Android sent with the message.
fn is_file_name(line: &str) -> bool {
    let line = line.trim_matches(is_invisible);
    FILE_ATTACHED.iter().any(|mark| line.ends_with(mark))
        || line
            .split_once(" (")
            .is_some_and(|(name, mark)| is_media_name(name) && mark.ends_with(')'))
}

/// Whether a name is one that WhatsApp gives to pictures, as "IMG-20260102-WA0001.jpg".
fn is_media_name(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or("", |(stem, _)| stem);
    let number = stem.rsplit_once("-WA").map_or("", |(_, number)| number);
    is_name_of_file(name) && number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn without_edited_mark(text: &str) -> &str {
    EDITED.iter().find_map(|mark| text.strip_suffix(mark)).unwrap_or(text)
}

/// Whether a text stands in place of what was sent: "<Media omitted>" in any language, or one of
/// [`PLACEHOLDERS`].
fn is_placeholder(text: &str) -> bool {
    let inside = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let in_angle_brackets = inside.is_some_and(|words| {
        let words_only = |c: char| c.is_alphabetic() || matches!(c, ' ' | '.' | '\'' | '’');
        words.contains(' ') && words.chars().all(words_only)
    });
    let sentence = text.trim_end_matches('.');
    in_angle_brackets || PLACEHOLDERS.iter().any(|words| sentence.eq_ignore_ascii_case(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_a_person_wrote() {
        for (text, written) in [
            ("See you", "See you"),
            ("one\n\n  two ", "one\n\n  two"),
            ("I moved <This message was edited>", "I moved"),
            ("I moved \u{200e}<This message was edited>", "I moved"),
            ("Ich komme <Diese Nachricht wurde bearbeitet.>", "Ich komme"),
            ("IMG-20260102-WA0001.jpg (file attached)\nThe harbour", "The harbour"),
            ("IMG-20260102-WA0001.jpg (vedhæftet fil)\nHavnen", "Havnen"),
            ("The harbour \u{200e}<attached: 00000012-PHOTO-2026-01-02.jpg>", "The harbour"),
            ("<Medien ausgeschlossen>\nDer Hafen", "Der Hafen"),
            ("The harbour <attached: 00000012-PHOTO-2026-01-02.jpg>", "The harbour"),
            ("use <T: Into<f64>>", "use <T: Into<f64>>"),
            ("\u{200e}POLL:\nWhere to?\n\u{200e}OPTION: Oslo (2 votes)", "Where to?"),
            ("one \u{200e}two", "one two"),
            ("The harbour \u{200e}image omitted", "The harbour"),
            ("Ask @\u{2068}Jon\u{2069}", "Ask @Jon"),
            ("<3", "<3"),
            ("<div class=\"note\">", "<div class=\"note\">"),
            ("image omitted again?", "image omitted again?"),
            ("see plan.pdf (new)", "see plan.pdf (new)"),
        ] {
            assert_eq!(written_text(text).as_deref(), Some(written), "{text}");
        }
    }

    #[test]
    fn what_stands_in_place_of_words_is_no_text() {
        for text in [
            "",
            " \u{200e}",
            "<Media omitted>",
            "<Medien ausgeschlossen>",
            "<Multimedia omitido>",
            "<Médias omis>",
            "<Media omessi>",
            "<Mídia oculta>",
            "<Без медиафайлов>",
            "<تم استبعاد الوسائط>",
            "<View once voice message omitted>",
            "\u{200e}image omitted",
            "image omitted",
            "\u{200e}Bild weggelassen",
            "\u{200e}<attached: 00000012-PHOTO-2026-01-02.jpg>",
            "<adjunto: 00000012-PHOTO-2026-01-02.jpg>",
            "< attached: 00000012-PHOTO-2026-01-02.jpg >",
            "IMG-20260102-WA0001.jpg (file attached)",
            "plan.pdf (Datei angehängt)",
            "This message was deleted",
            "You deleted this message.",
            "Diese Nachricht wurde gelöscht.",
            "\u{200e}Missed voice call",
            "null",
        ] {
            assert_eq!(written_text(text), None, "{text}");
        }
    }
}
