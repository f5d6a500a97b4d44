//! Which documents a query is about: conditions on their fields.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::text::document::{kind, Document};
use crate::text::scalar::Scalar;
use crate::{Error, Result};

const SHAPES: &str =
    "a string, number or boolean, an array of them, {\"not\": …}, or {\"min\": …, \"max\": …} with one or both";

/// Conditions that must all hold. Where a document has an array, each must hold for a member of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter(Vec<(String, Condition)>);

#[derive(Debug, Clone, PartialEq)]
enum Condition {
    /// Is one of these.
    Any(Vec<Value>),
    /// Is none of these; a document without the field is none of them.
    Not(Vec<Value>),
    /// Is of the same kind as the bounds, and within them, both included.
    Range { min: Option<Value>, max: Option<Value> },
}

impl Filter {
    /// Reads `{field: condition}`; null stands for no conditions.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the field, what was expected and what was found.
    pub fn from_value(value: Value) -> Result<Self> {
        let fields = match value {
            Value::Null => Map::new(),
            Value::Object(fields) => fields,
            other => return Err(Error::InvalidInput(format!("where: expected an object, found {}", kind(&other)))),
        };
        let read = |(field, condition): (String, Value)| {
            let condition = condition_from(condition, &format!("where.{field}"))?;
            Ok((field, condition))
        };
        fields.into_iter().map(read).collect::<Result<_>>().map(Self)
    }

    /// Whether there are no conditions.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first field whose condition `document` does not meet.
    pub fn excluded_by<'a>(&'a self, document: &'a Document) -> Option<&'a str> {
        self.failing(document).next()
    }

    /// Whether `document` meets all conditions but, perhaps, the one on `field`.
    pub fn lets_through_but_for(&self, field: &str, document: &Document) -> bool {
        self.failing(document).all(|failing| failing == field)
    }

    fn failing<'a>(&'a self, document: &'a Document) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(|(field, condition)| !condition.holds(document, field)).map(|(field, _)| field.as_str())
    }
}

impl Condition {
    fn holds(&self, document: &Document, field: &str) -> bool {
        let is_one_of = |expected: &[Value]| {
            document.scalars(field).any(|found| expected.iter().any(|value| Scalar::of(value) == Some(found)))
        };
        match self {
            Condition::Any(expected) => is_one_of(expected),
            Condition::Not(refused) => !is_one_of(refused),
            Condition::Range { min, max } => document.scalars(field).any(|found| {
                let is = |bound: &Option<Value>, beyond: Ordering| match bound.as_ref().and_then(Scalar::of) {
                    Some(bound) => found.compare(bound).is_some_and(|order| order != beyond),
                    None => true,
                };
                is(min, Ordering::Less) && is(max, Ordering::Greater)
            }),
        }
    }
}

fn condition_from(value: Value, place: &str) -> Result<Condition> {
    let mut fields = match value {
        Value::Object(fields) => fields,
        value => return Ok(Condition::Any(scalars(value, place)?)),
    };
    let (not, min, max) = (fields.shift_remove("not"), fields.shift_remove("min"), fields.shift_remove("max"));
    if let Some(other) = fields.keys().next() {
        return Err(Error::InvalidInput(format!("{place}: expected {SHAPES}; found an object with \"{other}\"")));
    }
    // JavaScript callers write null for "no value".
    let bound = |value: Option<Value>, name: &str| match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => scalar(value, &format!("{place}.{name}")).map(Some),
    };
    match (not, bound(min, "min")?, bound(max, "max")?) {
        (Some(not), None, None) => Ok(Condition::Not(scalars(not, &format!("{place}.not"))?)),
        (None, None, None) => Err(Error::InvalidInput(format!("{place}: expected {SHAPES}; found an empty object"))),
        (None, min, max) => Ok(Condition::Range { min, max }),
        (Some(_), ..) => {
            Err(Error::InvalidInput(format!("{place}: expected {SHAPES}; found \"not\" beside \"min\" or \"max\"")))
        }
    }
}

fn scalars(value: Value, place: &str) -> Result<Vec<Value>> {
    match value {
        Value::Array(values) => {
            values.into_iter().enumerate().map(|(at, value)| scalar(value, &format!("{place}[{at}]"))).collect()
        }
        value => Ok(vec![scalar(value, place)?]),
    }
}

fn scalar(value: Value, place: &str) -> Result<Value> {
    match Scalar::of(&value) {
        Some(_) => Ok(value),
        None => Err(Error::InvalidInput(format!("{place}: expected {SHAPES}; found {}", kind(&value)))),
    }
}
