//! What a caller asks of a retrieval.

use serde_json::{Map, Value};

use super::boost::Boost;
use super::filter::Filter;
use crate::text::document::kind;
use crate::{Error, Result};

/// What a caller asks of a retrieval.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// The most candidates.
    pub limit: usize,
    /// Which documents take part.
    pub filter: Filter,
    /// What is added to scores.
    pub boost: Boost,
    /// Fields whose values are counted.
    pub facets: Option<Vec<String>>,
    /// Whether the query is still being typed.
    pub typing: bool,
    /// The id of a document whose place is to be explained.
    pub explain: Option<String>,
    /// About how many tokens of a candidate's input a reranker should read; all when absent.
    pub rerank_tokens: Option<usize>,
    /// Of how many documents the texts are wanted, the best first; of all when absent. The texts of 50 passages and the
    /// bodies around them take longer to hand over to JavaScript than to find: 5.6 of 6.8 ms over 10,000 passages.
    pub texts: Option<usize>,
    /// About how many tokens of each document's opening are wanted; none when absent.
    pub openings: Option<usize>,
}

impl Options {
    /// The defaults, with at most `limit` candidates.
    pub fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Reads `{limit, where?, boost?, facets?, typing?, explain?, rerankTokens?, texts?, openings?}`. Null is as good as
    /// absent.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the option, what was expected and what was found.
    pub fn from_value(value: Value) -> Result<Self> {
        let Value::Object(mut given) = value else {
            return Err(Error::InvalidInput(format!("options: expected an object, found {}", kind(&value))));
        };
        let options = Self {
            limit: count(&mut given, "limit", 0)?.ok_or_else(|| expected("limit", "an integer", &Value::Null))?,
            filter: Filter::from_value(take(&mut given, "where"))?,
            boost: Boost::from_value(take(&mut given, "boost"))?,
            facets: facets(take(&mut given, "facets"))?,
            typing: match take(&mut given, "typing") {
                Value::Null => false,
                Value::Bool(typing) => typing,
                other => return Err(expected("typing", "a boolean", &other)),
            },
            explain: match take(&mut given, "explain") {
                Value::Null => None,
                Value::String(id) => Some(id),
                other => return Err(expected("explain", "a document's id", &other)),
            },
            rerank_tokens: count(&mut given, "rerankTokens", 1)?,
            texts: count(&mut given, "texts", 0)?,
            openings: count(&mut given, "openings", 1)?,
        };
        match given.keys().next() {
            None => Ok(options),
            Some(other) => Err(Error::InvalidInput(format!(
                "options: expected limit, where, boost, facets, typing, explain, rerankTokens, texts and openings, found \"{other}\""
            ))),
        }
    }
}

fn take(given: &mut Map<String, Value>, name: &str) -> Value {
    given.shift_remove(name).unwrap_or(Value::Null)
}

fn count(given: &mut Map<String, Value>, name: &str, least: usize) -> Result<Option<usize>> {
    let value = take(given, name);
    // Numbers from JavaScript may be floats.
    let number = value.as_f64().filter(|number| number.fract() == 0.0 && *number <= f64::from(u32::MAX));
    match number {
        _ if value.is_null() => Ok(None),
        Some(number) if number >= least as f64 => Ok(Some(number as usize)),
        _ => Err(Error::InvalidInput(format!("{name}: expected an integer from {least}, found {value}"))),
    }
}

fn facets(value: Value) -> Result<Option<Vec<String>>> {
    let Value::Array(fields) = value else {
        return if value.is_null() { Ok(None) } else { Err(expected("facets", "an array of field names", &value)) };
    };
    let name = |(at, field)| match field {
        Value::String(field) => Ok(field),
        other => Err(expected(&format!("facets[{at}]"), "a field's name", &other)),
    };
    fields.into_iter().enumerate().map(name).collect::<Result<_>>().map(Some)
}

fn expected(name: &str, what: &str, found: &Value) -> Error {
    Error::InvalidInput(format!("{name}: expected {what}, found {}", kind(found)))
}
