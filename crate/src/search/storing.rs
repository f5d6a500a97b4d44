//! Keeping a collection, and opening a kept one: see [`manifest`](crate::index::manifest).

use std::io::Read;
use std::ops::Range;

use sha2::{Digest, Sha256};

use super::collection::Collection;
use super::opening::AwaitedText;
use crate::index::documents::{self, EncodedDocument, StoredDocument};
use crate::index::manifest::{Kind, Manifest, Model, Part, Parts, RangePart, MAX_PART_BYTES};
use crate::index::vectors;
use crate::index::{format, texts};
use crate::{Error, Result};

/// How many documents go into one part. It ends after a document of which [`ends_after`] says so, once its documents have
/// `least` bytes, …
#[derive(Debug, Clone, Copy)]
pub struct RunSizes {
    /// So many, …
    pub least: usize,
    /// … and before a document with which they would have more than this, unless it is the only one.
    pub most: usize,
}

/// How large parts are made.
#[derive(Debug, Clone, Copy)]
pub struct PartSizes {
    /// Of documents, postings and vectors. All that a document adds to an index counts.
    pub bulk: RunSizes,
    /// Of texts. Bodies alone count.
    pub texts: RunSizes,
}

impl PartSizes {
    /// Bulk that is fetched at once in few requests; texts that are fetched for a few passages.
    pub const DEFAULT: Self =
        Self { bulk: RunSizes { least: 8 << 20, most: 16 << 20 }, texts: RunSizes { least: 32 << 10, most: 64 << 10 } };
}

/// A part's name and its bytes.
pub type NamedPart = (Part, Vec<u8>);

impl Collection {
    /// Writes the collection: hands each part to `sink` as soon as it is made, in the manifest's order, and returns the
    /// manifest. The same documents, added in the same order, with the same vectors give the same bytes. `model_id` is
    /// kept for people to read.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if a text has still to be fetched, or a document is too large for a part;
    /// [`Error::Internal`] if a document cannot be written as JSON.
    pub fn export(&self, model_id: &str, sizes: PartSizes, mut sink: impl FnMut(NamedPart)) -> Result<Manifest> {
        self.check_is_whole()?;
        let mut make = |kind: Kind, bytes: Vec<u8>| -> Part {
            let part = Part::of(kind, &bytes);
            sink((part.clone(), bytes));
            part
        };
        let dims = self.vectors.dims();
        let stored: Vec<(u32, &StoredDocument)> = self.documents.iter().map(|(&key, stored)| (key, stored)).collect();
        let bodies: Vec<&str> = stored.iter().map(|(_, stored)| stored.document().body.as_str()).collect();
        let encoded = stored.iter().map(|(_, stored)| EncodedDocument::new(stored)).collect::<Result<Vec<_>>>()?;
        // As if every passage had a vector, so that parts do not shift while passages are being embedded.
        let sizes_of = |at: usize| {
            let vectors = stored[at].1.passages().len().saturating_mul(5 + dims);
            vectors.saturating_add(encoded[at].bytes() + bodies[at].len())
        };
        let bulk = runs(&stored, sizes.bulk, sizes_of);
        let passages: Vec<Vec<u32>> = bulk
            .iter()
            .map(|run| {
                let documents = stored[run.clone()].iter();
                documents.flat_map(|&(key, stored)| (key..).take(stored.passages().len())).collect()
            })
            .collect();

        let mut parts = Parts::default();
        for run in &bulk {
            let bytes = documents::encode(&encoded[run.clone()]);
            self.check_part_size(&bytes, run.start, "its fields take")?;
            parts.documents.push(ranged(make(Kind::Documents, bytes), run.start, run.len()));
        }
        drop(encoded);
        let mut first = 0;
        for (ids, run) in passages.iter().zip(&bulk) {
            let bytes = self.lexical.encode(ids);
            self.check_part_size(&bytes, run.start, "its words take")?;
            parts.lexical.push(ranged(make(Kind::Lexical, bytes), first, ids.len()));
            first += ids.len();
        }
        first = 0;
        for (ids, run) in passages.iter().zip(&bulk) {
            let rows: Vec<_> = ids.iter().map(|&id| self.vectors.get(id)).collect();
            let bytes = vectors::encode(dims, &rows);
            self.check_part_size(&bytes, run.start, "its vectors take")?;
            parts.vectors.push(ranged(make(Kind::Vectors, bytes), first, ids.len()));
            first += ids.len();
        }
        for run in runs(&stored, sizes.texts, |at| bodies[at].len()) {
            let bytes = texts::encode(&bodies[run.clone()]);
            self.check_part_size(&bytes, run.start, "its body takes")?;
            parts.texts.push(ranged(make(Kind::Texts, bytes), run.start, run.len()));
        }
        let model = Model { id: model_id.to_owned(), fingerprint: self.fingerprint.clone(), dims: dims as u32 };
        let counts = self.counts();
        Ok(Manifest::new(model, counts.documents as u32, counts.passages as u32, counts.embedded as u32, parts))
    }

    /// The manifest and all parts, in its order: see [`export`](Self::export).
    ///
    /// # Errors
    /// Those of [`export`](Self::export).
    pub fn to_parts(&self, model_id: &str) -> Result<(Manifest, Vec<NamedPart>)> {
        let mut parts = Vec::new();
        let manifest = self.export(model_id, PartSizes::DEFAULT, |part| parts.push(part))?;
        Ok((manifest, parts))
    }

    /// The collection as one file: see [`format`](mod@format).
    ///
    /// # Errors
    /// Those of [`export`](Self::export).
    pub fn to_bytes(&self, model_id: &str) -> Result<Vec<u8>> {
        let mut parts = Vec::new();
        let manifest = self.export(model_id, PartSizes::DEFAULT, |(_, bytes)| parts.push(bytes))?;
        let mut bytes = format::head(&manifest)?;
        bytes.reserve_exact(parts.iter().map(Vec::len).sum());
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        Ok(bytes)
    }

    /// Reads a collection from a file, whose vectors must be of the model that `fingerprint` identifies.
    ///
    /// # Errors
    /// [`Error::InvalidIndex`] if the file is damaged, of another version or of another model.
    pub fn from_bytes(bytes: &[u8], fingerprint: &str) -> Result<Self> {
        Self::read(bytes, Some(fingerprint), 0)
    }

    /// As [`from_bytes`](Self::from_bytes), from a reader; without a fingerprint of any model. At any time only one part
    /// is in memory beside what was read.
    /// Passages get ids from `first_passage`: see [`next_passage`](Self::next_passage).
    ///
    /// # Errors
    /// [`Error::InvalidIndex`] if the file is damaged, of another version or of another model.
    pub fn read(mut reader: impl Read, fingerprint: Option<&str>, first_passage: u32) -> Result<Self> {
        let manifest = format::read_head(&mut reader)?;
        manifest.check_model(fingerprint)?;
        let mut collection = Self::open(&manifest, first_passage, |part| format::read_part(&mut reader, part))?;
        let later = manifest.all_parts().filter(|(kind, _)| matches!(kind, Kind::Vectors | Kind::Texts));
        for (_, part) in later {
            let bytes = format::read_part(&mut reader, part)?;
            // The same part may be listed twice.
            if !collection.add_part(&part.file, &bytes)? {
                part.check(&bytes)?;
            }
        }
        format::read_end(&mut reader)?;
        Ok(collection)
    }

    /// Takes a part of vectors or texts that the manifest lists, and says whether it was still to come.
    ///
    /// # Errors
    /// [`Error::InvalidIndex`] if the bytes are not that part's; then nothing is changed.
    pub fn add_part(&mut self, file: &str, bytes: &[u8]) -> Result<bool> {
        let awaited = self.awaited_parts().find(|(_, part)| part.file == file);
        let Some((kind, part)) = awaited else { return Ok(false) };
        part.check(bytes)?;
        match kind {
            Kind::Vectors => self.add_vectors(file, bytes)?,
            _ => self.add_texts(file, bytes)?,
        }
        Ok(true)
    }

    fn awaited_parts(&self) -> impl Iterator<Item = (Kind, &Part)> {
        let vectors = self.awaited.vectors.iter().map(|(range, _)| (Kind::Vectors, &range.part));
        vectors.chain(self.awaited.texts.iter().flatten().map(|text| (Kind::Texts, &text.part)))
    }

    /// The parts of vectors and texts that are still to come. No passage of such a part of vectors waits to be embedded.
    pub fn missing_parts(&self) -> Vec<&str> {
        self.awaited_parts().map(|(_, part)| part.file.as_str()).collect()
    }

    /// The part that has the text of a passage; none once it is there.
    pub fn text_part(&self, passage: u32) -> Option<&str> {
        let (key, _) = self.documents.range(..=passage).next_back()?;
        let number = *self.awaited.text_of.get(key)?;
        self.awaited.texts.get(number as usize)?.as_ref().map(|text| text.part.file.as_str())
    }

    fn add_vectors(&mut self, file: &str, bytes: &[u8]) -> Result<()> {
        let decoded = vectors::decode(bytes, self.awaited.dims)?;
        for (range, _) in self.awaited.vectors.iter().filter(|(range, _)| range.part.file == file) {
            check_count(file, range.count, decoded.len())?;
        }
        let mut waiting = std::mem::take(&mut self.awaited.vectors);
        let (found, left) = waiting.drain(..).partition(|(range, _)| range.part.file == file);
        self.awaited.vectors = left;
        let found: Vec<(RangePart, u32)> = found;
        for (_, first) in found {
            // Of those that are there: a part may announce vectors of any width and hold none.
            self.vectors.reserve(decoded.iter().flatten().count(), first + decoded.len() as u32);
            for (id, vector) in (first..).zip(&decoded) {
                match vector {
                    // Removed since the collection was opened.
                    _ if self.passage(id).is_none() => {}
                    Some(vector) => self.vectors.insert_stored(id, *vector),
                    None => _ = self.pending.insert(id),
                }
            }
        }
        Ok(())
    }

    fn add_texts(&mut self, file: &str, bytes: &[u8]) -> Result<()> {
        let bodies = texts::decode(bytes)?;
        let is_it = |text: &Option<AwaitedText>| text.as_ref().is_some_and(|text| text.part.file == file);
        for text in self.awaited.texts.iter().filter(|text| is_it(text)).flatten() {
            check_count(file, text.keys.len() as u32, bodies.len())?;
            for (key, body) in text.keys.iter().zip(&bodies) {
                self.documents.get(key).map_or(Ok(()), |stored| stored.check_body(body))?;
            }
        }
        for text in self.awaited.texts.iter_mut().filter(|text| is_it(text)) {
            let Some(AwaitedText { keys, .. }) = text.take() else { continue };
            for (key, body) in keys.iter().zip(&bodies) {
                self.awaited.text_of.remove(key);
                if let Some(stored) = self.documents.get_mut(key) {
                    stored.set_body(body);
                }
            }
        }
        Ok(())
    }

    /// Forgets that the document at `key` waits for its body.
    pub(super) fn forget_text(&mut self, key: u32) {
        let Some(number) = self.awaited.text_of.remove(&key) else { return };
        let text = &mut self.awaited.texts[number as usize];
        // Nobody waits for a part of which every document is gone.
        if text.as_ref().is_some_and(|text| text.keys.iter().all(|key| !self.awaited.text_of.contains_key(key))) {
            *text = None;
        }
    }

    fn check_is_whole(&self) -> Result<()> {
        match self.missing_parts().len() {
            0 => Ok(()),
            missing => Err(Error::InvalidInput(format!(
                "expected all parts of the index before it is saved, found {missing} still to come; add them first"
            ))),
        }
    }

    /// Checks a part of one document or more, the first of which is number `first`.
    fn check_part_size(&self, bytes: &[u8], first: usize, what: &str) -> Result<()> {
        if (bytes.len() as u64) < MAX_PART_BYTES {
            return Ok(());
        }
        let id = self.documents.values().nth(first).map_or("", |stored| &stored.document().id);
        Err(Error::InvalidInput(format!(
            "document \"{id}\": {what} {} bytes, expected less than {MAX_PART_BYTES}; split the document",
            bytes.len()
        )))
    }
}

/// Which documents go into one part each, by their positions.
fn runs(documents: &[(u32, &StoredDocument)], sizes: RunSizes, bytes: impl Fn(usize) -> usize) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let (mut start, mut total) = (0, 0usize);
    for (at, (_, stored)) in documents.iter().enumerate() {
        let added = bytes(at);
        if at > start && total.saturating_add(added) > sizes.most {
            runs.push(start..at);
            (start, total) = (at, 0);
        }
        total = total.saturating_add(added);
        if total >= sizes.least && ends_after(&stored.document().id) {
            runs.push(start..at + 1);
            (start, total) = (at + 1, 0);
        }
    }
    if start < documents.len() {
        runs.push(start..documents.len());
    }
    runs
}

/// Whether a part that has its least size ends after this document. It depends on the document alone, so that after an
/// insertion the parts soon fall into step again and most files stay the same.
fn ends_after(document_id: &str) -> bool {
    Sha256::digest(document_id)[0].is_multiple_of(4)
}

fn ranged(part: Part, first: usize, count: usize) -> RangePart {
    RangePart { part, first: first as u32, count: count as u32 }
}

pub(super) fn check_count(file: &str, expected: u32, found: usize) -> Result<()> {
    if expected as usize == found {
        return Ok(());
    }
    Err(Error::InvalidIndex(format!(
        "part \"{file}\" holds {found} items, the manifest expected {expected}; fetch or build the index again"
    )))
}
