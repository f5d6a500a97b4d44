//! The fixtures' folders, and what is packed from them.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use docsift::model::convert::{convert, Folder, Summary};
use docsift::model::pack::{Description, WordTable};
use docsift::model::weights::Weights;
use docsift::model::{BiEncoder, Precision};

pub type Bytes = Cursor<Vec<u8>>;

pub const TEXTS: [&str; 4] =
    ["Reset your password", "", "a garden of plants and the weather in spring", "漢字 é [MASK]"];

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/models").join(name)
}

/// Packs a fixture without calibration.
pub fn pack(name: &str, words: WordTable<Bytes>) -> docsift::Result<(Vec<u8>, Summary)> {
    let folder = fixture(name);
    let config = fs::read(folder.join("config.json")).unwrap();
    let tokenizer = fs::read(folder.join("tokenizer.json")).or_else(|_| fs::read(folder.join("vocab.txt"))).unwrap();
    let weights = fs::read(folder.join("model.safetensors")).unwrap();
    let source = Folder { config: &config, tokenizer: &tokenizer, weights: || Ok(Cursor::new(weights.clone())) };
    convert(&source, words, &Description::default(), &[])
}

pub fn open(file: &[u8]) -> Weights<Bytes> {
    Weights::open_gguf(Cursor::new(file.to_vec())).unwrap()
}

pub fn bi_encoder(file: &[u8]) -> BiEncoder {
    BiEncoder::load(open(file), None, Precision::F32, None).unwrap()
}
