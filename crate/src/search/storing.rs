//! Keeping a collection, and opening a kept one: see [`manifest`](crate::index::manifest).

use std::collections::BTreeSet;
use std::io::Read;

use super::collection::Collection;
use super::opening::{AwaitedText, Opening};
use crate::index::documents::{self, EncodedDocument, StoredDocument};
use crate::index::manifest::{Kind, Manifest, Model, Part, Parts, RangePart, MAX_PART_BYTES};
use crate::index::vectors;
use crate::index::{format, texts};
use crate::{Error, Result};

/// How large parts are made.
#[derive(Debug, Clone, Copy)]
pub struct PartSizes {
    /// A part of documents, postings or vectors ends once it has this many bytes.
    pub bulk: usize,
    /// A part of texts ends after a document that [`texts::ends_after`] says, once it has this many bytes, …
    pub least_text: usize,
    /// … and before a document that would make it larger than this, unless it is the only one.
    pub most_text: usize,
}

impl PartSizes {
    /// Bulk that is fetched at once in few requests; texts that are fetched for a few hits.
    pub const DEFAULT: Self = Self { bulk: 8 << 20, least_text: 64 << 10, most_text: 128 << 10 };
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
        self.check_texts_are_here()?;
        let mut make = |kind: Kind, bytes: Vec<u8>| -> Part {
            let part = Part::of(kind, &bytes);
            sink((part.clone(), bytes));
            part
        };
        let ids: Vec<u32> = self.passage_ids().collect();
        let mut parts = Parts::default();

        let encoded = self.documents.values().map(EncodedDocument::new).collect::<Result<Vec<_>>>()?;
        let mut rest = &encoded[..];
        while let Some(count) = run_length(rest.iter().map(EncodedDocument::bytes), sizes.bulk) {
            let (run, left) = rest.split_at(count);
            let first = (encoded.len() - rest.len()) as u32;
            let bytes = documents::encode(run);
            self.check_part_size(&bytes, first, "its fields take")?;
            parts.documents.push(RangePart { part: make(Kind::Documents, bytes), first, count: count as u32 });
            rest = left;
        }
        self.lexical.encode(&ids, sizes.bulk, |bytes| parts.lexical.push(make(Kind::Lexical, bytes)));

        let dims = self.vectors.dims();
        let mut first = 0;
        // As if every passage had a vector, so that parts do not shift while passages are being embedded.
        for ids in ids.chunks((sizes.bulk / (5 + dims)).max(1)) {
            let rows: Vec<_> = ids.iter().map(|&id| self.vectors.get(id)).collect();
            let count = ids.len() as u32;
            parts.vectors.push(RangePart { part: make(Kind::Vectors, vectors::encode(dims, &rows)), first, count });
            first += count;
        }

        let stored: Vec<&StoredDocument> = self.documents.values().collect();
        let mut rest = &stored[..];
        while let Some(count) = text_run_length(rest, sizes) {
            let (run, left) = rest.split_at(count);
            let first = (stored.len() - rest.len()) as u32;
            let bodies: Vec<&str> = run.iter().map(|stored| stored.document().body.as_str()).collect();
            let bytes = texts::encode(&bodies);
            self.check_part_size(&bytes, first, "its body takes")?;
            parts.texts.push(RangePart { part: make(Kind::Texts, bytes), first, count: count as u32 });
            rest = left;
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
        let mut parts = manifest.all_parts().peekable();
        let mut opening = Opening::new(manifest.clone());
        while let Some((_, part)) = parts.next_if(|(kind, _)| matches!(kind, Kind::Documents | Kind::Lexical)) {
            opening.found.insert(part.file.clone(), format::read_part(&mut reader, part)?);
        }
        let mut collection = opening.open(first_passage)?;
        for (kind, part) in parts {
            collection.add_checked(kind, &part.file, &format::read_part(&mut reader, part)?)?;
        }
        format::read_end(&mut reader)?;
        Ok(collection)
    }

    /// Takes a part of vectors or texts that the manifest lists. One that was read before, or that the manifest does not
    /// list, is passed over.
    ///
    /// # Errors
    /// [`Error::InvalidIndex`] if the bytes are not that part's; then nothing is changed.
    pub fn add_part(&mut self, file: &str, bytes: &[u8]) -> Result<()> {
        let awaited = self.awaited_parts().find(|(_, part)| part.file == file);
        let Some((kind, part)) = awaited else { return Ok(()) };
        part.check(bytes)?;
        self.add_checked(kind, file, bytes)
    }

    fn add_checked(&mut self, kind: Kind, file: &str, bytes: &[u8]) -> Result<()> {
        match kind {
            Kind::Vectors => self.add_vectors(file, bytes),
            _ => self.add_texts(file, bytes),
        }
    }

    fn awaited_parts(&self) -> impl Iterator<Item = (Kind, &Part)> {
        let vectors = self.awaited.vectors.iter().map(|(range, _)| (Kind::Vectors, &range.part));
        vectors.chain(self.awaited.texts.iter().flatten().map(|text| (Kind::Texts, &text.part)))
    }

    /// The parts of vectors that have not been read. Until then no passage of theirs waits to be embedded.
    pub fn missing_vectors(&self) -> Vec<&str> {
        self.awaited.vectors.iter().map(|(range, _)| range.part.file.as_str()).collect()
    }

    /// The parts that have the texts of these passages and have not been read, each once; those of all passages where
    /// none are named.
    pub fn missing_texts(&self, passages: Option<&[u32]>) -> Vec<&str> {
        let texts = &self.awaited.texts;
        let Some(passages) = passages else {
            return texts.iter().flatten().map(|text| text.part.file.as_str()).collect();
        };
        let wanted: BTreeSet<u32> = passages.iter().filter_map(|&id| self.text_part_number(id)).collect();
        wanted.into_iter().filter_map(|number| self.text_part_name(number)).collect()
    }

    /// The part that has the text of a passage; none once it is there.
    pub fn text_part(&self, passage: u32) -> Option<&str> {
        self.text_part_name(self.text_part_number(passage)?)
    }

    fn text_part_number(&self, passage: u32) -> Option<u32> {
        self.passage(passage)?;
        let (key, _) = self.documents.range(..=passage).next_back()?;
        self.awaited.text_of.get(key).copied()
    }

    fn text_part_name(&self, number: u32) -> Option<&str> {
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
            self.vectors.reserve(decoded.len(), first + decoded.len() as u32);
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

    fn check_texts_are_here(&self) -> Result<()> {
        match self.missing_texts(None).len() {
            0 if self.awaited.vectors.is_empty() => Ok(()),
            texts => Err(Error::InvalidInput(format!(
                "expected all parts of the index to be there before it is saved, found {texts} of texts and {} of \
                 vectors still to be fetched; fetch what missingTexts and missingVectors name first",
                self.awaited.vectors.len()
            ))),
        }
    }

    /// Checks a part of one document or more, the first of which is number `first`.
    fn check_part_size(&self, bytes: &[u8], first: u32, what: &str) -> Result<()> {
        if (bytes.len() as u64) < MAX_PART_BYTES {
            return Ok(());
        }
        let id = self.documents.values().nth(first as usize).map_or("", |stored| &stored.document().id);
        Err(Error::InvalidInput(format!(
            "document \"{id}\": {what} {} bytes, expected less than {MAX_PART_BYTES}; split the document",
            bytes.len()
        )))
    }
}

/// How many items make the next part; none when none is left.
fn run_length(sizes: impl Iterator<Item = usize>, bytes: usize) -> Option<usize> {
    let (mut count, mut total) = (0, 0usize);
    for size in sizes {
        // Alone if it is large.
        if count > 0 && total + size > bytes {
            break;
        }
        count += 1;
        total += size;
    }
    Some(count).filter(|&count| count > 0)
}

/// How many documents' bodies make the next part; none when none is left.
fn text_run_length(documents: &[&StoredDocument], sizes: PartSizes) -> Option<usize> {
    let (mut count, mut total) = (0, 0usize);
    for document in documents.iter().map(|stored| stored.document()) {
        if count > 0 && total + document.body.len() > sizes.most_text {
            break;
        }
        count += 1;
        total += document.body.len();
        if total >= sizes.least_text && texts::ends_after(&document.id) {
            break;
        }
    }
    Some(count).filter(|&count| count > 0)
}

pub(super) fn check_count(file: &str, expected: u32, found: usize) -> Result<()> {
    if expected as usize == found {
        return Ok(());
    }
    Err(Error::InvalidIndex(format!(
        "part \"{file}\" holds {found} items, the manifest expected {expected}; fetch or build the index again"
    )))
}
