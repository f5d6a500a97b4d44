//! How many of the documents found have each value of a field.

use serde_json::{Map, Value};

use super::filter::Filter;
use crate::text::document::Document;

/// Counts by field and value: `{field: {value: count}}`.
pub type Facets = Map<String, Value>;

/// Counts the values of `fields` in `documents`. A condition on a field does not reduce the counts of that field: they
/// are what choosing another value would give.
pub(super) fn count<'a>(
    fields: &[String],
    filter: &Filter,
    documents: impl Iterator<Item = &'a Document> + Clone,
) -> Facets {
    let count = |field: &String| {
        let mut values: Vec<String> = Vec::new();
        for document in documents.clone().filter(|document| filter.lets_through_but_for(field, document)) {
            let first = values.len();
            for value in document.scalars(field).map(|value| value.to_string()) {
                // A value that an array repeats counts once.
                if !values[first..].contains(&value) {
                    values.push(value);
                }
            }
        }
        values.sort_unstable();
        let counts = values.chunk_by(|a, b| a == b).map(|same| (same[0].clone(), same.len().into()));
        (field.clone(), Value::Object(counts.collect()))
    };
    fields.iter().map(count).collect()
}
