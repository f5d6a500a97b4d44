//! Plain JavaScript objects in and out.

use js_sys::JSON;
use serde::Serialize;
use serde_json::Value;
use wasm_bindgen::JsValue;

use crate::search::options::Options;
use crate::text::document::Document;
use crate::{Error, Result};

/// Reads an array of documents.
pub(super) fn documents(documents: JsValue) -> Result<Vec<Document>> {
    let documents: Vec<Value> = serde_wasm_bindgen::from_value(documents)
        .map_err(|error| Error::InvalidInput(format!("expected an array of plain objects as documents: {error}")))?;
    Document::from_values(documents)
}

/// Reads what is asked of a retrieval.
pub(super) fn options(options: JsValue) -> Result<Options> {
    let options: Value = serde_wasm_bindgen::from_value(options)
        .map_err(|error| Error::InvalidInput(format!("options: expected a plain object: {error}")))?;
    Options::from_value(options)
}

/// Makes a plain object. By way of JSON, since a key such as `__proto__`, which may be a document's id or a value that is
/// counted, becomes a property like any other there, while assigning it would change the object's prototype.
pub(super) fn to_js<T: Serialize>(value: &T) -> Result<JsValue> {
    let json = serde_json::to_string(value)
        .map_err(|error| Error::Internal(format!("cannot pass a value to JavaScript: {error}")))?;
    JSON::parse(&json).map_err(|_| Error::Internal("cannot pass a value to JavaScript: it is no JSON".into()))
}
