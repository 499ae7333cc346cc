//! The fields of a query or a form.

use std::fmt::Write as _;
use std::str::FromStr;

use axum::Form;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{Method, Request, header};

use crate::problem::Problem;

/// The fields of a query or a form, in their order; a field may stand several times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The fields of a form.
    ///
    /// # Errors
    /// 400 for what is no form.
    pub(super) async fn of_form(bytes: Bytes) -> Result<Self, Problem> {
        let mut form = Request::builder()
            .method(Method::POST)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(bytes))
            .expect("it has a method and a header");
        DefaultBodyLimit::disable().apply(&mut form);
        let Form(fields) = Form::<Vec<(String, String)>>::from_request(form, &())
            .await
            .map_err(|error| Problem::invalid(format!("the form cannot be read: {error}")))?;
        Ok(Self(fields))
    }

    /// The text of a field without white space around it; none if it is not there or empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// A field as it was sent; empty if it is not there.
    pub(super) fn whole(&self, name: &str) -> &str {
        let mut fields = self.0.iter();
        fields.find(|(known, _)| known == name).map_or("", |(_, text)| text)
    }

    /// The texts of all fields of a name that are not empty.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let of_name = self.0.iter().filter(move |(known, _)| known == name);
        of_name.map(|(_, text)| text.trim()).filter(|text| !text.is_empty())
    }

    /// A field as a value of its type.
    ///
    /// # Errors
    /// 422 for what is none.
    pub(super) fn value<T>(&self, name: &str) -> Result<Option<T>, Problem>
    where
        T: FromStr<Err: std::fmt::Display>,
    {
        self.text(name).map(|text| read(name, text)).transpose()
    }

    /// All fields of a name as values of their type.
    ///
    /// # Errors
    /// 422 for what is none.
    pub(super) fn values<T>(&self, name: &str) -> Result<Vec<T>, Problem>
    where
        T: FromStr<Err: std::fmt::Display>,
    {
        self.all(name).map(|text| read(name, text)).collect()
    }

    /// The same with other texts for some fields; without those whose text is empty.
    pub(super) fn with(&self, changed: &[(&str, &str)]) -> Self {
        let is_changed = |name: &str| changed.iter().any(|(other, _)| *other == name);
        let kept = self.0.iter().filter(|(name, _)| !is_changed(name)).cloned();
        let new = changed.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Self(kept.chain(new).filter(|(_, text)| !text.trim().is_empty()).collect())
    }

    /// The fields as a query: `?q=caf%C3%A9`; empty if there is none.
    pub(super) fn query(&self) -> String {
        let mut query = String::new();
        for (name, text) in &self.0 {
            query.push(if query.is_empty() { '?' } else { '&' });
            let _ = write!(query, "{}={}", encoded(name), encoded(text));
        }
        query
    }

    /// The names and texts.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }
}

fn read<T: FromStr<Err: std::fmt::Display>>(name: &str, text: &str) -> Result<T, Problem> {
    // As the page names the fields.
    let label = match name {
        "since" => "From",
        "until" => "To",
        "role" => "Said by",
        name => name,
    };
    text.parse().map_err(|error| Problem::out_of_range(format!("{label}: {error}")))
}

/// A text with everything percent-encoded that means something in an address.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

impl<S: Sync> FromRequestParts<S> for Fields {
    type Rejection = Problem;

    /// Those of the form, which was checked; of a request without one, those of the query.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        if let Some(form) = parts.extensions.get::<Self>() {
            return Ok(form.clone());
        }
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let Query(fields) =
            query.map_err(|error| Problem::invalid(format!("the address: {error}")))?;
        Ok(Self(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn fields_are_read_and_written() {
        let form = "q=caf%C3%A9+%26+bar&turn=1&turn=2&since=&text=%0A+a+";
        let fields = Fields::of_form(Bytes::from(form)).await.unwrap();
        assert_eq!(fields.text("q"), Some("café & bar"));
        assert_eq!(fields.text("since"), None);
        assert_eq!((fields.text("text"), fields.whole("text")), (Some("a"), "\n a "));
        assert_eq!(fields.values::<i64>("turn").unwrap(), [1, 2]);
        assert_eq!(fields.value::<i64>("q").unwrap_err().status, 422);
        let changed = fields.with(&[("turn", ""), ("text", "x=y"), ("since", "")]);
        assert_eq!(changed.query(), "?q=caf%C3%A9%20%26%20bar&text=x%3Dy");
        assert_eq!(Fields::default().query(), "");
    }
}
