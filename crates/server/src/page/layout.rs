//! What all screens have around them.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{Html, Response};
use longmem_core::closed_words;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::deleting::undo_bars;
use super::visitor::{TOKEN, Visitor, may_do};
use crate::problem::Problem;

closed_words! {
    /// A screen that the navigation leads to.
    pub(super) enum Screen: "a screen" {
        /// What is found.
        Search = "search",
        /// The conversations.
        Sessions = "sessions",
        /// What is known.
        Facts = "facts",
        /// Deleting much at once.
        Forget = "forget",
        /// What memory did lately.
        Activity = "activity",
        /// How the memory and the server are.
        Status = "status",
    }
}

impl Screen {
    fn name(self) -> &'static str {
        match self {
            Self::Search => "Search",
            Self::Sessions => "Sessions",
            Self::Facts => "Facts",
            Self::Forget => "Forget",
            Self::Activity => "Activity",
            Self::Status => "Status",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Search => "/ui/",
            Self::Sessions => "/ui/sessions",
            Self::Facts => "/ui/facts",
            Self::Forget => "/ui/forget",
            Self::Activity => "/ui/activity",
            Self::Status => "/ui/status",
        }
    }

    /// The lines of its icon, in a square of 24.
    fn icon(self) -> &'static str {
        match self {
            Self::Search => "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20 20",
            Self::Sessions => "M4 5h16v11H10l-5 4v-4H4z",
            Self::Facts => "M7 4h10v16l-5-4-5 4z",
            Self::Forget => "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
            Self::Activity => "M3 12h4l3-7 4 14 3-7h4",
            Self::Status => "M4 17a8 8 0 1 1 16 0M12 17l4-6",
        }
    }
}

/// A drawing beside words that say the same.
fn icon(lines: &str) -> Markup {
    html! {
        svg viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor"
            stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"
            aria-hidden="true" { path d=(lines) {} }
    }
}

impl Visitor {
    /// A screen for this visitor.
    pub(super) fn page(&self, screen: Screen, title: &str, content: &Markup) -> Html<String> {
        Html(self.document(Some(screen), title, content).into_string())
    }

    /// The field that every form holds.
    pub(super) fn token(&self) -> Markup {
        html! { input type="hidden" name=(TOKEN) value=(self.login.form.text()); }
    }

    /// The fields of a form that leads back to where it is.
    pub(super) fn token_and_back(&self) -> Markup {
        html! { (self.token()) input type="hidden" name="back" value=(self.here); }
    }

    fn document(&self, screen: Option<Screen>, title: &str, content: &Markup) -> Markup {
        let notices = if self.is_script { Vec::new() } else { self.login.take_notices() };
        let user = self.user().as_str();
        let header = html! {
            a.brand href="/ui/" { "longmem" }
            nav aria-label="Screens" {
                ul {
                    @for known in Screen::ALL {
                        li {
                            a href=(known.path()) aria-current=[(screen == Some(*known)).then_some("page")] {
                                (icon(known.icon())) span { (known.name()) }
                            }
                        }
                    }
                }
            }
            form.account method="post" action="/ui/logout" {
                (self.token())
                span.user title="Whose memory this is" { bdi { (user) } }
                @if !may_do(&self.login.caller).is_empty() { span.tag { "read only" } }
                button.quiet type="submit" { "Log out" }
            }
        };
        let content = html! {
            div.notices role="status" {
                @for notice in &notices {
                    p.notice.failed[notice.failed] { (notice.text) }
                }
            }
            (undo_bars(self))
            (content)
        };
        document(title, &header, &content)
    }
}

/// A page for somebody who is not logged in.
pub(super) fn plain(title: &str, content: &Markup) -> Html<String> {
    let header = html! { a.brand href="/ui/" { "longmem" } };
    Html(document(title, &header, content).into_string())
}

/// A page that goes on to another address by itself.
pub(super) fn going_on(to: &str) -> Html<String> {
    let head = html! { meta http-equiv="refresh" content={ "0;url=" (to) }; };
    let content = html! {
        h1 { "You are logged in" }
        p { a href=(to) { "Go on to your memory" } }
    };
    let header = html! { a.brand href="/ui/" { "longmem" } };
    Html(whole("You are logged in", &head, &header, &content).into_string())
}

fn document(title: &str, header: &Markup, content: &Markup) -> Markup {
    whole(title, &PreEscaped(String::new()), header, content)
}

fn whole(title: &str, head: &Markup, header: &Markup, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                (head)
                title { (title) " · longmem" }
                link rel="stylesheet" href="/ui/assets/style.css";
                link rel="icon" href="/ui/assets/icon.svg" type="image/svg+xml";
                script type="module" src="/ui/assets/ui.js" {}
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header.top { (header) }
                main #main tabindex="-1" { (content) }
            }
        }
    }
}

/// Makes a page of a problem in place of its JSON; status and other headers stay.
pub(super) fn show_problem(response: &mut Response, visitor: Option<&Visitor>, problem: &Problem) {
    let content = html! {
        section.problem {
            h1 { (problem.title) }
            p { (sentence(&problem.detail)) }
            @if let Some(hint) = &problem.hint { p { (sentence(hint)) } }
            p { a href="/ui/" { "To the search" } }
        }
    };
    let Html(page) = match visitor {
        Some(visitor) => Html(visitor.document(None, problem.title, &content).into_string()),
        None => plain(problem.title, &content),
    };
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().remove(header::WWW_AUTHENTICATE);
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    *response.body_mut() = Body::from(page);
}

/// A message as a sentence: with a capital letter and a full stop.
pub(super) fn sentence(message: &str) -> String {
    let mut characters = message.chars();
    let Some(first) = characters.next() else { return String::new() };
    let end = if message.ends_with(['.', '!', '?', ':']) { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), characters.as_str())
}

/// A number with its noun: "1 turn", "1,200 turns".
pub(super) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    let noun = match noun.strip_suffix('y').filter(|_| number != 1) {
        Some(stem) => format!("{stem}ie"),
        None => noun.to_owned(),
    };
    format!("{} {noun}{plural}", grouped(number))
}

/// A number with commas between thousands.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_sentences_are_written_for_people() {
        assert_eq!(counted(1, "turn"), "1 turn");
        assert_eq!(counted(0, "summary"), "0 summaries");
        assert_eq!(counted(1, "summary"), "1 summary");
        assert_eq!(counted(1_234_567, "turn"), "1,234,567 turns");
        assert_eq!(sentence("the disk is full"), "The disk is full.");
        assert_eq!(sentence("Is it trip?"), "Is it trip?");
        assert_eq!(sentence(""), "");
    }
}
