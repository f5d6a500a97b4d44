//! The file a collection is kept in.
//!
//! All integers are little-endian.
//!
//! | bytes | content |
//! |---|---|
//! | 8 | magic, `docsift\0` |
//! | 4 | version, u32 |
//! | 4, n | model fingerprint: length u32, UTF-8 |
//! | 4 | dims of a vector, u32; 0 when no vector was ever stored |
//! | 8, n | documents with their passages: length u64, JSON array of [`StoredDocument`] |
//! | 8, n | vectors: length u64; for every passage in order one byte, 1 if it has a vector, else 0; then for each of those its scale (f32) and its `dims` components (i8) |
//! | 32 | SHA-256 of all the bytes before |
//!
//! Postings are not stored: they are rebuilt from the text, so they always agree with the code that reads them.
//! Nothing in a file is trusted: a size is compared with the bytes there are before it is used.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::vectors::StoredVector;
use crate::text::document::Document;
use crate::text::passages::Passage;
use crate::{Error, Result};

const MAGIC: &[u8; 8] = b"docsift\0";
const VERSION: u32 = 1;
const CHECKSUM_BYTES: usize = 32;

/// A document and the passages it was cut into, at least one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredDocument {
    /// As it was added.
    pub document: Document,
    /// In order.
    pub passages: Vec<Passage>,
}

/// What a file holds.
#[derive(Debug, PartialEq)]
pub struct Contents<'a> {
    /// Components of a vector.
    pub dims: usize,
    /// The documents, in the order they were added.
    pub documents: Vec<StoredDocument>,
    /// One for each passage of the documents, in order; none where it waits to be embedded.
    pub vectors: Vec<Option<StoredVector<'a>>>,
}

/// Writes a file. `vectors` has one item for each passage of `documents`, in order, with `dims` components each.
///
/// # Errors
/// [`Error::Internal`] if the documents cannot be written as JSON.
pub fn encode<'a>(
    fingerprint: &str,
    dims: usize,
    documents: &[&StoredDocument],
    vectors: impl Iterator<Item = Option<StoredVector<'a>>>,
) -> Result<Vec<u8>> {
    let mut flags = Vec::new();
    let mut rows = Vec::new();
    for vector in vectors {
        flags.push(u8::from(vector.is_some()));
        if let Some(StoredVector { scale, row }) = vector {
            rows.extend_from_slice(&scale.to_le_bytes());
            rows.extend_from_slice(bytemuck::cast_slice(row));
        }
    }
    let documents = serde_json::to_vec(documents).map_err(|error| Error::Internal(error.to_string()))?;
    let mut bytes = Vec::with_capacity(documents.len() + flags.len() + rows.len() + fingerprint.len() + 128);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&(fingerprint.len() as u32).to_le_bytes());
    bytes.extend_from_slice(fingerprint.as_bytes());
    bytes.extend_from_slice(&(dims as u32).to_le_bytes());
    bytes.extend_from_slice(&(documents.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&documents);
    bytes.extend_from_slice(&((flags.len() + rows.len()) as u64).to_le_bytes());
    bytes.extend_from_slice(&flags);
    bytes.extend_from_slice(&rows);
    let checksum = Sha256::digest(&bytes);
    bytes.extend_from_slice(&checksum);
    Ok(bytes)
}

/// Reads a file whose vectors were made by the model called `fingerprint`.
///
/// # Errors
/// [`Error::InvalidIndex`] for anything but an undamaged file of this version and this model.
pub fn decode<'a>(bytes: &'a [u8], fingerprint: &str) -> Result<Contents<'a>> {
    let mut header = Reader { bytes };
    if header.array("the magic number")? != *MAGIC {
        return Err(damaged("expected a file that begins with \"docsift\", found other bytes; is it an index?"));
    }
    let version = header.u32("the version")?;
    if version != VERSION {
        return Err(Error::InvalidIndex(format!(
            "expected format version {VERSION}, found {version}; build the index again with this version of docsift"
        )));
    }
    let Some((content, checksum)) = bytes.split_last_chunk::<CHECKSUM_BYTES>() else {
        return Err(truncated("the checksum", CHECKSUM_BYTES as u64, bytes.len()));
    };
    if Sha256::digest(content).as_slice() != checksum {
        return Err(damaged(
            "the SHA-256 of the content is not the one stored with it: the file is damaged or cut short",
        ));
    }
    let mut reader = Reader { bytes: content };
    reader.array::<{ MAGIC.len() + size_of::<u32>() }>("the header")?;
    let length = reader.u32("the fingerprint's length")?;
    let found = reader.take(u64::from(length), "the fingerprint")?;
    if found != fingerprint.as_bytes() {
        return Err(Error::InvalidIndex(format!(
            "expected vectors of model \"{fingerprint}\", found those of \"{}\"; build the index again with this model",
            String::from_utf8_lossy(found)
        )));
    }
    let dims = reader.u32("the dims")? as usize;
    let length = reader.u64("the documents' length")?;
    let documents = read_documents(reader.take(length, "the documents")?)?;
    let length = reader.u64("the vectors' length")?;
    let vectors = reader.take(length, "the vectors")?;
    if !reader.bytes.is_empty() {
        return Err(damaged(&format!("found {} bytes after the vectors, expected none", reader.bytes.len())));
    }
    let passages = documents.iter().map(|stored| stored.passages.len()).sum();
    Ok(Contents { dims, documents, vectors: read_vectors(vectors, passages, dims)? })
}

fn read_documents(json: &[u8]) -> Result<Vec<StoredDocument>> {
    let documents: Vec<StoredDocument> =
        serde_json::from_slice(json).map_err(|error| damaged(&format!("the documents cannot be read: {error}")))?;
    let mut ids = HashSet::new();
    for StoredDocument { document, passages } in &documents {
        let id = &document.id;
        if !ids.insert(id) {
            return Err(damaged(&format!("document \"{id}\" is there twice")));
        }
        if passages.is_empty() {
            return Err(damaged(&format!("document \"{id}\" has no passage, expected at least one")));
        }
        if let Some(passage) = passages.iter().find(|passage| document.body.get(passage.range.clone()).is_none()) {
            return Err(damaged(&format!("document \"{id}\" has no text at {:?}", passage.range)));
        }
    }
    Ok(documents)
}

fn read_vectors(bytes: &[u8], passages: usize, dims: usize) -> Result<Vec<Option<StoredVector<'_>>>> {
    let mut reader = Reader { bytes };
    let flags = reader.take(passages as u64, "the marks of embedded passages")?;
    let mut vectors = Vec::with_capacity(passages);
    for &flag in flags {
        vectors.push(match flag {
            0 => None,
            1 if dims > 0 => {
                let scale = f32::from_le_bytes(reader.array("a vector's scale")?);
                if !scale.is_finite() || scale < 0.0 {
                    return Err(damaged(&format!("a vector's scale is {scale}, expected a number from 0")));
                }
                Some(StoredVector { scale, row: bytemuck::cast_slice(reader.take(dims as u64, "a vector")?) })
            }
            _ => return Err(damaged(&format!("a passage's mark is {flag} in a file of {dims} dims"))),
        });
    }
    if !reader.bytes.is_empty() {
        return Err(damaged(&format!("found {} bytes after the last vector, expected none", reader.bytes.len())));
    }
    Ok(vectors)
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The next `count` bytes. A count too large for this machine's `usize` is also too large for the file.
    fn take(&mut self, count: u64, what: &str) -> Result<&'a [u8]> {
        let split = usize::try_from(count).ok().and_then(|count| self.bytes.split_at_checked(count));
        let (taken, rest) = split.ok_or_else(|| truncated(what, count, self.bytes.len()))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        let split = self.bytes.split_first_chunk();
        let (taken, rest) = split.ok_or_else(|| truncated(what, N as u64, self.bytes.len()))?;
        self.bytes = rest;
        Ok(*taken)
    }

    fn u32(&mut self, what: &str) -> Result<u32> {
        self.array(what).map(u32::from_le_bytes)
    }

    fn u64(&mut self, what: &str) -> Result<u64> {
        self.array(what).map(u64::from_le_bytes)
    }
}

fn truncated(what: &str, expected: u64, found: usize) -> Error {
    Error::InvalidIndex(format!(
        "the file ends within {what}: expected {expected} bytes, found {found}; fetch or build the index again"
    ))
}

fn damaged(why: &str) -> Error {
    Error::InvalidIndex(format!("{why}; fetch or build the index again"))
}
