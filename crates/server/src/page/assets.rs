//! The files of the page: they hold nothing of anybody, so everybody gets them.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

const STYLE: &str = include_str!("files/style.css");
const SCRIPT: &str = include_str!("files/ui.js");
const ICON: &str = include_str!("files/icon.svg");

pub(super) async fn serve(Path(name): Path<String>) -> Result<Response, Problem> {
    let (kind, text) = match name.as_str() {
        "style.css" => ("text/css; charset=utf-8", STYLE),
        "ui.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "icon.svg" => ("image/svg+xml", ICON),
        _ => return Err(Problem::not_found("the page has no such file")),
    };
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
