//! An index in one file: what is exported, downloaded and kept under one name.
//!
//! | bytes | content |
//! |---|---|
//! | 16 | header of kind `file`: magic `docsift\0`, version (u32), kind (u32), as every part has |
//! | 4, n | the manifest: length (u32, little-endian), JSON |
//! | 32 | SHA-256 of all the bytes before |
//! | | every part of the manifest, in its order, end to end |
//!
//! The manifest has the length and the SHA-256 of every part, so the checksum stands for every byte of the file. Nothing
//! in a file is trusted: no more is read, or allocated, than there is.

use std::io::Read;

use sha2::{Digest, Sha256};

use super::bytes::{cut_short, damaged};
use super::manifest::{Kind, Manifest, Part};
use crate::Result;

/// What a file begins with; the parts follow.
///
/// # Errors
/// [`Error::Internal`](crate::Error::Internal) if the manifest cannot be written as JSON.
pub fn head(manifest: &Manifest) -> Result<Vec<u8>> {
    let manifest = manifest.to_json()?;
    let mut bytes = Kind::File.header();
    bytes.extend_from_slice(&(manifest.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&manifest);
    let checksum = Sha256::digest(&bytes);
    bytes.extend_from_slice(&checksum);
    Ok(bytes)
}

/// Reads a file up to its parts.
///
/// # Errors
/// [`Error::InvalidIndex`](crate::Error::InvalidIndex) if it is not a file of this version, is cut short, or damaged.
pub fn read_head(reader: &mut impl Read) -> Result<Manifest> {
    let mut head = read(reader, Kind::File.header().len() as u64, "the header")?;
    Kind::File.open(&head)?;
    let length = read(reader, 4, "the manifest's length")?;
    head.extend_from_slice(&length);
    let length = length.try_into().map_or(0, u32::from_le_bytes);
    let manifest = read(reader, u64::from(length), "the manifest")?;
    head.extend_from_slice(&manifest);
    let checksum = read(reader, 32, "the checksum")?;
    if Sha256::digest(&head).as_slice() != checksum {
        return Err(damaged("the SHA-256 of the manifest is not the one stored with it: the file is damaged"));
    }
    Manifest::parse(&manifest)
}

/// Reads the next part of a file, which is still to be checked.
///
/// # Errors
/// [`Error::InvalidIndex`](crate::Error::InvalidIndex) if the file ends within it.
pub fn read_part(reader: &mut impl Read, part: &Part) -> Result<Vec<u8>> {
    read(reader, part.bytes, &format!("part \"{}\"", part.file))
}

/// Checks that a file ends where its last part does.
///
/// # Errors
/// [`Error::InvalidIndex`](crate::Error::InvalidIndex) if it goes on.
pub fn read_end(reader: &mut impl Read) -> Result<()> {
    match fill(reader, 1)?.len() {
        0 => Ok(()),
        _ => Err(damaged("found bytes after the last part, expected none")),
    }
}

fn read(reader: &mut impl Read, count: u64, what: &str) -> Result<Vec<u8>> {
    let bytes = fill(reader, count)?;
    match bytes.len() as u64 {
        found if found < count => Err(cut_short(what, count, found)),
        _ => Ok(bytes),
    }
}

/// At most `count` bytes. The buffer grows with what is read, not with what was announced.
fn fill(reader: &mut impl Read, count: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let outcome = reader.take(count).read_to_end(&mut bytes);
    outcome.map_err(|error| damaged(&format!("the file cannot be read: {error}")))?;
    Ok(bytes)
}
