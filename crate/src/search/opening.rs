//! Opening a kept collection part by part: what is needed to answer first, the rest while it answers.

use std::collections::HashMap;

use super::collection::Collection;
use super::storing::check_count;
use crate::index::documents;
use crate::index::lexical::LexicalIndex;
use crate::index::manifest::{Kind, Manifest, Part, Parts, RangePart};
use crate::index::vectors::VectorStore;
use crate::{Error, Result};

/// An index of which the first parts, those of documents and postings, are being gathered.
#[derive(Debug)]
pub struct Opening {
    manifest: Manifest,
    /// By file name.
    pub(super) found: HashMap<String, Vec<u8>>,
}

impl Opening {
    /// Begins with a manifest.
    pub fn new(manifest: Manifest) -> Self {
        Self { manifest, found: HashMap::new() }
    }

    /// What is being opened.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Parts to add before the collection can be opened.
    pub fn missing(&self) -> Vec<&str> {
        let parts = self.first_parts().map(|part| part.file.as_str());
        parts.filter(|file| !self.found.contains_key(*file)).collect()
    }

    fn first_parts(&self) -> impl Iterator<Item = &Part> {
        let Parts { documents, lexical, .. } = &self.manifest.parts;
        documents.iter().map(|range| &range.part).chain(lexical)
    }

    /// Takes a part that the manifest lists among the first ones; another is given back, for the opened collection.
    ///
    /// # Errors
    /// [`Error::InvalidIndex`] if the bytes are not that part's.
    pub fn add(&mut self, file: &str, bytes: Vec<u8>) -> Result<Option<Vec<u8>>> {
        let Some((kind, part)) = self.manifest.all_parts().find(|(_, part)| part.file == file) else {
            return Ok(Some(bytes));
        };
        part.check(&bytes)?;
        if !matches!(kind, Kind::Documents | Kind::Lexical) {
            return Ok(Some(bytes));
        }
        self.found.insert(file.to_owned(), bytes);
        Ok(None)
    }

    /// Makes the collection, which answers by words at once, by meaning as parts of vectors are added, and with texts as
    /// parts of those are. Its passages have ids from `first_passage`, in the order of the index: see
    /// [`Collection::next_passage`].
    ///
    /// # Errors
    /// [`Error::InvalidIndex`] if parts do not go together; [`Error::InvalidInput`] if one is [missing](Self::missing).
    pub fn open(self, first_passage: u32) -> Result<Collection> {
        let Manifest { model, passages, parts, .. } = &self.manifest;
        let mut collection = Collection::new(model.fingerprint.clone());
        collection.next_passage = first_passage;
        for range in &parts.documents {
            let documents = documents::decode(self.bytes(&range.part)?)?;
            check_count(&range.part.file, range.count, documents.len())?;
            for stored in documents {
                collection.restore(stored)?;
            }
        }
        let found = collection.next_passage - first_passage;
        check_passages(*passages, found as usize)?;

        let lexical = parts.lexical.iter().map(|part| self.bytes(part)).collect::<Result<Vec<_>>>()?;
        collection.lexical = LexicalIndex::decode(lexical.into_iter(), *passages, first_passage)?;
        collection.vectors = VectorStore::with_dims(model.dims as usize);
        collection.awaited = self.awaited(&collection, first_passage);
        Ok(collection)
    }

    fn bytes(&self, part: &Part) -> Result<&[u8]> {
        self.found.get(&part.file).map(Vec::as_slice).ok_or_else(|| {
            let file = &part.file;
            Error::InvalidInput(format!(
                "expected part \"{file}\" before the index is opened, found it missing; add it"
            ))
        })
    }

    fn awaited(&self, collection: &Collection, first_passage: u32) -> Awaited {
        let Parts { vectors, texts, .. } = &self.manifest.parts;
        let keys: Vec<u32> = collection.documents.keys().copied().collect();
        let mut awaited = Awaited {
            dims: self.manifest.model.dims as usize,
            vectors: vectors.iter().map(|range| (range.clone(), first_passage + range.first)).collect(),
            ..Awaited::default()
        };
        for (number, RangePart { part, first, count }) in (0..).zip(texts) {
            let keys = keys[*first as usize..(first + count) as usize].to_vec();
            awaited.text_of.extend(keys.iter().map(|&key| (key, number)));
            awaited.texts.push(Some(AwaitedText { part: part.clone(), keys }));
        }
        awaited
    }
}

/// Parts that an opened collection still waits for.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    /// Of the vectors in the parts. The collection's own may be set before they come if the index has no vector.
    pub(super) dims: usize,
    /// Passages by the part that has their vectors: the part, and the first passage's id.
    pub(super) vectors: Vec<(RangePart, u32)>,
    /// Parts with bodies; none once read.
    pub(super) texts: Vec<Option<AwaitedText>>,
    /// By the document's key, the part of `texts` that has its body.
    pub(super) text_of: HashMap<u32, u32>,
}

/// A part of texts that has not been read.
#[derive(Debug)]
pub(super) struct AwaitedText {
    pub(super) part: Part,
    /// Of the documents, in order. Some may have been removed since.
    pub(super) keys: Vec<u32>,
}

fn check_passages(expected: u32, found: usize) -> Result<()> {
    if expected as usize == found {
        return Ok(());
    }
    Err(Error::InvalidIndex(format!(
        "the documents have {found} passages, the manifest expected {expected}; fetch or build the index again"
    )))
}
