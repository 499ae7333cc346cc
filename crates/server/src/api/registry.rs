//! The one registration of an operation: it makes the route and the entry of the OpenAPI document.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::handler::Handler;
use axum::middleware::{self, Next};
use axum::routing::{MethodFilter, on};
use longmem_core::schemars::SchemaGenerator;
use longmem_core::schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::operation::{Answer, Content, ErrorShape, Operation, SchemaOf};
use super::other_errors::{OpenAiError, PlainError};
use super::permissions::Permissions;
use super::schema::{request_schemas, whole_schema, without_null};
use crate::caller::Caller;
use crate::problem::{NumberedProblem, Problem};
use crate::shared::Shared;
use crate::{Auth, Permission};

/// Where the document keeps the schemas that it names.
const SCHEMAS: &str = "/components/schemas";

/// Routes and the document that describes them.
pub(super) struct Registry {
    router: Router<Arc<Shared>>,
    paths: Map<String, Value>,
    requests: SchemaGenerator,
    answers: SchemaGenerator,
    permissions: Permissions,
}

impl Registry {
    /// No operation yet.
    pub(super) fn new() -> Self {
        let here = |settings: &mut SchemaSettings| settings.definitions_path = SCHEMAS.into();
        Self {
            router: Router::new(),
            paths: Map::new(),
            requests: request_schemas().with(here).into_generator(),
            answers: SchemaSettings::draft2020_12().for_serialize().with(here).into_generator(),
            permissions: Permissions::default(),
        }
    }

    /// Adds an operation and what does it.
    ///
    /// # Panics
    /// If a path has two operations of one method, or the method is not one of routes.
    pub(super) fn add<H, T>(&mut self, operation: &Operation, handler: H)
    where
        H: Handler<T, Arc<Shared>>,
        T: 'static,
    {
        let (path, permission) = (operation.path, operation.permission);
        self.permissions.add(operation.method.clone(), path, permission);
        let filter = MethodFilter::try_from(operation.method.clone());
        let mut route = on(filter.expect("routes have usual methods"), handler)
            .layer(DefaultBodyLimit::max(operation.body_bytes));
        if let Some(permission) = permission {
            // The layer before the routes asks for it too, before it reads the body.
            let check = move |caller: Caller, request: Request, next: Next| async move {
                caller.require(permission)?;
                Ok::<_, Problem>(next.run(request).await)
            };
            route = route.layer(middleware::from_fn(check));
        }
        let router = std::mem::take(&mut self.router);
        self.router = router.route(path, route);
        let entry = self.entry(operation);
        let entries = self.paths.entry(path).or_insert_with(|| json!({}));
        entries[operation.method.as_str().to_lowercase()] = entry;
    }

    /// Who may use which operation.
    pub(super) fn permissions(self) -> Permissions {
        self.permissions
    }

    /// The routes, and the whole document of a server that lets callers in so.
    pub(super) fn finish(mut self, auth: Auth) -> (Router<Arc<Shared>>, Value) {
        let mut schemas = self.answers.take_definitions(true);
        for (name, schema) in self.requests.take_definitions(true) {
            let known = schemas.entry(name.clone()).or_insert_with(|| schema.clone());
            assert!(*known == schema, "{name} is one schema in requests and another in answers");
        }
        let mut security = vec![json!({ "bearer": [] }), json!({ "key": [] })];
        if auth == Auth::Auto {
            // Programs of the account that runs the server need no key.
            security.push(json!({}));
        }
        let document = json!({
            "openapi": "3.1.0",
            "info": {
                "title": "longmem",
                "version": env!("CARGO_PKG_VERSION"),
                "summary": "Long-term memory for chat assistants and agents.",
                "description": "Stores what is said in conversations, and finds it again. Each request \
                    is about the memory of one user: the one whom its key belongs to.",
                "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
            },
            "servers": [{ "url": "/" }],
            "security": security,
            "paths": self.paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": {
                    "bearer": { "type": "http", "scheme": "bearer" },
                    "key": { "type": "apiKey", "in": "header", "name": "X-Longmem-Key" },
                },
            },
        });
        (self.router, document)
    }

    /// What the document says of one operation.
    fn entry(&mut self, operation: &Operation) -> Value {
        let mut entry = json!({
            "operationId": operation.name,
            "summary": operation.summary,
            "responses": self.responses(operation),
        });
        let parameters = self.parameters(operation);
        if !parameters.is_empty() {
            entry["parameters"] = parameters.into();
        }
        if let Some(content) = content(operation.request, &mut self.requests) {
            entry["requestBody"] = json!({ "required": true, "content": content });
        }
        match operation.permission {
            Some(permission) => entry["x-longmem-permission"] = permission.as_str().into(),
            None => entry["security"] = json!([]),
        }
        entry
    }

    fn parameters(&mut self, operation: &Operation) -> Vec<Value> {
        let mut parameters = Vec::new();
        if let Some(part) = operation.path_part {
            parameters.push(json!({
                "name": part.name, "in": "path", "required": true, "description": part.meaning,
                "schema": (part.schema)(&mut self.requests),
            }));
        }
        if let Some(query) = operation.query {
            parameters.extend(query_parameters(query));
        }
        for header in &operation.headers {
            parameters.push(json!({
                "name": header.name, "in": "header", "description": header.meaning,
                "schema": { "type": "string", "pattern": header.pattern },
            }));
        }
        parameters
    }

    fn responses(&mut self, operation: &Operation) -> Map<String, Value> {
        let mut responses = Map::new();
        for Answer { status, meaning, content: body } in &operation.answers {
            let mut response = json!({ "description": meaning });
            if let Some(content) = content(*body, &mut self.answers) {
                response["content"] = content;
            }
            responses.insert(status.to_string(), response);
        }
        let (media_type, schema) = match operation.error_shape {
            ErrorShape::Problem => {
                ("application/problem+json", self.answers.subschema_for::<NumberedProblem<'_>>())
            }
            ErrorShape::OpenAi => ("application/json", self.answers.subschema_for::<OpenAiError>()),
            ErrorShape::Plain => ("application/json", self.answers.subschema_for::<PlainError>()),
        };
        for (status, meaning) in errors(operation) {
            let mut content = json!({ media_type: { "schema": &schema } });
            if media_type != "application/problem+json" {
                // What refuses a request before it comes to its handler knows only problems.
                let problem = self.answers.subschema_for::<NumberedProblem<'_>>();
                content["application/problem+json"] = json!({ "schema": problem });
            }
            let response = json!({ "description": meaning, "content": content });
            responses.entry(status.to_string()).or_insert(response);
        }
        responses
    }
}

/// The errors of an operation: those that follow from what it takes, and its own.
fn errors(operation: &Operation) -> Vec<(u16, &'static str)> {
    let has_body = !matches!(operation.request, Content::Nothing);
    let mut statuses: BTreeSet<u16> = operation.more_errors.iter().copied().collect();
    statuses.extend([403, 429, 500, 503]);
    if operation.permission.is_some() {
        statuses.insert(401);
    }
    if operation.permission == Some(Permission::Write) {
        statuses.insert(507);
    }
    if has_body || operation.query.is_some() || operation.path_part.is_some() {
        statuses.extend([400, 422]);
    }
    if has_body {
        statuses.extend([408, 413, 415]);
    }
    // Lists, which alone have no other part of the path, have pages that are not there.
    if operation.path_part.is_some() || operation.query.is_some() {
        statuses.insert(404);
    }
    statuses.into_iter().map(|status| (status, meaning_of(status))).collect()
}

fn meaning_of(status: u16) -> &'static str {
    match status {
        400 => {
            "The request cannot be read: it is no JSON, a field is unknown, missing or of another type"
        }
        401 => "A key is needed",
        403 => "The key, or the page that asks, is not allowed to do this",
        404 => "There is no such thing among what belongs to this user",
        408 => "The body did not arrive in time",
        409 => {
            "What the request relies on has changed meanwhile, or its Idempotency-Key was used before"
        }
        413 => "The body is too large",
        415 => "The body is of another media type",
        422 => "A value is out of range",
        429 => "Too many requests",
        500 => "longmem itself failed",
        501 => "This is not done here",
        503 => "Memory cannot be used now, and may be later",
        507 => "The disk is full",
        _ => "It failed",
    }
}

/// A body for the document; none for nothing.
fn content(content: Content, generator: &mut SchemaGenerator) -> Option<Value> {
    match content {
        Content::Nothing => None,
        Content::Bytes(media_type) => {
            Some(json!({ media_type: { "schema": { "type": "string", "minLength": 1 } } }))
        }
        Content::Json(schema) => {
            Some(json!({ "application/json": { "schema": schema(generator) } }))
        }
    }
}

/// The fields of a type as parameters of a query.
fn query_parameters(query: SchemaOf) -> Vec<Value> {
    let schema = whole_schema(query);
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let parameter = |(name, mut schema): (String, Value)| {
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        json!({
            "name": name, "in": "query", "required": required.iter().any(|known| *known == name),
            "description": description, "schema": without_null(schema),
        })
    };
    properties.into_iter().map(parameter).collect()
}
