//! Bodies, fetched when a passage of them is to be read.
//!
//! A part of kind `texts` holds, after the header: the number of bodies (varint), their lengths in bytes (varints), and
//! the bodies in UTF-8, end to end. The manifest says whose they are; a part does not, so that it stays the same file
//! when documents are added before it.

use super::bytes::{damaged, put_varint};
use super::manifest::Kind;
use crate::Result;

/// Writes a part.
pub(crate) fn encode(bodies: &[&str]) -> Vec<u8> {
    let mut out = Kind::Texts.header();
    put_varint(&mut out, bodies.len() as u64);
    for body in bodies {
        put_varint(&mut out, body.len() as u64);
    }
    for body in bodies {
        out.extend_from_slice(body.as_bytes());
    }
    out
}

/// Reads a part.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<&str>> {
    let mut reader = Kind::Texts.open(bytes)?;
    let count = reader.count("the number of bodies")?;
    let lengths: Vec<u64> = (0..count).map(|_| reader.varint("a body's length")).collect::<Result<_>>()?;
    let mut bodies = Vec::with_capacity(count);
    for length in lengths {
        let body = std::str::from_utf8(reader.take(length, "a body")?);
        bodies.push(body.map_err(|_| damaged("a body is not UTF-8"))?);
    }
    reader.finish("the last body")?;
    Ok(bodies)
}
