//! How many of the documents found have each value of a field.

use std::collections::BTreeMap;

use super::filter::Filter;
use crate::text::document::Document;

/// Counts by field and value.
pub type Facets = BTreeMap<String, BTreeMap<String, u32>>;

/// Counts the values of `fields` in `documents`. A condition on a field does not reduce the counts of that field: they
/// are what choosing another value would give.
pub(super) fn count<'a>(
    fields: &[String],
    filter: &Filter,
    documents: impl Iterator<Item = &'a Document> + Clone,
) -> Facets {
    let count = |field: &String| {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for document in documents.clone().filter(|document| filter.lets_through_but_for(field, document)) {
            let mut values: Vec<String> = document.scalars(field).map(|value| value.to_string()).collect();
            // A value that an array repeats counts once.
            values.sort_unstable();
            values.dedup();
            for value in values {
                *counts.entry(value).or_insert(0) += 1;
            }
        }
        (field.clone(), counts)
    };
    fields.iter().map(count).collect()
}
