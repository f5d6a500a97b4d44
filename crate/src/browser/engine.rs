//! What one worker holds: the two models, and in the first worker the corpus.

use std::collections::BTreeMap;

use js_sys::{Float32Array, Reflect, Uint32Array, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Performance;

use super::bytes::JsBytes;
use super::value::{self, to_js};
use crate::kernel::tune;
use crate::model::config::Config;
use crate::model::weights::Weights;
use crate::model::words::Words;
use crate::model::{BiEncoder, CrossEncoder, Precision};
use crate::search::collection::Collection;
use crate::text::tokenizer::Tokenizer;
use crate::{Error, Result};

pub(super) type JsResult<T> = std::result::Result<T, JsValue>;

/// How long the dot products are measured, in milliseconds: at the start, and again with each model. The first time they
/// may still run unoptimised, in which another one wins: W1 of the benchmark then takes 1.84 s in place of 1.27. All that
/// can be chosen among read the same packed weights, so the choice may change at any time.
const TUNING_MS: f64 = 25.0;

/// The models and the corpus of one worker.
#[wasm_bindgen]
#[derive(Default)]
pub struct Engine {
    embedder: Option<BiEncoder>,
    reranker: Option<CrossEncoder>,
    pub(super) collection: Option<Collection>,
}

/// What a loaded model is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModelInfo<'a> {
    architecture: &'a str,
    layers: usize,
    hidden: usize,
    dims: usize,
    max_tokens: usize,
    vocabulary: usize,
    macs_per_token: usize,
    fingerprint: &'a str,
}

impl<'a> ModelInfo<'a> {
    fn new(config: &Config, dims: usize, max_tokens: usize, fingerprint: &'a str) -> Self {
        Self {
            architecture: config.architecture.name(),
            layers: config.layers,
            hidden: config.hidden,
            dims,
            max_tokens,
            vocabulary: config.vocabulary,
            macs_per_token: config.macs_per_token(),
            fingerprint,
        }
    }
}

#[wasm_bindgen]
impl Engine {
    /// An engine with nothing loaded. Takes 25 ms to measure this binary's dot products, which has the browser optimise
    /// them before a model is there.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Engine {
        tune(now, TUNING_MS);
        Engine::default()
    }

    /// Measures this binary's dot products for about `budget_ms` milliseconds, in cache and with nothing else around
    /// them: `{name: 10⁹ multiply-accumulates a second}`, what the linear layers can at best reach.
    ///
    /// # Errors
    /// `internal` if the result cannot be passed to JavaScript, which is a bug.
    #[wasm_bindgen(js_name = kernelRates)]
    pub fn kernel_rates(budget_ms: f64) -> JsResult<JsValue> {
        let rates = tune(now, budget_ms);
        let rates: BTreeMap<String, f64> = rates.into_iter().map(|(form, rate)| (format!("{form:?}"), rate)).collect();
        Ok(to_js(&rates)?)
    }

    /// Loads a bi-encoder from the bytes of a GGUF file, or of a model.safetensors with its config.json and
    /// tokenizer. `precision` is "int8" or "f32".
    ///
    /// # Errors
    /// `unsupported_architecture`, `invalid_model` or `invalid_tokenizer`; what was loaded before stays.
    #[wasm_bindgen(js_name = loadEmbedder)]
    pub fn load_embedder(
        &mut self,
        weights: Uint8Array,
        config: Option<Uint8Array>,
        tokenizer: Option<Uint8Array>,
        precision: &str,
    ) -> JsResult<JsValue> {
        let (weights, tokenizer, precision) = open(weights, config, tokenizer, precision)?;
        let shared = self.reranker.as_ref().map(CrossEncoder::words);
        let model = BiEncoder::load(weights, tokenizer, precision, shared)?;
        let info = to_js(&ModelInfo::new(model.config(), model.dims(), model.max_tokens(), model.fingerprint()))?;
        tune(now, TUNING_MS);
        self.embedder = Some(model);
        Ok(info)
    }

    /// Loads a cross-encoder; see [`Engine::load_embedder`]. One that was packed without words takes those of the embedder
    /// that is loaded, or of the GGUF file `words`.
    ///
    /// # Errors
    /// As [`Engine::load_embedder`].
    #[wasm_bindgen(js_name = loadReranker)]
    pub fn load_reranker(
        &mut self,
        weights: Uint8Array,
        config: Option<Uint8Array>,
        tokenizer: Option<Uint8Array>,
        precision: &str,
        words: Option<Uint8Array>,
    ) -> JsResult<JsValue> {
        let (weights, tokenizer, precision) = open(weights, config, tokenizer, precision)?;
        let shared = self.embedder.as_ref().map(BiEncoder::words);
        let words = words.map(|file| Words::load(&mut Weights::open(JsBytes::new(file), None)?, None, shared));
        let words = words.transpose()?;
        let model = CrossEncoder::load(weights, tokenizer, precision, words.as_ref().or(shared))?;
        let info = to_js(&ModelInfo::new(model.config(), 1, model.max_tokens(), model.fingerprint()))?;
        tune(now, TUNING_MS);
        self.reranker = Some(model);
        Ok(info)
    }

    /// Embeds texts: row-major `[texts, dims]`, unit length.
    ///
    /// # Errors
    /// `invalid_input` if no bi-encoder is loaded.
    pub fn embed(&self, texts: Vec<String>) -> JsResult<Float32Array> {
        Ok(Float32Array::from(self.embedder()?.embed(&texts)?.as_slice()))
    }

    /// One raw logit a passage, in the order given; higher is better.
    ///
    /// # Errors
    /// `invalid_input` if no cross-encoder is loaded.
    pub fn score(&self, query: &str, passages: Vec<String>) -> JsResult<Float32Array> {
        let model = self.reranker.as_ref().ok_or_else(no_reranker)?;
        Ok(Float32Array::from(model.score(query, &passages)?.as_slice()))
    }

    /// Starts an empty corpus whose vectors belong to the model with this fingerprint.
    #[wasm_bindgen(js_name = createCollection)]
    pub fn create_collection(&mut self, fingerprint: String) {
        self.collection = Some(Collection::beginning_at(fingerprint, self.next_passage()));
    }

    /// Adds documents, all or none. Returns how many passages now wait for a vector.
    ///
    /// # Errors
    /// `invalid_input` naming the document and the field.
    #[wasm_bindgen(js_name = addDocuments)]
    pub fn add_documents(&mut self, documents: JsValue, replace: bool) -> JsResult<usize> {
        let documents = value::documents(documents)?;
        let Engine { embedder, collection, .. } = self;
        let tokenizer = embedder.as_ref().ok_or_else(no_embedder)?.tokenizer();
        let collection = collection.as_mut().ok_or_else(no_collection)?;
        Ok(collection.add(documents, replace, &|text| tokenizer.count_tokens(text))?)
    }

    /// Removes documents by id. Returns how many were there.
    ///
    /// # Errors
    /// `invalid_input` if there is no corpus.
    #[wasm_bindgen(js_name = removeDocuments)]
    pub fn remove_documents(&mut self, ids: Vec<String>) -> JsResult<usize> {
        Ok(self.collection_mut()?.remove(&ids))
    }

    /// The next passages that wait for a vector, at most about `max_tokens` of them: `{ids, texts}`.
    ///
    /// # Errors
    /// `invalid_input` if there is no corpus.
    pub fn pending(&self, max_tokens: usize) -> JsResult<JsValue> {
        #[derive(Serialize)]
        struct Pending {
            ids: Vec<u32>,
            texts: Vec<String>,
        }
        let (ids, texts) = self.collection()?.pending(max_tokens).into_iter().unzip();
        Ok(to_js(&Pending { ids, texts })?)
    }

    /// Stores vectors, `[ids, dims]` row-major with the loaded bi-encoder's dims. Ids of passages removed meanwhile are
    /// ignored.
    ///
    /// # Errors
    /// `invalid_input` if the lengths do not match, or no bi-encoder is loaded.
    #[wasm_bindgen(js_name = setVectors)]
    pub fn set_vectors(&mut self, ids: Uint32Array, vectors: Float32Array) -> JsResult<()> {
        let dims = self.embedder()?.dims();
        Ok(self.collection_mut()?.set_vectors(&ids.to_vec(), &vectors.to_vec(), dims)?)
    }

    /// `{documents, passages, embedded}`.
    ///
    /// # Errors
    /// `invalid_input` if there is no corpus.
    pub fn counts(&self) -> JsResult<JsValue> {
        Ok(to_js(&self.collection()?.counts())?)
    }

    /// The candidates for a query: [`Retrieval`](crate::search::retrieve::Retrieval), asked for by
    /// [`Options`](crate::search::options::Options). Without a vector they are ranked by words alone.
    ///
    /// # Errors
    /// `invalid_input` if there is no corpus, the vector is of another width, or an option cannot be used.
    pub fn retrieve(&self, query: &str, vector: Option<Float32Array>, options: JsValue) -> JsResult<JsValue> {
        let vector = vector.map(|vector| vector.to_vec());
        let options = value::options(options)?;
        Ok(to_js(&self.collection()?.retrieve(query, vector.as_deref(), &options)?)?)
    }

    /// The query as the models should read it, where it has misspelt words: see [`Collection::corrected`].
    ///
    /// # Errors
    /// `invalid_input` if there is no corpus, or no bi-encoder is loaded.
    pub fn corrected(&self, query: &str, typing: bool) -> JsResult<Option<String>> {
        let tokenizer = self.embedder()?.tokenizer();
        Ok(self.collection()?.corrected(query, typing, |word| tokenizer.token_to_id(word).is_some()))
    }

    /// Bytes of WebAssembly memory, which only ever grows: so also the peak.
    #[wasm_bindgen(js_name = memoryBytes)]
    pub fn memory_bytes(&self) -> f64 {
        (core::arch::wasm32::memory_size(0) * 65536) as f64
    }

    fn embedder(&self) -> Result<&BiEncoder> {
        self.embedder.as_ref().ok_or_else(no_embedder)
    }

    pub(super) fn collection(&self) -> Result<&Collection> {
        self.collection.as_ref().ok_or_else(no_collection)
    }

    pub(super) fn collection_mut(&mut self) -> Result<&mut Collection> {
        self.collection.as_mut().ok_or_else(no_collection)
    }
}

fn open(
    weights: Uint8Array,
    config: Option<Uint8Array>,
    tokenizer: Option<Uint8Array>,
    precision: &str,
) -> Result<(Weights<JsBytes>, Option<Tokenizer>, Precision)> {
    let config = config.map(|bytes| bytes.to_vec());
    let weights = Weights::open(JsBytes::new(weights), config.as_deref())?;
    let tokenizer = tokenizer.map(|bytes| Tokenizer::from_bytes(&bytes.to_vec())).transpose()?;
    Ok((weights, tokenizer, precision.parse()?))
}

/// Milliseconds, by the finest clock there is.
fn now() -> f64 {
    let performance = Reflect::get(&js_sys::global(), &"performance".into()).ok();
    let performance = performance.and_then(|found| found.dyn_into::<Performance>().ok());
    performance.map_or_else(js_sys::Date::now, |clock| clock.now())
}

fn no_embedder() -> Error {
    Error::InvalidInput("expected a bi-encoder to be loaded, found none; call loadEmbedder first".into())
}

fn no_reranker() -> Error {
    Error::InvalidInput("expected a cross-encoder to be loaded, found none; call loadReranker first".into())
}

fn no_collection() -> Error {
    Error::InvalidInput(
        "expected a corpus, found none; call createCollection, restoreCollection or openIndex first".into(),
    )
}
