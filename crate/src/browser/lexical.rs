//! Search by words alone, for a page whose models have not arrived.

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::JsValue;

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
