//! Targets that read model files.

use std::io::Cursor;

use docsift::model::config::Config;
use docsift::model::weights::Weights;
use docsift::model::{BiEncoder, CrossEncoder, Precision};
use docsift::text::tokenizer::Tokenizer;
use docsift::{Error, Result};

/// The tokens of the seeds' models.
pub const VOCABULARY: [&str; 16] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "reset", "the", "pass", "##word", "a", "##a", "e", "##e", ".", "漢",
    "##s",
];

const TEXTS: [&str; 4] =
    ["Reset the passwords.", "", "漢字 é [MASK]x ### \u{301}", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"];

/// A GGUF file.
pub fn gguf(bytes: &[u8]) -> bool {
    both_roles(|| Weights::open(Cursor::new(bytes), None), || None)
}

/// The length of a config.json (16 bits, little-endian), the config.json, a model.safetensors.
pub fn safetensors(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk() else { return false };
    let Some((config, weights)) = rest.split_at_checked(u16::from_le_bytes(*length).into()) else { return false };
    let tokenizer = || Tokenizer::from_vocabulary(&VOCABULARY).ok();
    both_roles(|| Weights::open(Cursor::new(weights), Some(config)), tokenizer)
}

/// A config.json.
pub fn config(bytes: &[u8]) -> bool {
    let Some(config) = refused_or(Config::from_json(bytes)) else { return false };
    assert_eq!(config.head_dim() * config.heads, config.hidden);
    true
}

/// A tokenizer.json or vocab.txt.
pub fn tokenizer(bytes: &[u8]) -> bool {
    const LIMIT: usize = 16;
    let Some(tokenizer) = refused_or(Tokenizer::from_bytes(bytes)) else { return false };
    let _ = refused_or(tokenizer.uncased_vocabulary());
    let long = "password ".repeat(40) + &"é".repeat(300);
    for text in TEXTS.iter().copied().chain([long.as_str()]) {
        tokenizer.count_tokens(text);
        if let Some(encoding) = refused_or(tokenizer.encode(text, LIMIT)) {
            assert!(encoding.ids.len() <= LIMIT && encoding.type_ids.len() == encoding.ids.len());
        }
        let Some(query) = refused_or(tokenizer.encode_query(text, LIMIT)) else { continue };
        if let Some(pair) = refused_or(tokenizer.encode_pair(&query, text, LIMIT)) {
            assert!(pair.ids.len() <= LIMIT && pair.type_ids.len() == pair.ids.len());
        }
    }
    true
}

/// Loads a file as either kind of model, in either precision, and has the model read texts.
fn both_roles<'a>(
    open: impl Fn() -> Result<Weights<Cursor<&'a [u8]>>>,
    tokenizer: impl Fn() -> Option<Tokenizer>,
) -> bool {
    let mut answered = false;
    for precision in [Precision::Int8, Precision::F32] {
        let Some(weights) = refused_or(open()) else { return false };
        if let Some(model) = refused_or(BiEncoder::load(weights, tokenizer(), precision, None)) {
            if let Some(vectors) = refused_or(model.embed(&TEXTS)) {
                assert_eq!(vectors.len(), TEXTS.len() * model.dims());
                answered = true;
            }
        }
        let Some(weights) = refused_or(open()) else { return false };
        if let Some(model) = refused_or(CrossEncoder::load(weights, tokenizer(), precision, None)) {
            if let Some(logits) = refused_or(model.score(TEXTS[0], &TEXTS)) {
                assert_eq!(logits.len(), TEXTS.len());
                answered = true;
            }
        }
    }
    answered
}

/// What was read, or nothing if it was refused. An internal error is a fault of docsift's, whatever the bytes.
fn refused_or<T>(outcome: Result<T>) -> Option<T> {
    if let Err(error @ Error::Internal(_)) = &outcome {
        panic!("{error}");
    }
    outcome.ok()
}
