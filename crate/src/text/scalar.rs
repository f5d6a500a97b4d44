//! Values that documents are filtered, counted and boosted by.

use std::cmp::Ordering;
use std::fmt;

use serde_json::Value;

/// A string, a number or a boolean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar<'a> {
    /// A string.
    Text(&'a str),
    /// A number.
    Number(f64),
    /// A boolean.
    Bool(bool),
}

impl<'a> Scalar<'a> {
    /// The scalar that `value` is, unless it is null, an array or an object.
    pub fn of(value: &'a Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Text(text)),
            Value::Number(number) => number.as_f64().map(Self::Number),
            Value::Bool(bool) => Some(Self::Bool(*bool)),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The order of two scalars of one kind: of strings by code points, so that ISO 8601 dates are in order.
    pub fn compare(self, other: Scalar) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(a), Scalar::Text(b)) => Some(a.cmp(b)),
            (Self::Number(a), Scalar::Number(b)) => a.partial_cmp(&b),
            (Self::Bool(a), Scalar::Bool(b)) => Some(a.cmp(&b)),
            _ => None,
        }
    }

    /// Days since 1970: of a string that begins with an ISO 8601 date, or of milliseconds.
    pub fn days(self) -> Option<f64> {
        match self {
            Self::Text(text) => iso_days(text),
            Self::Number(milliseconds) => Some(milliseconds / 86_400_000.0),
            Self::Bool(_) => None,
        }
    }
}

/// As a key of a JavaScript object.
impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            // Not by Rust's own formatting of floats, which nothing else in the small binary needs.
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => (*number as i64).fmt(f),
            Self::Number(number) => Value::from(*number).fmt(f),
            Self::Bool(bool) => bool.fmt(f),
        }
    }
}

/// Days from 1970-01-01 to the date `YYYY-MM-DD` that `text` begins with, in the proleptic Gregorian calendar.
fn iso_days(text: &str) -> Option<f64> {
    let (date, rest) = text.trim().split_at_checked(10)?;
    if rest.starts_with(|c: char| c.is_alphanumeric() && c != 'T' && c != 't') {
        return None;
    }
    let mut parts = date.split('-');
    let mut number = |digits: usize| -> Option<i64> {
        let part =
            parts.next().filter(|part| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        part.parse().ok()
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Counted in years that begin in March, so that a leap day is the last day of its year.
    let year = if month < 3 { year - 1 } else { year };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some((365 * year + leap_days + day_of_year - 719_468) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days() {
        for (text, days) in [
            ("1970-01-01", Some(0.0)),
            ("1969-12-31", Some(-1.0)),
            ("2000-02-29", Some(11_016.0)),
            ("2000-03-01T12:00:00Z", Some(11_017.0)),
            (" 2024-12-31 ", Some(20_088.0)),
            ("2024-13-01", None),
            ("2024-00-01", None),
            ("2024-1-01", None),
            ("+024-01-01", None),
            ("2024-01-011", None),
            ("January 2024", None),
            ("ééééééé", None),
            ("", None),
        ] {
            assert_eq!(Scalar::Text(text).days(), days, "{text:?}");
        }
        assert_eq!(Scalar::Number(86_400_000.0).days(), Some(1.0));
        assert_eq!(Scalar::Bool(true).days(), None);
    }

    #[test]
    fn only_scalars_of_one_kind_compare() {
        assert_eq!(Scalar::Text("2024-02").compare(Scalar::Text("2024-10")), Some(Ordering::Less));
        assert_eq!(Scalar::Number(2.0).compare(Scalar::Number(10.0)), Some(Ordering::Less));
        assert_eq!(Scalar::Text("2").compare(Scalar::Number(10.0)), None);
    }

    #[test]
    fn keys_are_as_javascript_writes_them() {
        let keys = [Scalar::Number(2.0), Scalar::Number(0.5), Scalar::Bool(true), Scalar::Text("a b")];
        assert_eq!(keys.map(|key| key.to_string()), ["2", "0.5", "true", "a b"]);
    }
}
