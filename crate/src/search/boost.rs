//! What callers add to the fused score of documents they prefer.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::text::document::{kind, Document};
use crate::text::scalar::Scalar;
use crate::{Error, Result};

/// Preferences by field, as a caller wrote them. What several of them give to a document is added up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Boost(Vec<(String, Preference)>);

#[derive(Debug, Clone, PartialEq)]
enum Preference {
    /// What each value of the field adds.
    Values(HashMap<String, f32>),
    /// What the newest document of the collection gets, halved every so many days of age.
    Newest { newest: f32, half_life_days: f64 },
}

/// A [`Boost`] that knows the newest date of each field that is boosted by age.
pub(super) struct Boosts<'a> {
    preferences: Vec<(&'a str, &'a Preference, f64)>,
}

impl Boost {
    /// Reads `{field: {value: number}}` or `{field: {newest, halfLifeDays}}`; null stands for no preferences.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the field, what was expected and what was found.
    pub fn from_value(value: Value) -> Result<Self> {
        let fields = match value {
            Value::Null => Map::new(),
            Value::Object(fields) => fields,
            other => return Err(Error::InvalidInput(format!("boost: expected an object, found {}", kind(&other)))),
        };
        let read = |(field, value): (String, Value)| {
            let preference = preference_from(value, &format!("boost.{field}"))?;
            Ok((field, preference))
        };
        fields.into_iter().map(read).collect::<Result<_>>().map(Self)
    }

    /// Makes the boosts ready for documents of a collection.
    pub(super) fn among<'a>(&'a self, documents: impl Iterator<Item = &'a Document> + Clone) -> Boosts<'a> {
        let preferences = self.0.iter().map(|(field, preference)| {
            let newest = match preference {
                Preference::Values(_) => 0.0,
                Preference::Newest { .. } => {
                    documents.clone().filter_map(|document| date(document, field)).fold(f64::NEG_INFINITY, f64::max)
                }
            };
            (field.as_str(), preference, newest)
        });
        Boosts { preferences: preferences.collect() }
    }
}

impl Boosts<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.preferences.is_empty()
    }

    /// What is added to the score of a document's passages.
    pub(super) fn of(&self, document: &Document) -> f32 {
        let each = self.preferences.iter().map(|&(field, preference, newest)| match preference {
            Preference::Values(values) => {
                document.scalars(field).filter_map(|value| values.get(&value.to_string())).sum()
            }
            Preference::Newest { newest: most, half_life_days } => {
                date(document, field).map_or(0.0, |date| most * (-(newest - date) / half_life_days).exp2() as f32)
            }
        });
        each.sum()
    }
}

/// The latest date of a field.
fn date(document: &Document, field: &str) -> Option<f64> {
    document.scalars(field).filter_map(Scalar::days).reduce(f64::max)
}

fn preference_from(value: Value, place: &str) -> Result<Preference> {
    let Value::Object(mut fields) = value else {
        return Err(Error::InvalidInput(format!(
            "{place}: expected {{value: number}} or {{newest: number, halfLifeDays: number}}, found {}",
            kind(&value)
        )));
    };
    if let Some(half_life) = fields.shift_remove("halfLifeDays") {
        let half_life_days = number(&half_life, &format!("{place}.halfLifeDays"))?;
        if half_life_days <= 0.0 {
            return Err(Error::InvalidInput(format!(
                "{place}.halfLifeDays: expected a number above 0, found {half_life}"
            )));
        }
        let newest = fields.shift_remove("newest").unwrap_or(Value::Null);
        let newest = number(&newest, &format!("{place}.newest"))? as f32;
        return match fields.keys().next() {
            None => Ok(Preference::Newest { newest, half_life_days }),
            Some(other) => Err(Error::InvalidInput(format!(
                "{place}: expected newest and halfLifeDays alone, found \"{other}\" beside them"
            ))),
        };
    }
    let read = |(value, added): (String, Value)| {
        let added = number(&added, &format!("{place}.{value}"))? as f32;
        Ok((value, added))
    };
    fields.into_iter().map(read).collect::<Result<_>>().map(Preference::Values)
}

fn number(value: &Value, place: &str) -> Result<f64> {
    let found = || Error::InvalidInput(format!("{place}: expected a number, found {}", kind(value)));
    value.as_f64().ok_or_else(found)
}
