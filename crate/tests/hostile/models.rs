//! Model files and tokenizers that declare what would panic, never end, or fill the memory.

use std::io::Cursor;

use docsift::model::weights::Weights;
use docsift::model::{BiEncoder, Precision};
use docsift::text::tokenizer::Tokenizer;
use serde_json::{json, Value};

fn seed(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/fuzz/seeds/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// A GGUF file with another number in place of one of 32 bits, under the same key or another of its length.
fn with_number(key: &str, new_key: &str, number: u32) -> Vec<u8> {
    let mut file = seed("gguf/bert");
    let at = file.windows(key.len()).position(|bytes| bytes == key.as_bytes()).unwrap();
    let value = at + key.len() + 4;
    file[at..at + key.len()].copy_from_slice(new_key.as_bytes());
    file[value..value + 4].copy_from_slice(&number.to_le_bytes());
    file
}

#[track_caller]
fn refusal(weights: docsift::Result<Weights<Cursor<Vec<u8>>>>) -> String {
    let tokenizer = Tokenizer::from_vocabulary(&crate::fuzz::models::VOCABULARY).unwrap();
    let model = weights.and_then(|weights| BiEncoder::load(weights, Some(tokenizer), Precision::Int8, None));
    let error = model.err().unwrap();
    assert_eq!(error.code(), "invalid_model");
    error.to_string()
}

fn gguf(file: Vec<u8>) -> String {
    refusal(Weights::open(Cursor::new(file), None))
}

#[test]
fn an_alignment_of_nothing_is_refused() {
    let aligned = |to| gguf(with_number("general.file_type", "general.alignment", to));
    assert!(aligned(0).contains("general.alignment is 0"), "{}", aligned(0));
    assert!(!aligned(1 << 31).contains("general.alignment"));
    // Zeros at the end of a key are not part of it.
    let key = [&b"general.alignment"[..], &[0; 60]].concat();
    let mut file = gguf_with_one_value(&key, 4);
    file.extend(0u32.to_le_bytes());
    assert!(gguf(file).contains("general.alignment is 0"));
}

/// The beginning of a GGUF file without tensors, up to the value, of this kind, of its one key.
fn gguf_with_one_value(key: &[u8], kind: u32) -> Vec<u8> {
    let mut file = b"GGUF\x03\0\0\0".to_vec();
    for number in [0, 1, key.len() as u64] {
        file.extend(number.to_le_bytes());
    }
    file.extend(key);
    file.extend(kind.to_le_bytes());
    file
}

/// Billions of layers are not looked for one by one.
#[test]
fn layers_that_are_not_there_are_refused_at_the_first() {
    let error = gguf(with_number("bert.block_count", "bert.block_count", u32::MAX));
    assert!(error.contains("blk.1."), "{error}");
}

#[test]
fn arrays_of_more_elements_than_any_model_has_are_refused() {
    const COUNT: u64 = (1 << 22) + 1;
    let mut file = gguf_with_one_value(b"k", 9);
    file.extend(0u32.to_le_bytes());
    file.extend(COUNT.to_le_bytes());
    file.resize(file.len() + COUNT as usize, 0);
    assert!(gguf(file).contains("4194305 elements, expected at most 4194304"));
}

/// The product of these is 2⁶⁴ times 4, and so 0 to a computer that does not look.
#[test]
fn a_shape_larger_than_memory_is_refused() {
    let (rows, columns) = (1u64 << 33, 1u64 << 31);
    let mut config: Value = serde_json::from_slice(&seed("config/bert")).unwrap();
    for (name, size) in [("vocab_size", rows), ("hidden_size", columns), ("embedding_size", columns)] {
        config[name] = size.into();
    }
    let words = json!({"dtype": "F32", "shape": [rows, columns], "data_offsets": [0, 0]});
    let header = json!({"embeddings.word_embeddings.weight": words}).to_string();
    let file = [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat();
    let error = refusal(Weights::open(Cursor::new(file), Some(config.to_string().as_bytes())));
    assert!(error.contains("larger than memory"), "{error}");
}

#[test]
fn a_tokenizer_takes_the_steps_of_bert_and_no_others() {
    let good: Value = serde_json::from_slice(&seed("tokenizer/tokenizer.json")).unwrap();
    let with = |pointer: &str, value: Value| {
        let mut file = good.clone();
        *file.pointer_mut(pointer).unwrap() = value;
        Tokenizer::from_json(file.to_string().as_bytes())
    };
    let refused = |pointer: &str, value: Value, needle: &str| {
        let error = with(pointer, value).err().unwrap();
        assert_eq!(error.code(), "invalid_tokenizer");
        assert!(error.to_string().contains(needle), "{error}");
    };
    let nested = |step: &Value| json!({"type": "Sequence", "normalizers": [step]});
    // The `tokenizers` crate panics at the first; the second makes a text 2⁴⁰ times as long.
    let damaged = json!({"type": "Precompiled", "precompiled_charsmap": "AAAA"});
    let doubling = json!({"type": "Replace", "pattern": {"String": "a"}, "content": "aa"});
    for step in [&damaged, &doubling, &json!({}), &json!("Lowercase"), &json!([])] {
        refused("/normalizer", step.clone(), "normalizer: expected one of BertNormalizer");
        refused("/normalizer", nested(step), "normalizer: expected one of BertNormalizer");
        refused("/pre_tokenizer", step.clone(), "pre_tokenizer: expected one of BertPreTokenizer");
    }
    let lowercase = vec![json!({"type": "Lowercase"}); 16];
    refused("/normalizer", json!({"type": "Sequence", "normalizers": lowercase}), "at most 16 steps");
    refused("/model/type", json!("BPE"), "expected a WordPiece model");
    refused("/model", Value::Null, "expected a WordPiece model");
    refused("/model/max_input_chars_per_word", json!(201), "at most 200, found 201");
    // What is not used may be anything.
    assert!(with("/decoder", damaged.clone()).is_ok() && with("/post_processor", damaged).is_ok());
    let mut untyped = good["model"].clone();
    untyped.as_object_mut().unwrap().shift_remove("type");
    assert!(with("/model", untyped).is_ok());
    assert!(with("/normalizer", Value::Null).is_ok());
}
