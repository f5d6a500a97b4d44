//! How the corpus is kept and opened: as one file, or as a manifest and parts.

use js_sys::{Array, Object, Reflect, Uint32Array, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::JsValue;

use super::bytes::JsBytes;
use super::engine::{no_collection, Engine, JsResult};
use super::value::to_js;
use crate::index::format;
use crate::index::manifest::Manifest;
use crate::search::collection::Collection;
use crate::search::opening::Opening;
use crate::search::storing::PartSizes;
use crate::Result;

/// Parts of an index that have not been added.
#[derive(Serialize)]
struct MissingParts<'a> {
    /// Without which there is no collection.
    first: Vec<&'a str>,
    vectors: Vec<&'a str>,
    /// How many parts of texts.
    texts: usize,
}

#[wasm_bindgen]
impl Engine {
    /// The corpus as one file. `model_id` names the embedder in it.
    ///
    /// # Errors
    /// `invalid_input` if there is no corpus, or parts of it are still to be fetched.
    #[wasm_bindgen(js_name = saveCollection)]
    pub fn save_collection(&self, model_id: Option<String>) -> JsResult<Uint8Array> {
        let (manifest, parts) = self.export(&model_id.unwrap_or_default())?;
        let head = format::head(&manifest)?;
        let size = head.len() as u32 + parts.iter().map(|(_, bytes)| bytes.length()).sum::<u32>();
        let file = Uint8Array::new_with_length(size);
        file.subarray(0, head.len() as u32).copy_from(&head);
        let mut end = head.len() as u32;
        for (_, bytes) in parts {
            file.set(&bytes, end);
            end += bytes.length();
        }
        Ok(file)
    }

    /// Replaces the corpus with a saved one; on error the present one stays. Without a fingerprint it may be of any
    /// model.
    ///
    /// # Errors
    /// `invalid_index` if the file is damaged, of another version, or made with another model.
    #[wasm_bindgen(js_name = restoreCollection)]
    pub fn restore_collection(&mut self, bytes: Uint8Array, fingerprint: Option<String>) -> JsResult<()> {
        let read = Collection::read(JsBytes::new(bytes), fingerprint.as_deref(), self.next_passage())?;
        self.replace(read);
        Ok(())
    }

    /// The corpus as a manifest and parts: `{manifest, parts: {file, bytes}[]}`. `model_id` names the embedder in it.
    ///
    /// # Errors
    /// `invalid_input` if there is no corpus, or parts of it are still to be fetched.
    #[wasm_bindgen(js_name = exportParts)]
    pub fn export_parts(&self, model_id: &str) -> JsResult<JsValue> {
        let (manifest, parts) = self.export(model_id)?;
        let list = Array::new();
        for (file, bytes) in parts {
            list.push(&object([("file", file.into()), ("bytes", bytes.into())])?);
        }
        object([("manifest", to_js(&manifest)?), ("parts", list.into())])
    }

    /// Begins to open an index from the bytes of its manifest: returns the files to add first. The present corpus stays
    /// until the last of them is added. Without a fingerprint the index may be of any model.
    ///
    /// # Errors
    /// `invalid_index` if the manifest is damaged, of another version, or of another model.
    #[wasm_bindgen(js_name = openIndex)]
    pub fn open_index(&mut self, manifest: Uint8Array, fingerprint: Option<String>) -> JsResult<Vec<String>> {
        let manifest = Manifest::parse(&manifest.to_vec())?;
        manifest.check_model(fingerprint.as_deref())?;
        let opening = Opening::new(manifest);
        let missing = opening.missing().into_iter().map(str::to_owned).collect();
        self.early.clear();
        self.opening = Some(opening);
        self.open_if_complete()?;
        Ok(missing)
    }

    /// Adds a part of the index being opened, or of the one that was, and returns what is still missing:
    /// `{first, vectors, texts}`. A part that nothing waits for is passed over.
    ///
    /// # Errors
    /// `invalid_index` if the bytes are not that part's; then nothing is changed.
    #[wasm_bindgen(js_name = addPart)]
    pub fn add_part(&mut self, file: &str, bytes: Uint8Array) -> JsResult<JsValue> {
        match (&mut self.opening, &mut self.collection) {
            (Some(opening), _) => {
                if opening.add(file, bytes.to_vec())?.is_some() {
                    self.early.push((file.to_owned(), bytes));
                }
                self.open_if_complete()?;
            }
            (None, Some(collection)) => collection.add_part(file, &bytes.to_vec())?,
            (None, None) => return Err(no_collection().into()),
        }
        self.missing_parts()
    }

    /// The parts of an index that have not been added: the names of the first ones and of vectors, the number of parts
    /// of texts.
    ///
    /// # Errors
    /// `internal` if the result cannot be passed to JavaScript, which is a bug.
    #[wasm_bindgen(js_name = missingParts)]
    pub fn missing_parts(&self) -> JsResult<JsValue> {
        let missing = match (&self.opening, &self.collection) {
            (Some(opening), _) => {
                let parts = &opening.manifest().parts;
                let vectors = parts.vectors.iter().map(|range| range.part.file.as_str());
                MissingParts { first: opening.missing(), vectors: vectors.collect(), texts: parts.texts.len() }
            }
            (None, Some(collection)) => MissingParts {
                first: Vec::new(),
                vectors: collection.missing_vectors(),
                texts: collection.missing_texts(None).len(),
            },
            (None, None) => MissingParts { first: Vec::new(), vectors: Vec::new(), texts: 0 },
        };
        Ok(to_js(&missing)?)
    }

    /// The files that have the texts of these passages and have not been added, or of all passages.
    ///
    /// # Errors
    /// `invalid_input` if there is no corpus.
    #[wasm_bindgen(js_name = missingTexts)]
    pub fn missing_texts(&self, passages: Option<Uint32Array>) -> JsResult<Vec<String>> {
        let passages = passages.map(|ids| ids.to_vec());
        let files = self.collection()?.missing_texts(passages.as_deref());
        Ok(files.into_iter().map(str::to_owned).collect())
    }
}

impl Engine {
    /// Each part is handed to JavaScript as soon as it is made, so that only one is ever in WebAssembly's memory.
    fn export(&self, model_id: &str) -> Result<(Manifest, Vec<(String, Uint8Array)>)> {
        let mut parts = Vec::new();
        let manifest = self.collection()?.export(model_id, PartSizes::DEFAULT, |(part, bytes)| {
            parts.push((part.file, Uint8Array::from(bytes.as_slice())));
        })?;
        Ok((manifest, parts))
    }

    /// Puts the index being opened in the corpus's place if its first parts are all here. If they do not go together it
    /// is given up.
    fn open_if_complete(&mut self) -> Result<()> {
        let Some(opening) = self.opening.take_if(|opening| opening.missing().is_empty()) else { return Ok(()) };
        let early = std::mem::take(&mut self.early);
        let mut collection = opening.open(self.next_passage())?;
        for (file, bytes) in early {
            collection.add_part(&file, &bytes.to_vec())?;
        }
        self.replace(collection);
        Ok(())
    }

    /// The least passage id that this engine never gave out.
    pub(super) fn next_passage(&self) -> u32 {
        self.collection.as_ref().map_or(0, Collection::next_passage)
    }

    pub(super) fn replace(&mut self, collection: Collection) {
        self.collection = Some(collection);
        self.opening = None;
        self.early.clear();
    }
}

/// A plain object with these properties.
fn object<const N: usize>(properties: [(&str, JsValue); N]) -> JsResult<JsValue> {
    let object = Object::new();
    for (name, value) in properties {
        Reflect::set(&object, &name.into(), &value)?;
    }
    Ok(object.into())
}
