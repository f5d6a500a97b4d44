//! Opening a kept collection part by part: what is needed to answer first, the rest while it answers.

use std::collections::HashMap;

use super::collection::Collection;
use super::storing::check_count;
use crate::index::documents;
use crate::index::lexical::LexicalIndex;
use crate::index::manifest::{Manifest, Part, Parts, RangePart};
use crate::index::vectors::VectorStore;
use crate::{Error, Result};

impl Collection {
    /// Opens an index with its first parts, those of documents and postings, for which `fetch` is asked in the manifest's
    /// order. The collection answers by words at once, by meaning as parts of vectors are [added](Self::add_part), and
    /// with texts as parts of those are. Its passages have ids from `first_passage`, in the order of the index: see
    /// [`next_passage`](Self::next_passage).
    ///
    /// # Errors
    /// What `fetch` fails with; [`Error::InvalidIndex`] if bytes are not their part's, or parts do not go together.
    pub fn open(
        manifest: &Manifest,
        first_passage: u32,
        mut fetch: impl FnMut(&Part) -> Result<Vec<u8>>,
    ) -> Result<Self> {
        let Manifest { model, passages, parts, .. } = manifest;
        let mut collection = Collection::beginning_at(model.fingerprint.clone(), first_passage);
        let mut checked = |part: &Part| -> Result<Vec<u8>> {
            let bytes = fetch(part)?;
            part.check(&bytes)?;
            Ok(bytes)
        };
        for range in &parts.documents {
            let documents = documents::decode(&checked(&range.part)?)?;
            check_count(&range.part.file, range.count, documents.len())?;
            for stored in documents {
                collection.restore(stored)?;
            }
        }
        check_passages(*passages, collection.next_passage - first_passage)?;
        collection.lexical = LexicalIndex::with_passages(*passages, first_passage);
        for RangePart { part, first, count } in &parts.lexical {
            collection.lexical.decode(&checked(part)?, *count, first_passage + first)?;
        }
        collection.vectors = VectorStore::with_dims(model.dims as usize);
        collection.awaited = Awaited::of(manifest, &collection, first_passage);
        Ok(collection)
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

impl Awaited {
    fn of(manifest: &Manifest, collection: &Collection, first_passage: u32) -> Self {
        let Parts { vectors, texts, .. } = &manifest.parts;
        let keys: Vec<u32> = collection.documents.keys().copied().collect();
        let mut awaited = Self {
            dims: manifest.model.dims as usize,
            vectors: vectors.iter().map(|range| (range.clone(), first_passage + range.first)).collect(),
            ..Self::default()
        };
        for (number, RangePart { part, first, count }) in (0..).zip(texts) {
            let keys = keys[*first as usize..(first + count) as usize].to_vec();
            awaited.text_of.extend(keys.iter().map(|&key| (key, number)));
            awaited.texts.push(Some(AwaitedText { part: part.clone(), keys }));
        }
        awaited
    }
}

/// A part of texts that has not been read.
#[derive(Debug)]
pub(super) struct AwaitedText {
    pub(super) part: Part,
    /// Of the documents, in order. Some may have been removed since.
    pub(super) keys: Vec<u32>,
}

fn check_passages(expected: u32, found: u32) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(Error::InvalidIndex(format!(
        "the documents have {found} passages, the manifest expected {expected}; fetch or build the index again"
    )))
}
