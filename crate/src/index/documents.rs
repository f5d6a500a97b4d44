//! Documents and where their passages are: all that ranking, filters and facets need, without the bodies.
//!
//! A part of kind `documents` holds, after the header:
//!
//! | content |
//! |---|
//! | length (varint), then a JSON array of the documents' fields, all but the body |
//! | for each document: the body's bytes (varint), the number of passages (varint), and the passages |
//!
//! A passage is: bytes between the end of the passage before (0 for the first) and its start, zigzag varint; bytes of
//! its text, varint; tokens, varint; a byte that says whether heading and anchor are none (0), those of the passage
//! before (1) or follow (2: heading, empty for none, a byte that says whether there is an anchor, anchor); the hash of its
//! input, 8 bytes.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::bytes::{damaged, put_string, put_varint, Reader};
use super::manifest::Kind;
use crate::text::document::Document;
use crate::text::passages::{passage_input, Passage};
use crate::{Error, Result};

/// What identifies a passage's input, whatever collection it is in: the first 64 bits of its SHA-256. Written as 16 hex
/// digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash([u8; 8]);

impl ContentHash {
    /// Of the text that the models read.
    pub fn of(input: &str) -> Self {
        let digest = Sha256::digest(input);
        Self(std::array::from_fn(|i| digest[i]))
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ContentHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where a document's body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    /// In `document.body`.
    Here,
    /// Still to come; `document.body` is empty.
    Awaited { bytes: usize },
}

/// A document and the passages it was cut into, at least one.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDocument {
    document: Document,
    passages: Vec<Passage>,
    /// Of each passage's input.
    hashes: Vec<ContentHash>,
    body: Body,
}

impl StoredDocument {
    /// A document as it was added. `passages` are ranges of its body.
    pub fn new(document: Document, passages: Vec<Passage>) -> Self {
        let hashes = passages.iter().map(|passage| ContentHash::of(&passage.input(&document))).collect();
        Self { document, passages, hashes, body: Body::Here }
    }

    /// As it was added; the body is empty until [`has_body`](Self::has_body).
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// In order.
    pub fn passages(&self) -> &[Passage] {
        &self.passages
    }

    /// Of each passage's input, in order.
    pub fn hashes(&self) -> &[ContentHash] {
        &self.hashes
    }

    /// Whether the body is there.
    pub fn has_body(&self) -> bool {
        self.body == Body::Here
    }

    /// A passage's text; none until the body is there.
    pub fn text(&self, passage: &Passage) -> Option<&str> {
        self.has_body().then(|| passage.text(&self.document))
    }

    /// What the models read of a passage; none until the body is there.
    pub fn input(&self, passage: &Passage) -> Option<String> {
        Some(passage_input(&self.document.title, passage.heading.as_deref(), self.text(passage)?))
    }

    /// As [`input`](Self::input), cut to about `tokens` tokens, and about how many it has: see [`Passage::input_within`].
    pub fn input_within(&self, passage: &Passage, tokens: usize) -> Option<(String, usize)> {
        self.has_body().then(|| passage.input_within(&self.document, tokens))
    }

    /// What says best what the document is about: its title and the beginning of its first passage, cut to about `tokens`
    /// tokens, and about how many it has. None until the body is there.
    pub fn opening_within(&self, tokens: usize) -> Option<(String, usize)> {
        self.input_within(self.passages.first()?, tokens)
    }

    /// Checks that `body` is the one awaited.
    pub(crate) fn check_body(&self, body: &str) -> Result<()> {
        let id = &self.document.id;
        if let Body::Awaited { bytes } = self.body {
            if body.len() != bytes {
                return Err(damaged(&format!(
                    "document \"{id}\" has a body of {} bytes, expected {bytes}",
                    body.len()
                )));
            }
        }
        match self.passages.iter().find(|passage| body.get(passage.range.clone()).is_none()) {
            Some(passage) => Err(damaged(&format!("document \"{id}\" has no text at {:?}", passage.range))),
            None => Ok(()),
        }
    }

    /// Gives the document its body, if it waits for one. [`check_body`](Self::check_body) must have passed.
    pub(crate) fn set_body(&mut self, body: &str) {
        if !self.has_body() {
            body.clone_into(&mut self.document.body);
            self.body = Body::Here;
        }
    }

    fn body_bytes(&self) -> usize {
        match self.body {
            Body::Here => self.document.body.len(),
            Body::Awaited { bytes } => bytes,
        }
    }
}

/// A document without its body.
#[derive(Serialize)]
struct Head<'a> {
    id: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<&'a str>,
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
}

/// A document on its way into a part.
pub(crate) struct EncodedDocument {
    json: Vec<u8>,
    passages: Vec<u8>,
}

impl EncodedDocument {
    pub(crate) fn new(stored: &StoredDocument) -> Result<Self> {
        let Document { id, title, url, body: _, section, updated, extra } = stored.document();
        let head =
            Head { id, title, url: url.as_deref(), section: section.as_deref(), updated: updated.as_deref(), extra };
        let json = serde_json::to_vec(&head).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Self { json, passages: encode_passages(stored) })
    }

    /// About how much it adds to a part.
    pub(crate) fn bytes(&self) -> usize {
        self.json.len() + self.passages.len() + 1
    }
}

fn encode_passages(stored: &StoredDocument) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(&mut out, stored.body_bytes() as u64);
    put_varint(&mut out, stored.passages.len() as u64);
    let mut end = 0;
    let mut before = None;
    for (passage, hash) in stored.passages.iter().zip(&stored.hashes) {
        let Passage { heading, anchor, range, tokens } = passage;
        put_varint(&mut out, zigzag(range.start as i64 - end as i64));
        put_varint(&mut out, range.len() as u64);
        put_varint(&mut out, *tokens as u64);
        match heading {
            None if anchor.is_none() => out.push(0),
            _ if before == Some((heading, anchor)) => out.push(1),
            _ => {
                out.push(2);
                put_string(&mut out, heading.as_deref().unwrap_or(""));
                out.push(u8::from(anchor.is_some()));
                if let Some(anchor) = anchor {
                    put_string(&mut out, anchor);
                }
            }
        }
        out.extend_from_slice(&hash.0);
        before = Some((heading, anchor));
        end = range.end;
    }
    out
}

/// Writes a part.
pub(crate) fn encode(documents: &[EncodedDocument]) -> Vec<u8> {
    let json = documents.iter().map(|document| document.json.len() + 1).sum::<usize>() + 1;
    let passages: usize = documents.iter().map(|document| document.passages.len()).sum();
    let mut out = Kind::Documents.header();
    out.reserve(json + passages + 16);
    put_varint(&mut out, json as u64);
    for (position, document) in documents.iter().enumerate() {
        out.push(if position == 0 { b'[' } else { b',' });
        out.extend_from_slice(&document.json);
    }
    out.push(b']');
    for document in documents {
        out.extend_from_slice(&document.passages);
    }
    out
}

/// Reads a part. The documents wait for their bodies.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<StoredDocument>> {
    let mut reader = Kind::Documents.open(bytes)?;
    let length = reader.varint("the documents' length")?;
    let heads: Vec<Value> = serde_json::from_slice(reader.take(length, "the documents")?).map_err(unreadable)?;
    let mut documents = Vec::with_capacity(heads.len());
    for (position, head) in heads.into_iter().enumerate() {
        let document = Document::from_head(head, position).map_err(unreadable)?;
        documents.push(decode_passages(document, &mut reader)?);
    }
    reader.finish("the last passage")?;
    Ok(documents)
}

fn unreadable(error: impl std::fmt::Display) -> Error {
    damaged(&format!("the documents cannot be read: {error}"))
}

fn decode_passages(document: Document, reader: &mut Reader) -> Result<StoredDocument> {
    let body = reader.varint("a body's length")?;
    // The body's own part is compared with this.
    let bytes = usize::try_from(body).map_err(|_| damaged(&format!("a body has {body} bytes")))?;
    let count = reader.count("a document's passages")?;
    if count == 0 {
        return Err(damaged(&format!("document \"{}\" has no passage, expected at least one", document.id)));
    }
    let mut passages: Vec<Passage> = Vec::new();
    let mut hashes = Vec::new();
    let mut end = 0u64;
    for _ in 0..count {
        let gap = unzigzag(reader.varint("a passage's start")?);
        let length = reader.varint("a passage's length")?;
        let start = end.checked_add_signed(gap);
        let range = start.and_then(|start| Some((start, start.checked_add(length)?)));
        let Some((start, stop)) = range.filter(|&(_, stop)| stop <= body) else {
            return Err(damaged(&format!("document \"{}\" has a passage outside its body", document.id)));
        };
        end = stop;
        let tokens = reader.varint32("a passage's tokens")? as usize;
        let (heading, anchor) = match reader.array("a passage's heading")? {
            [0] => (None, None),
            // Shared, not copied: a byte of a forged part must not stand for a megabyte.
            [1] => match passages.last() {
                Some(before) => (before.heading.clone(), before.anchor.clone()),
                None => return Err(damaged("a document's first passage has the heading of the one before")),
            },
            [2] => {
                let heading = reader.string("a heading")?;
                let anchor = match reader.array("an anchor's mark")? {
                    [0] => None,
                    _ => Some(Arc::from(reader.string("an anchor")?)),
                };
                // An anchor can be all there is: of a heading that repeats the title, say.
                (Some(heading).filter(|heading| !heading.is_empty()).map(Arc::from), anchor)
            }
            [mark] => return Err(damaged(&format!("a passage's heading is marked {mark}, expected 0, 1 or 2"))),
        };
        hashes.push(ContentHash(reader.array("a passage's hash")?));
        passages.push(Passage { heading, anchor, range: start as usize..stop as usize, tokens });
    }
    Ok(StoredDocument { document, passages, hashes, body: Body::Awaited { bytes } })
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
