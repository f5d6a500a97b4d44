//! Search by words alone, for a page whose models have not arrived.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::JsValue;

use super::opening::open;
use super::value::{self, to_js};
use crate::search::collection::Collection;
use crate::text::passages::estimate_tokens;

type JsResult<T> = std::result::Result<T, JsValue>;

/// A corpus that is searched by its words.
#[wasm_bindgen]
pub struct Lexical {
    collection: Collection,
}

#[wasm_bindgen]
impl Lexical {
    /// An empty corpus.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Lexical {
        Lexical { collection: Collection::new(String::new()) }
    }

    /// Replaces the corpus with an index, opened from the bytes of its manifest and of its first parts, those of documents
    /// and postings in the manifest's order; on error the present one stays.
    ///
    /// # Errors
    /// `invalid_index` if any of them is damaged, of another version, or another one.
    #[wasm_bindgen(js_name = openIndex)]
    pub fn open_index(&mut self, manifest: Uint8Array, parts: Vec<Uint8Array>) -> JsResult<()> {
        self.collection = open(&manifest, parts, self.collection.next_passage())?;
        Ok(())
    }

    /// Adds a part of texts of the index that was opened. Says whether it was still to come.
    ///
    /// # Errors
    /// `invalid_index` if the bytes are not that part's; then nothing is changed.
    #[wasm_bindgen(js_name = addPart)]
    pub fn add_part(&mut self, file: &str, bytes: Uint8Array) -> JsResult<bool> {
        Ok(self.collection.add_part(file, &bytes.to_vec())?)
    }

    /// Adds documents, all or none; with `replace`, each in place of the one with its id. They are cut into passages by
    /// an estimate of their tokens, since there is no tokenizer.
    ///
    /// # Errors
    /// `invalid_input` naming the document and the field.
    pub fn add(&mut self, documents: JsValue, replace: bool) -> JsResult<()> {
        let documents = value::documents(documents)?;
        self.collection.add(documents, replace, &estimate_tokens)?;
        Ok(())
    }

    /// Removes documents by id. Returns how many were there.
    pub fn remove(&mut self, ids: Vec<String>) -> usize {
        self.collection.remove(&ids)
    }

    /// `{documents, passages, embedded}`.
    ///
    /// # Errors
    /// `internal` if the result cannot be passed to JavaScript, which is a bug.
    pub fn counts(&self) -> JsResult<JsValue> {
        Ok(to_js(&self.collection.counts())?)
    }

    /// The candidates for a query: [`Retrieval`](crate::search::retrieve::Retrieval) of the lexical stage, asked for by
    /// [`Options`](crate::search::options::Options).
    ///
    /// # Errors
    /// `invalid_input` if an option cannot be used.
    pub fn search(&self, query: &str, options: JsValue) -> JsResult<JsValue> {
        let options = value::options(options)?;
        Ok(to_js(&self.collection.retrieve_by_words(query, &options))?)
    }
}

impl Default for Lexical {
    fn default() -> Self {
        Self::new()
    }
}
