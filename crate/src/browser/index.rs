//! How the corpus is kept and opened: as one file, or as a manifest and parts.

use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::JsValue;

use super::bytes::JsBytes;
use super::engine::{Engine, JsResult};
use super::opening::open;
use crate::index::format;
use crate::index::manifest::Manifest;
use crate::search::collection::Collection;
use crate::search::storing::PartSizes;
use crate::Result;

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
        self.collection = Some(Collection::read(JsBytes::new(bytes), fingerprint.as_deref(), self.next_passage())?);
        Ok(())
    }

    /// The corpus as a manifest and parts: `{manifest, files, parts}`, the bytes of the manifest, and names and bytes of the
    /// parts. `model_id` names the embedder in it.
    ///
    /// # Errors
    /// `invalid_input` if there is no corpus, or parts of it are still to be fetched.
    #[wasm_bindgen(js_name = exportParts)]
    pub fn export_parts(&self, model_id: &str) -> JsResult<JsValue> {
        let (manifest, parts) = self.export(model_id)?;
        let (files, parts): (Vec<JsValue>, Vec<Uint8Array>) =
            parts.into_iter().map(|(file, bytes)| (JsValue::from(file), bytes)).unzip();
        let manifest = Uint8Array::from(manifest.to_json()?.as_slice());
        let exported = Object::new();
        for (name, value) in [
            ("manifest", manifest.into()),
            ("files", JsValue::from(files.iter().collect::<Array>())),
            ("parts", parts.iter().collect::<Array>().into()),
        ] {
            Reflect::set(&exported, &name.into(), &value)?;
        }
        Ok(exported.into())
    }

    /// Replaces the corpus with an index, opened from the bytes of its manifest and of its first parts, those of documents
    /// and postings in the manifest's order; on error the present one stays. The others are added by `addPart`.
    ///
    /// # Errors
    /// `invalid_index` if any of them is damaged, of another version, or another one.
    #[wasm_bindgen(js_name = openIndex)]
    pub fn open_index(&mut self, manifest: Uint8Array, parts: Vec<Uint8Array>) -> JsResult<()> {
        self.collection = Some(open(&manifest, parts, self.next_passage())?);
        Ok(())
    }

    /// Adds a part of vectors or texts of the index that was opened. Says whether it was still to come.
    ///
    /// # Errors
    /// `invalid_index` if the bytes are not that part's; then nothing is changed.
    #[wasm_bindgen(js_name = addPart)]
    pub fn add_part(&mut self, file: &str, bytes: Uint8Array) -> JsResult<bool> {
        Ok(self.collection_mut()?.add_part(file, &bytes.to_vec())?)
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

    /// The least passage id that this engine never gave out.
    pub(super) fn next_passage(&self) -> u32 {
        self.collection.as_ref().map_or(0, Collection::next_passage)
    }
}
