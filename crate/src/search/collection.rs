//! A collection: the documents added, their passages, and all that is needed to find them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::opening::Awaited;
use crate::index::documents::{ContentHash, StoredDocument};
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
/// Passages have ids that are never used again, so a vector that arrives for a passage since removed does no harm. A
/// collection that takes the place of another is given ids past that one's ([`Collection::next_passage`]), so that
/// neither do vectors that arrive for the one before.
#[derive(Debug)]
pub struct Collection {
    pub(super) fingerprint: String,
    /// By the id of the first passage; those of the others follow it.
    pub(super) documents: BTreeMap<u32, StoredDocument>,
    /// The key in `documents` of each document id.
    keys: HashMap<String, u32>,
    pub(super) next_passage: u32,
    pub(super) lexical: LexicalIndex,
    pub(super) vectors: VectorStore,
    /// Passages without a vector, but for those whose part of vectors is still awaited.
    pub(super) pending: BTreeSet<u32>,
    /// Parts of an opened index that are still to come.
    pub(super) awaited: Awaited,
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
            awaited: Awaited::default(),
        }
    }

    /// An empty collection in place of one whose [`next_passage`](Self::next_passage) is given.
    pub fn beginning_at(fingerprint: String, first_passage: u32) -> Self {
        Self { next_passage: first_passage, ..Self::new(fingerprint) }
    }

    /// The least id that no passage ever had.
    pub fn next_passage(&self) -> u32 {
        self.next_passage
    }

    /// The model whose vectors it holds.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
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
        let mut replaced = Vec::new();
        for document in documents {
            let passages = passages(&document, PASSAGE_TOKENS, count_tokens);
            let stored = StoredDocument::new(document, passages);
            let old = self.keys.get(&stored.document().id).copied();
            let key = self.insert(stored);
            if let Some(old) = old {
                self.keep_vectors(old, key);
                replaced.push(old);
            }
        }
        self.discard(&replaced);
        Ok(self.pending.len())
    }

    /// Stores a document under new passage ids, the first of which is returned.
    fn insert(&mut self, stored: StoredDocument) -> u32 {
        let key = self.next_passage;
        for (id, passage) in (key..).zip(stored.passages()) {
            if let Some(fields) = fields(&stored, passage) {
                self.lexical.add(id, &fields);
            }
            self.pending.insert(id);
            self.next_passage = id + 1;
        }
        self.keys.insert(stored.document().id.clone(), key);
        self.documents.insert(key, stored);
        key
    }

    /// Stores a document of an index that is being opened. Postings and vectors are restored on their own.
    ///
    /// # Errors
    /// [`Error::InvalidIndex`] if a document of its id is already there.
    pub(super) fn restore(&mut self, stored: StoredDocument) -> Result<()> {
        let (id, key) = (&stored.document().id, self.next_passage);
        let next = u32::try_from(stored.passages().len()).ok().and_then(|count| key.checked_add(count));
        let next = next.ok_or_else(|| Error::InvalidIndex("more passages than there are ids".into()))?;
        if self.keys.insert(id.clone(), key).is_some() {
            return Err(Error::InvalidIndex(format!("document \"{id}\" is there twice; build the index again")));
        }
        self.next_passage = next;
        self.documents.insert(key, stored);
        Ok(())
    }

    /// Moves vectors from the document at `old` to passages of the one at `new` that read the same.
    fn keep_vectors(&mut self, old: u32, new: u32) {
        let hashes = |key: u32| (key..).zip(self.documents[&key].hashes().iter().copied());
        let mut by_hash: HashMap<ContentHash, Vec<u32>> = HashMap::new();
        for (id, hash) in hashes(old) {
            by_hash.entry(hash).or_default().push(id);
        }
        for (id, hash) in hashes(new).collect::<Vec<_>>() {
            while let Some(from) = by_hash.get_mut(&hash).and_then(Vec::pop) {
                if self.vectors.rename(from, id) {
                    self.pending.remove(&id);
                    break;
                }
            }
        }
    }

    /// Removes the documents at `keys` and all that belongs to them, but for their entries in `self.keys`.
    fn discard(&mut self, keys: &[u32]) {
        let mut unread = HashSet::new();
        for &key in keys {
            let Some(stored) = self.documents.remove(&key) else { continue };
            for (id, passage) in (key..).zip(stored.passages()) {
                match fields(&stored, passage) {
                    Some(fields) => self.lexical.remove(id, &fields),
                    None => _ = unread.insert(id),
                }
                self.vectors.remove(id);
                self.pending.remove(&id);
            }
            self.forget_text(key);
        }
        if !unread.is_empty() {
            self.lexical.remove_all(&unread);
        }
    }

    /// Removes documents and gives the number of those that were there.
    pub fn remove(&mut self, ids: &[String]) -> usize {
        let keys: Vec<u32> = ids.iter().filter_map(|id| self.keys.remove(id)).collect();
        self.discard(&keys);
        keys.len()
    }

    /// The next passages without a vector, in the order they were added, with the texts to embed: as many as stay
    /// within `max_tokens`, and at least one while any is left. Passages whose text is
    /// [still to be fetched](Self::text_part) are passed over.
    pub fn pending(&self, max_tokens: usize) -> Vec<(u32, String)> {
        let mut batch = Vec::new();
        let mut tokens = 0usize;
        for &id in &self.pending {
            let Some((stored, passage)) = self.passage(id) else { continue };
            let Some(input) = stored.input(passage) else { continue };
            tokens = tokens.saturating_add(passage.tokens);
            if tokens > max_tokens && !batch.is_empty() {
                break;
            }
            batch.push((id, input));
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
            passages: self.documents.values().map(|stored| stored.passages().len()).sum(),
            embedded: self.vectors.len(),
        }
    }

    /// A passage that is there, and its document.
    pub fn passage(&self, id: u32) -> Option<(&StoredDocument, &Passage)> {
        let (first, stored) = self.documents.range(..=id).next_back()?;
        Some((stored, stored.passages().get((id - first) as usize)?))
    }

    /// A document that is there, and the id of its first passage.
    pub(super) fn document(&self, id: &str) -> Option<(u32, &StoredDocument)> {
        let key = *self.keys.get(id)?;
        Some((key, self.documents.get(&key)?))
    }

    /// What identifies a passage's input, whether its text is there or not.
    pub fn hash(&self, id: u32) -> Option<ContentHash> {
        let (first, stored) = self.documents.range(..=id).next_back()?;
        stored.hashes().get((id - first) as usize).copied()
    }
}

/// What a passage is matched by; none while its text is still to come.
fn fields<'a>(stored: &'a StoredDocument, passage: &'a Passage) -> Option<Fields<'a>> {
    let body = stored.text(passage)?;
    Some(Fields { title: &stored.document().title, heading: passage.heading.as_deref(), body })
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
