//! Packing a model, for the command line that runs under Node.

use js_sys::{Object, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::JsValue;

use super::bytes::JsBytes;
use crate::model::convert::{convert, read_pairs, Folder};
use crate::model::pack::{Description, WordTable};
use crate::model::words::WordBits;
use crate::Error;

/// Quantizes the files of a Hugging Face folder (config.json, model.safetensors, tokenizer.json or vocab.txt) into one
/// GGUF file. `pairs` are JSON Lines of `{query, passage}`: texts like those to be searched, which make the int8 layers
/// more exact. `word_bits` is 8 (the default), 6, 5 or 4. Returns `{file, summary}`: the bytes, and the fields of an entry
/// in a model manifest.
///
/// # Errors
/// `unsupported_architecture`, `invalid_model` or `invalid_tokenizer` for files that cannot be read; `invalid_input` for
/// pairs.
#[wasm_bindgen(js_name = packModel)]
pub fn pack_model(
    config: &[u8],
    weights: Uint8Array,
    tokenizer: &[u8],
    name: String,
    license: String,
    pairs: Option<Box<[u8]>>,
    word_bits: Option<String>,
) -> Result<JsValue, JsValue> {
    let folder = Folder { config, tokenizer, weights: || Ok(JsBytes::new(weights.clone())) };
    let pairs = pairs.map_or_else(|| Ok(Vec::new()), |lines| read_pairs(&lines))?;
    let bits = word_bits.map_or_else(|| Ok(WordBits::default()), |bits| bits.parse())?;
    let words = WordTable::<JsBytes> { from: None, bits };
    let (file, summary) = convert(&folder, words, &Description { name, license }, &pairs)?;
    let summary = summary
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(|error| Error::Internal(error.to_string()))?;
    let packed = Object::new();
    // Setting a property of a fresh, extensible object cannot fail.
    let _ = Reflect::set(&packed, &"file".into(), &Uint8Array::from(file.as_slice()));
    let _ = Reflect::set(&packed, &"summary".into(), &summary);
    Ok(packed.into())
}
