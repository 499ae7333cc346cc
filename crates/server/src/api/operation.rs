//! One operation of the API: its route, and what the OpenAPI document says of it.

use axum::http::Method;
use longmem_core::schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::Permission;

/// Bytes of a request's body at most, unless an operation says otherwise.
const USUAL_BODY_BYTES: usize = 1 << 20;

/// Makes the schema of a type.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What a body holds.
#[derive(Clone, Copy)]
pub(super) enum Content {
    /// Nothing.
    Nothing,
    /// JSON of a type.
    Json(SchemaOf),
    /// Bytes of a media type.
    Bytes(&'static str),
}

/// One answer of an operation.
#[derive(Clone, Copy)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) meaning: &'static str,
    pub(super) content: Content,
}

/// A part of the path that a client fills in.
#[derive(Clone, Copy)]
pub(super) struct PathPart {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    pub(super) schema: SchemaOf,
}

/// A header that changes what an operation does.
#[derive(Clone, Copy)]
pub(super) struct Header {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    /// A regular expression for its value.
    pub(super) pattern: &'static str,
}

/// How an operation's errors look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorShape {
    /// Problem details.
    Problem,
    /// As OpenAI's API has them.
    OpenAi,
    /// A message and a word.
    Plain,
}

/// One method of one path: who may use it, what it takes, and what it answers.
pub(super) struct Operation {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) permission: Option<Permission>,
    pub(super) path_part: Option<PathPart>,
    pub(super) query: Option<SchemaOf>,
    pub(super) headers: Vec<Header>,
    pub(super) request: Content,
    pub(super) answers: Vec<Answer>,
    pub(super) more_errors: Vec<u16>,
    pub(super) error_shape: ErrorShape,
    pub(super) body_bytes: usize,
}

impl Operation {
    /// An operation of a method and a path, with the name that clients are generated with.
    pub(super) fn new(
        method: Method,
        path: &'static str,
        name: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            name,
            summary,
            permission: None,
            path_part: None,
            query: None,
            headers: Vec::new(),
            request: Content::Nothing,
            answers: Vec::new(),
            more_errors: Vec::new(),
            error_shape: ErrorShape::Problem,
            body_bytes: USUAL_BODY_BYTES,
        }
    }

    /// Only callers who are allowed this may use it.
    pub(super) fn needs(self, permission: Permission) -> Self {
        Self { permission: Some(permission), ..self }
    }

    /// The path has a part that is filled in with this type.
    pub(super) fn part<T: JsonSchema>(self, name: &'static str, meaning: &'static str) -> Self {
        Self { path_part: Some(PathPart { name, meaning, schema: schema_of::<T> }), ..self }
    }

    /// The fields of this type may stand in the query.
    pub(super) fn query<T: JsonSchema>(self) -> Self {
        Self { query: Some(schema_of::<T>), ..self }
    }

    /// A header changes what it does.
    pub(super) fn header(mut self, header: Header) -> Self {
        self.headers.push(header);
        self
    }

    /// It takes a body of JSON.
    pub(super) fn takes<T: JsonSchema>(self) -> Self {
        Self { request: Content::Json(schema_of::<T>), ..self }
    }

    /// It takes a body of bytes.
    pub(super) fn takes_bytes(self, media_type: &'static str) -> Self {
        Self { request: Content::Bytes(media_type), ..self }
    }

    /// It takes a body of up to so many bytes.
    pub(super) fn up_to(self, body_bytes: usize) -> Self {
        Self { body_bytes, ..self }
    }

    /// It answers with JSON.
    pub(super) fn answers<T: JsonSchema>(self, status: u16, meaning: &'static str) -> Self {
        self.answering(status, meaning, Content::Json(schema_of::<T>))
    }

    /// It answers with bytes of a media type.
    pub(super) fn answers_bytes(
        self,
        status: u16,
        meaning: &'static str,
        media_type: &'static str,
    ) -> Self {
        self.answering(status, meaning, Content::Bytes(media_type))
    }

    /// It answers without a body.
    pub(super) fn answers_nothing(self, status: u16, meaning: &'static str) -> Self {
        self.answering(status, meaning, Content::Nothing)
    }

    fn answering(mut self, status: u16, meaning: &'static str, content: Content) -> Self {
        self.answers.push(Answer { status, meaning, content });
        self
    }

    /// It fails in ways that do not follow from what it takes.
    pub(super) fn fails(mut self, status: u16) -> Self {
        self.more_errors.push(status);
        self
    }

    /// Its errors look so.
    pub(super) fn errors(self, error_shape: ErrorShape) -> Self {
        Self { error_shape, ..self }
    }
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}
