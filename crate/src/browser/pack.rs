//! Packing a model, for the command line that runs under Node.

use js_sys::{Object, Reflect, Uint8Array};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::JsValue;

use super::bytes::JsBytes;
use crate::model::convert::{convert, read_pairs, Folder, Options};
use crate::model::pack::{Bits, Description};
use crate::model::prune::{self, Pruning};
use crate::model::weights::Weights;
use crate::model::words::Words;
use crate::text::tokenizer::Tokenizer;
use crate::{Error, Result};

/// What is asked for beside the files.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wishes {
    name: String,
    license: String,
    word_bits: Option<String>,
    layer_bits: Option<String>,
    vocab_common: Option<usize>,
}

/// Quantizes the files of a Hugging Face folder (config.json, model.safetensors, tokenizer.json or vocab.txt) into one
/// GGUF file. `pairs` are JSON Lines of `{query, passage}`: texts like those to be searched, which make the int8 layers
/// more exact. `corpus`, documents as JSON Lines, has all tokens left out that it does not use, but for the `vocabCommon`
/// most frequent ones; `words_of`, a GGUF file, has the words left out and that file's needed. `wishes` are `name` and
/// `license`, and bits as the packer's options have them. Returns `{file, summary}`: the bytes, and the fields of an entry
/// in a model manifest.
///
/// # Errors
/// `unsupported_architecture`, `invalid_model` or `invalid_tokenizer` for files that cannot be read; `invalid_input` for
/// pairs, corpus and wishes.
#[wasm_bindgen(js_name = packModel)]
pub fn pack_model(
    config: &[u8],
    weights: Uint8Array,
    tokenizer: &[u8],
    pairs: Option<Box<[u8]>>,
    corpus: Option<Box<[u8]>>,
    words_of: Option<Uint8Array>,
    wishes: JsValue,
) -> std::result::Result<JsValue, JsValue> {
    let wishes: Wishes = serde_wasm_bindgen::from_value(wishes)
        .map_err(|error| Error::InvalidInput(format!("expected a name and a license: {error}")))?;
    let folder = Folder { config, tokenizer, weights: || Ok(JsBytes::new(weights.clone())) };
    let pairs = pairs.map_or_else(|| Ok(Vec::new()), |lines| read_pairs(&lines))?;
    let pruning = corpus.map(|corpus| -> Result<Pruning> {
        let texts = prune::texts(&corpus, &Tokenizer::from_bytes(tokenizer)?)?;
        Ok(Pruning { texts, common: wishes.vocab_common.unwrap_or(prune::COMMON) })
    });
    let words_of = words_of.map(|file| Words::load(&mut Weights::open(JsBytes::new(file), None)?, None, None));
    let options = Options::<JsBytes> {
        words_from: None,
        word_bits: bits(wishes.word_bits)?,
        layer_bits: bits(wishes.layer_bits)?,
        pruning: pruning.transpose()?,
        words_of: words_of.transpose()?,
    };
    let (name, license) = (wishes.name, wishes.license);
    let (file, summary) = convert(&folder, options, &Description { name, license }, &pairs)?;
    let summary = summary
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(|error| Error::Internal(error.to_string()))?;
    let packed = Object::new();
    // Setting a property of a fresh, extensible object cannot fail.
    let _ = Reflect::set(&packed, &"file".into(), &Uint8Array::from(file.as_slice()));
    let _ = Reflect::set(&packed, &"summary".into(), &summary);
    Ok(packed.into())
}

fn bits(wish: Option<String>) -> Result<Bits> {
    wish.map_or_else(|| Ok(Bits::default()), |bits| bits.parse())
}
