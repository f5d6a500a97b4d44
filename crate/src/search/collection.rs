//! A collection: the documents added, their passages, and all that is needed to find them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::index::format::{self, StoredDocument};
use crate::index::lexical::{Fields, LexicalIndex};
use crate::index::vectors::VectorStore;
use crate::text::document::Document;
use crate::text::passages::{passages, CountTokens, Passage, PASSAGE_TOKENS};
use crate::{Error, Result};

/// How far from 1 the length of a vector may be: room for the rounding of a reduced precision, not for a vector that
/// was never normalised.
const UNIT_TOLERANCE: f32 = 0.01;

/// How much a collection holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Documents.
    pub documents: usize,
    /// Their passages.
    pub passages: usize,
    /// Passages that have a vector.
    pub embedded: usize,
}

/// Documents, searchable by their words as soon as they are added, and by meaning once their passages have vectors.
///
/// Passages have ids that are never used again in the collection's life, so a vector that arrives for a passage since
/// removed does no harm. Reading a collection from a file begins a new life.
#[derive(Debug)]
pub struct Collection {
    fingerprint: String,
    /// By the id of the first passage; those of the others follow it.
    pub(super) documents: BTreeMap<u32, StoredDocument>,
    /// The key in `documents` of each document id.
    keys: HashMap<String, u32>,
    next_passage: u32,
    pub(super) lexical: LexicalIndex,
    pub(super) vectors: VectorStore,
    /// Passages without a vector.
    pending: BTreeSet<u32>,
}

impl Collection {
    /// An empty collection for vectors of the model that `fingerprint` identifies.
    pub fn new(fingerprint: String) -> Self {
        Self {
            fingerprint,
            documents: BTreeMap::new(),
            keys: HashMap::new(),
            next_passage: 0,
            lexical: LexicalIndex::default(),
            vectors: VectorStore::default(),
            pending: BTreeSet::new(),
        }
    }

    /// Adds documents and gives the number of passages now waiting for a vector. With `replace`, a document takes the
    /// place of the one with its id, and passages whose input is unchanged keep their vectors.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if any document is not valid, or comes twice, or, without `replace`, is already there;
    /// then none is stored.
    pub fn add(&mut self, documents: Vec<Document>, replace: bool, count_tokens: CountTokens) -> Result<usize> {
        let mut seen = HashSet::new();
        for (position, document) in documents.iter().enumerate() {
            let id = &document.id;
            let place = format!("document {position} (id \"{id}\")");
            document.check(&place)?;
            if !seen.insert(id) {
                return Err(Error::InvalidInput(format!(
                    "{place}: expected every id once, found it twice in this call; give each document its own id"
                )));
            }
            if !replace && self.keys.contains_key(id) {
                return Err(Error::InvalidInput(format!(
                    "{place}: expected a new id, found one already in the collection; use update to replace a document"
                )));
            }
        }
        for document in documents {
            let passages = passages(&document, PASSAGE_TOKENS, count_tokens);
            let stored = StoredDocument { document, passages };
            let old = self.keys.get(&stored.document.id).copied();
            let key = self.insert(stored);
            if let Some(old) = old {
                self.keep_vectors(old, key);
                self.discard(old);
            }
        }
        Ok(self.pending.len())
    }

    /// Stores a document under new passage ids, the first of which is returned.
    fn insert(&mut self, stored: StoredDocument) -> u32 {
        let key = self.next_passage;
        for (id, passage) in (key..).zip(&stored.passages) {
            self.lexical.add(id, &fields(&stored.document, passage));
            self.pending.insert(id);
            self.next_passage = id + 1;
        }
        self.keys.insert(stored.document.id.clone(), key);
        self.documents.insert(key, stored);
        key
    }

    /// Moves vectors from the document at `old` to passages of the one at `new` that read the same.
    fn keep_vectors(&mut self, old: u32, new: u32) {
        let inputs = |key: u32| {
            let stored = &self.documents[&key];
            (key..).zip(stored.passages.iter().map(|passage| passage.input(&stored.document)))
        };
        let mut by_input: HashMap<String, Vec<u32>> = HashMap::new();
        for (id, input) in inputs(old) {
            by_input.entry(input).or_default().push(id);
        }
        for (id, input) in inputs(new) {
            while let Some(from) = by_input.get_mut(&input).and_then(Vec::pop) {
                if self.vectors.rename(from, id) {
                    self.pending.remove(&id);
                    break;
                }
            }
        }
    }

    /// Removes the document at `key` and all that belongs to it, but for its entry in `keys`.
    fn discard(&mut self, key: u32) {
        let Some(stored) = self.documents.remove(&key) else { return };
        for (id, passage) in (key..).zip(&stored.passages) {
            self.lexical.remove(id, &fields(&stored.document, passage));
            self.vectors.remove(id);
            self.pending.remove(&id);
        }
    }

    /// Removes documents and gives the number of those that were there.
    pub fn remove(&mut self, ids: &[String]) -> usize {
        let mut removed = 0;
        for id in ids {
            if let Some(key) = self.keys.remove(id) {
                self.discard(key);
                removed += 1;
            }
        }
        removed
    }

    /// The next passages without a vector, in the order they were added, with the texts to embed: as many as stay
    /// within `max_tokens`, and at least one while any is left.
    pub fn pending(&self, max_tokens: usize) -> Vec<(u32, String)> {
        let mut batch = Vec::new();
        let mut tokens = 0usize;
        for &id in &self.pending {
            let Some((document, passage)) = self.passage(id) else { continue };
            tokens = tokens.saturating_add(passage.tokens);
            if tokens > max_tokens && !batch.is_empty() {
                break;
            }
            batch.push((id, passage.input(document)));
        }
        batch
    }

    /// Stores vectors of unit length, row-major `ids.len()` × `dims`. Ids of passages since removed are passed over.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the sizes do not agree with each other or with the vectors already there, or if a
    /// vector is not of unit length; then none is stored.
    pub fn set_vectors(&mut self, ids: &[u32], vectors: &[f32], dims: usize) -> Result<()> {
        if dims == 0 || ids.len().checked_mul(dims) != Some(vectors.len()) {
            return Err(Error::InvalidInput(format!(
                "expected {} vectors of {dims} numbers (at least 1), found {} numbers",
                ids.len(),
                vectors.len()
            )));
        }
        if self.vectors.dims() > 0 {
            self.check_dims(dims)?;
        }
        for (id, vector) in ids.iter().zip(vectors.chunks_exact(dims)) {
            check_unit(vector, &format!("the vector of passage {id}"))?;
        }
        if self.vectors.dims() == 0 {
            self.vectors = VectorStore::with_dims(dims);
        }
        for (&id, vector) in ids.iter().zip(vectors.chunks_exact(dims)) {
            if self.passage(id).is_some() {
                self.vectors.insert(id, vector);
                self.pending.remove(&id);
            }
        }
        Ok(())
    }

    /// Checks that vectors of `dims` components are those of this collection.
    pub(super) fn check_dims(&self, dims: usize) -> Result<()> {
        let expected = self.vectors.dims();
        if dims == expected {
            return Ok(());
        }
        Err(Error::InvalidInput(format!(
            "expected vectors of {expected} dims, as the collection holds, found {dims}; use one model for all"
        )))
    }

    /// How much there is.
    pub fn counts(&self) -> Counts {
        Counts {
            documents: self.documents.len(),
            passages: self.vectors.len() + self.pending.len(),
            embedded: self.vectors.len(),
        }
    }

    /// A passage that is there, and its document.
    pub fn passage(&self, id: u32) -> Option<(&Document, &Passage)> {
        let (first, stored) = self.documents.range(..=id).next_back()?;
        Some((&stored.document, stored.passages.get((id - first) as usize)?))
    }

    /// A document that is there, and the id of its first passage.
    pub(super) fn document(&self, id: &str) -> Option<(u32, &StoredDocument)> {
        let key = *self.keys.get(id)?;
        Some((key, self.documents.get(&key)?))
    }

    /// The least id that no passage ever had.
    pub fn next_passage(&self) -> u32 {
        self.next_passage
    }

    /// The whole collection as one file: see [`format`](mod@format).
    ///
    /// # Errors
    /// [`Error::Internal`] if the documents cannot be written as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let documents: Vec<&StoredDocument> = self.documents.values().collect();
        let ids = self.documents.iter().flat_map(|(&key, stored)| (key..).take(stored.passages.len()));
        format::encode(&self.fingerprint, self.vectors.dims(), &documents, ids.map(|id| self.vectors.get(id)))
    }

    /// Reads a collection from a file, whose vectors must be of the model that `fingerprint` identifies.
    ///
    /// # Errors
    /// [`Error::InvalidIndex`] if the file is damaged, of another version or of another model.
    pub fn from_bytes(bytes: &[u8], fingerprint: &str) -> Result<Self> {
        let contents = format::decode(bytes, fingerprint)?;
        let mut collection = Self::new(fingerprint.to_owned());
        collection.vectors = VectorStore::with_dims(contents.dims);
        for stored in contents.documents {
            collection.insert(stored);
        }
        for (id, vector) in (0..).zip(contents.vectors) {
            if let Some(vector) = vector {
                collection.vectors.insert_stored(id, vector);
                collection.pending.remove(&id);
            }
        }
        Ok(collection)
    }
}

fn fields<'a>(document: &'a Document, passage: &'a Passage) -> Fields<'a> {
    Fields { title: &document.title, heading: passage.heading.as_deref(), body: passage.text(document) }
}

/// Checks that a vector is finite and of unit length, as its cosine is taken as a plain dot product.
pub(super) fn check_unit(vector: &[f32], name: &str) -> Result<()> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    // Written so that NaN fails.
    if (length - 1.0).abs() <= UNIT_TOLERANCE {
        return Ok(());
    }
    Err(Error::InvalidInput(format!("{name}: expected length 1, found {length}; divide it by its length")))
}
