//! The unit that callers add, update and remove: one article of a help center.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::scalar::Scalar;
use crate::{Error, Result};

/// The longest title, in bytes of UTF-8: it is matched and read with each of its document's passages.
const MAX_TITLE_BYTES: usize = 2_000;
/// The longest body, 300,000 words of English. Cutting it into passages takes seconds, in which nothing else is searched.
const MAX_BODY_BYTES: usize = 2_000_000;

/// One article. `id` is its identity in a collection; every field comes back unchanged with a hit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Unique in a collection, never empty.
    pub id: String,
    /// The title, plain text. Empty only when there is a body.
    pub title: String,
    /// Where the article is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Plain text or Markdown: blocks separated by blank lines. Empty only when there is a title.
    pub body: String,
    /// Where the article belongs, for instance a breadcrumb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// When it last changed, in the caller's own format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<String>,
    /// The caller's other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Document {
    /// Reads one document from a JSON value. `position` (counted from 0) names it in an error while it has no id.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the document, the field, what was expected and what was found.
    pub fn from_value(value: Value, position: usize) -> Result<Self> {
        let (document, place) = Self::read(value, position, |fields, place| required(fields, "body", place))?;
        document.check(&place)?;
        Ok(document)
    }

    /// Reads a document whose body is elsewhere, and empty here.
    ///
    /// # Errors
    /// Those of [`Document::from_value`], and if there is a body.
    pub(crate) fn from_head(value: Value, position: usize) -> Result<Self> {
        let no_body = |fields: &mut Map<String, Value>, place: &str| match fields.get("body") {
            Some(_) => Err(Error::InvalidInput(format!("{place}: expected no field \"body\", found one"))),
            None => Ok(String::new()),
        };
        let (document, place) = Self::read(value, position, no_body)?;
        document.check_sizes(&place)?;
        Ok(document)
    }

    /// Without its body.
    pub(crate) fn head(&self) -> Self {
        let Self { id, title, url, body: _, section, updated, extra } = self;
        Self {
            id: id.clone(),
            title: title.clone(),
            url: url.clone(),
            body: String::new(),
            section: section.clone(),
            updated: updated.clone(),
            extra: extra.clone(),
        }
    }

    /// The document, and what it is called in errors.
    fn read(
        value: Value,
        position: usize,
        body: fn(&mut Map<String, Value>, &str) -> Result<String>,
    ) -> Result<(Self, String)> {
        let place = match value.get("id").and_then(Value::as_str) {
            Some(id) => format!("document {position} (id \"{id}\")"),
            None => format!("document {position}"),
        };
        let Value::Object(mut fields) = value else {
            return Err(Error::InvalidInput(format!(
                "{place}: expected an object with id, title and body, found {}",
                kind(&value)
            )));
        };
        let document = Document {
            id: required(&mut fields, "id", &place)?,
            title: required(&mut fields, "title", &place)?,
            url: optional(&mut fields, "url", &place)?,
            body: body(&mut fields, &place)?,
            section: optional(&mut fields, "section", &place)?,
            updated: optional(&mut fields, "updated", &place)?,
            extra: fields,
        };
        Ok((document, place))
    }

    /// Reads a list of documents, as [`Document::from_value`] does each.
    ///
    /// # Errors
    /// That of the first document that is not valid.
    pub fn from_values(values: Vec<Value>) -> Result<Vec<Self>> {
        values.into_iter().enumerate().map(|(position, value)| Self::from_value(value, position)).collect()
    }

    /// The strings, numbers and booleans of a field, itself or the members of its array.
    pub fn scalars<'a>(&'a self, field: &str) -> impl Iterator<Item = Scalar<'a>> {
        let own = match field {
            "id" => Some(self.id.as_str()),
            "title" => Some(self.title.as_str()),
            "body" => Some(self.body.as_str()),
            "url" => self.url.as_deref(),
            "section" => self.section.as_deref(),
            "updated" => self.updated.as_deref(),
            _ => None,
        };
        let values = match self.extra.get(field) {
            Some(Value::Array(values)) => values.as_slice(),
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        own.map(Scalar::Text).into_iter().chain(values.iter().filter_map(Scalar::of))
    }

    /// Checks what the types leave open: an id, something to search, and not too much of it.
    ///
    /// # Errors
    /// [`Error::InvalidInput`], which begins with `place`.
    pub(crate) fn check(&self, place: &str) -> Result<()> {
        if self.id.trim().is_empty() {
            return Err(Error::InvalidInput(format!(
                "{place}: field \"id\": expected a non-empty string, found an empty one; give every document its own id"
            )));
        }
        if self.title.trim().is_empty() && self.body.trim().is_empty() {
            return Err(Error::InvalidInput(format!(
                "{place}: expected a title or a body, found both empty; leave the document out or give it text"
            )));
        }
        self.check_sizes(place)
    }

    /// Checks that no text is larger than searching it allows.
    fn check_sizes(&self, place: &str) -> Result<()> {
        for (name, text, most, todo) in [
            ("title", &self.title, MAX_TITLE_BYTES, "shorten it"),
            ("body", &self.body, MAX_BODY_BYTES, "split the document, or leave it out"),
        ] {
            if text.len() > most {
                return Err(Error::InvalidInput(format!(
                    "{place}: field \"{name}\": expected at most {most} bytes of UTF-8, found {}; {todo}",
                    text.len()
                )));
            }
        }
        Ok(())
    }
}

fn required(fields: &mut Map<String, Value>, name: &str, place: &str) -> Result<String> {
    match fields.shift_remove(name) {
        Some(Value::String(text)) => Ok(text),
        other => {
            let found = other.as_ref().map_or("nothing", kind);
            Err(Error::InvalidInput(format!("{place}: field \"{name}\": expected a string, found {found}")))
        }
    }
}

/// `null` counts as absent, since JavaScript callers write it for "no value".
fn optional(fields: &mut Map<String, Value>, name: &str, place: &str) -> Result<Option<String>> {
    match fields.shift_remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(Error::InvalidInput(format!(
            "{place}: field \"{name}\": expected a string or nothing, found {}",
            kind(&other)
        ))),
    }
}

/// What a value is, for messages.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn message(value: Value) -> String {
        let error = Document::from_value(value, 3).unwrap_err();
        assert_eq!(error.code(), "invalid_input");
        error.to_string()
    }

    #[test]
    fn keeps_every_field() {
        let value = json!({"id": "a", "title": "T", "url": "/a", "body": "B", "tags": ["x"], "rank": 2});
        let document = Document::from_value(value.clone(), 0).unwrap();
        assert_eq!(document.url.as_deref(), Some("/a"));
        assert_eq!(document.extra.len(), 2);
        assert_eq!(serde_json::to_value(&document).unwrap(), value);
    }

    #[test]
    fn null_is_absent() {
        let value = json!({"id": "a", "title": "T", "body": "", "url": null});
        assert_eq!(Document::from_value(value, 0).unwrap().url, None);
    }

    #[test]
    fn errors_name_document_field_and_finding() {
        assert_eq!(
            message(json!({"id": 7, "title": "T", "body": "B"})),
            "invalid input: document 3: field \"id\": expected a string, found a number"
        );
        assert_eq!(
            message(json!({"id": "a", "body": "B"})),
            "invalid input: document 3 (id \"a\"): field \"title\": expected a string, found nothing"
        );
        assert!(message(json!({"id": "a", "title": "T", "body": ["B"]})).contains("found an array"));
        assert!(message(json!({"id": "a", "title": "T", "body": "", "url": 1})).contains("string or nothing"));
        assert!(message(json!({"id": " ", "title": "T", "body": "B"})).contains("found an empty one"));
        assert!(message(json!({"id": "a", "title": "", "body": "\n"})).contains("both empty"));
        assert!(message(json!("text")).contains("found a string"));
    }

    #[test]
    fn texts_have_a_largest_size() {
        let sized =
            |title: usize, body: usize| json!({"id": "a", "title": "x".repeat(title), "body": "x".repeat(body)});
        assert!(Document::from_value(sized(MAX_TITLE_BYTES, MAX_BODY_BYTES), 0).is_ok());
        assert_eq!(
            message(sized(1, MAX_BODY_BYTES + 1)),
            "invalid input: document 3 (id \"a\"): field \"body\": expected at most 2000000 bytes of UTF-8, \
             found 2000001; split the document, or leave it out"
        );
        assert!(message(sized(MAX_TITLE_BYTES + 1, 1)).contains("field \"title\": expected at most 2000 bytes"));
    }
}
